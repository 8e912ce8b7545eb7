"""Whether a service can be reached, step by step: name, connection, TLS, and one cheap request with
the credential.

The way there is the one requests of a run take, proxy included.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from conformance.errors import EnvironmentFault
from conformance.service.remote.reading import Broken, framing, read_body
from conformance.service.remote.upstream import Remote, Timeouts, Upstream
from conformance.wire.exchange import Headers, Request

API_VERSION = "2024-10-21"
_SECONDS = 10.0
_MOST_BYTES = 4 * 1024 * 1024
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ReachStep:
    """One step on the way to a service, and how it ended. ``advice`` says what to do when it
    failed. ``decides``: the service cannot be used when it failed."""

    name: str
    ok: bool
    told: str
    advice: str = ""
    decides: bool = True


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is tried in one step: ``go`` tells of success, and raises where there is none."""

    name: str
    go: Callable[[], str]
    advice: str


def reach(
    remote: Remote,
    *,
    credential: Callable[[], Headers],
    showing: Callable[[str], str],
    ask: bool,
    must_list_models: bool,
) -> Iterator[ReachStep]:
    """The steps to ``remote`` up to the first that fails. With ``ask`` the last of them asks for
    the list of models, with the headers that ``credential`` gives; nothing that costs anything.
    Nothing it tells holds a credential: ``showing`` takes it out of what the service says. What the
    service answers decides nothing unless it ``must_list_models``."""
    upstream = remote.upstream(timeouts=Timeouts(_SECONDS, _SECONDS, 6 * _SECONDS))
    for attempt in _attempts(upstream):
        try:
            yield ReachStep(attempt.name, True, attempt.go())
        except EnvironmentFault as fault:
            advice = attempt.advice if fault.code == "upstream-tls" else fault.hint
            yield ReachStep(attempt.name, False, fault.cause, advice)
            return
        except OSError as error:
            yield ReachStep(attempt.name, False, _reason(error), attempt.advice)
            return
    if not ask:
        return
    step = _ask(upstream, credential, showing)
    if not step.ok and not must_list_models:
        step = replace(step, advice="a gateway need not know the list of models", decides=False)
    yield step


def _attempts(upstream: Upstream) -> Iterator[_Attempt]:
    via = upstream.proxy
    host, port, whose, written = upstream.host, upstream.port, "", "the endpoint"
    if via is not None:
        host, port, whose, written = via.host, via.port, "the proxy's ", "HTTPS_PROXY"
    yield _Attempt(
        "name",
        lambda: whose + _resolve(host, port),
        f"check the spelling of {written}, the network and its DNS",
    )
    yield _Attempt(
        "connection",
        lambda: whose + _connect(host, port),
        "a firewall or a private endpoint may be in the way",
    )
    if upstream.tls:
        yield _Attempt(
            "TLS",
            lambda: asyncio.run(_handshake(upstream)),
            "when the service has a certificate of your own authority, "
            "name its PEM file in ca_file",
        )


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__


def _resolve(host: str, port: int) -> str:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return f"{len({answer[4][0] for answer in answers})} address(es)"


def _connect(host: str, port: int) -> str:
    with socket.create_connection((host, port), timeout=_SECONDS):
        return f"port {port} answers"


async def _handshake(upstream: Upstream) -> str:
    async with upstream.connected() as (_reader, writer):
        session = writer.get_extra_info("ssl_object")
        through = ", through the proxy" if upstream.proxy else ""
        return f"{session.version()}, certificate trusted{through}"


def _ask(
    upstream: Upstream, credential: Callable[[], Headers], showing: Callable[[str], str]
) -> ReachStep:
    """GET the models of the resource (data plane; not billed)."""
    try:
        headers = credential()
    except EnvironmentFault as fault:
        return ReachStep("request", False, fault.cause, fault.hint)
    try:
        status, body = asyncio.run(_models_of(upstream, headers))
    except EnvironmentFault as fault:
        return ReachStep(
            "request", False, f"no answer to GET /openai/models: {fault.cause}", "try again"
        )
    if status == 200:
        return ReachStep("request", True, _models(body))
    words = showing(body.decode("utf-8", "replace").strip())[:_SHOWN]
    return ReachStep(
        "request",
        False,
        f"GET /openai/models was answered {status}: {words}",
        _ADVICE.get(status, "read what the service says"),
    )


async def _models_of(
    upstream: Upstream, credential: tuple[tuple[str, str], ...]
) -> tuple[int, bytes]:
    url = f"{upstream.origin}/openai/models?api-version={API_VERSION}"
    request = Request(
        "GET",
        url,
        (
            ("Host", upstream.netloc),
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            *credential,
        ),
    )
    body = b""
    async with upstream.sent(request) as answering:
        state = framing(answering.head, "GET")
        async for piece in read_body(answering.reader, state, asyncio.get_running_loop(), _SECONDS):
            body += piece
            if len(body) > _MOST_BYTES:
                raise Broken("the list of models is larger than any")
        return answering.head.status, body


_ADVICE = {
    401: "the credential is not this resource's: copy the key again, or sign in to its tenant",
    403: "grant the identity the role Cognitive Services OpenAI User, "
    "or look at the resource's network rules",
    404: "is the endpoint that of an Azure OpenAI resource, without a path?",
    429: "wait; the resource is throttled",
}


def _models(body: bytes) -> str:
    try:
        count = len(json.loads(body)["data"])
    except (ValueError, KeyError, TypeError):
        return "the list of models is not JSON as documented"
    return f"the credential is accepted; {count} models"
