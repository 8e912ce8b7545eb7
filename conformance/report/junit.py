"""JUnit XML in the dialect that CI systems agree on: a suite for each subject, a test case for each
case.

A waived case passes and says which waivers excuse it. What is red without being a case (a waiver to
mend, a problem of the harness) is a test case in a suite of its own, so that a pipeline which reads
only this file turns red too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conformance.judge.results import CaseResult, FindingResult, Run, Verdict
from conformance.report.summary import SubjectSummary, red_findings, red_waivers, summarize
from conformance.report.text import pretty

# Characters that XML 1.0 does not allow, not even as a reference; and DEL and C1, which it
# discourages.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_VALUE_LIMIT = 2_000


def render_junit(run: Run) -> str:
    """``run`` as JUnit XML: well-formed whatever it contains, and the same text for the same
    run."""
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
    properties: dict[str, str] = {"verdict": case.verdict, "level": case.level}
    if case.verdict is Verdict.WAIVED:
        properties["waived-by"] = ", ".join(_waivers(case))
    _properties(element, properties)
    if case.verdict is Verdict.FAIL:
        _add_red(element, "failure", _headline(case), _evidence(case))
    elif case.verdict is Verdict.ERROR:
        _add_red(element, "error", case.reason or _headline(case), _evidence(case))
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


def _headline(case: CaseResult) -> str:
    """Why ``case`` is red, in one line."""
    findings = red_findings(case)
    if not findings:
        return case.reason or "failed without a finding"
    if len(findings) == 1:
        return _one_line(findings[0])
    return f"{_one_line(findings[0])} (and {len(findings) - 1} more)"


def _evidence(case: CaseResult) -> str:
    """Why ``case`` is red, in full, and how to run it again."""
    parts = [_finding(item) for item in red_findings(case)] or [case.reason or _headline(case)]
    if case.reproduce:
        parts.append(f"reproduce: {case.reproduce}")
    return "\n\n".join(parts)


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
    if len(text) <= _VALUE_LIMIT:
        return text
    return f"{text[:_VALUE_LIMIT]} ... ({len(text):,} characters in all)"


def _add_red(parent: Element, tag: str, message: str, text: str) -> None:
    """Add a ``failure`` or ``error`` to ``parent``."""
    element = SubElement(parent, tag, message=_clean(message), type=tag)
    element.text = _clean(text)


def _harness_suites(run: Run) -> Iterable[Element]:
    """A suite for problems of the harness and one for waivers to mend, where there are any."""
    problems = [(f"problem {number}", "error", text) for number, text in enumerate(run.problems, 1)]
    waivers = [(item.id, "failure", f"{item.state}: {item.reason}") for item in red_waivers(run)]
    for name, rows in (("harness", problems), ("waivers", waivers)):
        if not rows:
            continue
        suite = Element("testsuite", name=name, time="0.000", timestamp=_clean(run.started))
        for title, tag, text in rows:
            case = SubElement(suite, "testcase", name=_clean(title), classname=name, time="0.000")
            _add_red(case, tag, text, text)
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


def _time(seconds: float) -> str:
    return f"{seconds if math.isfinite(seconds) else 0.0:.3f}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
