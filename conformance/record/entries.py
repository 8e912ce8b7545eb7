"""What of a recording goes into its cassette: sanitised, beside what stays of the cassette that was
there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

from conformance.errors import InputError
from conformance.record.cassette_text import CassetteEntry
from conformance.record.forwarder import Recorded, at_home
from conformance.record.task import Mode, Task
from conformance.sanitize.exchange import Sanitizer
from conformance.suite.cassette import match_key
from conformance.suite.scenario.model import Scenario
from conformance.wire.exchange import Exchange, Source
from conformance.wire.stand_ins import SERVICE_ENDPOINT


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How what passed is made fit to be published. ``secrets`` and ``names`` (what stands for each)
    are taken out; ``authored``, what the scenario itself wrote, stays. ``times``: keep the times of
    stream chunks."""

    secrets: tuple[str, ...]
    names: Mapping[str, str]
    authored: frozenset[str]
    times: bool = False

    def sanitizer(self) -> Sanitizer:
        """A sanitiser that has given no alias yet."""
        return Sanitizer(self.secrets, self.names, self.authored)


def entries_of(
    task: Task, recorded: tuple[Recorded, ...], cleaning: Cleaning, source: Source
) -> tuple[CassetteEntry, ...]:
    """The entries of the cassette of ``task``: those that stay, and those for what was
    ``recorded``. Raises InputError for a cassette whose answers are of another ``source``."""
    new = _clean(recorded, cleaning.sanitizer(), cleaning)
    old = _kept(task, new)
    if old and task.existing is not None:
        if task.existing.provenance.source is not source:
            raise _other_source(task, source)
        learned = cleaning.sanitizer()
        for entry in old:  # so that new aliases do not take the names old ones have
            learned.exchange(Exchange(entry.request, entry.response, 0.0))
        new = _clean(recorded, learned, cleaning)
    return (*old, *new)


def _clean(
    recorded: tuple[Recorded, ...], sanitizer: Sanitizer, cleaning: Cleaning
) -> tuple[CassetteEntry, ...]:
    entries = (_entry(sanitizer, item, keep_times=cleaning.times) for item in recorded)
    return tuple(entry for entry in entries if entry is not None)


def _entry(sanitizer: Sanitizer, item: Recorded, *, keep_times: bool) -> CassetteEntry | None:
    netloc = urlsplit(SERVICE_ENDPOINT).netloc
    clean = sanitizer.exchange(at_home(item.exchange, netloc))
    if clean is None or clean.response is None:
        return None
    response = clean.response
    if not response.is_event_stream:  # where a network cuts a plain body says nothing
        response = replace(response, chunks=())
    times: tuple[float, ...] = ()
    if keep_times and len(item.times) == len(response.chunks):
        times = item.times
    return CassetteEntry(clean.request, response, times)


def _kept(task: Task, new: tuple[CassetteEntry, ...]) -> tuple[CassetteEntry, ...]:
    """What stays of the existing cassette: everything where its answers were replayed, else what
    was not asked anew."""
    if task.existing is None:
        return ()
    asked = set() if task.mode is Mode.NEW_EPISODES else {match_key(entry.request) for entry in new}
    return tuple(
        CassetteEntry(
            item.request,
            item.response,
            tuple(round(at, 3) for at in accumulate(item.response.pauses)),
        )
        for item in task.existing.interactions
        if match_key(item.request) not in asked
    )


def _other_source(task: Task, source: Source) -> InputError:
    held = task.existing.provenance.source if task.existing else ""
    return InputError(
        "cassette-mixed",
        f"{task.path.name} holds answers of source {held}, and new ones would be of source "
        f"{source}",
        "one cassette has one source: record it with --mode rewrite, or in another folder",
    )


def authored_texts(spec: Scenario) -> frozenset[str]:
    """Every text a scenario itself wrote: published already, and what a replay will send again."""
    texts: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    collect(
        [
            step.model_dump(by_alias=True, exclude_unset=True, include={"with_", "options"})
            for step in spec.steps
        ]
    )
    collect(dict(spec.client.headers))
    return frozenset(text for text in texts if text and "${" not in text)
