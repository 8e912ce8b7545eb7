"""The scenario format (in prose: ``docs/scenarios.md``).

These models are the format: the editor schema (``scenario.schema.json``) and the messages about
unknown keys are made from them. Values below ``with``, ``expect`` and a scripted body are free JSON
in which ``${...}`` and ``$`` operators may stand; they are resolved by
:mod:`conformance.suite.scenario.variables` and :mod:`conformance.suite.scenario.match`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from conformance.suite.facts import FactRef
from conformance.suite.scenario.durations import parse_duration
from conformance.wire.vocabulary import Level, ScenarioLane, Surface

API_VERSIONS = ("2024-06-01", "2024-10-21", "2025-03-01-preview", "2025-04-01-preview", "v1")
"""The api-versions the project has schemas for, oldest first; ``v1`` stands after every dated
one."""


class Part(BaseModel):
    """Base of every part of the format: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _duration(value: object) -> object:
    if isinstance(value, str):
        parsed = parse_duration(value)
        if parsed is None and not value.startswith("${"):
            raise ValueError("a duration is a number of seconds or text such as 40ms, 1.5s, 2m")
        if parsed is not None:
            return parsed
    return value


Duration = Annotated[float | str, BeforeValidator(_duration)]
"""Seconds; ``40ms``, ``1.5s``, ``2m`` and ``${...}`` are accepted."""


def _is_variable(value: str) -> bool:
    return value.startswith("${") and value.endswith("}")


def _count(value: object) -> object:
    if isinstance(value, bool) or (
        isinstance(value, str) and value != "default" and not _is_variable(value)
    ):
        raise ValueError("a whole number, default, or ${...}")
    return value


Count = Annotated[int | str, BeforeValidator(_count)]
"""A number of times; ``${...}`` is accepted."""


Variable = Annotated[str, Field(pattern=r"^\$\{[^${}]+\}$")]
"""A text that is one variable, where the value must be one of a few words: the scenario is read
again once filled."""


SourceKind = Literal["article", "spec", "issue", "url", "fact"]
SOURCE_KINDS: tuple[SourceKind, ...] = ("article", "spec", "issue", "url", "fact")


class SourceRef(Part):
    """Where the expectation is written: exactly one of the five, with a section where the document
    has them.

    A ``fact`` is ``page#anchor`` below ``docs/facts``, as in ``service#retry-headers``.
    """

    article: str | None = None
    spec: str | None = None
    issue: str | None = None
    url: str | None = None
    fact: str | None = None
    section: str | None = None

    @model_validator(mode="after")
    def _one(self) -> SourceRef:
        named = [n for n in SOURCE_KINDS if getattr(self, n) is not None]
        if len(named) != 1:
            raise ValueError("a source names exactly one of article, spec, issue, url, fact")
        return self

    @property
    def kind(self) -> SourceKind:
        """Which of the five it is."""
        return next(kind for kind in SOURCE_KINDS if getattr(self, kind) is not None)

    @property
    def text(self) -> str:
        """What stands under that key."""
        return str(getattr(self, self.kind))

    @property
    def fact_ref(self) -> FactRef | None:
        """The page and anchor of a published fact; None for every other source."""
        return FactRef.parse(self.fact) if self.fact is not None else None


class ClientSpec(Part):
    """The client a scenario wants. What is left out is the SDK's documented default."""

    auth: Literal["api_key", "token", "token_provider", "credential", "none"] | Variable = "api_key"
    api_key: str | None = None
    tokens: tuple[str, ...] = ()
    max_retries: Count | Literal["default"] = "default"
    timeout: Duration | Literal["default"] = "default"
    deployment: str | None = None
    endpoint: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)


class FixtureRef(Part):
    """A body kept under ``scenarios/fixtures/``, with its own provenance."""

    fixture: str = Field(alias="$fixture")


Chunks = Literal[
    "whole",
    "events",
    "lines",
    "bytes",
    "coalesced",
    "inside_characters",
    "inside_fields",
    "before_colons",
    "between_line_ends",
]
FaultName = Literal[
    "connect_refused",
    "connect_timeout",
    "connection_reset",
    "connection_closed",
    "read_timeout",
    "cut_head",
    "cut_body",
    "reset_body",
    "stall_body",
    "bad_chunk",
    "short_chunk",
]
FAULTS_AT_A_PLACE = ("cut_head", "cut_body", "reset_body", "stall_body", "bad_chunk", "short_chunk")
"""The faults that strike after some of the answer was sent."""


class ReplySpec(Part):
    """One scripted reply. Exactly one of ``body`` (JSON), ``text``, ``base64``, ``sse`` (a list of
    events) or none.

    ``body`` may be ``{$fixture: name}``. Each item of ``sse`` is JSON (sent as one ``data:`` line),
    or text (sent as it stands, with its own line ends). ``repeat``: this reply answers every later
    request too. ``docs/scenarios.md`` says what each fault and each way of delivery is; ``head``,
    ``close`` and a false ``content-length`` need sockets.
    """

    status: int | str = 200
    headers: dict[str, str | list[str]] = Field(default_factory=dict)
    body: Any = None
    text: str | FixtureRef | None = None
    base64: str | FixtureRef | None = None
    sse: list[Any] | FixtureRef | None = None
    head: list[str] | Variable | None = Field(
        default=None, description="Lines sent in place of the status line and headers."
    )
    gzip: bool | Variable = Field(
        default=False, description="Send the body gzip-coded, and say so."
    )
    chunks: Chunks | Annotated[int, Field(ge=1)] | Variable = Field(
        default="whole",
        description="How the body is cut into pieces; a number: so many bytes each.",
    )
    delay: Duration = Field(default=0.0, description="Time before the first byte of the answer.")
    over: Duration = Field(
        default=0.0, description="Time over which the pieces of the body are spread evenly."
    )
    linger: Duration = Field(
        default=0.0,
        description="Time between the last byte of the body and the answer's end, or the fault.",
    )
    close: bool | Variable = Field(
        default=False,
        description="End the connection after the answer, without a header that says so.",
    )
    fault: FaultName | Variable | None = None
    cut_at: Annotated[int, Field(ge=0)] | Variable | None = Field(
        default=None,
        description=(
            "Bytes sent before the fault: of the body, for cut_head of the head. Default: half."
        ),
    )
    cut_event: Annotated[int, Field(ge=1)] | Variable | None = Field(
        default=None,
        description="The fault strikes in the middle of this event of the body; the first is 1.",
    )
    repeat: bool = False

    @model_validator(mode="after")
    def _one_body(self) -> ReplySpec:
        bodies = [n for n in ("body", "text", "base64", "sse") if n in self.model_fields_set]
        if len(bodies) > 1:
            raise ValueError(f"a reply has one body, not {' and '.join(bodies)}")
        return self

    @model_validator(mode="after")
    def _one_place(self) -> ReplySpec:
        places = [n for n in ("cut_at", "cut_event") if isinstance(getattr(self, n), int)]
        if len(places) > 1:
            raise ValueError("a fault strikes in one place: cut_at or cut_event")
        struck = self.fault in FAULTS_AT_A_PLACE or (self.fault or "").startswith("${")
        if places and not (struck and (self.fault, places[0]) != ("cut_head", "cut_event")):
            fault = self.fault or "no fault"
            raise ValueError(f"{places[0]} is where a fault strikes; {fault} has no such place")
        return self


class StreamSpec(Part):
    """How a stream is consumed: to its end, or ``first`` so many events and then closed by the
    caller."""

    first: int | None = Field(default=None, ge=0)


class OptionsSpec(Part):
    """Per-request options, given by the SDK's own documented means."""

    max_retries: Count | Literal["default"] | None = None
    timeout: Duration | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)


class ResponseExpect(Part):
    """What the served answer must be. ``schema`` overrides the operation's own schema; ``none``
    switches it off."""

    schema_: str | None = Field(default=None, alias="schema")
    status: Any = None
    headers: dict[str, Any] = Field(default_factory=dict)
    body: Any = None
    content_filter: Literal["annotated", "filtered", "failed", "absent", "unchecked"] | None = None
    usage: Literal["consistent", "absent", "unchecked"] | None = None


class RequestExpect(Part):
    """What a request must be. Keys left out are unchecked; keys written are exact
    (``docs/scenarios.md``)."""

    method: Any = None
    path: Any = None
    host: Any = None
    query: dict[str, Any] = Field(default_factory=dict)
    headers: dict[str, Any] = Field(default_factory=dict)
    body: Any = None
    parts: dict[str, Any] = Field(default_factory=dict)


class Expect(Part):
    """What is expected of one step. ``error`` present: the call must fail so. Otherwise it must
    succeed."""

    attempts: Any = None
    delays: Any = None
    requests: RequestExpect | list[RequestExpect] | None = None
    response: ResponseExpect | None = None
    result: dict[str, Any] | None = None
    chunks: Any = None
    request_id: Any = None
    token_calls: Any = None
    error: dict[str, Any] | None = None


class Step(Part):
    """One call. ``service`` left out means one answer from the cassette; ``cassette`` in the list
    means the same."""

    name: str | None = None
    call: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    options: OptionsSpec | None = None
    stream: StreamSpec | bool | None = None
    service: list[ReplySpec | Literal["cassette"]] | str | None = None
    expect: Expect = Field(default_factory=Expect)

    @field_validator("service")
    @classmethod
    def _known_service(cls, value: object) -> object:
        if isinstance(value, str) and value != "cassette" and not _is_variable(value):
            raise ValueError("the service is a list of answers, or cassette")
        return value

    @property
    def is_streamed(self) -> bool:
        """Whether the caller takes the answer as a stream."""
        if self.stream is None:
            return bool(self.with_.get("stream"))
        return self.stream is not False


class Scenario(Part):
    """One behaviour, where it is written, the calls made and what is expected of them."""

    title: Annotated[str, Field(min_length=8)]
    why: Annotated[str, Field(min_length=8)]
    sources: Annotated[list[SourceRef], Field(min_length=1)]
    level: Level = Level.MUST
    tags: list[str] = Field(default_factory=list)
    api_versions: str | list[str] = Field(description="A range such as '>=2024-06-01', or a list.")
    surfaces: Annotated[list[Surface], Field(min_length=1)] = list(Surface)
    needs: list[str] = Field(
        default_factory=list, description="Contract abilities beside the operations called."
    )
    lane: ScenarioLane = ScenarioLane.ANY
    cassette: str | None = None
    client: ClientSpec = Field(default_factory=ClientSpec)
    matrix: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)
    steps: Annotated[list[Step], Field(min_length=1)]


class Fixture(Part):
    """A body for scripted replies, ``scenarios/fixtures/<name>.yaml``, with where it comes from."""

    source: Literal["documentation", "live", "emulator", "script"]
    ref: Annotated[str, Field(min_length=4)]
    note: str = ""
    body: Any = None
    text: str | None = None
    base64: str | None = None
    sse: list[Any] | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Fixture:
        bodies = [n for n in ("body", "text", "base64", "sse") if n in self.model_fields_set]
        if len(bodies) != 1:
            raise ValueError("a fixture has exactly one of body, text, base64, sse")
        return self
