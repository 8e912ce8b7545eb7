"""Who answers: the suite itself (replay), the emulator, a live resource, or a gateway at a URL.

Pure but for :func:`service_of`, which gives the player of a case. What a target cannot be asked is
not run, with its reason; what only a recording can promise is not expected of it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from conformance.errors import UsageError
from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.service.remote.credentials import EntraTokens, StandIns, exchanger
from conformance.service.remote.proxy import proxy_for
from conformance.service.remote.relay import Relay
from conformance.service.remote.upstream import Remote
from conformance.service.shown import Shown, names_of
from conformance.suite.scenario.model import Expect, Scenario, Step
from conformance.suite.settings import ENDPOINT, KEY, Settings, load_settings
from conformance.wire.clock import Clock
from conformance.wire.exchange import Provenance, Source
from conformance.wire.player import Player
from conformance.wire.protocol import ClientConfig
from conformance.wire.stand_ins import API_KEY

Kind = Literal["replay", "emulator", "live", "url"]

_DEPLOYMENT = re.compile(r"\$\{deployment\.([a-z_]+)\}")
_RECORDED_ID = re.compile(r"(?:file-|batch_|ftjob-|resp_)[A-Za-z0-9]{8}")
_RECORDED_CALL = re.compile(r"call_[A-Za-z0-9]{8}")
_LATER = "${steps."
REPLAY_ONLY = "replay-only"
"""The tag of a scenario whose recorded answer no other service need give to its request."""
_TOLD = frozenset({"$from", "$present", "$absent", "$null", "$type"})
_BY_REQUEST = frozenset({"object", "role", "deleted"})
"""Members of a result that follow from what was asked, whoever answers."""
_UNPROVOKED = "it rests on a recorded answer that its request does not provoke"
_GONE = object()


@dataclass(frozen=True, slots=True)
class Target:
    """A target. ``name`` is what commands take and reports show. ``deployments``: by capability;
    None: the suite's own.

    ``key`` and ``entra`` say which credentials it takes. Everything secret is in ``settings``,
    which is never shown; ``shown`` takes it, and what names a service elsewhere, out of what is.
    """

    kind: Kind = "replay"
    name: str = "replay"
    deployments: Mapping[str, str] | None = None
    key: bool = True
    entra: bool = True
    remote: Remote | None = None
    settings: Settings = field(default_factory=Settings, repr=False, compare=False)
    tokens: EntraTokens | None = field(default=None, repr=False, compare=False)
    shown: Shown | None = field(default=None, repr=False, compare=False)

    @property
    def is_replay(self) -> bool:
        return self.kind == "replay"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that goes to the service or its proxy, tokens given so far included."""
        return _secrets(self.settings, self.tokens, self.remote)

    def showing(self, text: str) -> str:
        """``text`` as a log or a report may show it."""
        return self.shown.text(text) if self.shown else text


REPLAY = Target()
EMULATOR = Target("emulator", "emulator")


def target_of(text: str, settings: Settings) -> Target:
    """The target called ``text``. Raises UsageError for a name nobody knows, a URL that is not safe
    to use, and for ``live`` without a resource or without deployments."""
    if text in ("", "replay"):
        return REPLAY
    if text == "emulator":
        return EMULATOR
    if text == "live":
        return _live(settings)
    if "://" not in text:
        raise UsageError(
            "target-unknown", f"there is no target {text!r}", "replay, emulator, live, or a URL"
        )
    url = service_url(text, "--target")
    same = bool(settings.endpoint) and _origin(url) == _origin(settings.endpoint)
    held = settings.target_key or (settings.api_key if same else "")
    chosen = replace(settings, endpoint="", endpoint_from="", api_key=held, target_key="")
    return _elsewhere("url", url, chosen, None)


def chosen_target(text: str, lane: str, start: Path, environment: Mapping[str, str]) -> Target:
    """The target called ``text``, as seen from ``start``, for cases in ``lane`` (empty: whichever
    suits). Raises UsageError also when the lane cannot reach it, and what reading the configuration
    raises."""
    if text in ("", "replay", "emulator"):
        return target_of(text, Settings())
    if lane == "inprocess":
        raise UsageError(
            "target-lane",
            "the in-process lane has no network; this target is reached through loopback",
            "leave out --lane",
        )
    return target_of(text, load_settings(start, environment))


def _live(settings: Settings) -> Target:
    if not settings.endpoint:
        raise UsageError(
            "target-not-configured",
            "no live resource is configured",
            f"set {ENDPOINT} (and {KEY}, or sign in), then ask conformance doctor",
        )
    if not settings.deployments:
        raise UsageError(
            "target-not-configured",
            "no deployment of the resource is named",
            "name them in [tool.conformance.deployments] of pyproject.toml; see docs/live.md",
        )
    url = service_url(settings.endpoint, settings.endpoint_from)
    return _elsewhere("live", url, settings, None if settings.api_key else EntraTokens())


def _elsewhere(kind: Kind, url: str, settings: Settings, tokens: EntraTokens | None) -> Target:
    remote = Remote(url, settings.ca_file, proxy_for(url, settings.proxies))
    live = kind == "live"
    shown = Shown(
        lambda: _secrets(settings, tokens, remote), names_of(url, settings.deployments, live=live)
    )
    return Target(
        kind,
        "live" if live else url,
        dict(settings.deployments) or None,
        bool(settings.api_key) or not live,
        tokens is not None,
        remote,
        settings,
        tokens,
        shown,
    )


def _secrets(
    settings: Settings, tokens: EntraTokens | None, remote: Remote | None
) -> tuple[str, ...]:
    proxy = remote.proxy if remote else None
    given = sorted(tokens.given) if tokens else ()
    return (*settings.secrets, *given, *(proxy.secrets if proxy else ()))


def service_url(text: str, what: str) -> str:
    """``text`` as the address of a service: https, or http on a loopback address, and nothing but a
    path after the host. Raises UsageError, which never repeats ``text``: somebody may have put a
    key in it."""
    try:
        place = urlsplit(text)
        host, _ = place.hostname or "", place.port
    except ValueError:
        raise UsageError(
            "target-url", f"{what} is not a URL", "https://NAME.openai.azure.com"
        ) from None
    if not host or place.scheme not in ("http", "https"):
        raise UsageError(
            "target-url", f"{what} is not an http or https URL", "https://NAME.openai.azure.com"
        )
    if place.username or place.password or place.query or place.fragment:
        raise UsageError(
            "target-url",
            f"{what} has more than a host and a path",
            "leave out credentials, query and fragment; keys are read from the environment",
        )
    if place.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            "target-plain-http",
            f"{what} is plain http to another machine, and credentials would travel in the open",
            "use https; http is for loopback addresses such as http://127.0.0.1:4000",
        )
    path = place.path.rstrip("/")
    for ending in ("/openai/v1", "/openai"):
        path = path.removesuffix(ending)
    return f"{place.scheme}://{place.netloc}{path}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # names, localhost too, are what somebody's resolver says they are


def _origin(url: str) -> tuple[str, str, int | None]:
    place = urlsplit(url)
    return (
        place.scheme,
        (place.hostname or "").lower(),
        place.port or {"https": 443, "http": 80}.get(place.scheme),
    )


# What a target can be asked


def obstacle(target: Target, text: str, spec: Scenario, endpoint: str) -> str:
    """Why the scenario ``spec`` (written as ``text``) cannot be put to ``target``; empty when it
    can."""
    if target.is_replay:
        return ""
    if any(
        isinstance(step.service, list) and any(not isinstance(item, str) for item in step.service)
        for step in spec.steps
    ):
        return "the scenario writes the service's answers, and this target gives its own"
    if spec.client.endpoint is not None and spec.client.endpoint.rstrip("/") != endpoint:
        return "the scenario is about an address of its own"
    return unprovoked(spec) or _lacking(target, text, spec)


def unprovoked(spec: Scenario) -> str:
    """Why no service need give the answers ``spec`` is about to its requests; empty when one
    may."""
    if REPLAY_ONLY in spec.tags:
        return _UNPROVOKED
    for step in spec.steps:
        response = step.expect.response
        if response is not None and (
            response.content_filter in ("filtered", "failed") or response.schema_ == "none"
        ):
            return _UNPROVOKED
        error = step.expect.error
        if error is not None and error.get("status") not in (400, 401, 404):
            return _UNPROVOKED
        sent = _text(step)
        found = _RECORDED_ID.search(sent) or (
            _RECORDED_CALL.search(sent) if _LATER in sent else None
        )
        if found is not None:
            return f"it names something a recording has made ({found[0][:5]}...)"
    return ""


def _text(step: Step) -> str:
    """What the caller of ``step`` hands over, as text."""
    return f"{step.with_!r} {step.options.query if step.options else ''!r}"


def _lacking(target: Target, text: str, spec: Scenario) -> str:
    if target.deployments is not None:
        for capability in sorted(set(_DEPLOYMENT.findall(text))):
            if capability not in target.deployments:
                return f"no deployment for {capability} is configured"
    kind = spec.client.auth
    if kind == "none":
        kind = "api_key" if any("KEY" in name for name in spec.client.environment) else "token"
    if (
        kind == "api_key"
        and not target.key
        and ("auth" in spec.client.model_fields_set or "api-key" in text)
    ):
        return f"it is about API keys, and {KEY} is not set"
    if kind != "api_key" and not target.entra:
        return "it is about Entra tokens, and the target is asked with a key"
    return ""


def adapt(target: Target, spec: Scenario) -> Scenario:
    """``spec`` as it is put to ``target``: expectations that only a recording can keep are left
    out, and a resource without a key is asked with tokens."""
    if target.is_replay:
        return spec
    changes: dict[str, Any] = {"steps": [_adapted(step) for step in spec.steps]}
    if not target.key and spec.client.auth == "api_key":
        changes["client"] = spec.client.model_copy(update={"auth": "token_provider"})
    return spec.model_copy(update=changes)


def _adapted(step: Step) -> Step:
    expect = step.expect
    changes: dict[str, Any] = {
        "result": _unbound(expect.result, keep=_BY_REQUEST),
        "chunks": _unbound(expect.chunks),
        "request_id": _unbound(expect.request_id),
        "error": None
        if expect.error is None
        else _unbound(expect.error, keep=frozenset({"kind", "status"})) or {},
    }
    if expect.requests is not None and _LATER in _text(step):
        many = expect.requests if isinstance(expect.requests, list) else [expect.requests]
        left = [item.model_copy(update={"path": None, "body": None, "parts": {}}) for item in many]
        changes["requests"] = left if isinstance(expect.requests, list) else left[0]
    if expect.response is not None:
        changes["response"] = expect.response.model_copy(
            update={
                "headers": _unbound(expect.response.headers) or {},
                "body": _unbound(expect.response.body),
            }
        )
    changed: Expect = expect.model_copy(update=changes)
    return step.model_copy(update={"expect": changed})


def _unbound(value: Any, keep: frozenset[str] = frozenset()) -> Any:
    """What ``value`` says without quoting a recording; None when nothing is left."""
    found = _without_quotes(value, keep)
    return None if found is _GONE else found


def _without_quotes(value: Any, keep: frozenset[str]) -> Any:
    if not isinstance(value, dict):
        return _GONE
    if any(str(key).startswith("$") for key in value):
        return value if set(value) <= _TOLD else _GONE
    left = {
        key: item if key in keep else below
        for key, item in value.items()
        if (below := _without_quotes(item, frozenset())) is not _GONE or key in keep
    }
    return left or _GONE


# Asking it


def service_of(
    target: Target, config: ClientConfig, clock: Clock, offline: StandIns
) -> Player | Relay:
    """Who answers the requests of one case on ``target``. ``offline`` are the stand-ins every case
    is given."""
    own = config.environment
    given = StandIns(
        offline.keys | {config.auth.key, *(value for name, value in own if "KEY" in name)},
        offline.tokens | {*config.auth.tokens, *(value for name, value in own if "TOKEN" in name)},
    )
    if target.remote is None:
        keys, tokens = (
            tuple(sorted(filter(None, given.keys))),
            tuple(sorted(filter(None, given.tokens))),
        )
        return Emulator(EmulatorConfig(keys=keys, tokens=tokens, clock=clock, pace=0.0))
    live = target.kind == "live"
    # A gateway for which no key is set is sent the stand-in: many a local one takes any.
    key = target.settings.api_key or ("" if live else API_KEY)
    names = (target.remote.netloc,) if live else ()
    provenance = Provenance(Source.LIVE) if live else Provenance(Source.GATEWAY, target.name)
    return Relay(target.remote, provenance, exchanger(given, key, target.tokens, names))
