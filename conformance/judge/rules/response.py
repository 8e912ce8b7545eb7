"""Rules about what was served: its schema, the members nobody described, and what a scenario says
of it.

A served body that is not as specified is the fault of the cassette or the script, not of the SDK. A
scenario that serves one on purpose says ``expect: {response: {schema: none}}``, which silences the
universal rules here and those of the stream's end; ``content_filter: unchecked`` and
``usage: unchecked`` do the same for theirs.
"""

from __future__ import annotations

from typing import Any

from conformance.judge.rules.compare import mismatches
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, expectation, fact, service_rule
from conformance.judge.rules.served import Served
from conformance.judge.rules.step import ObservedStep, serves_another_schema
from conformance.wire.sse import NOT_JSON, Event


@service_rule(
    "response.schema",
    about=About.ANSWER,
    sources=[fact("service#principles"), fact("service#sources")],
    unless=serves_another_schema,
)
def bodies_satisfy_their_schema(served: Served) -> Breaches | None:
    """A served body satisfies the schema of its operation, event or error.

    A test that rests on a body no service sends proves nothing.
    """
    if not served.bodies:
        return None
    breaches = []
    for body in served.bodies:
        if body.value is NOT_JSON:
            message = f"The body at {body.pointer} is not JSON, but {body.schema} is."
            breaches.append(Breach(body.pointer, message, expected=body.schema))
            continue
        for problem in served.schemas.validate(body.schema, served.api_version, body.value):
            breaches.append(
                Breach(
                    body.pointer + problem.pointer,
                    f"Not a {body.schema} at {problem.pointer or 'the root'}: "
                    f"{problem.message.rstrip('.')}.",
                    expected=problem.expected,
                    actual=problem.actual,
                )
            )
    return breaches


@service_rule(
    "response.unknown-members",
    Level.MAY,
    about=About.ANSWER,
    sources=[fact("service#version-freezes-nothing")],
    unless=serves_another_schema,
    strict=True,
)
def bodies_have_only_known_members(served: Served) -> Breaches | None:
    """A served body has only members the specification knows.

    New members may come without a new api-version: worth knowing, and no failure unless strictness
    is asked.
    """
    if not served.bodies:
        return None
    breaches: dict[tuple[str, str], Breach] = {}
    for body in served.bodies:
        if not isinstance(body.value, dict):
            continue
        unknown = served.schemas.unknown_members(body.schema, served.api_version, body.value)
        for member in unknown:
            breaches.setdefault(
                (body.schema, member.name),
                Breach(
                    body.pointer + member.pointer,
                    f"The {body.schema} has a member its specification does not know: {member}.",
                    actual=member.name,
                ),
            )
    return breaches.values()


def _expected_response(step: ObservedStep) -> dict[str, Any] | None:
    """Status, headers and body as the scenario writes them; None when it writes none of them."""
    if not step.answered:
        return None
    response = step.expected_response
    expected: dict[str, Any] = {}
    if response.status is not None:
        expected["status"] = response.status
    if response.headers:
        expected["headers"] = {name.lower(): value for name, value in response.headers.items()}
    if response.body is not None:
        expected["body"] = response.body
    return expected or None


@expectation("expect.response", Blame.CASSETTE, about=About.ANSWER, on=_expected_response)
def response_is_as_expected(step: ObservedStep, expected: dict[str, Any]) -> Breaches:
    """Status, headers and body of the served answer are as the scenario says.

    The scenario's statement holds only for the answer it names.
    """
    return mismatches(expected, _response_as_json(step.served), "/response")


def _event_as_json(event: Event) -> Any:
    """The value of an event; its data as text when that is not JSON."""
    if event.value is NOT_JSON:
        return event.data
    return event.value


def _response_as_json(served: Served) -> dict[str, Any]:
    """The last response as a scenario names its members; nothing in it when there was none."""
    response = served.response
    if response is None:
        return {}
    body: Any
    if served.stream is not None:
        body = list(map(_event_as_json, served.stream.events))
    elif served.body is not None:
        body = served.body
    else:
        body = response.content.decode("utf-8", "replace")
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), value)
    return {"status": response.status, "headers": headers, "body": body}
