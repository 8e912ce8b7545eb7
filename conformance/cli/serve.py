"""``conformance serve``: the emulator, cassettes or a scenario on loopback, for debuggers and
applications' tests."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from conformance.cli import options
from conformance.errors import ExitCode, UsageError
from conformance.plan.case import Case
from conformance.plan.selection import Selection, check_selection
from conformance.run import serving
from conformance.run.engine import Engine
from conformance.service.emulator import default_deployments
from conformance.service.peer import Execution, PeerLimits, PeerServer
from conformance.service.peer.record import Record
from conformance.suite.case_id import is_case_id, scenario_named
from conformance.suite.load import Suite
from conformance.wire.exchange import Reply, Request
from conformance.wire.player import Player
from conformance.wire.stand_ins import API_KEY, SERVICE_ENDPOINT

Cassettes = Annotated[
    Path | None, typer.Argument(help="A cassette, or a folder of cassettes, to answer from.")
]
Emulate = Annotated[
    bool, typer.Option("--emulate", help="Answer as the emulator (docs/emulator.md).")
]
ScenarioId = Annotated[
    str, typer.Option("--scenario", help="Play the service's side of a scenario, or of one case.")
]
Version = Annotated[
    str, typer.Option("--api-version", help="The api-version of the scenario to play.")
]
Host = Annotated[str, typer.Option("--host", help="A loopback address; others are refused.")]
Port = Annotated[
    int,
    typer.Option("--port", min=0, max=65535, help="The port; 0 leaves the choice to the system."),
]
Tls = Annotated[
    bool,
    typer.Option("--tls", help="Serve https under a certificate authority made for this process."),
]
Pace = Annotated[
    float,
    typer.Option(
        "--pace",
        min=0.0,
        max=3600.0,
        help="Seconds a batch or job of the emulator stays in each state.",
    ),
]
LATEST = "2024-10-21"
_UNBOUNDED = PeerLimits(requests=2**63, total_bytes=2**63)
_KEPT = 100


def command(
    cassettes: Cassettes = None,
    emulate: Emulate = False,
    scenario: ScenarioId = "",
    api_version: Version = "",
    host: Host = "127.0.0.1",
    port: Port = 0,
    tls: Tls = False,
    pace: Pace = 10.0,
    root: options.Root = None,
) -> int:
    """Serve on loopback until Ctrl-C, and print the address and the environment variables to use.

    Exit code 0 after Ctrl-C or SIGTERM. 2: wrong use, an address that is not loopback, a file that
    cannot be read.
    """
    if (cassettes is not None) + emulate + bool(scenario) != 1:
        raise UsageError(
            "serve-what",
            "say what to serve: one of CASSETTES, --emulate and --scenario",
            "conformance serve --emulate",
        )
    console = Console(highlight=False, soft_wrap=True)

    def tell(line: str) -> None:
        console.print(line, markup=False)

    chosen: Player = serving.emulator(pace)
    version, what = LATEST, "the emulator"
    if cassettes is not None:
        recorded = serving.recordings(cassettes)
        chosen, what = recorded, f"{len(recorded)} recorded interactions of {cassettes}"
    elif scenario:
        suite = options.open_suite(root)
        case = _case(suite, scenario, api_version)
        chosen, what, version = (
            serving.Rehearsal(case, suite, tell),
            f"scenario {case.loaded.id}",
            case.api_version,
        )
    with PeerServer(tls=tls, host=host, limits=_UNBOUNDED) as server, _until_ended() as ended:
        door = _Forgetful(serving.Announced(chosen, tell))
        execution = server.open(door, origin=SERVICE_ENDPOINT, port=port)
        door.records = execution.records
        _introduce(execution, what, version, console, emulated=emulate)
        ended.wait()
    tell("stopped")
    return int(ExitCode.CONFORMANT)


class _Forgetful:
    """A player whose listener keeps only the latest requests: nobody asks for them, and it may
    stand for days."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self.records: list[Record] = []

    def answer(self, request: Request) -> Reply:
        """The player's reply. Runs on the listener's own thread, so the list stands still
        meanwhile."""
        if len(self.records) > 2 * _KEPT:
            del self.records[:-_KEPT]
        return self._player.answer(request)


def _case(suite: Suite, name: str, api_version: str) -> Case:
    """The case called ``name``, or the first one of the scenario called so that can be run."""
    identity = scenario_named(name)
    chosen = Selection(
        patterns=(identity,),
        api_versions=options.selection(api_versions=api_version).api_versions,
        case_ids=(name,) if is_case_id(name) else (),
    )
    if identity not in suite.by_id:
        check_selection(suite, Selection(patterns=(identity,)))
        raise UsageError(
            "scenario-unknown", f"{identity!r} is several scenarios", "name one of them"
        )
    cases = Engine(suite).plan(chosen, ("python",)).cases
    playable = next((case for case in cases if case.runs), None)
    if playable is None:
        raise UsageError(
            "nothing-selected",
            f"no case of {identity} can be played",
            cases[0].reason if cases else "see conformance list for its api-versions",
        )
    return playable


def _introduce(
    execution: Execution, what: str, version: str, console: Console, *, emulated: bool
) -> None:
    lines = [
        f"serving {what} at {execution.url}  (Ctrl-C ends it)",
        "",
        f"AZURE_OPENAI_ENDPOINT={execution.url}",
        f"AZURE_OPENAI_API_KEY={API_KEY}",
    ]
    if version == "v1":
        lines += [f"OPENAI_BASE_URL={execution.url}/openai/v1/", f"OPENAI_API_KEY={API_KEY}"]
    else:
        lines.append(f"OPENAI_API_VERSION={version}")
    if execution.ca_file is not None:
        lines += [
            f"{name}={execution.ca_file}"
            for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        ]
    if emulated:
        lines += ["", "deployments: " + ", ".join(default_deployments())]
    for line in (*lines, ""):
        console.print(line, markup=False)


@contextmanager
def _until_ended() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set. Their former handlers are put back afterwards."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
