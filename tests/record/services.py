"""Services to record from, and the recorder pointed at them."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path

from conformance.plan.case import Case
from conformance.plan.plan import plan
from conformance.plan.selection import Selection
from conformance.plan.subjects import subjects_of
from conformance.record.forwarder import Budget
from conformance.record.recorder import Recorder, Recording, RecordingOptions, record_all
from conformance.record.task import Mode, check_budget, tasks_of
from conformance.service.emulated import EMULATOR
from conformance.service.peer import LiveAnswer
from conformance.service.service import RecordableService
from conformance.suite.home import find_home
from conformance.suite.load import Cassettes, Suite, load_suite
from conformance.wire.exchange import Headers, Provenance, Reply, Request, Response, Source
from conformance.wire.vocabulary import LaneKind
from tests.places import PROJECT

ORIGIN = "https://conformance.openai.azure.com"
PLACE = Provenance(Source.SCRIPT, "a test")


@cache
def project() -> Suite:
    return load_suite(find_home(PROJECT, PROJECT))


@cache
def cases(*patterns: str) -> tuple[Case, ...]:
    suite = project()
    subjects = subjects_of(suite, ("python",), LaneKind.INPROCESS)
    return plan(suite, subjects, Selection(patterns=patterns)).cases


def suite_with(root: Path) -> Suite:
    """The project's suite with its cassettes at ``root``."""
    return replace(project(), cassettes=Cassettes(root))


def record(
    root: Path,
    *patterns: str,
    mode: Mode = Mode.REWRITE,
    service: RecordableService = EMULATOR,
    options: RecordingOptions | None = None,
    budget: Budget | None = None,
) -> Recording:
    tasks = tasks_of(cases(*patterns), mode, root)
    check_budget(tasks, budget.limit if budget else None)
    with Recorder(project(), service, options, budget) as recorder:
        return record_all(tasks, recorder.record)


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def response(
    body: bytes,
    *headers: tuple[str, str],
    status: int = 200,
    kind: str = "application/json",
    chunks: tuple[int, ...] = (),
    pauses: tuple[float, ...] = (),
) -> Response:
    told: Headers = (("Content-Type", kind), *headers)
    if not chunks:
        told = (*told, ("Content-Length", str(len(body))))
    return Response(status, told, body, PLACE, chunks, pauses)


class Script:
    """Answers in turn, the last for ever, and keeps what it was asked."""

    def __init__(self, *replies: Reply | Response) -> None:
        self.replies = [Reply(item) if isinstance(item, Response) else item for item in replies]
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.replies[min(len(self.requests), len(self.replies)) - 1]


class Paced:
    """An event stream that goes on only when its client says so: each piece but the first waits for
    a ``release`` of ``heard``. A forwarder that kept a piece to itself would wait for ever (ten
    seconds)."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.heard = threading.Semaphore(0)

    async def serve(self, request: Request, answer: LiveAnswer) -> None:
        answer.begin(200, (("Content-Type", "text/event-stream"),), PLACE)
        for number, piece in enumerate(self.pieces):
            if number:
                await asyncio.to_thread(self.heard.acquire, timeout=10)
            await answer.send(piece)
