"""Citations that lead nowhere are told with file, line, column and what may have been meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import Where
from conformance.lint.suite import lint
from conformance.suite.citations import link_problem, source_problems, text_problems
from conformance.suite.facts import Facts
from tests.corpus.overlay import contract, load, make_root, scenario, waiver

FACTS = Facts(
    {"service": '<a id="waits"></a>\n\n## Waits\n\nText.\n', "sdks": '<a id="f24"></a>Text.\n'}
)


def place(path: object) -> Where:
    return Where(f"file {path}", 1, 1)


def problems(root: Path, code: str = "") -> list[str]:
    return [
        f"{problem.code} {problem.where} {problem.cause}; {problem.hint}"
        for problem in lint(load(root))
        if problem.code in ("fact-unknown", "fact-form", "link-form")
        and problem.code.startswith(code)
    ]


def cited(source: str) -> str:
    return scenario().replace("sources: [{fact: test}]", f"sources: [{source}]")


@pytest.mark.parametrize(
    "source",
    [
        '{fact: "service#retry-headers"}',
        '{fact: "sdks#f24"}',
        "{fact: measured on our gateway in March}",
        '{url: "https://example.com/page#part"}',
        '{issue: "https://github.com/openai/openai-python/issues/937"}',
        '{issue: "https://github.com/openai/openai-python/pull/610"}',
        '{url: "http://localhost.example:8080/x"}',
    ],
)
def test_a_source_that_opens_is_no_problem(tmp_path: Path, source: str) -> None:
    assert problems(make_root(tmp_path, {"scenarios/chat/x.yaml": cited(source)})) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            '{fact: "service#retry-header"}',
            "fact-unknown scenarios/chat/x.yaml:3:18 the facts have no "
            "'service#retry-header'; did you mean 'service#retry-headers'?",
        ),
        (
            '{fact: "services#retry-headers"}',
            "fact-unknown scenarios/chat/x.yaml:3:18 there is no page 'services' of "
            "facts; did you mean 'service#retry-headers'?",
        ),
        (
            '{fact: "service, retry headers"}',
            "fact-form scenarios/chat/x.yaml:3:18 'service, retry headers' is no "
            "reference to a fact; write page#anchor, as in service#retry-headers",
        ),
        (
            '{fact: "service# retry"}',
            "fact-form scenarios/chat/x.yaml:3:18 'service# retry' is no reference to a fact; "
            "write page#anchor, as in service#retry-headers",
        ),
        (
            '{url: "example.com/page"}',
            "link-form scenarios/chat/x.yaml:3:17 'example.com/page' is no address of a page "
            "on the web; write the whole address, as a browser has it",
        ),
        (
            '{issue: "https://github.com/openai/openai-python"}',
            "link-form scenarios/chat/x.yaml:3:19 "
            "'https://github.com/openai/openai-python' is no issue, pull request or discussion "
            "on GitHub; write the whole address, as a browser has it",
        ),
    ],
)
def test_a_source_that_does_not_open_is_told_with_its_place(
    tmp_path: Path, source: str, told: str
) -> None:
    assert problems(make_root(tmp_path, {"scenarios/chat/x.yaml": cited(source)})) == [told]


def test_a_fixture_a_cassette_and_a_comment_are_read_for_what_they_cite(tmp_path: Path) -> None:
    fixture = "source: script\nref: shape as in facts/service#chatt\nbody: {}\n"
    root = make_root(
        tmp_path,
        {
            "scenarios/fixtures/chat/x.yaml": fixture,
            "scenarios/chat/x.yaml": "# facts/sdks#f2400\n" + scenario(),
        },
    )
    cassette = root / "cassettes" / "2024-10-21" / "chat" / "founded.yaml"
    cassette.write_text("# facts/service#chats\n" + cassette.read_text())
    assert [problem.split()[1] for problem in problems(root, "fact-unknown")] == [
        "cassettes/2024-10-21/chat/founded.yaml:1:3",
        "scenarios/chat/x.yaml:1:3",
        "scenarios/fixtures/chat/x.yaml:2:18",
    ]


def test_contracts_and_waivers_of_the_suites_own_are_read(tmp_path: Path) -> None:
    text = (
        contract()
        .replace("facts/sdks#d21", "facts/sdks#d2100", 1)
        .replace(
            "source: {article: Azure OpenAI supported programming languages, section: Chat}",
            'source: {fact: "sdks#chat"}',
            1,
        )
    )
    root = make_root(
        tmp_path,
        {
            "adapters/python/contract.yaml": text,
            "adapters/python/waivers.yaml": waiver(
                reason="A known deviation (facts/sdks#f65).", link="https://nowhere"
            ),
        },
    )
    found = problems(root)
    assert len(found) == 4
    assert sum("adapters/python/contract.yaml" in problem for problem in found) == 2
    assert any(
        problem.startswith("link-form adapters/python/waivers.yaml:7:11") for problem in found
    )
    assert any(
        problem.startswith("fact-unknown adapters/python/waivers.yaml:6:") for problem in found
    )


def test_a_suite_that_borrows_adapters_and_cassettes_is_not_blamed_for_what_they_cite(
    tmp_path: Path,
) -> None:
    assert problems(make_root(tmp_path)) == []


def test_every_source_below_any_key_is_looked_at() -> None:
    document = {
        "operations": {"x": {"source": {"fact": "sdks#f24"}}},
        "traits": {
            "y": {"source": {"fact": "sdks#f25"}, "changes": [{"source": {"fact": "sdks#f26"}}]}
        },
        "steps": [{"body": {"source": "text", "sources": "text"}}],
    }
    assert [problem.where for problem in source_problems(document, place, FACTS)] == [
        place(["traits", "y", "source", "fact"]),
        place(["traits", "y", "changes", 0, "source", "fact"]),
    ]


def test_the_place_of_a_citation_is_its_line_and_column() -> None:
    text = "first facts/service#waits\n  second facts/service#wait\n"
    assert [problem.where for problem in text_problems(text, "x.md", FACTS)] == [
        Where("x.md", 2, 10)
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https://nowhere",
        "ftp://example.com/x",
        "https://exa mple.com",
        "//example.com/x",
        "https://[x]/",
        "javascript:alert(1)",
        "https://example.com/a\nb",
    ],
)
def test_what_is_no_address_of_a_page_is_told(url: str) -> None:
    assert link_problem(url) != ""
