"""``index.html``, the report as one file that needs nothing but a browser; and what all pages are
made with.

Text from the run is untrusted. The template engine escapes it, `visible` replaces characters that
escaping cannot disarm, `safe_url` decides what may be a link. Should anything slip past all three,
the content security policy of the page stops it: it allows our own script and style, by their
digests, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.judge.results import RED_WAIVERS, Run, Verdict, WaiverUse
from conformance.judge.rules.finding import Level
from conformance.report import timeline
from conformance.report.asked import asked
from conformance.report.cases import scenario_cards, scenarios_of
from conformance.report.matrix import Glance
from conformance.report.provenance import provenance
from conformance.report.summary import (
    WORDS,
    SubjectSummary,
    Summary,
    Tally,
    summarize,
)
from conformance.report.text import Anchors, count, instant, safe_link, safe_url, seconds, visible
from conformance.suite.facts import REPORT_PAGE, citations

_TEMPLATES = "templates"
DIVERGENCE_NAME = "divergence.html"
"""The page beside this one that shows where SDKs part ways."""


def render_html(run: Run) -> str:
    """``run`` as one self-contained page. The same run gives the same page, and no text of the run
    becomes markup."""
    summary = summarize(run)
    cases = Anchors("case", (case.id for case in run.cases))
    scenarios = scenarios_of(run)
    scenario_anchors = Anchors("scenario", (item.id for item in scenarios))
    glance = Glance(run, summary.subjects, scenarios, [f"#{anchor}" for anchor in cases.in_order])
    splits, explained = glance.differences()
    page = environment().get_template("page.html.j2")
    return (
        page.render(
            run=run,
            summary=summary,
            title=summary.sentence,
            capabilities=glance.capabilities(),
            broken=glance.broken(),
            splits=splits,
            explained=explained,
            scenarios=scenario_cards(run, scenarios, scenario_anchors, cases.in_order),
            provenance=provenance(run),
            asked=asked(run),
            levels=_levels(summary),
            waivers=sorted(run.waivers, key=_by_urgency),
            case_anchors=cases,
            scenario_anchors=scenario_anchors,
            rule_anchors=Anchors("rule", (item.id for item in run.rules)),
            waiver_anchors=Anchors("waiver", (item.id for item in run.waivers)),
            divergence=DIVERGENCE_NAME,
            facts=REPORT_PAGE,
            **assets(("report.css",), "report.js"),
        )
        + "\n"
    )


def _by_urgency(item: WaiverUse) -> tuple[bool, bool, str]:
    """A key that sorts waivers to mend first, then those that excuse nothing, then by id."""
    return item.state not in RED_WAIVERS, item.state != "used", item.id


def _levels(summary: Summary) -> list[tuple[SubjectSummary, list[tuple[Level, Tally]]]]:
    """Each subject with a tally of its cases for each level."""
    return [(item, [(level, _tally(item, level)) for level in Level]) for item in summary.subjects]


def _tally(item: SubjectSummary, level: Level) -> Tally:
    return Tally.of(case for case in item.cases if case.level == level)


@cache
def environment() -> Environment:
    """The templates of all pages. Whatever they print is escaped and made visible."""
    environment = Environment(
        loader=PackageLoader("conformance.report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        "seconds": seconds,
        "safe_url": safe_url,
        "safe_link": safe_link,
        "count": count,
        "instant": instant,
        "cited": _cited,
    }
    environment.globals |= {
        "words": WORDS,
        "verdicts": _BY_INTEREST,
        "Verdict": Verdict,
        "geometry": timeline,
        "red_waivers": RED_WAIVERS,
    }
    return environment


_BY_INTEREST = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.WAIVED,
    Verdict.UNSUPPORTED,
    Verdict.NOT_RUN,
)


def _finalize(value: Any) -> Any:
    """What a template prints for ``value``, before it is escaped."""
    if isinstance(value, Markup):
        return value
    if value is None:
        return ""
    return visible(str(value))


def _cited(text: str) -> Markup:
    """``text`` escaped, with a link for each fact it cites."""
    parts, end = [], 0
    for citation in citations(text):
        parts.append(escape(visible(text[end : citation.start])))
        parts.append(
            Markup('<a href="{}">{}</a>').format(
                citation.ref.url, text[citation.start : citation.end]
            )
        )
        end = citation.end
    return Markup("").join((*parts, escape(visible(text[end:]))))


@cache
def assets(styles: tuple[str, ...], script: str = "") -> dict[str, str]:
    """The style and script of a page, made of the named files, and the content security policy that
    allows these and nothing else."""
    style, code, script_source = "".join(map(_asset, styles)), "", "none"
    if script:
        code = _asset(script)
        script_source = _digest(code)
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src '{_digest(style)}'; script-src '{script_source}'"
    )
    # Both are ours, not the run's, and the only texts on the page that are not escaped.
    return {"style": Markup(style), "script": Markup(code), "policy": policy}  # noqa: S704


def _asset(name: str) -> str:
    return (files("conformance.report") / _TEMPLATES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
