"""What results say of a scenario and of its sources."""

from __future__ import annotations

from conformance.judge.results import ScenarioInfo, SourceLink
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.model import SourceRef

ARTICLE_URL = "https://learn.microsoft.com/azure/ai-services/openai/supported-languages"


def scenario_info(loaded: LoadedScenario) -> ScenarioInfo:
    """What reports say of a scenario."""
    scenario = loaded.scenario
    return ScenarioInfo.model_validate(
        {
            "id": loaded.id,
            "file": loaded.file,
            "title": scenario.title,
            "why": scenario.why,
            "capability": loaded.capability,
            "level": scenario.level,
            "tags": scenario.tags,
            "sources": [source_link(source) for source in scenario.sources],
            "yaml": loaded.document.text,
        }
    )


def source_link(source: SourceRef) -> SourceLink:
    """A source as a report links it."""
    section = ""
    if source.section:
        section = f", section {source.section}"
    if source.article is not None:
        return SourceLink(kind="article", text=f"{source.article}{section}", url=ARTICLE_URL)
    if source.issue is not None:
        return SourceLink(kind="issue", text=source.issue, url=source.issue)
    if source.url is not None:
        return SourceLink(kind="url", text=f"{source.url}{section}", url=source.url)
    ref = source.fact_ref
    url = "" if ref is None else ref.url
    return SourceLink(kind=source.kind, text=f"{source.text}{section}", url=url)
