"""What a run rests on: where the responses came from that its cases were judged by.

A report never lets documentation or a stand-in pass for the live service.
"""

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
"""What each origin of a response means, in order of the weight it carries."""

_NAMES = {
    "live": "the live service",
    "gateway": "a gateway",
    "emulator": "the emulator",
    "script": "scripts",
    "harness": "the harness",
}
REFERENCES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class OriginRow:
    """An origin of responses: how many cases rest on it, and on nothing else (``alone``); how many
    responses came from it, and the documents it names with how often it does, most often first.
    ``more`` counts those that are not shown."""

    name: str
    meaning: str
    cases: int
    alone: int
    responses: int
    references: tuple[tuple[str, int], ...]
    more: int


@dataclass(frozen=True, slots=True)
class ProvenanceView:
    """What a run rests on, in a sentence and by origin."""

    sentence: str
    sources: tuple[OriginRow, ...]


def provenance(run: Run) -> ProvenanceView:
    """The origins of everything that was served, in order of the weight they carry (live
    first)."""
    references = _references(run)
    names = {name for case in run.cases for name in case.rests_on} | set(references)
    order = [*MEANINGS, *sorted(names - set(MEANINGS))]
    origins = tuple(
        _origin(run, name, references.get(name, Counter())) for name in order if name in names
    )
    return ProvenanceView(_sentence(run, origins), origins)


def _references(run: Run) -> dict[str, Counter[str]]:
    """For each origin of responses the references they name, with how often (empty: none)."""
    references: dict[str, Counter[str]] = {}
    responses = (
        item.response for case in run.cases for step in case.steps for item in step.exchanges
    )
    for response in responses:
        if response is not None:
            counts = references.setdefault(response.provenance, Counter())
            counts[response.provenance_ref] += 1
    return references


def _origin(run: Run, name: str, references: Counter[str]) -> OriginRow:
    resting = [case for case in run.cases if name in case.rests_on]
    named = sorted(
        ((text, times) for text, times in references.items() if text),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return OriginRow(
        name=name,
        meaning=MEANINGS.get(name, ""),
        cases=len(resting),
        alone=sum(set(case.rests_on) == {name} for case in resting),
        responses=references.total(),
        references=tuple(named[:REFERENCES_SHOWN]),
        more=max(len(named) - REFERENCES_SHOWN, 0),
    )


def _sentence(run: Run, origins: tuple[OriginRow, ...]) -> str:
    """On what how many cases rest, in up to three sentences."""
    if not origins:
        return "Nothing was served in this run."
    sentences = []
    parts = [
        f"{count(item.cases, 'rests', 'rest')} on {_NAMES.get(item.name, item.name)}"
        for item in origins
        if item.cases
    ]
    if parts:
        sentences.append(f"Of {count(len(run.cases), 'case')}, {listing(parts)}.")
    if not any(item.name == "live" and item.cases for item in origins):
        sentences.append("No case rests on the live service.")
    unserved = sum(not case.rests_on for case in run.cases)
    if unserved:
        sentences.append(f"{count(unserved, 'case was', 'cases were')} served nothing.")
    return " ".join(sentences)
