"""What ``conformance serve`` answers from: the emulator in real time, cassettes whose answers come
again after the last, or the service's side of one scenario."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from conformance.errors import InputError, UsageError, Where
from conformance.plan.case import Case
from conformance.sanitize.redactor import Redactor
from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.service.player import CasePlayer, no_answer
from conformance.service.script import compile_step
from conformance.suite.cassette import (
    Cassette,
    CassettePlayback,
    Interaction,
    load_cassette,
    match_key,
)
from conformance.suite.load import Suite
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Provenance, Reply, Request, Source
from conformance.wire.player import Player
from conformance.wire.stand_ins import API_KEY, SERVICE_ENDPOINT, TOKENS

_LATER = re.compile(r"\$\{steps\.")
Tell = Callable[[str], None]


class WallClock:
    """Real time, counted from when the clock was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._began

    def slept(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


def emulator(pace: float) -> Emulator:
    """A new emulator in real time. It accepts the suite's key and tokens, and its jobs stay in each
    state for ``pace`` seconds."""
    return Emulator(EmulatorConfig(clock=WallClock(), epoch=time.time(), pace=pace))


class Recordings:
    """Cassettes as one service. Requests are matched as in a run, whatever host was recorded. The
    answers to one request come in the order of the recording, and begin again after the last."""

    def __init__(self, cassettes: tuple[Cassette, ...]) -> None:
        interactions = tuple(
            at_home(item) for cassette in cassettes for item in cassette.interactions
        )
        name = f"{len(cassettes)} cassettes"
        if len(cassettes) == 1:
            name = cassettes[0].name
        self._cassette = Cassette(name, interactions, Provenance(Source.HARNESS, name), "")
        self._asked: dict[tuple[str, ...], int] = {}

    def __len__(self) -> int:
        return len(self._cassette.interactions)

    def answer(self, request: Request) -> Reply:
        """The next recorded answer; a 404-class reply that says what was nearest when there is
        none."""
        key = match_key(request)
        recorded = self._cassette.index.get(key)
        if recorded is None:
            return no_answer(CassettePlayback(self._cassette).explain_miss(request))
        number = self._asked.get(key, 0)
        self._asked[key] = number + 1
        return Reply(recorded[number % len(recorded)].response)


def at_home(interaction: Interaction) -> Interaction:
    """``interaction`` as if it had been recorded from the suite's own resource."""
    request = interaction.request
    home = urlsplit(SERVICE_ENDPOINT)
    url = urlunsplit(urlsplit(request.url)._replace(scheme=home.scheme, netloc=home.netloc))
    return replace(interaction, request=replace(request, url=url))


def recordings(path: Path) -> Recordings:
    """The cassette at ``path``, or every cassette below it. Raises InputError for one that cannot
    be read, UsageError when there is none. Links that lead out of the folder are refused."""
    if not path.exists():
        raise UsageError(
            "nothing-to-serve", f"there is no file or folder {path}", "name a cassette or a folder"
        )
    root, files = path.parent, [path]
    if path.is_dir():
        root, files = path, sorted(path.rglob("*.yaml"))
    cassettes = tuple(load_cassette(file, root) for file in files)
    if not any(cassette.interactions for cassette in cassettes):
        raise UsageError(
            "nothing-to-serve",
            f"there is no recorded interaction in {path}",
            "cassettes are .yaml files",
        )
    return Recordings(cassettes)


class Rehearsal:
    """The service's side of one scenario: the answers of its steps one after the other, and from
    the start again."""

    def __init__(self, case: Case, suite: Suite, tell: Tell) -> None:
        spec = case.spec
        for index, step in enumerate(spec.steps):
            if isinstance(step.service, list) and _LATER.search(repr(step.service)):
                raise UsageError(
                    "nothing-to-serve",
                    f"step {index + 1} of {case.loaded.id} answers with results of "
                    "earlier calls, which only a run knows",
                    "conformance run can play it",
                )
        self._script = tuple(
            item for step in spec.steps for item in compile_step(step, suite.fixtures)
        )
        name = case.cassette
        self._cassette = suite.cassettes.get(name)
        if self._cassette is None and "cassette" in self._script:
            raise InputError(
                "cassette-missing",
                f"{case.loaded.id} needs a cassette for {case.api_version}",
                "choose another --api-version",
                Where(f"cassettes/{name}.yaml"),
            )
        self._tell = tell
        self._player = self._begin()

    def _begin(self) -> CasePlayer:
        playback = CassettePlayback(self._cassette) if self._cassette else None
        player = CasePlayer(VirtualClock(), urlsplit(SERVICE_ENDPOINT).netloc, playback)
        player.begin_step(self._script)
        return player

    def answer(self, request: Request) -> Reply:
        """The next answer of the scenario."""
        if len(self._player.exchanges) >= len(self._script) and not self._goes_on:
            self._tell("the scenario was played to its end; it begins again")
            self._player = self._begin()
        return self._player.answer(request)

    @property
    def _goes_on(self) -> bool:
        last = self._script[-1]
        return not isinstance(last, str) and last.repeat


class Announced:
    """``player``, with a line for each request: method, path and how it was answered. No header,
    query or body."""

    def __init__(self, player: Player, tell: Tell) -> None:
        self._player = player
        self._tell = tell
        self._redactor = Redactor((API_KEY, *TOKENS))

    def answer(self, request: Request) -> Reply:
        """The player's reply."""
        reply = self._player.answer(request)
        ended = str(reply.fault)
        if reply.response is not None:
            ended = str(reply.response.status)
            if reply.fault is not None:
                ended += f", then {reply.fault}"
        self._tell(f"{request.method} {self._redactor.text(request.path)} -> {ended}")
        return reply
