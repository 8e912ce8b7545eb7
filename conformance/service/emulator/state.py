"""What an emulated resource remembers: the identifiers it has used, the time, and everything stored
in it.

Nothing here is random. Identifiers follow from the seed and a counter, so that two emulators with
the same seed and the same requests answer the same bytes.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from conformance.service.emulator.config import EmulatorConfig

_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(slots=True)
class StoredFile:
    """A file: its content, and what the files operations say of it. It is processed from
    ``ready_at`` on."""

    id: str
    filename: str
    purpose: str
    content: bytes
    created_at: int
    ready_at: float
    expires_at: int | None = None


@dataclass(slots=True)
class StoredResponse:
    """A response and the input items it was made of.

    ``items`` is the whole conversation up to and including the output, for a response that
    continues this one. ``ready_at`` is when a response made in the background is complete; any
    other is complete at ``created``.
    """

    body: dict[str, Any]
    input_items: list[dict[str, Any]]
    items: list[dict[str, Any]]
    created: float
    ready_at: float


@dataclass(slots=True)
class StoredBatch:
    """A batch as it was asked for, and what became of it: ``problems`` in its file make it fail,
    ``cancelled`` is when it was cancelled. Counts and files are there once it is ``computed``."""

    id: str
    input_file: StoredFile
    endpoint: str
    window: str
    metadata: dict[str, str] | None
    created: float
    surface: str
    api_version: str
    problems: list[dict[str, Any]]
    cancelled: float | None = None
    total: int = 0
    output_file_id: str = ""
    error_file_id: str = ""
    completed: int = 0
    failed: int = 0
    computed: bool = False


@dataclass(slots=True)
class StoredJob:
    """A fine-tuning job as it was asked for, and what became of it: ``examples`` and ``tokens`` of
    its training file, a ``failure`` that makes it fail, and when it was ``cancelled``."""

    id: str
    model: str
    training_file: str
    validation_file: str | None
    hyperparameters: dict[str, Any]
    suffix: str | None
    seed: int
    metadata: dict[str, str] | None
    created: float
    examples: int
    tokens: int
    failure: dict[str, Any] | None = None
    cancelled: float | None = None
    result_file_id: str = ""


@dataclass(slots=True)
class State:
    """The memory of one emulator. ``lock`` is held while a request is answered."""

    config: EmulatorConfig
    files: dict[str, StoredFile] = field(default_factory=dict)
    responses: dict[str, StoredResponse] = field(default_factory=dict)
    batches: dict[str, StoredBatch] = field(default_factory=dict)
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _counters: Counter[str] = field(default_factory=Counter)
    _requests: int = 0
    _frozen: float | None = None

    def arrived(self) -> None:
        """Note that a request arrived, which makes time pass where the configuration says so."""
        self._requests += 1

    def now(self) -> float:
        """Unix seconds."""
        if self._frozen is not None:
            return self._frozen
        config = self.config
        return config.epoch + config.clock.now() + self._requests * config.seconds_per_request

    @contextmanager
    def at(self, moment: float) -> Iterator[None]:
        """Let ``now`` be ``moment`` for a while."""
        # What a batch did is computed when somebody asks, and has to carry the time when it would
        # have been done.
        before, self._frozen = self._frozen, moment
        try:
            yield
        finally:
            self._frozen = before

    def word(self, kind: str, length: int) -> str:
        """The next identifier of ``kind``: ``length`` letters and digits."""
        return "".join(_BASE62[byte % 62] for byte in self._bytes(kind, length))

    def hexadecimal(self, kind: str, length: int) -> str:
        """The next identifier of ``kind``: ``length`` hexadecimal digits."""
        return self._bytes(kind, (length + 1) // 2).hex()[:length]

    def uuid(self, kind: str) -> str:
        """The next identifier of ``kind``, in the form of a version 4 UUID."""
        return str(UUID(bytes=self._bytes(kind, 16), version=4))

    def _bytes(self, kind: str, length: int) -> bytes:
        self._counters[kind] += 1
        source = f"{self.config.seed}|{kind}|{self._counters[kind]}"
        # A seed may be any text, also one that is no Unicode.
        return hashlib.shake_256(source.encode("utf-8", "surrogatepass")).digest(length)
