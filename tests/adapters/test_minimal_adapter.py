"""A new SDK is a new folder: the adapter of docs/adapters.md runs, is probed, and its failures stay
its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from conformance.cli.main import app
from conformance.judge.results import CaseResult, Verdict
from conformance.judge.rules.finding import Blame
from conformance.plan.plan import plan
from conformance.plan.selection import Selection
from conformance.plan.subjects import subjects_of
from conformance.run.execution import run_case
from conformance.run.schedule import RunAhead
from conformance.sdk.lanes import Lanes
from conformance.sdk.loopback import Deadlines
from tests.adapters.plain_adapter import misbehaving, plain_files
from tests.corpus.overlay import CLOCK, contract, load, make_root, scenario, step

GOOD = ("chat/one", "chat/two", "chat/three")


def suite_files(files: dict[str, str]) -> dict[str, str]:
    scenarios = {
        f"scenarios/{name}.yaml": scenario(step(content=f"When, {name}?")) for name in GOOD
    }
    return {
        **files,
        **scenarios,
        "scenarios/chat/victim.yaml": scenario(step(content="Now, trigger it.")),
        "adapters/python/contract.yaml": contract(),
    }


def run_plain(tmp_path: Path, files: dict[str, str], seconds: float = 20) -> dict[str, CaseResult]:
    """The verdicts of the small suite with the ``plain`` adapter in ``files``, by scenario."""
    suite = load(make_root(tmp_path, suite_files(files)))
    cases = [
        case
        for case in plan(suite, subjects_of(suite, ("plain",)), Selection())
        if case.status == "run"
    ]
    with (
        Lanes(Deadlines(seconds, 2)) as lanes,
        RunAhead(
            cases,
            lambda case, alone: lanes.of(case.subject, case.lane, alone=alone),
            lambda case, lane: run_case(case, suite, lane, CLOCK),
        ) as ahead,
    ):
        return {case.loaded.id: ahead.result(case).result for case in cases}


def test_the_adapter_of_the_page_is_an_afternoons_work() -> None:
    code = plain_files()["adapters/plain/adapter.py"]
    assert len([line for line in code.splitlines() if line.strip()]) <= 66


def test_it_runs_without_a_change_to_the_harness(tmp_path: Path) -> None:
    results = run_plain(tmp_path, plain_files())
    assert {name: result.verdict for name, result in results.items()}.items() >= dict.fromkeys(
        (*GOOD, "chat/victim"), Verdict.PASS
    ).items()
    assert results["chat/one"].lane == "loopback"
    assert results["chat/one"].reproduce.startswith(
        "conformance run --sdk plain@1.0 --lane loopback --case "
    )


@pytest.mark.parametrize(
    ("misdeed", "said"),
    [
        ("time.sleep(60)", "hang: no answer to call chat.completions.create within 1.5 s"),
        (
            "sys.stderr.write('it broke\\n'); sys.stderr.flush(); os._exit(9)",
            "crash: the process ended with code 9",
        ),
        ("print('DEBUG', flush=True)", "protocol: stdout is for answers only"),
        ("print(json.dumps({'id': message['id'], **call(message)}), flush=True)", "answered twice"),
        ("message['id'] += 7", "is the id of no question"),
        ("print(json.dumps({'id': message['id'], 'outcome': 'good'}), flush=True)", "is not valid"),
    ],
)
def test_what_it_does_wrong_is_the_culprits_and_nobody_elses(
    tmp_path: Path, misdeed: str, said: str
) -> None:
    results = run_plain(tmp_path, misbehaving("trigger", misdeed), 1.5)
    assert {name: results[name].verdict for name in GOOD} == dict.fromkeys(GOOD, Verdict.PASS)
    victim = results["chat/victim"]
    assert victim.verdict is Verdict.ERROR
    assert said in victim.reason
    assert "it broke" in victim.reason or "it broke" not in misdeed
    assert {f.blame for f in victim.findings if f.rule == "adapter.crash"} == {Blame.ADAPTER}


@pytest.mark.parametrize(
    ("answer", "rule", "said"),
    [
        (
            "{'outcome': 'ok', 'view': {'text': 'In 1975.'}}",
            "adapter.no-request",
            "no request was sent",
        ),
        (
            "{'outcome': 'ok', 'view': {'text': 'half \\ud800 a character'}}",
            "adapter.no-request",
            "no request was sent",
        ),
        (
            "{'outcome': 'ok', 'view': json.loads('[' * 900 + ']' * 900)}",
            "adapter.crash",
            "nests deeper than 128 levels",
        ),
        ("{'outcome': 'ok', 'view': {'text': 10 ** 5000}}", "adapter.crash", "ended with code 1"),
        (
            "{'outcome': 'unsupported', 'reason': '\\x1b[2J<script>'}",
            "adapter.unsupported",
            "does not perform it",
        ),
    ],
)
def test_what_it_makes_up_is_no_evidence_and_harms_no_other_case(
    tmp_path: Path, answer: str, rule: str, said: str
) -> None:
    files = plain_files()
    lie = (
        "def call(message):\n    if 'trigger' in str(message['arguments']):\n"
        f"        return {answer}\n"
    )
    files["adapters/plain/adapter.py"] = files["adapters/plain/adapter.py"].replace(
        "def call(message):\n", lie, 1
    )
    results = run_plain(tmp_path, files)
    assert {name: results[name].verdict for name in GOOD} == dict.fromkeys(GOOD, Verdict.PASS)
    (found,) = [f for f in results["chat/victim"].findings if f.rule.startswith("adapter.")]
    assert (found.rule, found.blame) == (rule, Blame.ADAPTER)
    assert said in found.message


def test_an_adapter_that_cannot_start_is_an_error_in_every_case(tmp_path: Path) -> None:
    files = {**plain_files(), "adapters/plain/adapter.py": "raise SystemExit('no httpx here')\n"}
    results = run_plain(tmp_path, files)
    assert {result.verdict for result in results.values()} == {Verdict.ERROR}
    assert "no httpx here" in results["chat/one"].reason


def test_the_commands_know_it(tmp_path: Path) -> None:
    root = make_root(tmp_path, suite_files(plain_files()))
    listed = CliRunner().invoke(app, ["sdk", "list", "--root", str(root)])
    assert "httpx: 1.0, loopback" in listed.output
    probed = CliRunner().invoke(app, ["sdk", "probe", "plain", "--root", str(root)])
    assert probed.exit_code == 0, probed.output
    assert (
        "-    a fast call does not wait for a slow one: it performs one call at a time"
        in probed.output
    )
    reports = str(tmp_path / "reports")
    run = CliRunner().invoke(
        app, ["run", "--sdk", "plain", "--root", str(root), "--reports", reports]
    )
    assert run.exit_code == 0, run.output
