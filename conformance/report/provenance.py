"""What the run rests on. A report never lets documentation or a stand-in pass for the live
service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.judge.results import Run
from conformance.report.text import count, listing

MEANINGS: Mapping[str, str] = {
    "live": "recorded from, or answered by, a real Azure OpenAI resource",
    "gateway": "answered by a service that is neither Azure nor ours",
    "emulator": "answered by the harness's own stand-in for the service",
    "documentation": "an example published in the service's documentation",
    "script": "written in the scenario, because no service can be asked to produce it",
    "harness": "made by the harness itself, such as the answer to a request nobody recorded",
}
_NAMES = {
    "live": "the live service",
    "gateway": "a gateway",
    "emulator": "the emulator",
    "script": "scripts",
    "harness": "the harness",
}
REFERENCES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of origin: how many cases rest on it, alone or beside others, and what it refers
    to."""

    name: str
    meaning: str
    cases: int
    alone: int
    responses: int
    references: tuple[tuple[str, int], ...]
    more: int


@dataclass(frozen=True, slots=True)
class ProvenanceView:
    sentence: str
    sources: tuple[Source, ...]


def provenance(run: Run) -> ProvenanceView:
    """The origins of everything served, in order of the weight they carry (live first)."""
    names = {name for case in run.cases for name in case.rests_on}
    references: dict[str, Counter[str]] = {}
    for case in run.cases:
        for step in case.steps:
            for item in step.exchanges:
                if item.response is not None:
                    references.setdefault(item.response.provenance, Counter())[
                        item.response.provenance_ref
                    ] += 1
    order = [*MEANINGS, *sorted((names | set(references)) - set(MEANINGS))]
    sources = tuple(
        _source(run, name, references.get(name, Counter()))
        for name in order
        if name in names or name in references
    )
    return ProvenanceView(_sentence(run, sources), sources)


def _source(run: Run, name: str, references: Counter[str]) -> Source:
    resting = [case for case in run.cases if name in case.rests_on]
    named = sorted(
        ((text, times) for text, times in references.items() if text),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return Source(
        name,
        MEANINGS.get(name, ""),
        len(resting),
        sum(set(case.rests_on) == {name} for case in resting),
        sum(references.values()),
        tuple(named[:REFERENCES_SHOWN]),
        max(len(named) - REFERENCES_SHOWN, 0),
    )


def _sentence(run: Run, sources: tuple[Source, ...]) -> str:
    if not sources:
        return "Nothing was served in this run."
    parts = [
        f"{count(item.cases, 'rests', 'rest')} on {_NAMES.get(item.name, item.name)}"
        for item in sources
        if item.cases
    ]
    live = any(item.name == "live" and item.cases for item in sources)
    none = "" if live else " No case rests on the live service."
    unserved = sum(not case.rests_on for case in run.cases)
    without = f" {count(unserved, 'case was', 'cases were')} served nothing." if unserved else ""
    resting = f"Of {count(len(run.cases), 'case')}, {listing(parts)}." if parts else ""
    return f"{resting}{none}{without}".strip()
