"""From what a user calls a target to the service that is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from conformance.errors import UsageError
from conformance.plan.plan import Case
from conformance.record.record_case import Service
from conformance.sanitize.identities import HOST_SUFFIX
from conformance.service.remote.upstream import Credentials
from conformance.service.targets import Target, target_of
from conformance.suite.settings import DEPLOYMENTS, load_settings
from conformance.wire.exchange import Source


def service_of_target(
    text: str, start: Path, environment: Mapping[str, str]
) -> tuple[Service, Target]:
    """The service called ``text`` (emulator, live, or a URL), with its credentials from the
    environment. Raises UsageError, also for ``replay``, and what reading the configuration
    raises."""
    target = target_of(text, load_settings(start, environment))
    if target.is_replay:
        raise UsageError(
            "target-unknown",
            "there is nobody to record from in a replay",
            "emulator, live, or a URL",
        )
    if target.remote is None:
        return Service(), target
    tokens, settings = target.tokens, target.settings
    azure = target.kind == "live" and HOST_SUFFIX.search(
        (urlsplit(target.remote.url).hostname or "").lower()
    )
    return Service(
        source=Source.LIVE if azure else Source.GATEWAY,
        ref="a live resource" if azure else "a service that is not Azure's own",
        base=target.remote.url,
        credentials=Credentials(settings.api_key, tokens),
        deployments=deployment_names(target.deployments),
        secrets=lambda: target.secrets,
        ca_file=target.remote.ca_file,
        proxy=target.remote.proxy,
        showing=target.showing,
    ), target


def deployment_names(by_capability: Mapping[str, str] | None) -> dict[str, str]:
    """The service's deployment names by the suite's, where they differ."""
    return {
        DEPLOYMENTS[capability]: name
        for capability, name in (by_capability or {}).items()
        if DEPLOYMENTS.get(capability, name) != name
    }


def askable(cases: tuple[Case, ...], target: Target) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """The cases whose deployments the target has, and the capabilities that have none."""
    if target.deployments is None:
        return cases, ()
    missing = set(DEPLOYMENTS) - set(target.deployments)
    lacks = {
        case.loaded.id: {
            name for name in missing if f"${{deployment.{name}}}" in case.loaded.document.text
        }
        for case in cases
    }
    return (
        tuple(case for case in cases if not lacks[case.loaded.id]),
        tuple(sorted(set().union(*lacks.values()))) if lacks else (),
    )
