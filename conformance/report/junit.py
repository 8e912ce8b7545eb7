"""JUnit XML: a suite for each subject, a test case for each case, in the dialect CI systems agree
on.

Waived cases pass and say which waiver excuses them. Whatever is red without being a case (a waiver
to mend, a fault of the harness) gets a suite of its own, so that a pipeline which reads only this
file still turns red.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conformance.judge.results import CaseResult, FindingResult, Run, Verdict
from conformance.report.summary import SubjectSummary, red_findings, red_waivers, summarize
from conformance.report.text import pretty

# What XML 1.0 cannot hold, even as a reference; and DEL and C1, which it discourages.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_VALUE_LIMIT = 2_000


def render_junit(run: Run) -> str:
    """``run`` as JUnit XML; well-formed for any content, the same text for the same run."""
    root = Element("testsuites", name="conformance", time=_time(run.duration))
    for item in summarize(run).subjects:
        root.append(_suite(run, item))
    root.extend(_harness_suites(run))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(run: Run, item: SubjectSummary) -> Element:
    suite = Element(
        "testsuite",
        name=_clean(item.name),
        timestamp=_clean(run.started),
        time=_time(sum(case.duration for case in item.cases)),
    )
    subject = item.subject
    _properties(
        suite,
        {
            "tool.version": run.tool.version,
            "target": run.target,
            "api-versions": ", ".join(run.api_versions),
            "sdk.package": subject.package,
            "sdk.version": subject.version,
            "sdk.runtime": subject.runtime,
            "interrupted": "true" if run.interrupted else "",
        },
    )
    for case in item.cases:
        suite.append(_case(case))
    if not item.cases:
        empty = SubElement(
            suite, "testcase", name=_clean(item.name), classname=_clean(subject.sdk), time="0.000"
        )
        SubElement(empty, "skipped", message=_clean(subject.reason or "no data: no case was run"))
    return _counted(suite)


def _case(case: CaseResult) -> Element:
    element = Element(
        "testcase",
        name=_clean(case.id),
        classname=_clean(f"{case.sdk}.{case.capability}"),
        time=_time(case.duration),
    )
    _properties(
        element,
        {
            "verdict": case.verdict,
            "level": case.level,
            "waived-by": ", ".join(_waivers(case)) if case.verdict is Verdict.WAIVED else "",
        },
    )
    open_findings = red_findings(case)
    text = "\n\n".join(_finding(item) for item in open_findings)
    if case.verdict is Verdict.FAIL:
        _body(element, "failure", _headline(case, open_findings), text, case.reproduce)
    elif case.verdict is Verdict.ERROR:
        _body(element, "error", case.reason or _headline(case, open_findings), text, case.reproduce)
    elif case.verdict in (Verdict.UNSUPPORTED, Verdict.NOT_RUN):
        SubElement(
            element,
            "skipped",
            message=_clean(f"{case.verdict}: {case.reason or 'no reason given'}"),
        )
    elif case.verdict is Verdict.WAIVED:
        lines = [
            f"waived by {item.waived_by}: {_one_line(item)}"
            for item in case.findings
            if item.waived_by
        ]
        SubElement(element, "system-out").text = _clean("\n".join(lines) or "waived")
    return element


def _waivers(case: CaseResult) -> list[str]:
    return sorted({item.waived_by for item in case.findings if item.waived_by})


def _headline(case: CaseResult, findings: tuple[FindingResult, ...]) -> str:
    if not findings:
        return case.reason or "failed without a finding"
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return _one_line(findings[0]) + more


def _one_line(item: FindingResult) -> str:
    return f"{item.rule}: {item.message}"


def _finding(item: FindingResult) -> str:
    lines = [f"{item.rule} ({item.level.upper()}, blame {item.blame})", f"  {item.message}"]
    if item.pointer:
        lines.append(f"  at {item.pointer}")
    if item.expected is not None or item.actual is not None:
        lines += [f"  expected: {_short(item.expected)}", f"  observed: {_short(item.actual)}"]
    return "\n".join(lines)


def _short(value: object) -> str:
    text = pretty(value).replace("\n", "\n    ")
    return (
        text
        if len(text) <= _VALUE_LIMIT
        else f"{text[:_VALUE_LIMIT]} ... ({len(text):,} characters in all)"
    )


def _body(parent: Element, tag: str, message: str, text: str, reproduce: str) -> None:
    again = f"\n\nreproduce: {reproduce}" if reproduce else ""
    element = SubElement(parent, tag, message=_clean(message), type=tag)
    element.text = _clean(f"{text or message}{again}")


def _harness_suites(run: Run) -> Iterable[Element]:
    """Suites for what is red without being a case."""
    problems = [(f"problem {number}", "error", text) for number, text in enumerate(run.problems, 1)]
    waivers = [(item.id, "failure", f"{item.state}: {item.reason}") for item in red_waivers(run)]
    for name, rows in (("harness", problems), ("waivers", waivers)):
        if not rows:
            continue
        suite = Element("testsuite", name=name, time="0.000", timestamp=_clean(run.started))
        for title, tag, text in rows:
            case = SubElement(suite, "testcase", name=_clean(title), classname=name, time="0.000")
            _body(case, tag, text, "", "")
        yield _counted(suite)


def _properties(parent: Element, values: dict[str, str]) -> None:
    block = SubElement(parent, "properties")
    for name, value in values.items():
        if value:
            SubElement(block, "property", name=name, value=_clean(value))


def _counted(suite: Element) -> Element:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    return suite


def _time(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "0.000"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
