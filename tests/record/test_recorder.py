"""Recording against the emulator, over real HTTP through the peer, and playing back what was
recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from conformance.errors import InputError, UsageError
from conformance.judge.results import Verdict
from conformance.plan.case import cassette_name
from conformance.record.forwarder import Budget
from conformance.record.recorder import Recorder, RecordingOptions, record_all
from conformance.record.task import Mode, check_budget, mode_of, tasks_of, wanted
from conformance.run.clock import run_clock
from conformance.run.execution import run_case
from conformance.sdk.inprocess import InProcessLane
from conformance.service.emulated import EMULATOR
from conformance.service.emulator import Emulator
from conformance.service.peer import PeerServer
from conformance.service.remote.upstream import Remote
from conformance.service.remote_service import Gateway
from conformance.suite.cassette import load_cassette
from conformance.suite.settings import Settings
from tests.record.services import cases, files_of, project, record, suite_with

FIVE = ("chat", "streaming", "embeddings", "files", "responses")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """Every cassette of five capabilities, recorded, and the names of those the emulator cannot
    give."""
    root = tmp_path_factory.mktemp("recorded")
    done = record(root, *FIVE)
    assert done.stopped is None
    assert done.failed == ()
    left_out = {
        result.name: result.reason for result in done.results if result.status == "left-out"
    }
    assert all(
        "does not provoke" in reason
        or "a recording has made" in reason
        or "emulator cannot do" in reason
        for reason in left_out.values()
    ), left_out
    return root, set(left_out)


def test_every_cassette_scenario_is_recorded_unless_its_answer_cannot_be_provoked(recorded) -> None:  # type: ignore[no-untyped-def]
    root, left_out = recorded
    made = {path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml")}
    asked = {task.name for task in tasks_of(cases(*FIVE), Mode.REWRITE, root)}
    assert made | left_out == asked
    assert not made & left_out
    assert len(made) > 75
    assert {
        "2024-10-21/chat/own-data",
        "v1/chat/unknown-parameter",
        "v1/responses/function-call",
    } <= left_out


def test_what_was_recorded_plays_back_in_process_on_both_surfaces(recorded) -> None:  # type: ignore[no-untyped-def]
    root, left_out = recorded
    suite, clock, verdicts, wrong = suite_with(root), run_clock(), Counter[Verdict](), []
    with InProcessLane() as lane:
        for case in cases(*FIVE):
            if case.status != "run" or not wanted(case.spec):
                continue
            if cassette_name(case.spec, case.loaded.id, case.api_version) in left_out:
                continue
            result = run_case(
                replace(case, spec=EMULATOR.adapt(case.spec)), suite, lane, clock
            ).result
            verdicts[result.verdict] += 1
            wrong += [
                f"{case.id}: {f.rule} {f.message}"
                for f in result.findings
                if result.verdict is not Verdict.PASS
            ]
    assert wrong == []
    assert verdicts[Verdict.PASS] > 150


def test_what_no_service_need_answer_is_not_asked_for_and_its_recording_stays(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "2024-10-21/content-filter/completion-filtered.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_text("evidence that asking again would lose", encoding="utf-8")
    done = record(tmp_path, "content-filter/completion-filtered", budget=Budget(0))
    assert {(result.status, result.requests) for result in done.results} == {("left-out", 0)}
    assert all("does not provoke" in result.reason for result in done.results)
    assert kept.read_text(encoding="utf-8") == "evidence that asking again would lose"


def test_vcrpy_itself_loads_every_recording(recorded) -> None:  # type: ignore[no-untyped-def]
    root, _ = recorded
    for path in root.rglob("*.yaml"):
        requests, responses = FilesystemPersister.load_cassette(str(path), yamlserializer)
        assert len(requests) == len(responses) >= 1
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert set(document) == {"interactions", "version", "conformance"}
        assert document["conformance"]["source"] == "emulator"
        assert document["conformance"]["rules"]


def test_recording_twice_gives_an_empty_diff_also_on_another_day(tmp_path: Path) -> None:
    chosen = ("streaming", "files", "responses/lifecycle", "responses/stream")
    one, two = tmp_path / "one", tmp_path / "two"
    record(one, *chosen)
    record(two, *chosen)
    assert files_of(one) == files_of(two) != {}
    done = record(one, *chosen, options=RecordingOptions("2031-05-05"))
    assert "recorded" not in {result.status for result in done.results}
    assert files_of(one) == files_of(two)


def test_streams_keep_where_their_chunks_end_and_when_asked_their_times(tmp_path: Path) -> None:
    record(tmp_path, "streaming/founded", options=RecordingOptions(times=True))
    path = tmp_path / "2024-10-21/streaming/founded.yaml"
    (interaction,) = load_cassette(path, tmp_path).interactions
    response = interaction.response
    assert response.chunks[-1] == len(response.body)
    assert all(response.body[:end].endswith(b"\n\n") for end in response.chunks)
    (written,) = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    assert (
        len(written["stream"]["times"]) == len(written["stream"]["offsets"]) == len(response.chunks)
    )
    assert len(response.pauses) == len(response.chunks)
    assert sum(response.pauses) == pytest.approx(written["stream"]["times"][-1])


def test_modes_mean_what_they_mean_to_pytest_recording(tmp_path: Path) -> None:
    assert tasks_of(cases("chat/founded"), Mode.NONE, tmp_path) == ()
    first = record(tmp_path, "streaming/same-as-plain", mode=Mode.ONCE)
    assert {(r.status, r.requests) for r in first.results} == {("recorded", 2)}
    assert record(tmp_path, "streaming/same-as-plain", mode=Mode.ONCE).results == ()
    episodes = record(tmp_path, "streaming/same-as-plain", mode=Mode.NEW_EPISODES)
    assert {(r.status, r.requests, r.replayed) for r in episodes.results} == {("unchanged", 0, 2)}
    every = record(tmp_path, "streaming/same-as-plain", mode=Mode.ALL)
    assert {(r.requests, r.replayed) for r in every.results} == {(2, 0)}
    path = tmp_path / "v1/streaming/same-as-plain.yaml"
    whole = path.read_text(encoding="utf-8")
    path.write_text("interactions: []\n" + whole[whole.index("version: 1") :], encoding="utf-8")
    grown = record(tmp_path, "streaming/same-as-plain", mode=Mode.NEW_EPISODES)
    assert sorted((r.name, r.requests) for r in grown.results if r.status == "recorded") == [
        ("v1/streaming/same-as-plain", 2)
    ]
    assert path.read_text(encoding="utf-8") == whole
    with pytest.raises(UsageError, match="rewrite"):
        mode_of("sometimes")


def test_one_cassette_has_one_source(tmp_path: Path) -> None:
    record(tmp_path, "chat/founded")
    path = tmp_path / "v1/chat/founded.yaml"
    text = path.read_text(encoding="utf-8").replace("source: emulator", "source: documentation")
    path.write_text(text.replace("When was", "Once was"), encoding="utf-8")
    done = record(tmp_path, "chat/founded", mode=Mode.ALL)
    (failed,) = done.failed
    assert (failed.name, "cassette-mixed" in failed.reason) == ("v1/chat/founded", True)


def test_the_number_of_requests_is_known_beforehand_and_never_passed(tmp_path: Path) -> None:
    tasks = tasks_of(cases("files/workflow"), Mode.ONCE, tmp_path)
    planned = check_budget(tasks, None)
    budget = Budget(planned)
    record(tmp_path, "files/workflow", mode=Mode.ONCE, budget=budget)
    assert budget.spent == planned == 5 * len(tasks)
    with pytest.raises(UsageError, match="too-many-requests"):
        check_budget(tasks, planned - 1)


def test_a_used_up_budget_stops_cleanly_and_keeps_what_is_finished(tmp_path: Path) -> None:
    tasks = tasks_of(cases("files/workflow"), Mode.ONCE, tmp_path)
    with Recorder(project(), EMULATOR, budget=Budget(7)) as recorder:
        done = record_all(tasks, recorder.record)
    assert [result.status for result in done.results] == ["recorded"]
    assert done.stopped is not None
    assert done.stopped.code == "too-many-requests"
    assert len(files_of(tmp_path)) == 1


def test_an_answer_the_scenario_is_not_about_is_not_written(
    tmp_path: Path, server: PeerServer
) -> None:
    with server.open(Emulator(), origin="https://conformance.openai.azure.com") as upstream:
        service = Gateway(Remote(upstream.url), Settings(deployments={"chat": "nobody-has-this"}))
        done = record(tmp_path, "chat/founded", service=service)
    assert {result.status for result in done.results} == {"failed"}
    assert "NotFoundError 404" in done.results[0].reason
    assert files_of(tmp_path) == {}


def test_a_broken_cassette_is_told_where_it_would_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "v1/chat/founded.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("interactions: 7\n", encoding="utf-8")
    with pytest.raises(InputError, match="cassette-format"):
        tasks_of(cases("chat/founded"), Mode.ALL, tmp_path)
    record(tmp_path, "chat/founded", mode=Mode.REWRITE)
    assert load_cassette(path, tmp_path).interactions
