"""Scenarios and their cases as the page shows them: what is identical is shown once, what is long
is cut and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.judge.results import (
    CaseResult,
    CheckResult,
    ExchangeTrace,
    FindingResult,
    ResponseTrace,
    Run,
    ScenarioInfo,
    StepTrace,
)
from conformance.report.budget import row_of, shown_cases
from conformance.report.diff import SideBySide, side_by_side
from conformance.report.summary import BAD, Tally
from conformance.report.text import (
    FRAME_COUNT_LIMIT,
    FRAME_LIMIT,
    Anchors,
    Cut,
    cut,
    pretty,
    pretty_body,
    seconds,
)
from conformance.report.timeline import Timeline, timeline

# A link costs the reader a jump; below these lengths the text itself is kinder.
_SAME_CASE, _SAME_SCENARIO = 300, 1_200


@dataclass(frozen=True, slots=True)
class Block:
    """A block of text: cut to its limit, or, when ``href`` is set, shown elsewhere on the page."""

    title: str
    content: Cut
    href: str = ""
    where: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Frames:
    """The events of a stream: those shown, and how many there are."""

    shown: tuple[Cut, ...]
    total: int
    href: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    anchor: str
    number: int
    offset: str
    trace: ExchangeTrace
    request: Block
    response: Block | None
    frames: Frames | None


@dataclass(frozen=True, slots=True)
class Step:
    anchor: str
    number: int
    trace: StepTrace
    blocks: tuple[Block, ...]
    attempts: tuple[Attempt, ...]
    timeline: Timeline | None


@dataclass(frozen=True, slots=True)
class FindingView:
    finding: FindingResult
    diff: SideBySide | None


@dataclass(frozen=True, slots=True)
class CaseView:
    case: CaseResult
    anchor: str
    open: bool
    findings: tuple[FindingView, ...]
    checks: tuple[tuple[str, tuple[CheckResult, ...]], ...]
    steps: tuple[Step, ...]
    row: str = ""
    left_out: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True)
class ScenarioView:
    scenario: ScenarioInfo
    anchor: str
    tally: Tally
    cases: tuple[CaseView, ...]
    yaml: Cut


def scenarios_of(run: Run) -> tuple[ScenarioInfo, ...]:
    """The scenarios of a run by capability and id; one a case names but the run does not describe
    is given a stub."""
    known = {item.id: item for item in run.scenarios}
    for case in run.cases:
        known.setdefault(
            case.scenario,
            ScenarioInfo(
                id=case.scenario,
                file="",
                title=case.scenario,
                why="",
                capability=case.capability,
                level=case.level,
            ),
        )
    return tuple(sorted(known.values(), key=lambda item: (item.capability, item.id)))


def scenario_views(
    run: Run,
    scenarios: Sequence[ScenarioInfo],
    scenario_anchors: Anchors,
    case_anchors: Sequence[str],
) -> tuple[ScenarioView, ...]:
    """Every scenario, without cases too; ``case_anchors`` are in the order of ``run.cases``."""
    grouped: dict[str, list[tuple[CaseResult, str]]] = {}
    for case, anchor in zip(run.cases, case_anchors, strict=True):
        grouped.setdefault(case.scenario, []).append((case, anchor))
    shown = shown_cases(run.cases)
    return tuple(
        _scenario(item, scenario_anchors.get(item.id), grouped.get(item.id, []), shown)
        for item in scenarios
    )


def _scenario(
    scenario: ScenarioInfo, anchor: str, pairs: list[tuple[CaseResult, str]], shown: frozenset[str]
) -> ScenarioView:
    seen: _Seen = {}
    views = tuple(
        _Builder(case, case_anchor, seen).view(whole=case.id in shown)
        for case, case_anchor in pairs
    )
    return ScenarioView(
        scenario, anchor, Tally.of(case for case, _ in pairs), views, cut(scenario.yaml, 20_000)
    )


# Text already on the page within this scenario: the case it is in, and a link to it with words for
# the link.
_Seen = dict[str | tuple[str, ...], tuple[str, str, str]]


class _Builder:
    """Builds the view of one case; ``seen`` is shared by the cases of a scenario."""

    def __init__(self, case: CaseResult, anchor: str, seen: _Seen) -> None:
        self._case = case
        self._anchor = anchor
        self._seen = seen

    def view(self, *, whole: bool) -> CaseView:
        """The case with all its evidence, or without its traces and checks when it is not
        ``whole``."""
        case = self._case
        groups = tuple(
            (outcome, found)
            for outcome in ("broken", "note", "held")
            if (found := tuple(item for item in case.checks if item.outcome == outcome))
        )
        steps = (
            tuple(self._step(number, step) for number, step in enumerate(case.steps, 1))
            if whole
            else ()
        )
        left_out = not whole and bool(case.steps)
        told = _one_of_each(case.findings) if left_out else case.findings
        findings = tuple(FindingView(item, None) if left_out else _finding(item) for item in told)
        return CaseView(
            case,
            self._anchor,
            case.verdict in BAD,
            findings,
            groups,
            steps,
            row_of(case),
            left_out,
            len(case.findings) - len(told),
        )

    def _step(self, number: int, step: StepTrace) -> Step:
        anchor = f"{self._anchor}-step-{number}"
        origin = step.exchanges[0].at if step.exchanges else 0.0
        attempts = tuple(
            self._attempt(f"{anchor}-attempt-{index}", index, item, origin)
            for index, item in enumerate(step.exchanges, 1)
        )
        said = "What the adapter said" if step.outcome == "crash" else "Raised"
        values = (
            ("Called with", step.arguments),
            (said, step.error),
            ("What the caller read", step.view),
            ("The SDK's own serialisation", step.result),
        )
        blocks = tuple(
            self._block(title, pretty(value), f"{anchor}-call", "the call", open_=title == said)
            for title, value in values
            if value is not None
        )
        return Step(anchor, number, step, blocks, attempts, timeline(step.exchanges))

    def _attempt(self, anchor: str, number: int, item: ExchangeTrace, origin: float) -> Attempt:
        where = f"attempt {number}"
        request = self._block(
            "Request body", pretty_body(item.request.body), anchor, f"the request of {where}"
        )
        response, frames = None, None
        if item.response is not None and item.response.frames:
            frames = self._frames(item.response, anchor, where)
        elif item.response is not None:
            response = self._block(
                "Response body", pretty_body(item.response.body), anchor, f"the response of {where}"
            )
        return Attempt(
            anchor,
            number,
            f"+{seconds(max(item.at - origin, 0.0))}",
            item,
            request,
            response,
            frames,
        )

    def _block(
        self, title: str, text: str, anchor: str, where: str, *, open_: bool = False
    ) -> Block:
        href, place = self._elsewhere(text, len(text), anchor, where)
        return Block(title, cut(text), href, place, open_)

    def _frames(self, response: ResponseTrace, anchor: str, where: str) -> Frames:
        frames = response.frames
        href, place = self._elsewhere(
            frames, sum(map(len, frames)), anchor, f"the stream of {where}"
        )
        return Frames(
            tuple(cut(frame, FRAME_LIMIT) for frame in frames[:FRAME_COUNT_LIMIT]),
            len(frames),
            href,
            place,
        )

    def _elsewhere(
        self, key: str | tuple[str, ...], length: int, anchor: str, where: str
    ) -> tuple[str, str]:
        """Where ``key`` is shown already, when it is long enough for that to matter; else it is
        noted as here."""
        name = (
            f"{self._case.sdk} {self._case.version} {self._case.surface} {self._case.api_version}"
        )
        case, href, words = self._seen.setdefault(key, (self._anchor, anchor, f"{where} ({name})"))
        if href == anchor or length < (_SAME_CASE if case == self._anchor else _SAME_SCENARIO):
            return "", ""
        return href, words


def _one_of_each(findings: tuple[FindingResult, ...]) -> tuple[FindingResult, ...]:
    """The first finding of each rule and waiver."""
    first: dict[tuple[str, str | None], FindingResult] = {}
    for item in findings:
        first.setdefault((item.rule, item.waived_by), item)
    return tuple(first.values())


def _finding(item: FindingResult) -> FindingView:
    has_values = item.expected is not None or item.actual is not None
    return FindingView(item, side_by_side(item.expected, item.actual) if has_values else None)
