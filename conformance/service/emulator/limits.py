"""Quota of a deployment: two buckets, requests and tokens, refilled evenly over a minute.

The headers and the sentence are those of wire-contract sections 7 and 8, in the newer form: bare
integers, resets in whole seconds rounded down, x-ratelimit-key.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.service.emulator import errors
from conformance.service.emulator.answers import Refusal
from conformance.service.emulator.config import Limits

PERIOD = 60.0
_NAMES = {
    "chat.completions.create": "ChatCompletions_Create",
    "completions.create": "Completions_Create",
    "embeddings.create": "Embeddings_Create",
    "responses.create": "Responses_Create",
    "images.generate": "ImageGenerations_Create",
    "images.edit": "ImageEdits_Create",
    "audio.speech.create": "Speech_Create",
    "audio.transcriptions.create": "Transcriptions_Create",
    "audio.translations.create": "Translations_Create",
}


@dataclass(slots=True)
class Bucket:
    """``level`` of ``size`` left at the moment ``at`` (seconds)."""

    size: int
    level: float
    at: float

    def refill(self, now: float) -> None:
        self.level = min(
            float(self.size), self.level + max(0.0, now - self.at) * self.size / PERIOD
        )
        self.at = now

    def wait(self, amount: float) -> float:
        """Seconds until ``amount`` is there; 0 when it is. What can never be there is a period
        away."""
        if amount <= self.level:
            return 0.0
        return min(PERIOD, (amount - self.level) * PERIOD / self.size) if self.size else PERIOD

    @property
    def reset(self) -> int:
        """Whole seconds until the bucket is full."""
        return int((self.size - self.level) * PERIOD / self.size) if self.size else int(PERIOD)


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """Who asks for quota, in the words of the refusal."""

    operation: str
    deployment: str
    model: str
    region: str
    api_version: str


class Meter:
    """The quotas of every deployment, kept in memory."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[Bucket, Bucket]] = {}

    def take(
        self, asking: QuotaRequest, limits: Limits, now: float, tokens: int, requests: int = 0
    ) -> None:
        """Take ``tokens`` and ``requests`` from the quota. Raises the 429 when either is used up,
        taking neither."""
        both = self._at(asking.deployment, limits, now)
        for bucket, amount, what in zip(both, (requests, tokens), ("call", "token"), strict=True):
            if amount and bucket.wait(amount):
                raise self._refusal(asking, what, bucket.wait(amount), limits, now)
        both[0].level -= requests
        both[1].level -= tokens

    def headers(self, name: str, limits: Limits, now: float) -> tuple[tuple[str, str], ...]:
        """The x-ratelimit headers of deployment ``name`` (wire-contract section 8)."""
        found: list[tuple[str, str]] = []
        for kind, bucket in zip(("requests", "tokens"), self._at(name, limits, now), strict=True):
            found += [
                (f"x-ratelimit-limit-{kind}", str(bucket.size)),
                (f"x-ratelimit-remaining-{kind}", str(max(0, int(bucket.level)))),
                (f"x-ratelimit-reset-{kind}", str(bucket.reset)),
                (f"x-ratelimit-renewalperiod-{kind}", str(int(PERIOD))),
            ]
        return (*found, ("x-ratelimit-abusepenalty-active", "False"), ("x-ratelimit-key", name))

    def _at(self, name: str, limits: Limits, now: float) -> tuple[Bucket, Bucket]:
        if name not in self._buckets:
            sizes = (limits.requests_per_minute, limits.tokens_per_minute)
            self._buckets[name] = (
                Bucket(sizes[0], float(sizes[0]), now),
                Bucket(sizes[1], float(sizes[1]), now),
            )
        for bucket in self._buckets[name]:
            bucket.refill(now)
        return self._buckets[name]

    def _refusal(
        self, asking: QuotaRequest, what: str, wait: float, limits: Limits, now: float
    ) -> Refusal:
        seconds = max(1, -int(-wait // 1))
        message = (
            f"Your requests to {asking.deployment} for {asking.model} in {asking.region} have exceeded the "
            f"{what} rate limit for your current AIServices S0 pricing tier. This request was for "
            f"{_NAMES.get(asking.operation, asking.operation)} under Azure OpenAI API version "
            f"{asking.api_version}. Please retry after {seconds} second{'s' if seconds > 1 else ''}. To "
            "increase your default rate limit, visit https://aka.ms/oai/quotaincrease."
        )
        policy = ("policy-id", f"DeploymentRatelimit-{what.capitalize()}")
        return errors.rate_limited(
            message, wait, (policy, *self.headers(asking.deployment, limits, now))
        )
