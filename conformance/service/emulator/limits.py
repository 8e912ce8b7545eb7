"""The quota of a deployment: two buckets, requests and tokens, refilled evenly over a minute.

Headers and refusal have the newer of the two recorded forms: bare integers, resets in whole seconds
rounded down, x-ratelimit-key (facts/service#rate-limits, facts/service#error-rate-limit-newer).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from conformance.service.emulator import errors
from conformance.service.emulator.answers import Refusal
from conformance.service.emulator.config import Limits
from conformance.wire.operations import OPERATIONS

PERIOD = 60.0
"""Seconds in which an empty bucket fills up."""


@dataclass(slots=True)
class Bucket:
    """Of ``size`` units ``level`` were left at the moment ``at`` (seconds)."""

    size: int
    level: float
    at: float

    def refill(self, now: float) -> None:
        """Add what has been refilled by ``now``."""
        self.level = min(
            float(self.size), self.level + max(0.0, now - self.at) * self.size / PERIOD
        )
        self.at = now

    def wait(self, amount: float) -> float:
        """Seconds until ``amount`` is there; 0 when it is there now."""
        if amount <= self.level:
            return 0.0
        # A bucket of no size never has anything; one period is the longest wait ever asked for.
        if not self.size:
            return PERIOD
        return min(PERIOD, (amount - self.level) * PERIOD / self.size)

    @property
    def reset(self) -> int:
        """Whole seconds until the bucket is full."""
        if not self.size:
            return int(PERIOD)
        return int((self.size - self.level) * PERIOD / self.size)


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """How much of a deployment's quota is asked for (``tokens``, ``requests``), and by whom, in the
    words of the refusal."""

    operation: str
    deployment: str
    model: str
    region: str
    api_version: str
    tokens: int
    requests: int


class Meter:
    """What is left of the quota of every deployment."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[Bucket, Bucket]] = {}

    def take(self, asked: QuotaRequest, limits: Limits, now: float) -> None:
        """Take what is ``asked`` from the quota. Raises Refusal (429) when there are too few tokens
        or too few requests left; then neither is taken."""
        requests, tokens = self._at(asked.deployment, limits, now)
        headers = self.headers(asked.deployment, limits, now)
        if asked.requests and requests.wait(asked.requests):
            raise _used_up(asked, "call", requests.wait(asked.requests), headers)
        if asked.tokens and tokens.wait(asked.tokens):
            raise _used_up(asked, "token", tokens.wait(asked.tokens), headers)
        requests.level -= asked.requests
        tokens.level -= asked.tokens

    def headers(self, name: str, limits: Limits, now: float) -> tuple[tuple[str, str], ...]:
        """The x-ratelimit headers of deployment ``name`` (facts/service#rate-limits)."""
        pairs: list[tuple[str, str]] = []
        for kind, bucket in zip(("requests", "tokens"), self._at(name, limits, now), strict=True):
            pairs += [
                (f"x-ratelimit-limit-{kind}", str(bucket.size)),
                (f"x-ratelimit-remaining-{kind}", str(max(0, int(bucket.level)))),
                (f"x-ratelimit-reset-{kind}", str(bucket.reset)),
                (f"x-ratelimit-renewalperiod-{kind}", str(int(PERIOD))),
            ]
        return (*pairs, ("x-ratelimit-abusepenalty-active", "False"), ("x-ratelimit-key", name))

    def _at(self, name: str, limits: Limits, now: float) -> tuple[Bucket, Bucket]:
        """The buckets of deployment ``name``, requests and tokens, as they are ``now``."""
        if name not in self._buckets:
            sizes = (limits.requests_per_minute, limits.tokens_per_minute)
            self._buckets[name] = (
                Bucket(sizes[0], float(sizes[0]), now),
                Bucket(sizes[1], float(sizes[1]), now),
            )
        for bucket in self._buckets[name]:
            bucket.refill(now)
        return self._buckets[name]


def _used_up(
    asked: QuotaRequest, what: str, wait: float, headers: tuple[tuple[str, str], ...]
) -> Refusal:
    """The refusal of a request for which there is enough quota in ``wait`` seconds."""
    seconds = max(1, math.ceil(wait))
    unit = "seconds"
    if seconds == 1:
        unit = "second"
    message = (
        f"Your requests to {asked.deployment} for {asked.model} in {asked.region} have exceeded "
        f"the {what} rate limit for your current AIServices S0 pricing tier. This request was for "
        f"{_throttled_as(asked.operation)} under Azure OpenAI API version "
        f"{asked.api_version}. Please retry after {seconds} {unit}. To increase your default rate "
        "limit, visit https://aka.ms/oai/quotaincrease."
    )
    policy = ("policy-id", f"DeploymentRatelimit-{what.capitalize()}")
    return errors.rate_limited(message, wait, (policy, *headers))


def _throttled_as(operation: str) -> str:
    """The name of an operation in the sentence about an exceeded quota."""
    known = OPERATIONS.get(operation)
    if known is None or known.model is None:
        return operation
    return known.model.throttled_as
