"""The supervisor: every way an adapter can misbehave is contained, blamed right, and leaves nothing
behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.sdk.messages import call_message, close_message
from conformance.sdk.process import (
    AdapterFault,
    AdapterProcess,
    Disturbed,
    FaultKind,
    Launch,
    ProcessLimits,
)
from conformance.sdk.process_pool import Pools, ProcessPool
from conformance.wire.protocol import Call, ClientConfig

FAKE = Path(__file__).with_name("fake_adapter.py")
CLIENT = ClientConfig("http://127.0.0.1:9", "azure", "2024-10-21")
LIMITS = ProcessLimits(hello_seconds=20, shutdown_seconds=0.5, line_bytes=4_000_000)
Start = Callable[..., AdapterProcess]


def launch(mode: str = "plain", version: str = "1.0") -> Launch:
    return Launch("fake", version, (sys.executable, "-I", "-u", str(FAKE), mode), dict(os.environ))


def question(do: str) -> dict[str, Any]:
    return call_message("s", CLIENT, Call("chat.completions.create", {"do": do}))


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[AdapterProcess] = []

    def begin(mode: str = "plain", limits: ProcessLimits = LIMITS) -> AdapterProcess:
        process = AdapterProcess(launch(mode), limits)
        started.append(process)
        process.start()
        return process

    yield begin
    for process in started:
        process.kill()
        assert _group_ends(process.pid)


def _group_ends(pid: int, seconds: float = 3) -> bool:
    """Whether the process group is gone soon: the system takes a moment to bury what was killed."""
    deadline = time.monotonic() + seconds
    while _group_lives(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _group_lives(pid: int) -> bool:
    """Whether anything of the process group runs; what is dead and waits for its parent does
    not."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if group == str(pid) and state != "Z":
            return True
    return False


def ask(process: AdapterProcess, do: str, seconds: float = 10) -> dict[str, Any]:
    return process.ask(question(do), "outcome", seconds)


def test_it_introduces_itself_answers_and_ends(start: Start) -> None:
    process = start()
    assert process.hello is not None and (process.hello.sdk, process.hello.concurrency) == (
        "fake",
        8,
    )
    assert ask(process, "well")["view"] == {"id": "well"}
    process.stop()
    assert process.fault is not None and process.fault.cause == "the process ended with code 0"


@pytest.mark.parametrize(
    ("do", "kind", "cause"),
    [
        ("hang", FaultKind.HANG, "no answer to call chat.completions.create within 0.3 s"),
        ("crash", FaultKind.CRASH, "the process ended with code 9"),
        ("kill", FaultKind.CRASH, "the process was ended by SIGSEGV"),
        (
            "rubbish",
            FaultKind.PROTOCOL,
            "stdout is for answers only, and it wrote 'DEBUG: calling the service'",
        ),
        ("lie", FaultKind.PROTOCOL, "id '1002' is the id of no question"),
        ("no-id", FaultKind.PROTOCOL, "id 'null' is the id of no question"),
        ("true-id", FaultKind.PROTOCOL, "id 'true' is the id of no question"),
        ("list-id", FaultKind.PROTOCOL, "id '[2]' is the id of no question"),
        ("broken-id", FaultKind.PROTOCOL, "id '2.5' is the id of no question"),
        ("object-id", FaultKind.PROTOCOL, "is the id of no question"),
        ("list", FaultKind.PROTOCOL, "id 'null' is the id of no question"),
        ("nan", FaultKind.PROTOCOL, "(NaN is no JSON)"),
        ("deep", FaultKind.PROTOCOL, "(nested too deep)"),
        ("latin", FaultKind.PROTOCOL, "stdout is for answers only"),
        ("blank", FaultKind.PROTOCOL, "stdout is for answers only, and it wrote ''"),
        ("deaf", FaultKind.HANG, "no answer to call chat.completions.create within 0.3 s"),
        (
            "flood-for-ever",
            FaultKind.HANG,
            "no answer to call chat.completions.create within 0.3 s",
        ),
        ("flood-by-child", FaultKind.CRASH, "the process ended with code 9"),
        ("text-id", FaultKind.PROTOCOL, "id '\"2\"' is the id of no question"),
        ("invalid", FaultKind.PROTOCOL, "the answer to call chat.completions.create is not valid"),
        ("misspelt-view", FaultKind.PROTOCOL, "'txet' was unexpected"),
        ("mistyped-view", FaultKind.PROTOCOL, "/view/choices: "),
        ("endless", FaultKind.PROTOCOL, "a line is longer than 4000000 bytes"),
    ],
)
def test_a_misdeed_over_one_call_is_that_calls_fault(
    start: Start, do: str, kind: FaultKind, cause: str
) -> None:
    process = start()
    with pytest.raises(AdapterFault) as caught:
        ask(process, do, 0.3 if kind is FaultKind.HANG else 10)
    assert caught.value.kind is kind
    assert cause in caught.value.cause


def test_an_adapter_that_stops_reading_is_a_hang_however_much_is_said_to_it(start: Start) -> None:
    process = start()
    first = process.send(question("stop-reading"), "outcome", 0.5)
    message = call_message("s", CLIENT, Call("chat.completions.create", {"text": "z" * 2_000_000}))
    second = process.send(message, "outcome", 0.5)
    for future in (first, second):
        with pytest.raises(Disturbed, match="hang: no answer"):
            future.result(10)


def test_no_secret_of_its_environment_or_its_requests_is_told(
    monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    monkeypatch.setenv("BUILD_TOKEN", "correct-horse-battery")
    process = start()
    with pytest.raises(AdapterFault) as caught:
        ask(process, "tell")
    told = f"{caught.value} {caught.value.cause} {caught.value.stderr} {process.stderr}"
    assert "Authorization" in told
    assert "wrote 'using <secret>" in told
    assert "correct-horse" not in told
    assert "ab12ab12" not in told


def test_a_second_answer_is_found_out_before_the_session_is_closed(start: Start) -> None:
    process = start()
    ask(process, "twice")
    with pytest.raises((AdapterFault, Disturbed), match="answered twice"):
        process.ask(close_message("s"), "done", 10)


def test_an_answer_that_is_not_valid_costs_its_own_call_only(start: Start) -> None:
    process = start()
    late = process.send(question("late"), "outcome", 10)
    with pytest.raises(AdapterFault, match="not valid"):
        ask(process, "invalid")
    assert late.result()["outcome"] == "ok"


@pytest.mark.parametrize("do", ["crash", "rubbish", "hang"])
def test_whoever_is_with_a_failing_adapter_is_disturbed_and_not_blamed(
    start: Start, do: str
) -> None:
    process = start()
    others = [process.send(question("hang"), "outcome", 10) for _ in range(3)]
    culprit = process.send(question(do), "outcome", 0.5)
    for future in (*others, culprit):
        with pytest.raises(Disturbed):
            future.result(10)
    with pytest.raises(Disturbed):
        ask(process, "well")


def test_what_was_answered_before_a_crash_counts(start: Start) -> None:
    process = start()
    good = [process.send(question("well"), "outcome", 10) for _ in range(5)]
    bad = process.send(question("crash"), "outcome", 10)
    assert [future.result()["view"] for future in good] == [{"id": "well"}] * 5
    with pytest.raises((AdapterFault, Disturbed)):
        bad.result()


def test_answers_may_come_in_any_order(start: Start) -> None:
    process = start()
    futures = [process.send(question("hold"), "outcome", 10) for _ in range(3)]
    assert [future.result()["view"]["created"] for future in futures] == [2, 3, 4]


def test_stderr_is_kept_in_bounds_and_shown_with_a_failure(start: Start) -> None:
    process = start()
    assert ask(process, "flood")["outcome"] == "ok"
    with pytest.raises(AdapterFault) as caught:
        ask(process, "crash")
    assert "Traceback: it broke" in str(caught.value)
    assert len(process.stderr) <= LIMITS.stderr_bytes


def test_a_long_line_within_bounds_is_read_whole(start: Start) -> None:
    assert len(ask(start(), "huge")["view"]["text"]) == 3_000_000


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("exit", "the process ended with code 3"),
        ("mute", "no answer to hello"),
        ("rubbish", "Welcome to the SDK!"),
        ("other-protocol", "/protocol"),
    ],
)
def test_an_adapter_that_does_not_introduce_itself_is_not_started(
    start: Start, mode: str, said: str
) -> None:
    with pytest.raises(AdapterFault) as caught:
        start(mode, ProcessLimits(hello_seconds=0.5 if mode == "mute" else 20))
    assert caught.value.kind is FaultKind.START
    assert said in caught.value.cause
    assert mode != "exit" or "no such library" in str(caught.value)


def test_a_command_that_is_not_there_is_a_failed_start() -> None:
    with pytest.raises(AdapterFault, match="cannot be executed"):
        AdapterProcess(Launch("fake", "1.0", ("/nonexistent/adapter",))).start()


def test_an_adapter_that_will_not_end_is_killed_with_its_children(start: Start) -> None:
    for mode in ("stubborn", "child"):
        process = start(mode)
        began = time.monotonic()
        process.stop()
        assert time.monotonic() - began < 5
        assert _group_ends(process.pid)


def test_nothing_is_left_behind(start: Start) -> None:
    def used() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    before = used()
    for do in ("well", "hang", "crash", "rubbish"):
        process = start()
        process.send(question(do), "outcome", 0.2)
        time.sleep(0.05)
        process.stop()
    assert used() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_message_larger_than_a_pipe_does_not_block(start: Start) -> None:
    process = start()
    message = call_message(
        "s", CLIENT, Call("chat.completions.create", {"do": "well", "text": "z" * 2_000_000})
    )
    assert process.ask(message, "outcome", 10)["outcome"] == "ok"


def test_a_pool_replaces_what_failed_and_gives_up_at_last() -> None:
    pool = ProcessPool(launch(), 1, LIMITS)
    try:
        first = pool.acquire()
        assert pool.acquire() is first
        first.kill()
        second = pool.acquire()
        assert second is not first
        for _ in range(18):
            second.kill()
            second = pool.acquire()
        with pytest.raises(AdapterFault):
            ask(second, "crash")
        with pytest.raises(AdapterFault, match="given up after 20 failures"):
            pool.acquire()
    finally:
        pool.close()


def test_a_pool_keeps_to_what_an_adapter_can_do_at_once() -> None:
    pool = ProcessPool(launch(), 2, LIMITS)
    try:
        taken = [pool.acquire() for _ in range(16)]
        assert sorted(taken.count(process) for process in set(taken)) == [8, 8]
        waiting: list[AdapterProcess] = []
        thread = threading.Thread(target=lambda: waiting.append(pool.acquire()))
        thread.start()
        thread.join(0.2)
        assert not waiting
        pool.release(taken[0])
        thread.join(10)
        assert waiting == [taken[0]]
    finally:
        pool.close()


def test_an_adapter_of_another_version_is_refused() -> None:
    pool = ProcessPool(launch(version="2.0"), 1, LIMITS)
    with pytest.raises(AdapterFault, match=r"it drives fake 1\.0; fake 2\.0 was asked for"):
        pool.acquire()
    pool.close()


def test_of_the_environments_nobody_uses_any_more_only_the_latest_keep_a_process() -> None:
    pools = Pools(launch(), 2, LIMITS)
    try:
        used: dict[str, AdapterProcess] = {}
        for name in ("", "a", "b", "c", "d", "e"):
            environment = (("WHO", name),) if name else ()
            pool = pools.lend(environment)
            assert pools.lend(environment) is pool
            used[name] = pool.acquire()
            pool.release(used[name])
            pools.give_back(environment)
            assert used[name].alive, "somebody else uses it"
            pools.give_back(environment)
        assert [name for name, process in used.items() if process.alive] == ["", "c", "d", "e"]
        assert pools.lend((("WHO", "c"),)).acquire() is used["c"]
        assert pools.lend((("WHO", "a"),)).acquire() is not used["a"]
    finally:
        pools.close()
    assert not any(process.alive for process in used.values())
