"""A request to the emulator as its operations see it, with what they need to answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.config import Deployment
from conformance.service.emulator.limits import Meter, QuotaRequest
from conformance.service.emulator.routes import Route
from conformance.service.emulator.state import State
from conformance.wire.exchange import Request, Response
from conformance.wire.multipart import FormPart, parse_multipart

Perform = Callable[[Request], Response]
"""Answers a request that the emulator itself makes (a line of a batch), without asking for
credentials and without taking from the quota."""


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """A request that found its route and, where the operation has one, its deployment.

    ``body`` is the JSON object of a JSON operation and empty otherwise. ``name`` is the name of the
    ``deployment``. ``metered`` is false for a request that the emulator itself makes.
    """

    request: Request
    route: Route
    state: State
    meter: Meter
    perform: Perform
    body: dict[str, Any]
    name: str = ""
    deployment: Deployment | None = None
    metered: bool = True

    @property
    def version(self) -> str:
        """The api-version, or ``v1``."""
        return self.route.api_version

    @property
    def v1(self) -> bool:
        """Whether the request is for the v1 surface."""
        return self.route.v1

    @property
    def target(self) -> Deployment:
        """The deployment. Raises LookupError for an operation that has none."""
        if self.deployment is None:
            raise LookupError(f"{self.route.operation.id} has no deployment")
        return self.deployment

    def charge(self, tokens: int, requests: int = 0) -> None:
        """Take from the deployment's quota. Raises Refusal (429) when there is not enough."""
        if not self.metered or self.deployment is None:
            return
        quota_request = QuotaRequest(
            operation=self.route.operation.id,
            deployment=self.name,
            model=self.deployment.model,
            region=self.state.config.region,
            api_version=self.version,
            tokens=tokens,
            requests=requests,
        )
        self.meter.take(quota_request, self.deployment.limits, self.state.now())

    def parts(self) -> tuple[FormPart, ...]:
        """The parts of a multipart body. Raises Refusal when it has none."""
        parts = parse_multipart(self.request.body, self.request.header("content-type") or "")
        if not parts:
            raise errors.unreadable("multipart form")
        return parts
