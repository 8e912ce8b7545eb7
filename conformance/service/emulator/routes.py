"""From a URL to an operation: both surfaces, and what each api-version has (wire-contract section
2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from conformance.service.emulator import errors
from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.scenario.versions import at_least
from conformance.wire.exchange import Request
from conformance.wire.operations import OPERATIONS, Operation

Surface = Literal["classic", "v1"]
IMAGES = "/emulator/images/"
"""Where generated images are fetched from when a URL was asked for; ours, as Azure keeps them in a
blob store."""

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. ``arguments`` are the path's, decoded; ``deployment`` the one in a
    classic path."""

    operation: Operation
    surface: Surface
    api_version: str
    deployment: str | None = None
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def v1(self) -> bool:
        return self.surface == "v1"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path) + r"\Z")


_CLASSIC = [(operation, _pattern(operation.classic_path())) for operation in OPERATIONS.values()]
_V1 = [(operation, _pattern(operation.v1_path())) for operation in OPERATIONS.values()]


def find_route(request: Request) -> Route:
    """The route of ``request``. Raises Refusal for a path, method or api-version the service does
    not have.

    A doubled slash is taken for one, as the service does (real-traffic note 20).
    """
    try:
        path, query = re.sub(r"/{2,}", "/", request.path), dict(request.query)
    except ValueError:
        raise errors.resource_not_found() from None
    if path.startswith("/openai/v1/"):
        return _v1_route(request.method, path, query.get("api-version"))
    return _classic_route(request.method, path, query.get("api-version"))


def image_name(request: Request) -> str | None:
    """The name of the generated image ``request`` asks for, or None when it asks for something
    else."""
    try:
        path = request.path
    except ValueError:
        return None
    return (
        path.removeprefix(IMAGES) if request.method == "GET" and path.startswith(IMAGES) else None
    )


def _v1_route(method: str, path: str, version: str | None) -> Route:
    if version not in (None, "v1", "preview", "latest"):
        raise errors.bad_request("API version not supported")
    operation, found = _match(_V1, method, path)
    return Route(operation, "v1", "v1", arguments=found)


def _classic_route(method: str, path: str, version: str | None) -> Route:
    operation, found = _match(_CLASSIC, method, path)
    if version is None or version not in API_VERSIONS or version == "v1":
        raise errors.resource_not_found()
    if not at_least(version, operation.since):
        if operation.capability == "responses":
            raise errors.bad_request(
                "Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview "
                "and later"
            )
        raise errors.resource_not_found()
    name = found.pop("deployment", None)
    return Route(operation, "classic", version, name, found)


def _match(
    routes: list[tuple[Operation, re.Pattern[str]]], method: str, path: str
) -> tuple[Operation, dict[str, str]]:
    for operation, pattern in routes:
        if operation.method == method and (found := pattern.match(path)):
            return operation, {key: unquote(value) for key, value in found.groupdict().items()}
    raise errors.resource_not_found()
