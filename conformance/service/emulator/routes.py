"""From a URL to an operation: both surfaces, and what each api-version has
(facts/service#operations)."""

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
"""The path of generated images, for answers with an address. Azure keeps images in a blob store, at
another host."""

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """What a request is for. ``arguments`` are the variable parts of its path, decoded;
    ``deployment`` is the one in a classic path."""

    operation: Operation
    surface: Surface
    api_version: str
    deployment: str | None = None
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def v1(self) -> bool:
        """Whether the request is for the v1 surface."""
        return self.surface == "v1"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path) + r"\Z")


_CLASSIC = [(operation, _pattern(operation.classic_path())) for operation in OPERATIONS.values()]
_V1 = [(operation, _pattern(operation.v1_path())) for operation in OPERATIONS.values()]


def find_route(request: Request) -> Route:
    """The route of ``request``. Raises Refusal for a path, method or api-version the service does
    not have."""
    try:
        # The service takes a doubled slash for one (facts/traffic#n20).
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
    if request.method != "GET" or not path.startswith(IMAGES):
        return None
    return path.removeprefix(IMAGES)


def _v1_route(method: str, path: str, version: str | None) -> Route:
    if version not in (None, "v1", "preview", "latest"):
        raise errors.bad_request("API version not supported")
    operation, arguments = _match(_V1, method, path)
    return Route(operation, "v1", "v1", arguments=arguments)


def _classic_route(method: str, path: str, version: str | None) -> Route:
    operation, arguments = _match(_CLASSIC, method, path)
    if version is None or version not in API_VERSIONS or version == "v1":
        raise errors.resource_not_found()
    if not at_least(version, operation.since):
        if operation.capability == "responses":
            raise errors.bad_request(
                "Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview "
                "and later"
            )
        raise errors.resource_not_found()
    deployment = arguments.pop("deployment", None)
    return Route(operation, "classic", version, deployment=deployment, arguments=arguments)


def _match(
    routes: list[tuple[Operation, re.Pattern[str]]], method: str, path: str
) -> tuple[Operation, dict[str, str]]:
    """(operation, the variable parts of the path, decoded). Raises Refusal."""
    for operation, pattern in routes:
        if operation.method == method and (match := pattern.match(path)):
            return operation, {key: unquote(value) for key, value in match.groupdict().items()}
    raise errors.resource_not_found()
