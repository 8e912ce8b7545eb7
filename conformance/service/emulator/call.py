"""One request on its way through the emulator, as the operations see it."""

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
"""Answers a request of the emulator's own (a line of a batch), past credentials and quota."""


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """A request that found its route and, where the operation has one, its deployment.

    ``body`` is the JSON object of a JSON operation and empty otherwise. ``metered`` is false for
    the emulator's own.
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
        return self.route.api_version

    @property
    def v1(self) -> bool:
        return self.route.v1

    @property
    def target(self) -> Deployment:
        """The deployment; only for operations that have one."""
        if self.deployment is None:
            raise LookupError(f"{self.route.operation.id} has no deployment")
        return self.deployment

    def charge(self, tokens: int, requests: int = 0) -> None:
        """Take from the deployment's quota. Raises the 429 when there is not enough."""
        if not self.metered or self.deployment is None:
            return
        asking = QuotaRequest(
            self.route.operation.id,
            self.name,
            self.deployment.model,
            self.state.config.region,
            self.version,
        )
        self.meter.take(asking, self.deployment.limits, self.state.now(), tokens, requests)

    def parts(self) -> tuple[FormPart, ...]:
        """The parts of a multipart body. Raises Refusal when it has none."""
        found = parse_multipart(self.request.body, self.request.header("content-type") or "")
        if not found:
            raise errors.unreadable("multipart form")
        return found
