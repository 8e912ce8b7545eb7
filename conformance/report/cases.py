"""Scenarios and their cases as the page shows them.

A text that occurs again is shown once and linked from there on; a text that is too long is cut,
and its length is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from conformance.report.budget import shown_cases
from conformance.report.side_by_side import SideBySide, side_by_side
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
from conformance.suite.case_id import row_named

# A link costs the reader a jump, further to another case than within one. Texts shorter than this
# are shown again instead.
_WORTH_A_LINK_WITHIN_A_CASE = 300
_WORTH_A_LINK_TO_ANOTHER_CASE = 1_200

_YAML_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A titled text, cut to its limit. When ``href`` is set, the text is shown there, and ``where``
    says in words where that is."""

    title: str
    content: Cut
    href: str = ""
    where: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Frames:
    """The events of a stream: those shown, and how many there are. ``href`` and ``where`` are as in
    `TextBlock`."""

    shown: tuple[Cut, ...]
    total: int
    href: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class AttemptCard:
    """One attempt, ``offset`` after the first. It was answered with a ``response``, with the
    ``frames`` of a stream, or with neither."""

    anchor: str
    number: int
    offset: str
    trace: ExchangeTrace
    request: TextBlock
    response: TextBlock | None
    frames: Frames | None


@dataclass(frozen=True, slots=True)
class StepCard:
    """One call: what it was given and gave, and its attempts. Without a timeline when there was
    only one."""

    anchor: str
    number: int
    trace: StepTrace
    blocks: tuple[TextBlock, ...]
    attempts: tuple[AttemptCard, ...]
    timeline: Timeline | None


@dataclass(frozen=True, slots=True)
class FindingCard:
    """A finding, with what was expected beside what was observed when it names either."""

    finding: FindingResult
    diff: SideBySide | None


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A case with its checks by outcome. When its evidence is ``left_out`` there are no steps, one
    finding for each rule and waiver, and ``more`` counts the other findings."""

    case: CaseResult
    anchor: str
    open: bool
    findings: tuple[FindingCard, ...]
    checks: tuple[tuple[str, tuple[CheckResult, ...]], ...]
    steps: tuple[StepCard, ...]
    row: str = ""
    left_out: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True)
class ScenarioCard:
    """A scenario with its YAML text and its cases."""

    scenario: ScenarioInfo
    anchor: str
    tally: Tally
    cases: tuple[CaseCard, ...]
    yaml: Cut


def scenarios_of(run: Run) -> tuple[ScenarioInfo, ...]:
    """The scenarios of a run, in the order of capability and id. A scenario that a case names but
    the run does not describe is described as far as the case tells."""
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


def scenario_cards(
    run: Run,
    scenarios: Sequence[ScenarioInfo],
    scenario_anchors: Anchors,
    case_anchors: Sequence[str],
) -> tuple[ScenarioCard, ...]:
    """A card for each of ``scenarios``, those without cases too. ``case_anchors`` are in the order
    of ``run.cases``."""
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
) -> ScenarioCard:
    places: _Places = {}
    return ScenarioCard(
        scenario=scenario,
        anchor=anchor,
        tally=Tally.of(case for case, _ in pairs),
        cases=tuple(
            _CaseBuilder(case, case_anchor, places).card(whole=case.id in shown)
            for case, case_anchor in pairs
        ),
        yaml=cut(scenario.yaml, _YAML_LIMIT),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where on the page a text is shown: the anchor of its case, its own, and words for a link."""

    case_anchor: str
    anchor: str
    words: str


# Where the texts of one scenario are shown: bodies, and streams as their events.
_Text = str | tuple[str, ...]
_Places = dict[_Text, _Place]


class _CaseBuilder:
    """Builds the card of one case. All cases of a scenario share ``places``, where each text is
    noted when it is first shown."""

    def __init__(self, case: CaseResult, anchor: str, places: _Places) -> None:
        self._case = case
        self._anchor = anchor
        self._places = places

    def card(self, *, whole: bool) -> CaseCard:
        """The card of the case: with all evidence when it is ``whole``, else without traces."""
        case = self._case
        if not whole and case.steps:
            return self._short_card()
        # A case that is not whole has no steps here, so there is no evidence to leave out.
        return CaseCard(
            case=case,
            anchor=self._anchor,
            open=case.verdict in BAD,
            findings=tuple(map(_finding, case.findings)),
            checks=_by_outcome(case.checks),
            steps=tuple(self._step(number, step) for number, step in enumerate(case.steps, 1)),
            row=row_named(case.id),
        )

    def _short_card(self) -> CaseCard:
        case = self._case
        findings = _first_of_each(case.findings)
        return CaseCard(
            case=case,
            anchor=self._anchor,
            open=case.verdict in BAD,
            findings=tuple(FindingCard(item, None) for item in findings),
            checks=_by_outcome(case.checks),
            steps=(),
            row=row_named(case.id),
            left_out=True,
            more=len(case.findings) - len(findings),
        )

    def _step(self, number: int, step: StepTrace) -> StepCard:
        anchor = f"{self._anchor}-step-{number}"
        attempts = tuple(
            self._attempt(f"{anchor}-attempt-{index}", index, item, step.exchanges[0].at)
            for index, item in enumerate(step.exchanges, 1)
        )
        error_title = "What the adapter said" if step.outcome == "crash" else "Raised"
        values = (
            ("Called with", step.arguments),
            (error_title, step.error),
            ("What the caller read", step.view),
            ("The SDK's own serialisation", step.result),
        )
        blocks = [
            self._block(title, pretty(value), f"{anchor}-call", "the call")
            for title, value in values
            if value is not None
        ]
        return StepCard(
            anchor=anchor,
            number=number,
            trace=step,
            blocks=tuple(replace(item, open=item.title == error_title) for item in blocks),
            attempts=attempts,
            timeline=timeline(step.exchanges),
        )

    def _attempt(self, anchor: str, number: int, item: ExchangeTrace, start: float) -> AttemptCard:
        """The card of an attempt of a call whose first attempt began at ``start``."""
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
        return AttemptCard(
            anchor=anchor,
            number=number,
            offset=f"+{seconds(max(item.at - start, 0.0))}",
            trace=item,
            request=request,
            response=response,
            frames=frames,
        )

    def _block(self, title: str, text: str, anchor: str, where: str) -> TextBlock:
        href, words = self._elsewhere(text, len(text), anchor, where)
        return TextBlock(title, cut(text), href, words)

    def _frames(self, response: ResponseTrace, anchor: str, where: str) -> Frames:
        frames = response.frames
        length = sum(map(len, frames))
        href, words = self._elsewhere(frames, length, anchor, f"the stream of {where}")
        shown = tuple(cut(frame, FRAME_LIMIT) for frame in frames[:FRAME_COUNT_LIMIT])
        return Frames(shown, len(frames), href, words)

    def _elsewhere(self, text: _Text, length: int, anchor: str, where: str) -> tuple[str, str]:
        """A link to where ``text`` is shown already, and words for the link. Both are empty when
        ``text`` is new, which is noted, or too short to be worth a link."""
        case = self._case
        name = f"{case.sdk} {case.version} {case.surface} {case.api_version}"
        here = _Place(self._anchor, anchor, f"{where} ({name})")
        shown = self._places.setdefault(text, here)
        worth_a_link = _WORTH_A_LINK_TO_ANOTHER_CASE
        if shown.case_anchor == self._anchor:
            worth_a_link = _WORTH_A_LINK_WITHIN_A_CASE
        if shown.anchor == anchor or length < worth_a_link:
            return "", ""
        return shown.anchor, shown.words


def _by_outcome(
    checks: Sequence[CheckResult],
) -> tuple[tuple[str, tuple[CheckResult, ...]], ...]:
    """``checks`` by outcome, the worst first; outcomes that no check has are left out."""
    groups = [
        (outcome, tuple(item for item in checks if item.outcome == outcome))
        for outcome in ("broken", "note", "held")
    ]
    return tuple((outcome, of_outcome) for outcome, of_outcome in groups if of_outcome)


def _first_of_each(findings: tuple[FindingResult, ...]) -> tuple[FindingResult, ...]:
    """The first finding of each rule and waiver."""
    first: dict[tuple[str, str | None], FindingResult] = {}
    for item in findings:
        first.setdefault((item.rule, item.waived_by), item)
    return tuple(first.values())


def _finding(item: FindingResult) -> FindingCard:
    if item.expected is None and item.actual is None:
        return FindingCard(item, None)
    return FindingCard(item, side_by_side(item.expected, item.actual))
