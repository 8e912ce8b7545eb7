"""Whole runs through the in-process lane: equal runs are equal bytes, and no secret is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ExitCode
from conformance.judge.results import ResponseTrace, Run, Verdict
from conformance.judge.rules.finding import Blame, Level
from conformance.judge.settle import exit_code
from conformance.judge.trace import mask, scrub
from conformance.plan.plan import plan
from conformance.plan.selection import Selection
from conformance.plan.subjects import subjects_of
from conformance.report.write import results_json
from conformance.run.clock import RunClock, run_clock
from conformance.run.execution import run_case
from conformance.sdk.inprocess import InProcessLane
from conformance.service.script import compile_reply, encode_events
from conformance.suite.scenario.load import Fixtures
from conformance.suite.scenario.model import ReplySpec
from conformance.wire.exchange import Fault, Response
from conformance.wire.stand_ins import API_KEY, TOKENS
from tests.corpus.overlay import BASE, CLOCK, contract, load, make_root, run, scenario, step, waiver

WRONG = step(expect="{result: {text: In 1976.}}")


def run_of(
    tmp_path: Path, files: dict[str, str] | None = None, clock: RunClock = CLOCK, **selection: Any
) -> Run:
    return run(load(make_root(tmp_path, files)), Selection(**selection), clock)


def with_waiver(**changes: str) -> dict[str, str]:
    return {
        "adapters/python/contract.yaml": contract(),
        "adapters/python/waivers.yaml": waiver(**changes),
        "scenarios/chat/wrong.yaml": scenario(WRONG),
    }


def test_the_base_of_the_corpus_passes_on_both_surfaces(tmp_path: Path) -> None:
    found = run_of(tmp_path)
    assert [case.verdict for case in found.cases] == [Verdict.PASS] * 4
    assert exit_code(found) is ExitCode.CONFORMANT
    assert found.cases[0].rests_on == ("documentation",)


def test_equal_runs_give_equal_bytes_in_any_order_of_cases(tmp_path: Path) -> None:
    form = (
        step()
        .replace("chat.completions.create", "files.create")
        .replace(
            'with: {model: "${deployment.chat}", messages: [{role: user, content: "When?"}]}',
            "with: {purpose: batch, file: {$file: "
            "{name: a.jsonl, content_type: application/jsonl, base64: e30K}}}",
        )
    )
    throttled = step(
        service="[{status: 429, body: {$fixture: errors/throttled}}, "
        "{status: 200, body: {$fixture: chat/founded}}]"
    )
    suite = load(
        make_root(
            tmp_path,
            {
                "scenarios/chat/throttled.yaml": scenario(throttled),
                "scenarios/files/upload.yaml": scenario(form),
                "scenarios/auth/credential.yaml": scenario(head="client: {auth: credential}\n"),
            },
        )
    )
    assert results_json(run(suite)) == results_json(run(load(tmp_path)))
    subjects = subjects_of(suite, ())
    with InProcessLane() as lane:
        cases = plan(suite, subjects, Selection()).cases
        forwards = {case.id: run_case(case, suite, lane, CLOCK).result for case in cases}
        backwards = {case.id: run_case(case, suite, lane, CLOCK).result for case in reversed(cases)}
    assert forwards == backwards


def test_the_clock_of_a_run_is_fixed_by_source_date_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772409600")
    assert run_clock() == RunClock(datetime(2026, 3, 2, tzinfo=UTC), fixed=True)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert not run_clock().fixed


@pytest.mark.parametrize(
    ("changes", "state", "code"),
    [
        ({}, "used", ExitCode.CONFORMANT),
        ({"fingerprint": "'1999'"}, "mismatched", ExitCode.NOT_CONFORMANT),
        ({"expires": "2026-03-01"}, "expired", ExitCode.NOT_CONFORMANT),
        ({"versions": '"<0.1"'}, "out-of-range", ExitCode.NOT_CONFORMANT),
        ({"rule": "expect.attempts"}, "stale", ExitCode.NOT_CONFORMANT),
    ],
)
def test_a_waiver_in_a_run(
    tmp_path: Path, changes: dict[str, str], state: str, code: ExitCode
) -> None:
    found = run_of(tmp_path, with_waiver(**changes))
    assert [use.state for use in found.waivers] == [state]
    assert exit_code(found) is code


def test_a_waiver_of_a_deviation_that_is_gone_is_stale_only_after_a_whole_run(
    tmp_path: Path,
) -> None:
    files = with_waiver() | {"scenarios/chat/wrong.yaml": scenario()}
    assert run_of(tmp_path, files).waivers[0].state == "stale"
    for selection in (
        {"surfaces": ("sync",)},
        {"patterns": ("chat/wrong",)},
        {"patterns": ("chat/founded",)},
    ):
        part = run_of(tmp_path, **selection)
        assert part.waivers[0].state == "unexercised"
        assert exit_code(part) is ExitCode.CONFORMANT


def test_a_cassette_that_cannot_be_read_is_the_fault_of_its_cases_alone(tmp_path: Path) -> None:
    found = run_of(tmp_path, {"cassettes/2024-10-21/chat/founded.yaml": "interactions: ["})
    verdicts = {case.scenario: case.verdict for case in found.cases}
    assert verdicts == {"chat/founded": Verdict.ERROR, "chat/scripted": Verdict.PASS}
    assert "yaml-syntax" in found.cases[0].reason
    assert found.cases[0].findings[0].blame is Blame.CASSETTE
    assert exit_code(found) is ExitCode.USAGE


def test_a_cassette_of_another_api_version_is_refused_by_name(tmp_path: Path) -> None:
    text = (
        (BASE / "cassettes/2024-10-21/chat/founded.yaml")
        .read_text()
        .replace('api_version: "2024-10-21"', 'api_version: "2024-06-01"')
    )
    found = run_of(
        tmp_path, {"cassettes/2024-10-21/chat/founded.yaml": text}, patterns=("chat/founded",)
    )
    assert {case.verdict for case in found.cases} == {Verdict.ERROR}
    assert "cassettes/2024-10-21/chat/founded.yaml" in found.cases[0].reason


def test_a_fault_of_the_harness_costs_one_case_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("conformance.run.execution.observe", broken)
    found = run_of(tmp_path)
    assert {(case.verdict, case.reason) for case in found.cases} == {
        (Verdict.ERROR, "the harness failed: RuntimeError: a bug")
    }


def test_a_later_step_without_its_value_is_an_error_with_a_place(tmp_path: Path) -> None:
    found = run_of(
        tmp_path,
        {"scenarios/chat/x.yaml": scenario(step() + step(content="${steps.0.result.nope}"))},
        patterns=("chat/x",),
    )
    assert {case.verdict for case in found.cases} == {Verdict.ERROR}
    assert "steps.0.result.nope" in found.cases[0].reason
    assert "scenarios/chat/x.yaml:6" in found.cases[0].reason


def test_a_should_that_fails_is_red_only_when_asked(tmp_path: Path) -> None:
    found = run_of(tmp_path, {"scenarios/chat/wrong.yaml": scenario(WRONG, head="level: should\n")})
    assert Verdict.FAIL in {case.verdict for case in found.cases}
    assert exit_code(found) is ExitCode.CONFORMANT
    assert exit_code(found, fail_on=Level.SHOULD) is ExitCode.NOT_CONFORMANT


@pytest.mark.parametrize(
    "client",
    [
        "{auth: api_key}",
        "{auth: token}",
        "{auth: token_provider}",
        "{auth: credential}",
        "{api_key: planted-secret-key-1}",
        "{tokens: [planted-secret-key-2], auth: token}",
        "{auth: none, environment: {AZURE_OPENAI_API_KEY: planted-secret-key-3}}",
    ],
)
def test_no_key_and_no_token_is_kept_wherever_the_sdk_or_the_service_puts_it(
    tmp_path: Path, client: str
) -> None:
    echo = (
        '[{status: 401, headers: {x-echo: "${api_key} planted-secret-key-1"}, '
        'body: {error: {code: "401", '
        'message: "No planted-secret-key-1 planted-secret-key-2 planted-secret-key-3 '
        '${api_key}"}}}]'
    )
    asked = step(service=echo, content="${api_key}", expect="{error: {status: 401}}")
    text = scenario(asked, head=f"client: {client}\n")
    found = run_of(tmp_path, {"scenarios/chat/secret.yaml": text}, patterns=("chat/secret",))
    kept = json.dumps([case.model_dump(mode="json") for case in found.cases])
    for secret in (
        *TOKENS,
        *({API_KEY} if "api_key: " not in client and "environment" not in client else ()),
        *(
            word
            for word in ("planted-secret-key-1", "planted-secret-key-2", "planted-secret-key-3")
            if word in client
        ),
    ):
        assert secret not in kept
    assert "***" in kept


def test_credentials_are_masked_by_header_name_and_the_scheme_stays() -> None:
    assert mask(
        (
            ("API-Key", "k"),
            ("Authorization", "Bearer t"),
            ("authorization", "t"),
            ("Cookie", "c"),
            ("x", "y"),
        )
    ) == (
        ("API-Key", "***"),
        ("Authorization", "Bearer ***"),
        ("authorization", "***"),
        ("Cookie", "***"),
        ("x", "y"),
    )
    assert scrub({"sesame-open": ["a sesame-open b", 3, None]}, ("sesame-open",)) == {
        "***": ["a *** b", 3, None]
    }


# --- scripts


def compiled(**members: Any) -> tuple[Response, Any]:
    item = compile_reply(ReplySpec.model_validate(members), Fixtures(BASE / "scenarios")).reply
    assert item.response is not None
    return item.response, item.fault


def test_bodies_are_encoded_and_bring_their_headers() -> None:
    response, _ = compiled(body={"a": "é"})
    assert (response.body, dict(response.headers)) == (
        '{"a": "é"}'.encode(),
        {"content-type": "application/json", "content-length": "11"},
    )
    assert compiled(text="hi")[0].header("content-type") == "text/plain; charset=utf-8"
    assert compiled(base64="aGk =\n")[0].body == b"hi"
    assert compiled(sse=[{"a": 1}, "[DONE]"])[0].header("content-length") is None
    assert compiled(status=204)[0].headers == (("content-length", "0"),)
    fixture, _ = compiled(body={"$fixture": "chat/founded"})
    assert fixture.provenance.ref == "written for the corpus"


def test_headers_may_be_lists_and_may_be_taken_away() -> None:
    response, _ = compiled(
        body={}, headers={"X": ["a", "b"], "Content-Type": "$none", "content-length": "99"}
    )
    assert response.headers == (("X", "a"), ("X", "b"), ("content-length", "99"))


def test_bodies_are_cut_in_pieces() -> None:
    assert compiled(text="ab", chunks="bytes")[0].chunks == (1, 2)
    assert compiled(text="a\nb", chunks="lines")[0].chunks == (2, 3)
    assert compiled(sse=[1, 2], chunks="events")[0].chunks == (9, 18)
    assert compiled(text="", chunks="lines")[0].chunks in ((), (0,))
    response, fault = compiled(text="abcdef", fault="cut_body", cut_at=2, chunks="bytes")
    assert (response.body, response.chunks, response.header("content-length"), fault) == (
        b"ab",
        (1,),
        "6",
        Fault.CUT_BODY,
    )
    assert compiled(text="abcdef", fault="stall_body")[0].body == b"abc"


def reply_of(**members: Any) -> Any:
    return compile_reply(ReplySpec.model_validate(members), Fixtures(BASE / "scenarios")).reply


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("connect_refused", "connect_refused"),
        ("connect_timeout", "connect_timeout"),
        ("read_timeout", "read_timeout"),
        ("connection_reset", "connection_reset"),
        ("connection_closed", "cut_body"),
    ],
)
def test_a_fault_in_place_of_an_answer_has_no_answer(name: str, fault: str) -> None:
    assert (reply_of(fault=name, body={}).response, reply_of(fault=name).fault) == (None, fault)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("cut_body", "cut_body"),
        ("reset_body", "connection_reset"),
        ("stall_body", "stall_body"),
        ("bad_chunk", "bad_chunk"),
        ("short_chunk", "short_chunk"),
    ],
)
@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ({}, b"data: 1\n\ndata: 2"),
        ({"cut_at": 0}, b""),
        ({"cut_event": 1}, b"data"),
        ({"cut_event": 3}, b"data: 1\n\ndata: 2\n\ndata: ["),
        ({"cut_at": 9}, b"data: 1\n\n"),
    ],
)
def test_a_fault_in_an_answer_strikes_where_it_is_told(
    name: str, fault: str, place: Any, sent: bytes
) -> None:
    response, met = compiled(sse=[1, 2, "[DONE]"], fault=name, **place)
    assert (response.body, met) == (sent, fault)


def test_a_broken_chunked_coding_is_announced_as_one() -> None:
    headers = dict(compiled(body={}, fault="bad_chunk")[0].headers)
    assert headers == {"content-type": "application/json", "transfer-encoding": "chunked"}


def test_a_head_is_cut_or_replaced() -> None:
    cut = reply_of(status=200, headers={"x": "y"}, fault="cut_head", cut_at=12)
    assert (cut.response, cut.fault, cut.delivery.head) == (None, "cut_body", b"HTTP/1.1 200")
    own = reply_of(head=["HTTP/1.0 200", "A:b"], body={})
    assert (own.delivery.head, own.fault, own.response.body) == (
        b"HTTP/1.0 200\r\nA:b\r\n\r\n",
        None,
        b"{}",
    )


def test_time_is_spread_over_the_pieces() -> None:
    slow = reply_of(text="abcd", chunks=2, delay="40ms", over="1s", linger="2s")
    assert (slow.response.chunks, slow.response.pauses) == ((2, 4), (0.5, 0.5))
    assert (slow.delivery.delay, slow.delivery.linger) == (0.04, 2.0)
    cut = reply_of(text="abcdef", chunks=2, over="1s", fault="cut_body", cut_at=3)
    assert (cut.response.chunks, cut.response.pauses) == ((2,), (0.5, 0.5))
    assert reply_of(text="abcd", over="1s").response.pauses == (1.0,)
    assert reply_of(text="abcd", close=True).delivery.close
    assert reply_of(fault="connection_closed", delay="1s").delivery.delay == 1.0


def test_a_body_is_compressed_and_says_so() -> None:
    response, _ = compiled(body={"a": 1}, gzip=True)
    assert (response.json(), response.header("content-encoding")) == ({"a": 1}, "gzip")
    assert response.header("content-length") == str(len(response.body))
    assert (
        compiled(body={}, gzip=True, headers={"content-encoding": "$none"})[0].header(
            "content-encoding"
        )
        is None
    )


def test_events_are_written_as_the_standard_says() -> None:
    events = [{"a": "é"}, {"event": "x", "data": {"b": 1}}, "[DONE]", ": note\n\n", 5]
    text = 'data: {"a":"é"}\n\nevent: x\ndata: {"b":1}\n\ndata: [DONE]\n\n: note\n\ndata: 5\n\n'
    assert encode_events(events) == text.encode()


def test_a_stream_is_traced_as_its_frames(tmp_path: Path) -> None:
    streamed = step(service="[{status: 200, sse: {$fixture: chat/events}}]")
    text = scenario(streamed.replace("messages:", "stream: true, messages:"))
    found = run_of(tmp_path, {"scenarios/chat/x.yaml": text}, patterns=("chat/x",))
    response = found.cases[0].steps[0].exchanges[0].response
    assert isinstance(response, ResponseTrace)
    assert (len(response.frames), response.body, response.frames[-1]) == (5, "", "data: [DONE]")
