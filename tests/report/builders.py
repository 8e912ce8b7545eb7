"""Runs made for the report's tests: one with everything in it, small ones, big ones, and ones full
of hostile text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

from conformance.judge.results import (
    CaseResult,
    CheckResult,
    ExchangeTrace,
    FindingResult,
    RequestTrace,
    ResponseTrace,
    RuleInfo,
    Run,
    ScenarioInfo,
    SourceLink,
    StepTrace,
    Subject,
    Tool,
    Verdict,
    WaiverUse,
)
from conformance.judge.rules.finding import Blame, Level

# For properties: on a busy machine an example, or making one, may take any time. That says nothing
# about what the property claims.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

REFERENCE = "https://learn.microsoft.com/azure/ai-services/openai/reference"
API = "2024-10-21"
STARTED = "2026-03-02T09:30:00Z"
HOSTILE = (
    "</script></style></pre><img src=x onerror=\"document.title='pwned'\">"
    "<svg/onload=alert(1)>'\"&lt;b&gt;"
)
# Members whose text is chosen from a closed list, so no hostile text can be in them.
CLOSED = frozenset({"schema_version", "level", "blame", "verdict", "outcome", "status", "state"})

PYTHON = Subject(
    sdk="python",
    title="Python openai",
    language="Python",
    package="openai",
    version="3.0.1",
    surfaces=("sync", "async"),
    runtime="CPython 3.13",
)
OLD_PYTHON = PYTHON.model_copy(update={"version": "1.99.0"})
GO = Subject(
    sdk="go",
    title="Go azopenai",
    language="Go",
    package="azopenai",
    version="0.8.1",
    surfaces=("sync",),
    runtime="go1.26",
)
JAVA = Subject(
    sdk="java",
    title="Java azure-ai-openai",
    language="Java",
    package="azure-ai-openai",
    version="1.0.0-beta.16",
    surfaces=("sync", "async"),
    runtime="OpenJDK 21",
)
DOTNET = Subject(
    sdk="dotnet",
    title=".NET Azure.AI.OpenAI",
    language="C#",
    package="Azure.AI.OpenAI",
    version="2.3.0",
    surfaces=("sync",),
    status="not-run",
    reason="The dotnet command was not found on this machine.",
)

RULES = tuple(
    RuleInfo(id=name, title=title, level=level, blame=blame, why=why, source=source)
    for name, title, level, blame, why, source in (
        (
            "auth.one-credential",
            "A request carries exactly one credential",
            Level.MUST,
            Blame.SDK,
            "Two credentials leave it to a gateway which of them counts.",
            REFERENCE,
        ),
        (
            "request.api-version",
            "The api-version asked for is sent",
            Level.MUST,
            Blame.SDK,
            "The service answers by the version in the query.",
            REFERENCE,
        ),
        (
            "response.schema",
            "The response matches the published schema",
            Level.MUST,
            Blame.SERVICE,
            "A typed client decodes what the schema says.",
            "schemas/2024-10-21/chat-completion.json",
        ),
        (
            "retries.wait-asked",
            "A retry waits at least as long as the service asked",
            Level.MUST,
            Blame.SDK,
            "A client that does not wait makes throttling worse.",
            "https://github.com/openai/openai-python/issues/937",
        ),
        (
            "retries.same-body",
            "A retry sends the same body",
            Level.MUST,
            Blame.SDK,
            "A retry that changes the request is another request.",
            "RFC 9110 section 9.2.2",
        ),
        (
            "result.text-from-wire",
            "The caller reads the text the service sent",
            Level.MUST,
            Blame.SDK,
            "What is lost between wire and caller is lost silently.",
            "design: the view",
        ),
        (
            "stream.all-chunks",
            "Every event of a stream reaches the caller",
            Level.SHOULD,
            Blame.SDK,
            "A dropped event drops words.",
            "https://html.spec.whatwg.org/multipage/server-sent-events.html",
        ),
        (
            "headers.request-id",
            "The request id is exposed to the caller",
            Level.MAY,
            Blame.SDK,
            "Support asks for it first.",
            REFERENCE,
        ),
    )
)
HELD = tuple(CheckResult(rule=rule.id, outcome="held") for rule in RULES)

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "When was Microsoft founded?"}]}
COMPLETION = {
    "id": "chatcmpl-9x",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Microsoft was founded on April 4, 1975."},
            "content_filter_results": {
                name: {"filtered": False, "severity": "safe"}
                for name in ("hate", "self_harm", "sexual", "violence")
            },
        }
    ],
    "usage": {"prompt_tokens": 12, "completion_tokens": 11, "total_tokens": 23},
}
THROTTLED = {"error": {"code": "429", "message": "Rate limit is exceeded. Try again later."}}


def scenario(
    name: str, title: str, *, level: Level = Level.MUST, why: str = "", url: str = ""
) -> ScenarioInfo:
    """The scenario ``name`` (``capability/rest``) with a source and a short YAML text."""
    link = url or REFERENCE
    return ScenarioInfo(
        id=name,
        file=f"scenarios/{name}.yaml",
        title=title,
        why=why or "Callers rely on it.",
        level=level,
        capability=name.split("/")[0],
        tags=("chat",),
        sources=(
            SourceLink(kind="article", text="Azure OpenAI REST reference", url=link),
            SourceLink(kind="fact", text="Observed in the recordings of March 2026"),
        ),
        yaml=(
            f"title: {title}\nlevel: {level}\n"
            "steps:\n  - call: chat.completions.create\n    expect: {}\n"
        ),
    )


def exchange(
    *,
    status: int = 200,
    body: Any = None,
    at: float = 0.0,
    waited: float | None = None,
    asked: float | None = None,
    frames: tuple[str, ...] = (),
    provenance: str = "documentation",
    request: Any = None,
) -> ExchangeTrace:
    """One attempt answered with ``status`` and ``body``."""
    text = json.dumps(COMPLETION if body is None else body)
    sent = json.dumps(CHAT if request is None else request)
    asks = (("retry-after-ms", f"{asked * 1000:.0f}"),) if asked is not None else ()
    kind = "text/event-stream" if frames else "application/json"
    return ExchangeTrace(
        at=at,
        waited=waited,
        asked_wait=asked,
        asked_by="retry-after-ms" if asked is not None else None,
        request=RequestTrace(
            method="POST",
            body=sent,
            body_bytes=len(sent),
            url=f"https://example.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version={API}",
            headers=(
                ("content-type", "application/json"),
                ("api-key", "***"),
                ("user-agent", "sdk/1"),
            ),
        ),
        response=ResponseTrace(
            status=status,
            headers=(("content-type", kind), ("x-request-id", "7c0f"), *asks),
            frames=frames,
            body="" if frames else text,
            body_bytes=sum(map(len, frames)) or len(text),
            chunks=(40, 90, 140) if frames else (),
            provenance=provenance,
            provenance_ref="REST reference, chat completions"
            if provenance == "documentation"
            else "",
        ),
    )


def step(*exchanges: ExchangeTrace, **more: Any) -> StepTrace:
    """A call that went well, unless told otherwise."""
    values: dict[str, Any] = {
        "name": "",
        "operation": "chat.completions.create",
        "arguments": CHAT,
        "outcome": "ok",
        "result": COMPLETION,
        "view": {"text": "Microsoft was founded on April 4, 1975.", "finish_reason": "stop"},
        "request_id": "7c0f",
    }
    return StepTrace(**{**values, "exchanges": exchanges or (exchange(),), **more})


def case(
    of: ScenarioInfo,
    subject: Subject,
    verdict: Verdict = Verdict.PASS,
    *,
    surface: str = "sync",
    **more: Any,
) -> CaseResult:
    """The case of scenario ``of`` for ``subject``."""
    ident = f"{of.id}[{subject.sdk}-{subject.version}-{surface}-{API}]"
    ran = verdict not in (Verdict.NOT_RUN, Verdict.UNSUPPORTED)
    values: dict[str, Any] = {
        "id": ident,
        "scenario": of.id,
        "sdk": subject.sdk,
        "version": subject.version,
        "surface": surface,
        "api_version": API,
        "lane": "inprocess" if subject.sdk == "python" else "loopback",
        "verdict": verdict,
        "capability": of.capability,
        "level": of.level,
        "duration": 0.0124 if ran else 0.0,
        "checks": HELD if ran else (),
        "steps": (step(),) if ran else (),
        "rests_on": ("documentation",) if ran else (),
        "reproduce": f"conformance run --case '{ident}'",
    }
    return CaseResult(**{**values, **more})


def broken(rule: str, message: str, **more: Any) -> FindingResult:
    """A MUST of the SDK that did not hold."""
    return FindingResult(
        **{"rule": rule, "level": Level.MUST, "blame": Blame.SDK, "message": message, **more}
    )


def _checks(**outcomes: str) -> tuple[CheckResult, ...]:
    changed = {
        name.replace("__", ".").replace("_", "-"): outcome for name, outcome in outcomes.items()
    }
    return tuple(
        CheckResult.model_validate({"rule": item.rule, "outcome": changed.get(item.rule, "held")})
        for item in HELD
    )


PLAIN = scenario("chat/plain-answer", "A chat completion is answered and read as sent")
RETRY = scenario(
    "retry/waits-as-asked",
    "A 429 with retry-after-ms is waited out and retried",
    why="Azure throttles per deployment; a client that does not wait makes it worse.",
    url="https://github.com/openai/openai-python/issues/937",
)
STREAM = scenario(
    "stream/all-chunks", "Every event of a stream reaches the caller", level=Level.SHOULD
)
AUDIO = scenario("audio/speech", "Speech is returned as bytes", level=Level.MAY)
FILTER = scenario("chat/content-filter", "A filtered prompt is an error that says why")

WORDS_SENT = ("Micro", "soft ", "was ", "founded ", "in ", "1975.")
FRAMES = (
    *(
        "data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": word}}]})
        for word in WORDS_SENT
    ),
    "data: [DONE]",
)


def _retries(*, waited: float) -> StepTrace:
    second = 0.012 + waited
    return step(
        exchange(status=429, body=THROTTLED, asked=0.04, provenance="script"),
        exchange(
            status=429, body=THROTTLED, asked=0.04, at=second, waited=waited, provenance="script"
        ),
        exchange(at=second * 2, waited=waited),
    )


def _retry_cases() -> tuple[CaseResult, ...]:
    finding = broken(
        "retries.wait-asked",
        "The second attempt came 30 ms before the service wanted it.",
        pointer="/delays/0",
        expected={"$gte": "40ms"},
        actual="10ms",
    )
    both = ("documentation", "script")
    return (
        case(RETRY, PYTHON, steps=(_retries(waited=0.042),), rests_on=both),
        case(RETRY, PYTHON, surface="async", steps=(_retries(waited=0.041),), rests_on=both),
        case(
            RETRY,
            OLD_PYTHON,
            Verdict.WAIVED,
            steps=(_retries(waited=0.01),),
            rests_on=both,
            checks=_checks(retries__wait_asked="broken"),
            findings=(finding.model_copy(update={"waived_by": "python-old-waits"}),),
        ),
        case(RETRY, GO, steps=(_retries(waited=0.05),), rests_on=both),
        case(
            RETRY,
            JAVA,
            Verdict.FAIL,
            steps=(_retries(waited=0.01),),
            rests_on=both,
            checks=_checks(retries__wait_asked="broken", headers__request_id="note"),
            findings=(
                finding,
                FindingResult(
                    rule="headers.request-id",
                    level=Level.MAY,
                    blame=Blame.SDK,
                    message="The request id is not exposed.",
                ),
            ),
        ),
    )


def _stream_cases() -> tuple[CaseResult, ...]:
    streamed = step(exchange(frames=FRAMES, provenance="live"), chunk_count=6, result=None)
    lost = FindingResult(
        rule="stream.all-chunks",
        level=Level.SHOULD,
        blame=Blame.SDK,
        message="The caller got 5 of 6 chunks.",
        pointer="/chunks",
        expected={"count": 6, "text": "Microsoft was founded in 1975.", "done": True},
        actual={"count": 5, "text": "Microsoft was founded in", "done": True},
    )
    return (
        case(STREAM, PYTHON, steps=(streamed,), rests_on=("live",)),
        case(STREAM, OLD_PYTHON, steps=(streamed,), rests_on=("live",)),
        case(
            STREAM,
            GO,
            Verdict.FAIL,
            steps=(streamed.model_copy(update={"chunk_count": 5}),),
            rests_on=("live",),
            findings=(lost,),
            checks=_checks(stream__all_chunks="broken"),
        ),
        case(
            STREAM,
            JAVA,
            Verdict.ERROR,
            reason="The adapter did not answer within 10 s and was stopped.",
            steps=(
                step(
                    exchange(),
                    outcome="crash",
                    result=None,
                    view=None,
                    error={"kind": "hang", "stderr": "waiting for body\n"},
                ),
            ),
        ),
    )


def full_run() -> Run:
    """A run with every verdict, streams, retries, waivers of several states, and a subject that
    could not run."""
    refused = step(
        exchange(status=400, body={"error": {"code": "content_filter"}}),
        outcome="error",
        result=None,
        view=None,
        error={"type": "BadRequestError", "kind": "bad_request", "status": 400},
    )
    cases = (
        *(
            case(PLAIN, subject, surface=surface)
            for subject in (PYTHON, OLD_PYTHON, GO, JAVA)
            for surface in subject.surfaces
        ),
        *(
            case(FILTER, subject, steps=(refused,), rests_on=("emulator",))
            for subject in (PYTHON, OLD_PYTHON, GO)
        ),
        *_retry_cases(),
        *_stream_cases(),
        case(AUDIO, PYTHON),
        case(AUDIO, OLD_PYTHON),
        case(AUDIO, GO, Verdict.UNSUPPORTED, reason="The contract lists no audio operations."),
        case(AUDIO, JAVA, Verdict.NOT_RUN, reason="No cassette holds this call."),
    )
    return Run(
        tool=Tool(
            version="0.1.0",
            scenario_digest="3f9a" * 16,
            schema_digest="77c1" * 16,
            cassette_digest="b02e" * 16,
        ),
        started=STARTED,
        duration=4.21,
        command="conformance run --sdk python --sdk go --sdk java --sdk dotnet",
        api_versions=(API,),
        subjects=(PYTHON, OLD_PYTHON, GO, JAVA, DOTNET),
        rules=RULES,
        scenarios=(PLAIN, FILTER, RETRY, STREAM, AUDIO),
        cases=tuple(sorted(cases, key=lambda item: item.id)),
        waivers=_waivers(),
        problems=(),
    )


def _waivers() -> tuple[WaiverUse, ...]:
    base = WaiverUse(
        id="python-old-waits",
        sdk="python",
        rule="retries.wait-asked",
        scenarios=("retry/*",),
        versions="<2",
        reason="Versions before 2 read retry-after-ms in whole seconds.",
        expires="2026-12-31",
        state="used",
        link="https://github.com/openai/openai-python/issues/937",
        cases=(f"retry/waits-as-asked[python-1.99.0-sync-{API}]",),
    )
    gone = base.model_copy(
        update={
            "id": "go-request-id",
            "sdk": "go",
            "rule": "headers.request-id",
            "state": "stale",
            "versions": "<0.9",
            "scenarios": (),
            "cases": (),
            "expires": "2026-06-30",
            "reason": "The request id was hidden; it is exposed now.",
            "link": "",
        }
    )
    return base, gone


def small_run(*verdicts: Verdict, subject: Subject = PYTHON, **more: Any) -> Run:
    """A run of one subject with one case for each of ``verdicts``."""
    scenarios = tuple(
        scenario(f"chat/case-{number}", f"Case {number}") for number, _ in enumerate(verdicts, 1)
    )
    cases = tuple(
        case(of, subject, verdict) for of, verdict in zip(scenarios, verdicts, strict=True)
    )
    return Run(
        **{
            "tool": Tool(version="0.1.0"),
            "started": STARTED,
            "duration": 1.0,
            "api_versions": (API,),
            "subjects": (subject,),
            "scenarios": scenarios,
            "cases": cases,
            **more,
        }
    )


def big_run(scenarios: int = 60) -> Run:
    """A run as large as a real one: five subjects, streams and retries in each third scenario."""
    subjects = (
        PYTHON,
        OLD_PYTHON,
        GO,
        JAVA,
        DOTNET.model_copy(update={"status": "run", "reason": ""}),
    )
    frames = tuple(
        "data: "
        + json.dumps(
            {
                "id": "chatcmpl-9x",
                "object": "chat.completion.chunk",
                "choices": [
                    {
                        "index": 0,
                        "delta": {"content": f"word {number} "},
                        "content_filter_results": {},
                    }
                ],
            }
        )
        for number in range(60)
    )
    infos, cases = [], []
    for number in range(scenarios):
        info = scenario(
            f"capability-{number % 10}/scenario-{number}", f"Scenario {number} does what it says"
        )
        infos.append(info)
        kinds = ((_retries(waited=0.04),), (step(exchange(frames=frames)),), (step(),))
        cases += [
            case(
                info,
                subject,
                Verdict.FAIL if (number + place) % 29 == 0 else Verdict.PASS,
                steps=kinds[number % 3],
                checks=tuple(
                    CheckResult(rule=f"{item.rule}-{copy}", outcome="held")
                    for item in HELD
                    for copy in range(4)
                ),
            )
            for place, subject in enumerate(subjects)
        ]
    return Run(
        tool=Tool(version="0.1.0"),
        started=STARTED,
        duration=61.0,
        api_versions=(API,),
        subjects=subjects,
        scenarios=tuple(infos),
        cases=tuple(sorted(cases, key=lambda item: item.id)),
        rules=RULES,
    )


def with_text(run: Run, change: Callable[[str], str]) -> Run:
    """``run`` with ``change`` applied to every text in it, keys of free JSON included, closed
    vocabularies left."""
    return Run.model_validate(_changed(run.model_dump(mode="json"), change, top=True))


_FREE = frozenset({"expected", "actual", "arguments", "result", "view", "error"})


def _changed(value: Any, change: Callable[[str], str], *, top: bool) -> Any:
    """``top`` while the keys are members of our own model; below a free JSON member keys are text
    like any other."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_changed(item, change, top=top) for item in value]
    if not isinstance(value, dict):
        return value
    if not top:
        return {change(key): _changed(item, change, top=False) for key, item in value.items()}
    return {
        key: item
        if key in CLOSED and isinstance(item, str)
        else _changed(item, change, top=key not in _FREE)
        for key, item in value.items()
    }


def hostile_small_run() -> Run:
    """One red case full of hostile text, small enough to read as a golden file."""
    finding = broken(
        "a.rule", "Markup", pointer="/a", expected={"a": "b"}, actual="c", waived_by="w"
    )
    run = small_run(Verdict.FAIL, command="conformance run", problems=("A fault.",))
    red = run.cases[0].model_copy(update={"findings": (finding,), "reason": "because"})
    return with_text(run.model_copy(update={"cases": (red,)}), lambda text: text + HOSTILE)


def deep_run() -> Run:
    """A red case with a finding whose expected value is nested deeper than any reader recurses."""
    deep: object = 0
    for _ in range(5_000):
        deep = [deep]
    run = small_run(Verdict.FAIL)
    finding = broken("a.rule", "deep", expected=deep, actual=0)
    red = run.cases[0].model_copy(update={"findings": (finding,)})
    return run.model_copy(update={"cases": (red,)})


def hostile_run() -> Run:
    """The full run with markup appended to every text, and links that are not links."""
    run = with_text(full_run(), lambda text: text + HOSTILE)
    bad = tuple(item.model_copy(update={"link": "javascript:alert(1)"}) for item in run.waivers)
    first = run.scenarios[0].model_copy(
        update={
            "sources": (
                SourceLink(kind="url", text="a trap", url="javascript:alert(document.domain)"),
                SourceLink(kind="url", text="another", url=" JaVaScRiPt:alert(1)"),
                SourceLink(kind="url", text="data", url="data:text/html,<script>alert(1)</script>"),
            )
        }
    )
    return run.model_copy(update={"waivers": bad, "scenarios": (first, *run.scenarios[1:])})
