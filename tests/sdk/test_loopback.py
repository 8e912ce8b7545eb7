"""The lane on real sockets: waits as they were, overlapping, environments and authorities of a
case's own, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conformance.judge.results import (
    CaseResult,
    Verdict,
)
from conformance.plan.realtime import LIMIT, RealTime, real_time
from conformance.plan.selection import Selection
from conformance.report.write import load_run
from conformance.run.engine import Engine
from conformance.suite.contract import load_contract
from conformance.suite.scenario.model import Scenario
from conformance.wire.vocabulary import LaneKind
from tests.corpus.overlay import CLOCK, contract, load, make_root, scenario, step
from tests.places import PROJECT

MANIFEST = (
    (PROJECT / "adapters" / "python" / "adapter.yaml")
    .read_text()
    .replace("{source}", str(PROJECT / "adapters" / "python"))
)
TRAITS = load_contract(PROJECT / "adapters" / "python").traits("3.54.0")
ANSWER = "{status: 200, body: {$fixture: chat/founded}}"


def busy(wait: str) -> str:
    return (
        f'{{status: 429, headers: {{retry-after-ms: "{wait}"}}, '
        "body: {error: {code: busy, message: Wait.}}}"
    )


def run(root: Path, scenarios: dict[str, str]) -> dict[str, CaseResult]:
    files = {f"scenarios/{name}.yaml": text for name, text in scenarios.items()}
    suite = load(
        make_root(
            root,
            {
                **files,
                "adapters/python/contract.yaml": contract(),
                "adapters/python/adapter.yaml": MANIFEST,
            },
        )
    )
    chosen = Selection(patterns=tuple(scenarios))
    with Engine(suite, clock=CLOCK) as engine:
        plan = engine.plan(chosen, ("python",), lane=LaneKind.LOOPBACK)
        cases = [case for case in plan if case.runs]
        engine.prepare(cases)
        return {f"{case.loaded.id}-{case.surface}": engine.result(case).result for case in cases}


def test_waits_are_those_that_passed_and_those_of_many_cases_overlap(tmp_path: Path) -> None:
    waiting = scenario(
        step(service=f"[{busy('700')}, {ANSWER}]", expect="{attempts: 2, delays: [0.7]}")
    )
    began = time.monotonic()
    results = run(tmp_path, {f"chat/wait-{number}": waiting for number in range(10)})
    assert {result.verdict for result in results.values()} == {Verdict.PASS}
    assert len(results) == 20
    for result in results.values():
        assert 0.7 <= (result.steps[0].exchanges[1].waited or 0) < 0.7 + 0.35
    assert time.monotonic() - began < 20 * 0.7


def test_each_environment_is_a_process_of_its_own(tmp_path: Path) -> None:
    def keyed(key: str) -> str:
        return scenario(
            step(service=f"[{ANSWER}]", expect=f"{{requests: {{headers: {{api-key: {key}}}}}}}"),
            head=f"client: {{auth: none, environment: {{AZURE_OPENAI_API_KEY: {key}}}}}\n",
        )

    results = run(
        tmp_path,
        {
            "chat/a": keyed("key-of-a"),
            "chat/b": keyed("key-of-b"),
            "chat/c": scenario(step(service=f"[{ANSWER}]")),
        },
    )
    assert {result.verdict for result in results.values()} == {Verdict.PASS}


def test_a_real_credential_gets_its_token_over_tls_from_the_cases_own_authority(
    tmp_path: Path,
) -> None:
    text = scenario(
        step(
            service=f"[{ANSWER}]",
            expect="{requests: {headers: {authorization: Bearer issued-here}}}",
        ),
        head="client: {auth: credential, tokens: [issued-here]}\n",
    )
    results = run(tmp_path, {"chat/credential": text})
    assert {result.verdict for result in results.values()} == {Verdict.PASS}, results


def test_what_is_seen_of_a_request_does_not_depend_on_the_port(tmp_path: Path) -> None:
    first = run(tmp_path / "one", {"chat/once": scenario(step(service=f"[{ANSWER}]"))})
    again = run(tmp_path / "two", {"chat/once": scenario(step(service=f"[{ANSWER}]"))})
    requests = [
        [exchange.request for step_ in result.steps for exchange in step_.exchanges]
        for run_ in (first, again)
        for _, result in sorted(run_.items())
    ]
    assert requests[0] == requests[2]
    assert dict(requests[0][0].headers)["Host"] == "conformance.openai.azure.com"


SLOW = "{status: 500, body: {error: {code: slow, message: Slow.}}, delay: 5s}"
DRIP = "{status: 200, body: {$fixture: chat/founded}, chunks: 100, over: 30s}"


@pytest.mark.parametrize(("service", "fault"), [(SLOW, "read_timeout"), (DRIP, "stall_body")])
def test_an_answer_the_client_did_not_wait_for_is_seen_as_a_time_out(
    tmp_path: Path, service: str, fault: str
) -> None:
    text = scenario(
        step(
            service=f"[{service}, {ANSWER}]",
            expect="{response: {schema: none}, error: {kind: timeout}}",
        ),
        head="client: {timeout: 300ms, max_retries: 0}\nsurfaces: [sync]\n",
    )
    (result,) = run(tmp_path, {"chat/slow": text}).values()
    assert [exchange.fault for exchange in result.steps[0].exchanges] == [fault], result


def test_a_redirect_to_the_other_host_leads_there_and_shows_what_went_with_it(
    tmp_path: Path,
) -> None:
    moved = '{status: 307, headers: {location: "${elsewhere}/there"}}'
    text = scenario(
        step(
            service=f"[{moved}, {{status: 401, body: {{error: {{code: '401', message: No.}}}}}}]",
            expect="{attempts: 1, error: {status: 401}}",
        ),
        head="surfaces: [sync]\n",
    )
    (result,) = run(tmp_path, {"chat/moved": text}).values()
    first, second = result.steps[0].exchanges
    assert second.request.url == "https://other-service.example/there"
    assert "localhost:" in dict(first.response.headers if first.response else ())["location"]
    assert result.verdict is Verdict.PASS, result.findings


def spec(service: str, head: str = "") -> Scenario:
    import yaml

    return Scenario.model_validate(yaml.safe_load(scenario(step(service=service), head=head)))


@pytest.mark.parametrize(
    ("service", "head", "obstacle"),
    [
        (f"[{ANSWER}]", "", ""),
        (f"[{busy('40')}, {ANSWER}]", "", ""),
        (f"[{busy('2900')}, {ANSWER}]", "", ""),
        (f"[{busy('3100')}, {ANSWER}]", "", "about 3 s"),
        (f"[{busy('60000')}, cassette]", "", "about 60 s"),
        (f"[{busy('60000')}]", "", ""),
        (f"[{busy('60000')}, {ANSWER}]", "client: {max_retries: 0}\n", ""),
        (f"[{busy('1200')[:-1]}, repeat: true}}]", "", ""),
        (f"[{busy('1600')[:-1]}, repeat: true}}]", "", "about 3 s"),
        (f"[{{status: 500}}, {{status: 500}}, {ANSWER}]", "", ""),
        (f"[{{status: 400, headers: {{retry-after: '90'}}}}, {ANSWER}]", "", ""),
        (
            f"[{{status: 429, headers: {{x-should-retry: 'false', retry-after: '90'}}}}, {ANSWER}]",
            "",
            "",
        ),
        (f"[{{fault: read_timeout}}, {ANSWER}]", "", "about 600 s"),
        (f"[{{fault: read_timeout}}, {ANSWER}]", "client: {timeout: 200ms}\n", ""),
        (
            "[{status: 429, headers: {retry-after: 'Thu, 01 Jan 2026 00:00:07 GMT'}}, "
            f"{ANSWER}]",
            "",
            "about 7 s",
        ),
        (f"[{{status: 429, headers: {{retry-after: '1e999'}}}}, {ANSWER}]", "", "without an end"),
        ("[{status: 200, body: {}, delay: 1s, over: 1s, linger: 900ms}]", "", ""),
        ("[{status: 200, body: {}, delay: 1s, over: 1s, linger: 1100ms}]", "", "about 3 s"),
        ("[{status: 200, body: {}, delay: 9s, repeat: true}]", "client: {timeout: 500ms}\n", ""),
        (
            "[{status: 200, body: {}, delay: 9s, repeat: true}]",
            "client: {timeout: 1s}\n",
            "about 4 s",
        ),
        ("[{status: 200, body: {}, fault: reset_body}, {fault: read_timeout}]", "", ""),
    ],
)
def test_what_cannot_be_waited_out_is_known_beforehand(
    service: str, head: str, obstacle: str
) -> None:
    found = real_time(spec(service, head), TRAITS, 3.0).obstacle
    assert (obstacle in found) if obstacle else found == "", found


def test_a_wait_that_is_negative_or_none_is_the_sdks_own_backoff() -> None:
    for wait in ("-30000", "0"):
        assert real_time(spec(f"[{busy(wait)}, {ANSWER}]"), TRAITS) == RealTime(0.5)


def test_a_run_may_allow_longer_waits_than_it_does_by_itself() -> None:
    waiting = spec(f"[{busy('60000')}, {ANSWER}]")
    assert real_time(waiting, TRAITS).obstacle.endswith(f"the limit is {LIMIT:g} s")
    assert real_time(waiting, TRAITS, 61.0) == RealTime(60.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_ends_its_adapters_and_keeps_what_is_finished(
    tmp_path: Path, number: int
) -> None:
    stuck = scenario(
        step(service="[{fault: read_timeout}]", expect="{error: {kind: timeout}}"),
        head="client: {timeout: 15s, max_retries: 0}\n",
    )
    root = make_root(
        tmp_path / "suite",
        {
            "scenarios/aaa/stuck.yaml": stuck,
            "adapters/python/contract.yaml": contract(),
            "adapters/python/adapter.yaml": MANIFEST.replace(
                '"{package}/sdk"', f'"{{package}}/sdk", "{tmp_path}"'
            ),
        },
    )
    command = [
        sys.executable,
        "-c",
        # Whoever runs the tests may ignore signals (nohup does), and children inherit that.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "signal.signal(signal.SIGHUP, signal.SIG_DFL); "
        "from conformance.cli.main import main; main()",
        "run",
        "--lane",
        "loopback",
        "--root",
        str(root),
        "--sdk",
        "python",
        "--reports",
        str(tmp_path / "reports"),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=PROJECT
    )
    assert _wait_for(lambda: len(_running(str(tmp_path))) > 1), "no adapter was started"
    time.sleep(6)  # in which the other cases end, and the stuck one does not
    os.kill(process.pid, number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 3, said
    assert "interrupted: ending the adapters\n" in said
    assert "Traceback" not in said
    assert _running(str(tmp_path)) == []
    kept = {case.scenario: case.verdict for case in load_run(tmp_path / "reports").cases}
    assert "aaa/stuck" not in kept, "it was waited for"
    assert Verdict.PASS in kept.values(), "what was finished meanwhile is lost"


def _running(text: str) -> list[int]:
    """Processes whose command line holds ``text``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def _wait_for(condition: Any, seconds: float = 15) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.1)
    return False
