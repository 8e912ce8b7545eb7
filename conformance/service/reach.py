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
from dataclasses import dataclass

from conformance.errors import EnvironmentFault
from conformance.service.remote.reading import Broken, framing, read_body
from conformance.service.remote.upstream import Timeouts, Upstream
from conformance.service.targets import Target
from conformance.wire.exchange import Request

API_VERSION = "2024-10-21"
_SECONDS = 10.0
_MOST_BYTES = 4 * 1024 * 1024
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to a service, and how it ended. ``advice`` says what to do when it
    failed."""

    name: str
    ok: bool
    told: str
    advice: str = ""


def reach(target: Target, *, ask: bool = True) -> Iterator[Step]:
    """The steps to ``target`` up to the first that fails. Asks for the list of models when ``ask``;
    nothing that costs anything. Nothing it tells holds a credential."""
    if target.remote is None:
        return
    upstream = target.remote.upstream(timeouts=Timeouts(_SECONDS, _SECONDS, 6 * _SECONDS))
    via = upstream.proxy
    host, port, whose = (
        (via.host, via.port, "the proxy's ") if via else (upstream.host, upstream.port, "")
    )
    steps: list[tuple[str, Callable[[], str], str]] = [
        (
            "name",
            lambda: whose + _resolve(host, port),
            f"check the spelling of {'HTTPS_PROXY' if via else 'the endpoint'}, the network and its DNS",
        ),
        (
            "connection",
            lambda: whose + _connect(host, port),
            "a firewall or a private endpoint may be in the way",
        ),
    ]
    if upstream.tls:
        steps.append(
            (
                "TLS",
                lambda: asyncio.run(_handshake(upstream)),
                "when the service has a certificate of your own authority, name its PEM file in ca_file",
            )
        )
    for name, attempt, advice in steps:
        try:
            yield Step(name, True, attempt())
        except EnvironmentFault as fault:
            yield Step(
                name, False, fault.cause, advice if fault.code == "upstream-tls" else fault.hint
            )
            return
        except OSError as error:
            yield Step(name, False, _reason(error), advice)
            return
    if ask:
        yield _ask(target, upstream)


def require_reachable(target: Target) -> None:
    """One clear message instead of one a case. Raises EnvironmentFault; also when a live resource
    refuses the credential. What a gateway says to the request decides nothing: it may not know the
    list of models."""
    for step in reach(target, ask=target.kind == "live"):
        if not step.ok:
            code = "target-refused" if step.name == "request" else "target-unreachable"
            raise EnvironmentFault(
                code, target.showing(f"{target.name}: {step.name}: {step.told}"), step.advice
            )


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__


def _resolve(host: str, port: int) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return f"{len({item[4][0] for item in found})} address(es)"


def _connect(host: str, port: int) -> str:
    with socket.create_connection((host, port), timeout=_SECONDS):
        return f"port {port} answers"


async def _handshake(upstream: Upstream) -> str:
    async with upstream.connected() as (_reader, writer):
        session = writer.get_extra_info("ssl_object")
        through = ", through the proxy" if upstream.proxy else ""
        return f"{session.version()}, certificate trusted{through}"


def _ask(target: Target, upstream: Upstream) -> Step:
    """GET the models of the resource (data plane; not billed)."""
    try:
        headers = _credential(target)
    except EnvironmentFault as fault:
        return Step("request", False, fault.cause, fault.hint)
    try:
        status, body = asyncio.run(_models_of(upstream, headers))
    except EnvironmentFault as fault:
        return Step(
            "request", False, f"no answer to GET /openai/models: {fault.cause}", "try again"
        )
    if status == 200:
        return Step("request", True, _models(body))
    said = target.showing(body.decode("utf-8", "replace").strip())[:_SHOWN]
    return Step(
        "request",
        False,
        f"GET /openai/models was answered {status}: {said}",
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
    403: "grant the identity the role Cognitive Services OpenAI User, or look at the resource's network rules",
    404: "is the endpoint that of an Azure OpenAI resource, without a path?",
    429: "wait; the resource is throttled",
}


def _credential(target: Target) -> tuple[tuple[str, str], ...]:
    if target.settings.api_key:
        return (("api-key", target.settings.api_key),)
    return (("Authorization", f"Bearer {target.tokens()}"),) if target.tokens is not None else ()


def _models(body: bytes) -> str:
    try:
        count = len(json.loads(body)["data"])
    except (ValueError, KeyError, TypeError):
        return "the list of models is not JSON as documented"
    return f"the credential is accepted; {count} models"
