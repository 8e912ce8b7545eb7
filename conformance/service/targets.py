"""From what a user calls a target to the service that answers: ``replay``, ``emulator``, ``live``,
or the URL of a gateway."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from conformance.errors import UsageError
from conformance.service.emulated import EMULATOR, EmulatorService
from conformance.service.remote.credentials import EntraTokens
from conformance.service.remote.proxy import proxy_for
from conformance.service.remote.upstream import Remote
from conformance.service.remote_service import Gateway, LiveResource, RemoteService
from conformance.service.replay import REPLAY
from conformance.service.service import Service
from conformance.suite.settings import ENDPOINT, KEY, Settings, load_settings
from conformance.wire.vocabulary import LaneKind

_HERE = ("", "replay", "emulator")
"""Targets that need no configuration."""


def plays_recordings(name: str) -> bool:
    """Whether results that name their target so rest on what the suite holds: nobody was asked."""
    return name == REPLAY.name


def service_of_target(text: str, settings: Settings) -> Service:
    """The service called ``text``. Raises UsageError for a name nobody knows, for a URL that is not
    safe to use, and for ``live`` without a resource or without deployments."""
    if text in ("", "replay"):
        return REPLAY
    return recordable_of_target(text, settings)


def recordable_of_target(text: str, settings: Settings) -> EmulatorService | RemoteService:
    """The service called ``text``, to be recorded. Raises UsageError as ``service_of_target`` does,
    and for ``replay``."""
    if text in ("", "replay"):
        raise UsageError(
            "target-unknown",
            "there is nobody to record from in a replay",
            "emulator, live, or a URL",
        )
    if text == "emulator":
        return EMULATOR
    return remote_of_target(text, settings)


def remote_of_target(text: str, settings: Settings) -> RemoteService:
    """The service called ``text``, reached through a network. Raises UsageError as
    ``service_of_target`` does, and for one that is part of this process."""
    if text in _HERE:
        raise UsageError("target-unknown", f"{text} is no service to reach", "give a URL, or live")
    if text == "live":
        return _live(settings)
    if "://" not in text:
        raise UsageError(
            "target-unknown", f"there is no target {text!r}", "replay, emulator, live, or a URL"
        )
    url = service_url(text, "--target")
    is_the_resource = bool(settings.endpoint) and _origin(url) == _origin(settings.endpoint)
    # The key of the Azure resource is for that resource and goes nowhere else.
    key = settings.target_key or (settings.api_key if is_the_resource else "")
    theirs = replace(settings, endpoint="", endpoint_from="", api_key=key, target_key="")
    return Gateway(_way_to(url, settings), theirs)


def configured_service(
    text: str, lane: LaneKind | None, start: Path, environment: Mapping[str, str]
) -> Service:
    """The service called ``text``, as configured for the folder ``start``, for cases in ``lane``
    (None: whichever suits). Raises UsageError also when the lane cannot reach it, and what reading
    the configuration raises."""
    if text in _HERE:
        return service_of_target(text, Settings())
    if lane is LaneKind.INPROCESS:
        raise UsageError(
            "target-lane",
            "the in-process lane has no network; this target is reached through loopback",
            "leave out --lane",
        )
    return service_of_target(text, load_settings(start, environment))


def _live(settings: Settings) -> LiveResource:
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
    tokens = None if settings.api_key else EntraTokens()
    return LiveResource(_way_to(url, settings), settings, tokens)


def _way_to(url: str, settings: Settings) -> Remote:
    return Remote(url, settings.ca_file, proxy_for(url, settings.proxies))


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
