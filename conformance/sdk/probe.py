"""Proves that an adapter obeys the protocol: the conversation any adapter must be able to hold,
without a scenario.

The service is a peer of the probe's own, so that answers, and mistakes about whose answer is whose,
can be told apart.
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
from conformance.sdk.process import AdapterFault, AdapterProcess, Disturbed, Launch, ProcessLimits
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
    """One thing that was tried. ``held`` None: it could not be tried, and ``detail`` says why."""

    title: str
    held: bool | None
    detail: str = ""


class Speaker:
    """A service that answers every chat call with the text asked for, after ``delay`` seconds."""

    def __init__(self, text: str, delay: float = 0.0) -> None:
        self.text = text
        self.delay = delay

    def answer(self, request: Request) -> Reply:  # noqa: ARG002 - whatever is asked
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
    """One probe of one adapter. ``run`` yields the proofs as they come; the process is ended with
    it."""

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
        """Every proof in turn. Stops early when the adapter no longer answers."""
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
                fault = error.fault if isinstance(error, Disturbed) else error
                yield Proof(f"{step.__name__.strip('_')}: the adapter answers", False, str(fault))
                return

    def _introduction(self, server: PeerServer) -> Iterator[Proof]:  # noqa: ARG002
        hello = self._hello = self._process.start()
        yield Proof(
            "it introduces itself", True, f"{hello.package} {hello.version} on {hello.runtime}"
        )
        named = hello.sdk == self._launch.sdk
        yield Proof(
            "it is the adapter of this SDK", named, "" if named else f"it says {hello.sdk!r}"
        )
        wanted = same_version(hello.version, self._launch.version)
        yield Proof(
            "it drives the version asked for",
            wanted,
            "" if wanted else f"{self._launch.version} was asked for, it says {hello.version}",
        )

    def _ids(self, server: PeerServer) -> Iterator[Proof]:  # noqa: ARG002
        client = ClientConfig(
            "https://127.0.0.1:9", "azure", "2024-10-21", Auth("api_key", "probe")
        )
        asked = [
            self._send(f"ids-{number}", client, Call(NOWHERE, {"number": number}))
            for number in range(20)
        ]
        outcomes = [outcome_of(future.result()) for future in asked]
        yield Proof(
            "every question is answered once, under its own id", True, f"{len(outcomes)} questions"
        )
        unknown = all(outcome.status == "unsupported" for outcome in outcomes)
        yield Proof(
            "an operation it does not know is unsupported",
            unknown,
            "" if unknown else f"it answered {outcomes[0].status}",
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
            capture = execution.capture()
            quiet = len(capture.exchanges) == 2
            yield Proof(
                "one call makes one request",
                quiet,
                "" if quiet else f"{len(capture.exchanges)} for two calls",
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
            many = hello is not None and hello.concurrency > 1
            title = "a fast call does not wait for a slow one"
            yield (
                Proof(title, arrived[0] == "fast")
                if many
                else Proof(title, None, "it performs one call at a time")
            )
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
        of_no_use = set(
            contract.lacks
        )  # what the SDK has and its contract says it does not have on Azure
        missing = sorted(documented - set(hello.operations))
        more = sorted(set(hello.operations) - documented - of_no_use)
        yield Proof(
            "it has every operation its contract documents for this version",
            not missing,
            ", ".join(missing),
        )
        yield Proof("it claims no operation its contract does not", not more, ", ".join(more))
        alike = set(hello.surfaces) == set(contract.surfaces)
        said = f"it says {', '.join(hello.surfaces)}; {', '.join(contract.surfaces)} documented"
        yield Proof("its surfaces are its contract's", alike, "" if alike else said)

    def _ending(self, server: PeerServer) -> Iterator[Proof]:  # noqa: ARG002
        self._process.ask(shutdown_message(), "done", _SECONDS)
        self._process.stop()
        cause = self._process.fault.cause if self._process.fault else "it did not"
        clean = cause == "the process ended with code 0"
        yield Proof("it ends when asked to, with code 0", clean, "" if clean else cause)

    # Asking

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


def _reads(title: str, outcome: Outcome, text: str) -> Proof:
    """Whether the caller read ``text``."""
    if outcome.status != "ok":
        said = f"{outcome.error.type}: {outcome.error.message}" if outcome.error else outcome.reason
        return Proof(title, False, f"{outcome.status}: {said}")
    read = (outcome.view or {}).get("text")
    return Proof(
        title,
        read == text,
        "" if read == text else f"the view's text is {read!r}; {text!r} was served",
    )
