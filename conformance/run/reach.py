"""Whether a service can be reached, step by step: name, connection, TLS, and one cheap request with the credential."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.errors import EnvironmentFault
from conformance.run.targets import Target
from conformance.sanitize.redactor import Redactor
from conformance.wire.forward import Remote, reason

API_VERSION = "2024-10-21"
_SECONDS = 10.0
_MOST_BYTES = 4 * 1024 * 1024
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to a service, and how it ended. ``advice`` says what to do when it failed."""

    name: str
    ok: bool
    told: str
    advice: str = ""


def reach(target: Target, *, ask: bool = True) -> Iterator[Step]:
    """The steps to ``target`` up to the first that fails. Asks for the list of models when ``ask``; nothing that costs
    anything. Nothing it tells holds a credential."""
    remote = target.remote
    if remote is None:
        return
    place = urlsplit(remote.url)
    host, port = place.hostname or "", place.port or (443 if place.scheme == "https" else 80)
    steps: list[tuple[str, Callable[[], str], str]] = [
        ("name", lambda: _resolve(host, port), "check the spelling of the endpoint, the network and its DNS"),
        ("connection", lambda: _connect(host, port), "a firewall or a private endpoint may be in the way"),
    ]
    if place.scheme == "https":
        steps.append(("TLS", lambda: _handshake(remote),
                      "when the service has a certificate of your own authority, name its PEM file in ca_file"))
    for name, attempt, advice in steps:
        try:
            yield Step(name, True, attempt())
        except OSError as error:
            yield Step(name, False, reason(error), advice)
            return
    if ask:
        yield _ask(target, remote)


def require_reachable(target: Target) -> None:
    """One clear message instead of one a case. Raises EnvironmentFault; also when a live resource refuses the
    credential. What a gateway says to the request decides nothing: it may not know the list of models."""
    for step in reach(target, ask=target.kind == "live"):
        if not step.ok:
            code = "target-refused" if step.name == "request" else "target-unreachable"
            raise EnvironmentFault(code, f"{target.name}: {step.name}: {step.told}", step.advice)


def _resolve(host: str, port: int) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return f"{len({item[4][0] for item in found})} address(es)"


def _connect(host: str, port: int) -> str:
    with socket.create_connection((host, port), timeout=_SECONDS):
        return f"port {port} answers"


def _handshake(remote: Remote) -> str:
    connection = remote.connect(_SECONDS)
    try:
        connection.connect()
        version = getattr(connection.sock, "version", lambda: "")()
    finally:
        connection.close()
    return f"{version}, certificate trusted"


def _ask(target: Target, remote: Remote) -> Step:
    """GET the models of the resource (data plane; not billed)."""
    redactor = Redactor(target.settings.secrets)
    try:
        headers = _credential(target)
    except EnvironmentFault as fault:
        return Step("request", False, fault.cause, fault.hint)
    connection = remote.connect(_SECONDS)
    try:
        connection.request("GET", f"{remote.prefix}/openai/models?api-version={API_VERSION}", headers=headers)
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        return Step("request", False, f"no answer to GET /openai/models: {reason(error)}", "try again")
    finally:
        connection.close()
    if answer.status == 200:
        return Step("request", True, _models(body))
    said = redactor.text(body.decode("utf-8", "replace")[:_SHOWN].strip())
    return Step("request", False, f"GET /openai/models was answered {answer.status}: {said}", _ADVICE.get(
        answer.status, "read what the service says"))


_ADVICE = {
    401: "the credential is not this resource's: copy the key again, or sign in to its tenant",
    403: "grant the identity the role Cognitive Services OpenAI User, or look at the resource's network rules",
    404: "is the endpoint that of an Azure OpenAI resource, without a path?",
    429: "wait; the resource is throttled",
}


def _credential(target: Target) -> dict[str, str]:
    if target.settings.api_key:
        return {"api-key": target.settings.api_key}
    return {"Authorization": f"Bearer {target.tokens()}"} if target.tokens is not None else {}


def _models(body: bytes) -> str:
    try:
        count = len(json.loads(body)["data"])
    except (ValueError, KeyError, TypeError):
        return "the list of models is not JSON as documented"
    return f"the credential is accepted; {count} models"
