"""A short summary in GitHub's markdown, for a pull request: what the verdict is, who fails, and
what to look at."""

from __future__ import annotations

import re

from conformance.judge.results import CaseResult, Run, Verdict, WaiverUse
from conformance.judge.rules.finding import Level
from conformance.report.asked import asked
from conformance.report.summary import (
    SEVERITY,
    WORDS,
    SubjectSummary,
    Tone,
    red_findings,
    red_waivers,
    summarize,
)
from conformance.report.text import count, listing, safe_url, seconds, visible

FAILURES_SHOWN = 20
_TEXT_LIMIT = 240
_MARKS = {Tone.GOOD: "✅", Tone.CAUTION: "⚠️", Tone.BAD: "❌"}
_COLUMNS = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.WAIVED,
    Verdict.UNSUPPORTED,
    Verdict.NOT_RUN,
)


def render_markdown(run: Run) -> str:
    """``run`` in markdown; text from the run can neither open markup nor mention a person. Ends
    with a newline."""
    summary = summarize(run)
    blocks = [f"### {_MARKS[summary.tone]} {_text(summary.sentence)}"]
    if summary.details:
        blocks.append("\n".join(f"- {_text(line)}" for line in summary.details))
    if summary.subjects:
        blocks.append("\n".join(_table(summary.subjects)))
    blocks += [block for block in (_failures(run), _waivers(run), _problems(run)) if block]
    if told := asked(run):
        blocks.append(_text(told))
    blocks.append(_footer(run))
    return "\n\n".join(blocks) + "\n"


def _table(subjects: tuple[SubjectSummary, ...]) -> list[str]:
    heads = ["SDK", "standing", *(WORDS[verdict] for verdict in _COLUMNS), "MUSTs failed"]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * 2}{' ---: |' * (len(heads) - 2)}"]
    for item in subjects:
        cells = [
            _text(item.name),
            item.standing.value,
            *(str(item.tally[verdict]) for verdict in _COLUMNS),
            str(item.broken.get(Level.MUST, 0)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _failures(run: Run) -> str:
    bad = [case for case in run.cases if case.verdict in (Verdict.FAIL, Verdict.ERROR)]
    bad.sort(key=lambda case: (SEVERITY.index(case.verdict), case.id))
    if not bad:
        return ""
    lines = [f"**{count(len(bad), 'red case')}**", ""]
    lines += [
        f"- {WORDS[case.verdict]} {_code(case.id)}: {_why(case)}" for case in bad[:FAILURES_SHOWN]
    ]
    if len(bad) > FAILURES_SHOWN:
        lines.append(
            f"- and {count(len(bad) - FAILURES_SHOWN, 'more', 'more')}, in the full report"
        )
    return "\n".join(lines)


def _why(case: CaseResult) -> str:
    found = red_findings(case)
    if not found:
        return _text(case.reason or "no finding given")
    more = f" (and {count(len(found) - 1, 'more finding')})" if len(found) > 1 else ""
    return f"{_code(found[0].rule)} {_text(found[0].message)}{more}"


def _waivers(run: Run) -> str:
    red = red_waivers(run)
    if not red:
        return ""
    return "\n".join(["**Waivers to mend**", "", *(f"- {_waiver(item)}" for item in red)])


def _waiver(item: WaiverUse) -> str:
    link = safe_url(item.link)
    # Angle brackets keep any URL in one piece; a URL that holds one itself is shown as text.
    where = f" (<{link}>)" if link and not set("<>\\") & set(link) else ""
    return f"{item.state}: {_code(item.id)} for {_text(item.sdk)} {_code(item.rule)}, {_text(item.reason)}{where}"


def _problems(run: Run) -> str:
    if not run.problems:
        return ""
    return "\n".join(
        ["**Problems of the harness**", "", *(f"- {_text(line)}" for line in run.problems)]
    )


def _footer(run: Run) -> str:
    sources = sorted({source for case in run.cases for source in case.rests_on})
    rests = f"; rests on {listing(sources)}" if sources else ""
    return (
        f"<sub>conformance {_text(run.tool.version)}, {_text(run.started)}, {count(len(run.cases), 'case')} in "
        f"{seconds(run.duration)}, target {_text(run.target)}{_text(rests)}</sub>"
    )


def _text(text: str) -> str:
    """One line of plain text: nothing in it is markup, a mention, an issue number or a cell
    border."""
    line = " ".join(visible(text).split())
    if len(line) > _TEXT_LIMIT:
        line = line[:_TEXT_LIMIT].rstrip() + "…"
    line = (
        line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    )
    line = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)
    return re.sub(r"(?<!&)#", "&#35;", line)


def _code(text: str) -> str:
    """An identifier in a code span; one that cannot be held in a span is shown as text."""
    line = " ".join(visible(text).split())[:_TEXT_LIMIT]
    return f"`{line}`" if line and not set("`|") & set(line) else _text(text)
