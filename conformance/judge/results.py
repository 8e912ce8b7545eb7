"""The results of a run: what ``results.json`` holds (schema version 1, published as
``results.schema.json``).

Everything a report shows comes from here, so a report can be rendered again from the file alone.
Values are JSON; times are seconds; instants are ISO 8601 in UTC. Bodies are text: binary is given
as a length and a digest.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from conformance.judge.rules.finding import Blame, Level

RESULTS_VERSION = "1.0"
RED_WAIVERS: Final[tuple[Literal["stale", "expired", "mismatched"], ...]] = (
    "stale",
    "expired",
    "mismatched",
)
"""The states of a waiver that make a run non-conformant."""


class Verdict(StrEnum):
    """The outcome of a case. Only ``pass`` is green; ``waived`` is counted
    beside it."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not-run"
    ERROR = "error"


class Value(BaseModel):
    """Base of every results value: frozen, no unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceLink(Value):
    """Where an expectation is written. ``kind`` is article, spec, issue, url or fact; ``text`` is
    for people."""

    kind: str
    text: str
    url: str = ""


class FindingResult(Value):
    """A finding as judged. ``waived_by`` is the id of the waiver that excuses it, or None."""

    rule: str
    level: Level
    blame: Blame
    message: str
    pointer: str = ""
    expected: Any = None
    actual: Any = None
    step: int = 0
    waived_by: str | None = None

    @property
    def is_red(self) -> bool:
        """Whether it turns its case red: it is no note, and no waiver excuses it."""
        return self.level is not Level.MAY and self.waived_by is None


class CheckResult(Value):
    """One rule that was applied to the case, and whether it held. ``note`` is a ``may`` finding."""

    rule: str
    outcome: Literal["held", "broken", "note"]


class RequestTrace(Value):
    """A request as sent, secrets masked. ``body`` is text (JSON re-indented by reports), or a
    description of bytes."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""
    body_bytes: int = 0


class ResponseTrace(Value):
    """A response as served. ``frames`` are the events of an SSE body in order, raw text without the
    blank line."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str = ""
    body_bytes: int = 0
    frames: tuple[str, ...] = ()
    chunks: tuple[int, ...] = ()
    provenance: str
    provenance_ref: str = ""


class ExchangeTrace(Value):
    """One attempt. ``at`` is when it began; ``waited`` the pause before it (None for the first of a
    step); ``asked_wait`` the wait its response asked for through a header, and ``asked_by`` that
    header's name."""

    request: RequestTrace
    response: ResponseTrace | None
    fault: str | None = None
    miss: str | None = None
    at: float = 0.0
    waited: float | None = None
    asked_wait: float | None = None
    asked_by: str | None = None


class StepTrace(Value):
    """One call of a scenario: what was asked of the SDK, what passed on the wire, what the caller
    got."""

    name: str
    operation: str
    arguments: Any = None
    outcome: Literal["ok", "error", "unsupported", "crash", "not-reached"]
    result: Any = None
    view: Any = None
    chunk_count: int | None = None
    error: Any = None
    request_id: str | None = None
    exchanges: tuple[ExchangeTrace, ...] = ()


class CaseResult(Value):
    """One scenario x SDK x surface x api-version.

    ``reason`` says why for unsupported, not-run and error, and is empty otherwise. ``rests_on``
    lists the provenance sources of everything that was served. ``reproduce`` is a command that runs
    this case alone.
    """

    id: str
    scenario: str
    sdk: str
    version: str
    surface: str
    api_version: str
    lane: str
    capability: str
    level: Level
    verdict: Verdict
    reason: str = ""
    findings: tuple[FindingResult, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    steps: tuple[StepTrace, ...] = ()
    rests_on: tuple[str, ...] = ()
    duration: float = 0.0
    reproduce: str = ""


class ScenarioInfo(Value):
    """What a report says of a scenario; ``yaml`` is its file as written."""

    id: str
    file: str
    title: str
    why: str
    capability: str
    level: Level
    tags: tuple[str, ...] = ()
    sources: tuple[SourceLink, ...] = ()
    yaml: str = ""


class Subject(Value):
    """An SDK in one version. ``status`` is ``run``, or ``not-run`` with
    ``reason``: an SDK that was not run is never left out of a report."""

    sdk: str
    title: str
    language: str
    package: str
    version: str
    surfaces: tuple[str, ...] = ()
    runtime: str = ""
    status: Literal["run", "not-run"] = "run"
    reason: str = ""


class WaiverUse(Value):
    """A waiver and what became of it in this run.

    ``state``: used; stale (its rule now holds where it says it would not); expired; mismatched (the
    rule broke in another way); out-of-range (its versions were not under test); unexercised (no
    case of the run reached it). Stale, expired and mismatched are red.
    """

    id: str
    sdk: str
    rule: str
    scenarios: tuple[str, ...]
    versions: str
    reason: str
    link: str
    expires: str
    state: Literal["used", "stale", "expired", "mismatched", "out-of-range", "unexercised"]
    cases: tuple[str, ...] = ()


class RuleInfo(Value):
    """A rule as ``docs/rules.md`` lists it."""

    id: str
    title: str
    level: Level
    blame: Blame
    why: str
    source: str


class Tool(Value):
    """The harness and the exact inputs of a run: digests are SHA-256 over file names and
    contents."""

    version: str
    scenario_digest: str = ""
    schema_digest: str = ""
    cassette_digest: str = ""


class Run(Value):
    """A whole run. ``cases`` are sorted by id; ``interrupted`` is true when it was stopped and
    holds what finished."""

    schema_version: str = RESULTS_VERSION
    tool: Tool
    started: str
    duration: float = 0.0
    command: str = ""
    target: str = "replay"
    api_versions: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    scenarios: tuple[ScenarioInfo, ...] = ()
    cases: tuple[CaseResult, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    rules: tuple[RuleInfo, ...] = ()
    interrupted: bool = False
    problems: tuple[str, ...] = Field(
        default=(), description="Faults of the harness itself, each one sentence."
    )
