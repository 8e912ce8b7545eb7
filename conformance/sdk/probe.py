"""Proves that an adapter obeys the protocol, without a scenario: by a conversation that every
adapter must be able to hold.

The service is a peer that the probe starts. Calls under way at once get different texts, so that an
answer to the wrong call shows.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from conformance.sdk.loopback import PlainHttp
from conformance.sdk.messages import (
    Hello,
    call_message,
    close_message,
    outcome_of,
    shutdown_message,
)
from conformance.sdk.process import (
    AdapterFault,
    AdapterProcess,
    Disturbed,
    Launch,
    ProcessLimits,
    fault_of,
)
from conformance.service.peer import Execution, PeerServer
from conformance.suite.contract import LoadedContract, same_version
from conformance.wire.exchange import Delivery, Provenance, Reply, Request, Response, Source
from conformance.wire.protocol import Auth, Call, ClientConfig, Outcome
from conformance.wire.vocabulary import Surface

NOWHERE = "conformance.no_such_operation"
CHAT = "chat.completions.create"
_SECONDS = 20.0
_SLOW = 0.5


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was tried, and whether it ``held``; None when it could not be tried, and
    ``detail`` then says why."""

    title: str
    held: bool | None
    detail: str = ""


class Speaker:
    """A service that answers every chat call with ``text``, after ``delay`` seconds."""

    def __init__(self, text: str, delay: float = 0.0) -> None:
        self.text = text
        self.delay = delay

    def answer(self, request: Request) -> Reply:  # noqa: ARG002 - every call gets the same
        """The chat completion that says the text."""
        message = {"role": "assistant", "content": self.text}
        body = json.dumps(
            {
                "id": "chatcmpl-probe",
                "object": "chat.completion",
                "created": 1,
                "model": "probe",
                "choices": [
                    {"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        ).encode()
        headers = (("content-type", "application/json"), ("content-length", str(len(body))))
        response = Response(200, headers, body, Provenance(Source.HARNESS, "probe"))
        return Reply(response, delivery=Delivery(delay=self.delay))


class Probe:
    """One probe of one adapter. Its process is started by ``run``, and ended with it."""

    def __init__(
        self,
        launch: Launch,
        contract: LoadedContract,
        plain_http: PlainHttp,
        limits: ProcessLimits | None = None,
    ) -> None:
        self._launch = launch
        self._contract = contract
        self._plain_http = plain_http
        self._process = AdapterProcess(launch, limits)
        self._hello: Hello | None = None

    def run(self) -> Iterator[Proof]:
        """Yield every proof in turn. Stops early when the adapter no longer answers."""
        with PeerServer() as server:
            try:
                yield from self._conversation(server)
            finally:
                self._process.kill()

    def _conversation(self, server: PeerServer) -> Iterator[Proof]:
        steps: tuple[Callable[[PeerServer], Iterator[Proof]], ...] = (
            self._introduction,
            self._ids,
            self._answers,
            self._order,
            self._abilities,
            self._ending,
        )
        for step in steps:
            try:
                yield from step(server)
            except (AdapterFault, Disturbed) as error:
                title = f"{step.__name__.strip('_')}: the adapter answers"
                yield Proof(title, False, str(fault_of(error)))
                return

    def _introduction(self, server: PeerServer) -> Iterator[Proof]:  # noqa: ARG002
        hello = self._hello = self._process.start()
        yield Proof(
            "it introduces itself", True, f"{hello.package} {hello.version} on {hello.runtime}"
        )
        yield _proof(
            "it is the adapter of this SDK",
            held=hello.sdk == self._launch.sdk,
            otherwise=f"it says {hello.sdk!r}",
        )
        yield _proof(
            "it drives the version asked for",
            held=same_version(hello.version, self._launch.version),
            otherwise=f"{self._launch.version} was asked for, it says {hello.version}",
        )

    def _ids(self, server: PeerServer) -> Iterator[Proof]:  # noqa: ARG002
        client = ClientConfig(
            "https://127.0.0.1:9", "azure", "2024-10-21", Auth("api_key", "probe")
        )
        answers = [
            self._send(f"ids-{number}", client, Call(NOWHERE, {"number": number}))
            for number in range(20)
        ]
        outcomes = [outcome_of(future.result()) for future in answers]
        yield Proof(
            "every question is answered once, under its own id", True, f"{len(outcomes)} questions"
        )
        yield _proof(
            "an operation it does not know is unsupported",
            held=all(outcome.status == "unsupported" for outcome in outcomes),
            otherwise=f"it answered {outcomes[0].status}",
        )
        self._process.ask(close_message("never-opened"), "done", _SECONDS)
        yield Proof("closing a session that was never opened is no error", True)

    def _answers(self, server: PeerServer) -> Iterator[Proof]:
        with self._open(server, Speaker("probe: one")) as execution:
            outcome = self._ask("answers", self._client(execution), self._chat())
            yield _reads(
                "it performs a call and shows what the caller reads", outcome, "probe: one"
            )
            again = self._ask("answers", self._client(execution), self._chat())
            yield _reads("a session serves a second call", again, "probe: one")
            self._process.ask(close_message("answers"), "done", _SECONDS)
            requests = len(execution.capture().exchanges)
            yield _proof(
                "one call makes one request",
                held=requests == 2,
                otherwise=f"{requests} for two calls",
            )

    def _order(self, server: PeerServer) -> Iterator[Proof]:
        hello = self._hello
        late, prompt = Speaker("probe: slow", _SLOW), Speaker("probe: fast")
        with self._open(server, late) as slow, self._open(server, prompt) as fast:
            arrived: list[str] = []
            lock = threading.Lock()

            def note(name: str) -> Callable[[Future[dict[str, Any]]], None]:
                def done(_: Future[dict[str, Any]]) -> None:
                    with lock:
                        arrived.append(name)

                return done

            first = self._send("slow", self._client(slow), self._chat())
            first.add_done_callback(note("slow"))
            time.sleep(0.02)
            second = self._send("fast", self._client(fast), self._chat())
            second.add_done_callback(note("fast"))
            yield _reads(
                "with two calls under way, the first gets its own answer",
                outcome_of(first.result()),
                "probe: slow",
            )
            yield _reads("and the second its own", outcome_of(second.result()), "probe: fast")
            title = "a fast call does not wait for a slow one"
            if hello is not None and hello.concurrency > 1:
                yield Proof(title, arrived[0] == "fast")
            else:
                yield Proof(title, None, "it performs one call at a time")
            for name in ("slow", "fast"):
                self._process.ask(close_message(name), "done", _SECONDS)
        chatter = len(self._process.stderr.splitlines())
        yield Proof("what it writes to stderr disturbs nothing", True, f"{chatter} lines so far")

    def _abilities(self, server: PeerServer) -> Iterator[Proof]:  # noqa: ARG002
        hello = self._hello
        assert hello is not None
        contract = self._contract.contract
        documented = {
            name
            for name in contract.operations
            if self._contract.unsupported(name, self._launch.version) is None
        }
        # What the SDK has, though its contract says that on Azure it lacks it.
        of_no_use = set(contract.lacks)
        missing = sorted(documented - set(hello.operations))
        more = sorted(set(hello.operations) - documented - of_no_use)
        yield _proof(
            "it has every operation its contract documents for this version",
            held=not missing,
            otherwise=", ".join(missing),
        )
        yield _proof(
            "it claims no operation its contract does not",
            held=not more,
            otherwise=", ".join(more),
        )
        surfaces = f"it says {', '.join(hello.surfaces)}; {', '.join(contract.surfaces)} documented"
        yield _proof(
            "its surfaces are its contract's",
            held=set(hello.surfaces) == set(contract.surfaces),
            otherwise=surfaces,
        )

    def _ending(self, server: PeerServer) -> Iterator[Proof]:  # noqa: ARG002
        self._process.ask(shutdown_message(), "done", _SECONDS)
        self._process.stop()
        fault = self._process.fault
        cause = "it did not"
        if fault is not None:
            cause = fault.cause
        yield _proof(
            "it ends when asked to, with code 0",
            held=cause == "the process ended with code 0",
            otherwise=cause,
        )

    def _open(self, server: PeerServer, speaker: Speaker) -> Execution:
        return server.open(speaker, tls=self._plain_http == "none")

    def _client(self, execution: Execution) -> ClientConfig:
        surface = self._hello.surfaces[0] if self._hello else Surface.SYNC
        return ClientConfig(
            execution.url, "azure", "2024-10-21", Auth("api_key", "probe"), surface=surface
        )

    def _chat(self) -> Call:
        return Call(CHAT, {"model": "probe", "messages": [{"role": "user", "content": "Say it."}]})

    def _send(self, session: str, client: ClientConfig, call: Call) -> Future[dict[str, Any]]:
        return self._process.send(call_message(session, client, call), "outcome", _SECONDS)

    def _ask(self, session: str, client: ClientConfig, call: Call) -> Outcome:
        return outcome_of(self._send(session, client, call).result())


def _proof(title: str, *, held: bool, otherwise: str) -> Proof:
    """A proof whose detail, when it did not hold, is ``otherwise``."""
    if held:
        return Proof(title, True)
    return Proof(title, False, otherwise)


def _reads(title: str, outcome: Outcome, text: str) -> Proof:
    """Whether the caller read ``text``."""
    if outcome.status != "ok":
        problem = outcome.reason
        if outcome.error is not None:
            problem = f"{outcome.error.type}: {outcome.error.message}"
        return Proof(title, False, f"{outcome.status}: {problem}")
    read = (outcome.view or {}).get("text")
    return _proof(
        title,
        held=read == text,
        otherwise=f"the view's text is {read!r}; {text!r} was served",
    )
