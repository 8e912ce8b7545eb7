"""Questions about the kind of a lane or a target."""

from __future__ import annotations

import pytest
from figures.kinds import figures, questions

from tests.ci.figures.builders import checkout, source, value


@pytest.mark.parametrize(
    "text",
    [
        "case.target.is_replay",
        "case.lane == 'loopback'",
        "lane != Lane.INPROCESS",
        "'loopback' not in contract.lanes",
        "spec.lane not in ('any', subject.lane_of(spec))",
        "subject.lane is Lane.LOOPBACK",
        "target.kind == 'live'",
        "target.kind == 'url'",
        "service.kind in (Kind.EMULATOR, other)",
        "text in ('', 'replay')",
        "kind == 'live'",
        "target.remote is None",
        "target.remote is not None",
        "any(case.target.remote for case in cases)",
        "1 if asked.remote else 2",
        "not target.remote",
        "{Lane.INPROCESS: near, Lane.LOOPBACK: far}[case.lane]",
        "isinstance(lane, LoopbackLane)",
        "isinstance(service, (int, Relay))",
        "match case.lane:\n    case 'loopback': pass",
        "match case.lane:\n    case Lane.LOOPBACK: pass",
        "match service:\n    case Relay(): pass",
    ],
)
def test_a_question_about_a_kind_is_counted_once(text: str) -> None:
    assert len(questions(source(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "lane.open(case)",
        "lane is None",
        "target.remote.url",
        "kind == 'url'",
        "auth.kind == 'api_key'",
        "address.is_loopback",
        "provenance.name == 'live'",
        "lane = Lane.LOOPBACK",
        "isinstance(value, str)",
        "{'name': lane}",
        "def lane(remote: Remote | None = None) -> str: ...",
    ],
)
def test_what_is_no_question_about_a_kind_is_not(text: str) -> None:
    assert questions(source(text)) == []


def test_a_place_is_named_by_its_line() -> None:
    assert questions(source("x = 1\ny = target.is_replay\n")) == [
        "conformance/run/case.py:2: target.is_replay"
    ]


def test_the_rooms_that_answer_may_ask() -> None:
    asking = "target.is_replay"
    tree = checkout(
        source(asking, "conformance/service/replay.py"),
        source(asking, "conformance/services.py"),
        source(asking, "conformance/run/case.py"),
    )
    assert value([*figures(tree)], "kinds-asked") == 2
    assert value([*figures(tree, ("conformance.run",))], "kinds-asked") == 2
