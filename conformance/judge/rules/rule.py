"""What a rule is, and the decorators that define one.

A rule is one definition: its id, how binding it is, whose fault a breach is, what it is about, its
sources, and the function that decides it. The first paragraph of the function's docstring is the
statement of the rule, the rest is the reason for it; ``docs/rules.md`` and the list of rules in a
report are made from them.

A function returns None when its rule does not apply (nothing is claimed then), else the breaches it
found, of which none says that the rule held.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, overload

from conformance.judge.rules.finding import Blame, Breaches, Finding, Level
from conformance.judge.rules.served import Served
from conformance.judge.rules.step import ObservedStep
from conformance.suite.scenario.model import SourceRef

Subject = TypeVar("Subject")
StepCheck = Callable[[ObservedStep], Breaches | None]
ServedCheck = Callable[[Served], Breaches | None]
StepGuard = Callable[[ObservedStep], bool]

SCENARIOS_OWN = "the scenario's own sources"
"""The source of what a scenario writes itself."""


class About(StrEnum):
    """What a rule is about. Attribution, the quiet re-runs and what explains a missing answer are
    decided by it."""

    REQUEST = "request"
    """What is sent: where it goes and what it carries. A request that goes elsewhere explains that
    no recording fits."""
    AUTHENTICATION = "authentication"
    """Which credential is sent, and where."""
    ATTEMPTS = "attempts"
    """How often a call is attempted, and how alike the attempts are."""
    TIME = "time"
    """How long is waited. Broken once proves little on a busy machine: the case runs again in
    quiet."""
    ANSWER = "answer"
    """The body the service sent, against its schema or the scenario."""
    FILTER = "filter"
    """The content filter blocks the service sent."""
    USAGE = "usage"
    """The counts of tokens the service sent."""
    STREAM = "stream"
    """An event stream, and the chunks a caller receives of it."""
    ERROR = "error"
    """How a caller meets a refusal or a failed connection."""
    RESULT = "result"
    """What a caller reads of an answer."""
    REQUEST_ID = "request id"
    """The request id that a caller reads."""
    OUTCOME = "outcome"
    """What came of a call: what was served and what the SDK made of it, together."""
    WISH = "wish"
    """What else a scenario expects of requests and token calls."""
    RECORDING = "recording"
    """Whether what is asked for and what was recorded are the same."""
    HARNESS = "harness"
    """Whether suite, adapter and harness did their part."""


@dataclass(frozen=True, slots=True)
class DocsPage:
    """A page of this project's documentation below ``docs/``, without ``.md``, and a heading of it
    as links name headings; empty: the page as a whole."""

    page: str
    heading: str = ""

    def __str__(self) -> str:
        if not self.heading:
            return f"docs/{self.page}.md"
        return f"docs/{self.page}.md#{self.heading}"


RuleSource = SourceRef | DocsPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One checkable statement. ``id`` is stable and independent of the outcome:
    ``<concern>.<statement>``.

    ``written``: a scenario has to write the expectation, and findings carry the scenario's level.
    ``strict``: findings become ``must`` where strictness is asked for. ``decide`` decides the rule
    for a step and is None where it is decided over a whole case; ``decide_served`` decides it for
    answers alone and is None where more than the service is judged.
    """

    id: str
    level: Level
    blame: Blame
    about: About
    title: str
    why: str
    sources: tuple[RuleSource, ...] = ()
    written: bool = False
    strict: bool = False
    decide: StepCheck | None = None
    decide_served: ServedCheck | None = None

    @property
    def source(self) -> str:
        """The sources as text."""
        texts = [source_text(source) for source in self.sources]
        if self.written:
            texts.insert(0, SCENARIOS_OWN)
        return "; ".join(texts)

    def finding(
        self, message: str, *, step: int = 0, level: Level | None = None, **place: Any
    ) -> Finding:
        """A finding of this rule with its own level unless ``level`` says otherwise; ``place`` has
        the pointer, the expected and the actual value."""
        return Finding(
            rule=self.id,
            level=level or self.level,
            blame=self.blame,
            message=message,
            step=step,
            **place,
        )


def article(section: str) -> SourceRef:
    """A section of Microsoft's article on the supported programming languages."""
    return SourceRef(article=section)


def fact(place: str) -> SourceRef:
    """A place in ``docs/facts``, as ``page#anchor``."""
    return SourceRef(fact=place)


def issue(url: str) -> SourceRef:
    """An issue in a public repository."""
    return SourceRef(issue=url)


def page(url: str, section: str | None = None) -> SourceRef:
    """A page of the web, and the section of it that is meant."""
    return SourceRef(url=url, section=section)


def rfc(number: int, section: str) -> SourceRef:
    """A section of an RFC."""
    return SourceRef(url=f"https://www.rfc-editor.org/rfc/rfc{number}", section=section)


def docs(place: str) -> DocsPage:
    """A place in this project's documentation, as ``page`` or ``page#heading``."""
    name, _, heading = place.partition("#")
    return DocsPage(name, heading)


def source_text(source: RuleSource) -> str:
    """A source as a line of text."""
    if isinstance(source, DocsPage):
        return str(source)
    section = ""
    if source.section:
        section = f", section {source.section}"
    if source.article is not None:
        return f"article, {source.article}{section}"
    if source.fact is not None:
        return f"facts/{source.fact}{section}"
    return f"{source.spec or source.issue or source.url}{section}"


@overload
def rule(
    rule_id: str,
    level: Level,
    blame: Blame,
    *,
    about: About,
    sources: Iterable[RuleSource],
    when: StepGuard | None = None,
    on: None = None,
) -> Callable[[StepCheck], Rule]: ...


@overload
def rule(
    rule_id: str,
    level: Level,
    blame: Blame,
    *,
    about: About,
    sources: Iterable[RuleSource],
    when: StepGuard | None = None,
    on: Callable[[ObservedStep], Subject | None],
) -> Callable[[Callable[[ObservedStep, Subject], Breaches | None]], Rule]: ...


def rule(
    rule_id: str,
    level: Level,
    blame: Blame,
    *,
    about: About,
    sources: Iterable[RuleSource],
    when: StepGuard | None = None,
    on: Callable[[ObservedStep], Any] | None = None,
) -> Callable[[Callable[..., Breaches | None]], Rule]:
    """Define the decorated function as the rule ``rule_id`` about a step.

    The rule applies only where ``when`` is true and where ``on`` finds something; what ``on`` found
    is handed to the function after the step.
    """

    def define(check: Callable[..., Breaches | None]) -> Rule:
        title, why = _statement(check)
        return Rule(
            id=rule_id,
            level=level,
            blame=blame,
            about=about,
            title=title,
            why=why,
            sources=tuple(sources),
            decide=_guarded(check, when, on),
        )

    return define


def expectation(
    rule_id: str,
    blame: Blame,
    *,
    about: About,
    on: Callable[[ObservedStep], Subject | None],
    sources: Iterable[RuleSource] = (),
) -> Callable[[Callable[[ObservedStep, Subject], Breaches | None]], Rule]:
    """Define the decorated function as a rule that holds a step to what its scenario writes.

    ``on`` finds what is written, None where the scenario writes nothing or the step says nothing
    about it; that is handed to the function after the step.
    """

    def define(check: Callable[[ObservedStep, Subject], Breaches | None]) -> Rule:
        title, why = _statement(check)
        return Rule(
            id=rule_id,
            level=Level.MUST,
            blame=blame,
            about=about,
            title=title,
            why=why,
            sources=tuple(sources),
            written=True,
            decide=_guarded(check, None, on),
        )

    return define


def service_rule(
    rule_id: str,
    level: Level = Level.MUST,
    *,
    about: About,
    sources: Iterable[RuleSource],
    unless: StepGuard,
    strict: bool = False,
) -> Callable[[ServedCheck], Rule]:
    """Define the decorated function as a rule about what a service sent, whoever asked for it.

    ``unless`` is true for a step that serves on purpose what the rule would find wrong. What is
    served in a case comes from its cassette or script, which is blamed.
    """

    def define(check: ServedCheck) -> Rule:
        def decide(step: ObservedStep) -> Breaches | None:
            if unless(step):
                return None
            return check(step.served)

        title, why = _statement(check)
        return Rule(
            id=rule_id,
            level=level,
            blame=Blame.CASSETTE,
            about=about,
            title=title,
            why=why,
            sources=tuple(sources),
            strict=strict,
            decide=decide,
            decide_served=check,
        )

    return define


def _guarded(
    check: Callable[..., Breaches | None],
    when: StepGuard | None,
    on: Callable[[ObservedStep], Any] | None,
) -> StepCheck:
    """``check`` behind its guards."""
    decide: StepCheck = check
    if on is not None:
        decide = _where_found(check, on)
    if when is not None:
        decide = _where_true(decide, when)
    return decide


def _where_found(
    check: Callable[[ObservedStep, Subject], Breaches | None],
    on: Callable[[ObservedStep], Subject | None],
) -> StepCheck:
    def decide(step: ObservedStep) -> Breaches | None:
        subject = on(step)
        if subject is None:
            return None
        return check(step, subject)

    return decide


def _where_true(check: StepCheck, when: StepGuard) -> StepCheck:
    def decide(step: ObservedStep) -> Breaches | None:
        if not when(step):
            return None
        return check(step)

    return decide


def _statement(check: Callable[..., Any]) -> tuple[str, str]:
    """The statement and the reason in the docstring of ``check``, each on one line; the statement
    without its full stop."""
    first, _, rest = (inspect.getdoc(check) or "").partition("\n\n")
    return " ".join(first.split()).removesuffix("."), " ".join(rest.split())
