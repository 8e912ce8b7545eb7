"""The pytest plugin, in pytest sessions of its own; where scenarios run, in processes of their
own."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from conformance.report.write import load_run
from conformance.service.peer import PeerServer
from conformance.wire.exchange import Provenance, Reply, Request, Response, Source
from tests.corpus.overlay import PROJECT, contract, make_root, scenario, step, waiver

WRONG = scenario(step(expect="{result: {text: In 1976.}}"))
INSTALLED = any(point.value == "conformance.plugin" for point in entry_points(group="pytest11"))
LOADED = () if INSTALLED else ("-p", "conformance.plugin")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the suite of the corpus in it."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("COLUMNS", "160")
    make_root(pytester.path)
    pytester.makeini("[pytest]\nxfail_strict = true\n")
    return pytester


def pytest_of(
    suite: pytest.Pytester, *arguments: str, files: dict[str, str] | None = None, runs: bool = True
) -> pytest.RunResult:
    """pytest in the suite's folder, with ``files`` laid over it; in this process where no scenario
    ``runs``."""
    for name, text in (files or {}).items():
        path = suite.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    arguments = (*LOADED, "-p", "no:cacheprovider", *arguments)
    return (
        suite.runpytest_subprocess(*arguments, timeout=180)
        if runs
        else suite.runpytest_inprocess(*arguments)
    )


def text_of(result: pytest.RunResult) -> str:
    return result.stdout.str() + result.stderr.str()


def test_every_scenario_file_is_collected_and_every_case_is_an_item(suite: pytest.Pytester) -> None:
    result = pytest_of(suite, "scenarios", "-v", "--conformance-report", "out")
    result.assert_outcomes(passed=4)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*scenarios/chat/founded.yaml::python@*-async-2024-10-21 PASSED*",
            "*scenarios/chat/founded.yaml::python@*-sync-2024-10-21 PASSED*",
        ]
    )
    result.stdout.fnmatch_lines(
        ["conformance: wrote *index.html", "conformance: wrote *results.json"]
    )
    assert [case.verdict for case in load_run(suite.path / "out").cases] == ["pass"] * 4
    assert "fixtures" not in text_of(result)


def test_a_case_that_fails_shows_its_findings_and_no_traceback(suite: pytest.Pytester) -> None:
    result = pytest_of(
        suite, "scenarios/chat/wrong.yaml", files={"scenarios/chat/wrong.yaml": WRONG}
    )
    result.assert_outcomes(failed=2)
    assert result.ret == 1
    text = text_of(result)
    assert "[expect.result] must, blame sdk, step 1" in text
    assert 'expected "In 1976.", found "In 1975."' in text
    assert "reproduce: conformance run --case 'chat/wrong::2024-10-21::python@" in text
    assert "Traceback" not in text
    assert "pytest_plugin" not in text


def test_waived_is_an_expected_failure_and_unsupported_and_not_run_are_skips_each_with_its_reason(
    suite: pytest.Pytester,
) -> None:
    lacks = "lacks:\n  telepathy: {reason: It reads no minds., source: {fact: test}}\n"
    result = pytest_of(
        suite,
        "scenarios",
        "-rxs",
        "-vv",
        files={
            "adapters/python/contract.yaml": contract().replace("lacks:\n", lacks, 1),
            "adapters/python/waivers.yaml": waiver(),
            "scenarios/chat/wrong.yaml": WRONG,
            "scenarios/chat/mind.yaml": scenario(head="needs: [telepathy]\n"),
            "scenarios/chat/socket.yaml": scenario(head="lane: loopback\n"),
        },
    )
    result.assert_outcomes(passed=4, xfailed=2, skipped=4)
    assert result.ret == 0
    text = text_of(result)
    assert "waived: test-waiver" in text
    assert "unsupported: It reads no minds." in text
    assert "not-run: the scenario needs the loopback lane" in text


def test_a_waiver_that_is_stale_turns_the_session_red(suite: pytest.Pytester) -> None:
    result = pytest_of(
        suite,
        "scenarios",
        files={
            "adapters/python/contract.yaml": contract(),
            "adapters/python/waivers.yaml": waiver(),
        },
    )
    result.assert_outcomes(passed=4)
    assert result.ret == 1
    assert "conformance: waiver test-waiver (python) is stale" in text_of(result)


def test_a_session_that_runs_a_part_does_not_call_a_waiver_stale(suite: pytest.Pytester) -> None:
    result = pytest_of(
        suite,
        "scenarios",
        "-k",
        "async",
        files={
            "adapters/python/contract.yaml": contract(),
            "adapters/python/waivers.yaml": waiver(),
        },
    )
    result.assert_outcomes(passed=2, deselected=2)
    assert result.ret == 0


def test_a_session_in_which_nothing_was_exercised_is_not_green(suite: pytest.Pytester) -> None:
    result = pytest_of(
        suite,
        "scenarios/chat/socket.yaml",
        "--conformance-lane=inprocess",
        runs=False,
        files={"scenarios/chat/socket.yaml": scenario(head="lane: loopback\n")},
    )
    result.assert_outcomes(skipped=2)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "no case was exercised, which proves nothing" in text_of(result)


def test_two_workers_give_the_bytes_of_one_and_settle_the_suite_they_ran(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xdist")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772409600")
    make_root(
        suite.path / "inner",
        {  # below another suite, which the controller must not take for it
            "adapters/python/contract.yaml": contract(),
            "adapters/python/waivers.yaml": waiver(),
            "scenarios/chat/wrong.yaml": WRONG,
            "scenarios/chat/wide.yaml": scenario(
                step(content="${matrix.n}"), head=f"matrix: {{n: {list(range(10))}}}\n"
            ),
        },
    )
    serial = pytest_of(suite, "inner/scenarios", "--conformance-report", "serial")
    spread = pytest_of(suite, "inner/scenarios", "-n", "2", "--conformance-report", "spread")
    for result in (serial, spread):
        result.assert_outcomes(passed=24, xfailed=2)
        assert result.ret == 0
        assert text_of(result).count("results.json") == 1
    for name in ("results.json", "index.html", "junit.xml", "divergence.html", "facts.html"):
        assert (suite.path / "serial" / name).read_bytes() == (
            suite.path / "spread" / name
        ).read_bytes()
    run = load_run(suite.path / "spread")
    assert [use.state for use in run.waivers] == ["used"]
    assert {info.id for info in run.scenarios} == {
        "chat/founded",
        "chat/scripted",
        "chat/wide",
        "chat/wrong",
    }


def test_record_mode_says_how_much_it_asks_records_and_replays(suite: pytest.Pytester) -> None:
    cassette = suite.path / "cassettes/2024-10-21/chat/founded.yaml"
    before = cassette.read_bytes()
    once = pytest_of(suite, "scenarios", "--record-mode=once")
    once.assert_outcomes(passed=4)
    once.stdout.fnmatch_lines(
        ["conformance: --record-mode=once sends up to 0 requests to emulator"]
    )
    assert cassette.read_bytes() == before
    cassette.unlink()
    result = pytest_of(suite, "scenarios", "--record-mode=once", "--block-network", "-k", "founded")
    result.stdout.fnmatch_lines(
        ["conformance: --record-mode=once sends up to 1 requests to emulator"]
    )
    assert "source: emulator" in cassette.read_text(encoding="utf-8")
    assert "Traceback" not in text_of(result)
    recorded = cassette.read_bytes()
    again = pytest_of(suite, "scenarios", "--record-mode=rewrite", "-k", "founded")
    assert again.parseoutcomes() == result.parseoutcomes()
    assert cassette.read_bytes() == recorded


def test_a_recording_that_fails_costs_its_cases_and_shows_no_traceback(
    suite: pytest.Pytester,
) -> None:
    result = pytest_of(
        suite, "scenarios", "--record-mode=all", "--conformance-record-target=http://127.0.0.1:9"
    )
    text = text_of(result)
    assert result.ret == 1
    assert "upstream-unreachable" in text
    assert "Traceback" not in text
    limited = pytest_of(suite, "scenarios", "--record-mode=all", "--conformance-max-requests=0")
    assert limited.ret == pytest.ExitCode.USAGE_ERROR
    assert "too-many-requests" in text_of(limited)


def test_a_library_out_of_process_records_over_loopback_and_replays(suite: pytest.Pytester) -> None:
    cassette = suite.path / "cassettes/2024-10-21/chat/founded.yaml"
    cassette.unlink()
    result = pytest_of(suite, "scenarios", "--record-mode=once", "--conformance-lane=loopback")
    assert result.parseoutcomes()["passed"] >= 2
    assert "source: emulator" in cassette.read_text(encoding="utf-8")
    recorded = cassette.read_bytes()
    again = pytest_of(suite, "scenarios", "--record-mode=rewrite", "--conformance-lane=inprocess")
    assert again.parseoutcomes() == result.parseoutcomes()
    assert cassette.read_bytes() == recorded


def test_the_emulator_answers_where_it_is_the_target(suite: pytest.Pytester) -> None:
    result = pytest_of(
        suite,
        "scenarios",
        "-rs",
        "-vv",
        "--conformance-target=emulator",
        "--conformance-report=out",
    )
    result.assert_outcomes(passed=2, skipped=2)
    assert "not-run: the scenario writes the service's answers" in text_of(result)
    run = load_run(suite.path / "out")
    assert run.target == "emulator"
    assert {case.rests_on for case in run.cases if case.verdict == "pass"} == {("emulator",)}


def test_a_gateway_is_asked_over_loopback_and_blamed_for_itself(suite: pytest.Pytester) -> None:
    class Odd:
        def answer(self, request: Request) -> Reply:
            headers = (("content-type", "application/json"), ("content-length", "19"))
            return Reply(Response(200, headers, b'{"choices": "none"}', Provenance(Source.SCRIPT)))

    with PeerServer() as server, server.open(Odd()) as gateway:
        result = pytest_of(
            suite, "scenarios/chat/founded.yaml", f"--conformance-target={gateway.url}"
        )
    result.assert_outcomes(failed=2)
    assert "blame service" in text_of(result)
    assert f"--target {gateway.url}" in text_of(result)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--conformance-target=http://127.0.0.1:9",), "target-unreachable"),
        (("--conformance-target=emulater",), "target-unknown"),
        (
            ("--conformance-target=http://127.0.0.1:9", "--conformance-lane=inprocess"),
            "target-lane",
        ),
        (("--conformance-target=emulator", "--record-mode=once"), "option"),
    ],
)
def test_a_target_that_cannot_be_asked_is_one_message(
    suite: pytest.Pytester, arguments: tuple[str, ...], code: str
) -> None:
    result = pytest_of(suite, "scenarios", *arguments)
    text = text_of(result)
    assert result.ret != 0
    assert result.parseoutcomes().get("passed", 0) == 0
    assert text.count(f"[{code}]") == 1
    assert "Traceback" not in text


def test_a_file_that_is_wrong_is_told_once_with_its_place_and_no_traceback(
    suite: pytest.Pytester,
) -> None:
    result = pytest_of(
        suite,
        "scenarios",
        files={"scenarios/chat/x.yaml": scenario(head="tgas: [a]\n")},
        runs=False,
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    text = text_of(result)
    assert (
        text.count(
            "scenarios/chat/x.yaml:5:1: unknown key 'tgas' (did you mean 'tags'?) [unknown-key]"
        )
        == 1
    )
    assert "Traceback" not in text
    assert "pytest_plugin" not in text


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--conformance-sdk=nosuch", "there is no SDK 'nosuch'"),
        ("--conformance-api-version=newest", "is no api-version"),
    ],
)
def test_an_option_that_names_nothing_is_told_once(
    suite: pytest.Pytester, option: str, words: str
) -> None:
    result = pytest_of(suite, "scenarios", option, runs=False)
    assert result.ret != 0
    assert text_of(result).count(words) == 1
    assert "Traceback" not in text_of(result)


def test_two_suites_in_one_session_are_refused(suite: pytest.Pytester) -> None:
    make_root(suite.path / "other")
    result = pytest_of(suite, "scenarios", "other/scenarios", runs=False)
    assert result.ret != 0
    assert "one session runs one suite [two-suites]" in text_of(result)


def test_reports_that_cannot_be_written_are_told_and_end_with_3(suite: pytest.Pytester) -> None:
    (suite.path / "taken").write_text("")
    result = pytest_of(suite, "scenarios", "--conformance-report", "taken/below")
    result.assert_outcomes(passed=4)
    assert result.ret == 3
    assert "[report-not-written]" in text_of(result)


NEIGHBOURS = """
import socket
import pytest

httpx = pytest.importorskip("httpx2")


def untouched():
    return (httpx.HTTPTransport.handle_request.__module__,\
 httpx.AsyncHTTPTransport.handle_async_request.__module__,
            socket.socket.connect is BEFORE)


BEFORE = socket.socket.connect


def test_transports_are_their_own():
    assert untouched() == ("httpx2._transports.default", "httpx2._transports.default", True)


def test_a_request_of_its_own_goes_to_its_own_server():
    import http.server, threading
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    assert httpx.get(f"http://127.0.0.1:{server.server_port}/").status_code == 200
"""
WATCH = """
import socket
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    if getattr(item, "conformance_case", None) is None:
        return
    try:
        socket.create_connection(("192.0.2.1", 9), timeout=0.2)
    except OSError as error:
        print("CONNECTED-OUT", error)
    except RuntimeError as error:
        print("BLOCKED", type(error).__name__)
"""


def test_other_tests_of_the_session_run_in_an_untouched_process_and_scenarios_have_no_network(
    suite: pytest.Pytester,
) -> None:
    files = {"test_after.py": NEIGHBOURS, "aaa/test_before.py": NEIGHBOURS, "conftest.py": WATCH}
    result = pytest_of(
        suite,
        "aaa",
        "scenarios/chat/founded.yaml",
        "test_after.py",
        "scenarios/chat/scripted.yaml",
        "-s",
        files=files,
    )
    result.assert_outcomes(passed=8)
    text = text_of(result)
    assert text.count("BLOCKED") == 4
    assert "CONNECTED-OUT" not in text


def test_a_session_without_scenarios_loads_nothing_of_the_harness(suite: pytest.Pytester) -> None:
    probe = (
        "import sys\ndef test_it():\n"
        "    assert not {'openai', 'vcr', 'conformance.plan', 'conformance.suite'}"
        " & set(sys.modules)\n"
    )
    result = pytest_of(
        suite,
        "test_probe.py",
        "-p",
        "no:recording",
        "-p",
        "no:pytester",
        files={"test_probe.py": probe},
    )
    assert result.ret in (0, 1)
    if "vcr" not in text_of(result):
        result.assert_outcomes(passed=1)


def test_an_interrupted_session_says_so_in_its_results(suite: pytest.Pytester) -> None:
    stop = (
        "def pytest_runtest_setup(item):\n    if 'scripted' in item.nodeid:\n"
        "        raise KeyboardInterrupt\n"
    )
    result = pytest_of(
        suite, "scenarios", "--conformance-report", "out", files={"conftest.py": stop}
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    run = load_run(suite.path / "out")
    assert run.interrupted
    assert len(run.cases) == 2


def test_yaml_files_that_are_no_scenarios_are_left_alone(
    suite: pytest.Pytester, tmp_path: Path
) -> None:
    result = pytest_of(
        suite,
        ".",
        "--collect-only",
        runs=False,
        files={"config/settings.yaml": "a: 1\n", "scenarios/loose.yaml": "a: 1\n"},
    )
    assert "settings.yaml" not in text_of(result)


def test_the_first_failure_ends_a_session_that_asks_for_it(suite: pytest.Pytester) -> None:
    files = {"scenarios/aaa/wrong.yaml": WRONG}
    result = pytest_of(suite, "scenarios", "-x", "--conformance-report", "out", files=files)
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert [case.scenario for case in load_run(suite.path / "out").cases] == ["aaa/wrong"]


def test_what_failed_last_can_be_run_alone(suite: pytest.Pytester) -> None:
    path = suite.path / "scenarios/chat/wrong.yaml"
    path.write_text(WRONG, encoding="utf-8")
    whole = suite.runpytest_subprocess(*LOADED, "scenarios", timeout=180)
    whole.assert_outcomes(passed=4, failed=2)
    last = suite.runpytest_subprocess(*LOADED, "scenarios", "--lf", "-v", timeout=180)
    last.assert_outcomes(failed=2)
    assert text_of(last).count("wrong.yaml::python@") >= 2
    assert "founded.yaml::" not in text_of(last)


def test_each_case_takes_its_own_time(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    result = pytest_of(suite, "scenarios", "--durations=0", "-vv", "--conformance-report", "out")
    result.assert_outcomes(passed=4)
    calls = [line for line in result.outlines if "s call " in line]
    assert len(calls) == 4
    assert all(case.duration > 0 for case in load_run(suite.path / "out").cases)
