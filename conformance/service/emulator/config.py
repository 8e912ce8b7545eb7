"""What an emulated resource consists of, as frozen values: its deployments, credentials, limits and
clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.wire.clock import WALL_EPOCH, Clock, VirtualClock
from conformance.wire.stand_ins import API_KEY, TOKENS

EPOCH = WALL_EPOCH
"""Unix seconds when the clock shows 0: 2026-01-01T00:00:00Z, as in the in-process lane."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The quota of one deployment, per minute. It refills evenly, as the values of Azure's reset
    headers say (facts/service#reset-units)."""

    requests_per_minute: int = 1_000_000
    tokens_per_minute: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment. ``capabilities`` are words of operations.py plus ``vision`` and
    ``reasoning``.

    ``context`` is the model's window and ``dimensions`` the length of its embeddings (0: none).
    With ``asynchronous_filter`` its streams carry filter results in chunks of their own.
    """

    model: str
    capabilities: frozenset[str]
    version: str = ""
    context: int = 128_000
    dimensions: int = 0
    limits: Limits = field(default_factory=Limits)
    asynchronous_filter: bool = False

    @property
    def served(self) -> str:
        """The dated model, as answers name it (facts/service#model)."""
        if not self.version:
            return self.model
        return f"{self.model}-{self.version}"

    def can(self, capability: str) -> bool:
        """Whether the deployment has ``capability``."""
        return capability in self.capabilities


def deployment(model: str, *capabilities: str, **members: object) -> Deployment:
    """A deployment of ``model`` with ``capabilities``; ``members`` are the others of Deployment."""
    return Deployment(model, frozenset(capabilities), **members)  # type: ignore[arg-type]


def default_deployments() -> dict[str, Deployment]:
    """The deployments the offline suite calls, by the names it calls them."""
    mini = {"version": "2024-07-18"}
    return {
        "conf-chat": deployment("gpt-4o", "chat", "responses", "vision", version="2024-08-06"),
        "conf-vision": deployment("gpt-4o", "chat", "responses", "vision", version="2024-08-06"),
        "conf-reasoning": Deployment(
            "o4-mini",
            frozenset({"chat", "responses", "reasoning", "vision"}),
            version="2025-04-16",
            context=200_000,
        ),
        "conf-embeddings": deployment(
            "text-embedding-3-small", "embeddings", context=8191, dimensions=1536
        ),
        "conf-completions": deployment("gpt-35-turbo-instruct", "completions", context=4097),
        "conf-images": deployment("dall-e-3", "images"),
        "conf-image-edit": deployment("gpt-image-1", "images", "image_edit"),
        "conf-speech": deployment("tts", "speech"),
        "conf-transcription": deployment("whisper", "transcription", "translation"),
        "conf-translation": deployment("whisper", "transcription", "translation"),
        "conf-responses": deployment("gpt-4o", "chat", "responses", "vision", version="2024-08-06"),
        "conf-batch": deployment("gpt-4o-mini", "chat", "responses", **mini),
        "conf-fine-tuning": deployment("gpt-4o-mini", "chat", "responses", "fine_tuning", **mini),
    }


@dataclass(frozen=True, slots=True)
class EmulatorConfig:
    """One emulated resource.

    The clock's 0 is ``epoch`` (Unix seconds). Identifiers depend on ``seed``. ``pace`` is how many
    seconds a batch, a fine-tuning job, an unprocessed file or a background response stays in one
    state. With ``seconds_per_request`` each request makes time pass, for callers whose clock stands
    still while they poll. ``minimum_examples`` is how many lines a training file must have (10 at
    the service).
    """

    deployments: Mapping[str, Deployment] = field(default_factory=default_deployments)
    keys: tuple[str, ...] = (API_KEY,)
    tokens: tuple[str, ...] = TOKENS
    region: str = "East US 2"
    seed: str = "conformance"
    clock: Clock = field(default_factory=VirtualClock)
    epoch: float = EPOCH
    pace: float = 10.0
    seconds_per_request: float = 0.0
    minimum_examples: int = 10
