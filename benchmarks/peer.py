"""The peer beside other loopback services, in one run on one machine (bars: docs/benchmarks.md).

Run from the repository root: ``python benchmarks/peer.py [--rounds 5] [--requests 20000] [--tools
DIR]``. Compared, each in a process of its own, by one raw-socket load generator that is bounded in
requests and seconds:

- ``constant``: an asyncio.Protocol that writes a constant for whatever arrives without looking at
  it: the ceiling;
- ``raw asyncio``: a server on asyncio's streams that reads to the end of a head, finds
  content-length in it, reads the body and writes a constant. It parses no request, keeps nothing
  and does not match;
- ``raw, httptools``: an asyncio.Protocol with httptools that reads target, headers and body as
  text, keeps the connection as HTTP/1.1 says, and writes a constant. It keeps and matches nothing
  either;
- ``ours, fixed``: the peer with a player that always gives the same reply (everything but
  matching);
- ``ours, cassette``: the peer replaying a cassette by its match key; ``ours, TLS`` the same over
  TLS;
- WireMock, Prism, aimock (npm) and mitmdump's server replay, on the PATH or below ``--tools``
  (node_modules/.bin and mitm/bin). What is not there is said to be missing.

Requests per second are the best of the rounds, the services taking turns in each, so that a machine
that does other things meanwhile counts as little as can be; they end where the load generator does.
``CPU`` is what the service itself spent, in microseconds of processor time a request, at the most
connections and in its best round. Start-up is from a process's start to its first answer; memory is
the resident size of the process tree after its load (ours keeps every exchange, as it does for a
case). ``share`` is against raw asyncio.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import selectors
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 1.0
"""The longest a measurement takes."""
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from peer_services import ASKED, PATH, Tools, resident, serve, tree  # noqa: E402 - needs the path above


def request(port: int, *, stream: bool = False) -> bytes:
    """The chat request of an SDK."""
    body = json.dumps({**ASKED, "stream": True} if stream else ASKED).encode()
    lines = (
        f"POST {PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept-Encoding: gzip, deflate",
        "Connection: keep-alive",
        "Accept: application/json",
        "Content-Type: application/json",
        "User-Agent: AzureOpenAI/Python 3.54.0",
        "X-Stainless-Lang: python",
        "X-Stainless-Retry-Count: 0",
        "api-key: key",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# Load


@dataclass
class Line:
    """One connection of the load generator. ``size`` is the length of the last answer: the next one
    is nearly always as long."""

    sock: socket.socket
    got: bytes = b""
    size: int = 0

    def complete(self) -> bool:
        if len(self.got) == self.size:
            return True
        whole = self._whole()
        self.size = len(self.got) if whole else self.size
        return whole

    def _whole(self) -> bool:
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.got[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            return self.got.endswith(b"0\r\n\r\n")
        return len(self.got) >= end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])


def load(
    port: int,
    count: int,
    connections: int,
    *,
    stream: bool = False,
    tls: str | None = None,
    seconds: float = 15.0,
) -> tuple[float, int]:
    """Send ``count`` requests over ``connections`` kept alive, for at most ``seconds``. Returns
    requests per second, and how many were answered."""
    asked, done, sent = request(port, stream=stream), 0, connections
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        lines = [Line(stack.enter_context(_connected(port, tls))) for _ in range(connections)]
        for line in lines:
            selector.register(line.sock, selectors.EVENT_READ, line)
        began = time.perf_counter()
        for line in lines:
            line.sock.sendall(asked)
        while done < count and time.perf_counter() - began < seconds:
            # Without sleeping: to be woken up is dear to whoever sends, which would be the service
            # that is measured.
            for key, _ in selector.select(0):
                line = key.data
                piece = _received(line.sock)
                if not piece:
                    raise ConnectionError(
                        f"the service hung up after {done} answers: {line.got[:200]!r}"
                    )
                line.got = line.got + piece if line.got else piece
                if line.complete():
                    if not line.got.startswith(b"HTTP/1.1 200"):
                        raise ConnectionError(f"not the answer: {line.got[:300]!r}")
                    done, line.got = done + 1, b""
                    if sent < count:
                        sent += 1
                        line.sock.sendall(asked)
        return done / (time.perf_counter() - began), done


def _connected(port: int, tls: str | None) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        sock = ssl.create_default_context(cafile=tls).wrap_socket(sock, server_hostname="127.0.0.1")
    return sock


def _received(sock: socket.socket) -> bytes:
    piece = sock.recv(262_144)
    while isinstance(sock, ssl.SSLSocket) and sock.pending():
        piece += sock.recv(262_144)
    return piece


# Services


@dataclass
class Service:
    """A running service. ``ca`` is the bundle to trust, for TLS."""

    port: int
    ca: str | None
    startup: float
    process: subprocess.Popen[str]
    renews: bool = False

    def renew(self) -> None:
        """Begin a new execution, where the service has such a thing."""
        if self.renews:
            assert self.process.stdin is not None and self.process.stdout is not None
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            self.port = int(self.process.stdout.readline().split()[0])

    def cpu(self) -> float:
        """Seconds of processor time so far, of the whole process tree."""
        ticks = 0
        for pid in tree(self.process.pid):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MiB resident, of the whole process tree."""
        return sum(resident(pid) for pid in tree(self.process.pid)) / 1024


@dataclass(frozen=True)
class Kind:
    """How to start a service: ``command`` for a port and a scratch folder; None when a tool is
    missing."""

    name: str
    command: Callable[[int, Path, bool], list[str] | None]
    announces: bool = False
    streams: bool = True
    renews: bool = False


def _own(mode: str) -> Callable[[int, Path, bool], list[str]]:
    def command(port: int, folder: Path, stream: bool) -> list[str]:  # noqa: ARG001
        return [sys.executable, __file__, "--serve", mode, *(["--stream"] if stream else [])]

    return command


@contextlib.contextmanager
def running(kind: Kind, *, stream: bool = False) -> Iterator[Service | None]:
    """The service, answering; None when it is missing."""
    with tempfile.TemporaryDirectory() as scratch:
        port = _free_port()
        command = kind.command(port, Path(scratch) / "work", stream)
        if command is None:
            yield None
            return
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=ROOT,
            stdout=subprocess.PIPE if kind.announces else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ca = None
        try:
            if kind.announces:
                assert process.stdout is not None
                announced = process.stdout.readline().split()
                port, ca = int(announced[0]), announced[1] if len(announced) > 1 else None
            _wait_until_it_answers(port, ca, process, stream)
            yield Service(
                port=port,
                ca=ca,
                startup=time.perf_counter() - began,
                process=process,
                renews=kind.renews,
            )
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_answers(
    port: int, ca: str | None, process: subprocess.Popen[str], stream: bool
) -> None:
    deadline = time.perf_counter() + 40
    while True:
        try:
            load(port, 1, 1, stream=stream, tls=ca, seconds=2)
            return
        except OSError as error:
            if time.perf_counter() > deadline or process.poll() is not None:
                raise RuntimeError(f"it does not answer: {error}") from error
            time.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


# The run


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.serve:
        serve(arguments.serve, arguments.stream)
        return
    tools = Tools(arguments.tools)
    kinds = [
        Kind("constant", _own("constant"), True),
        Kind("raw asyncio", _own("raw"), True),
        Kind("raw, httptools", _own("parsed"), True),
        *(
            Kind(f"ours, {name}", _own(name.lower()), announces=True, renews=True)
            for name in ("fixed", "cassette", "TLS")
        ),
        Kind("aimock", tools.aimock),
        Kind("WireMock", tools.wiremock),
        Kind("Prism", tools.prism, streams=False),
        Kind("mitmdump", tools.mitmdump),
    ]
    compare(kinds, arguments.requests, arguments.rounds, (1, 16), stream=False)
    print()
    apart = Kind("ours, 51 writes", _own("apart"), announces=True, renews=True)
    streaming = [kind for kind in (*kinds[:5], apart, *kinds[6:]) if kind.streams]
    compare(streaming, arguments.requests // 4, arguments.rounds, (16,), stream=True)
    print(*(f"{kind.name}: does not stream" for kind in kinds if not kind.streams), sep="\n")
    command = [sys.executable, __file__, "--serve", "many"]
    each, opening = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()
    print(f"\n1,000 open executions (TLS): {float(each):.1f} KiB and {float(opening):.2f} ms each")


@dataclass
class Figures:
    """What was measured of one service, by number of connections."""

    rates: dict[int, list[float]] = field(default_factory=dict)
    cpu: float = math.inf

    def best(self, connections: int) -> float:
        return max(self.rates[connections])


def measure(
    services: dict[str, Service | None],
    count: int,
    rounds: int,
    at: tuple[int, ...],
    *,
    stream: bool,
) -> dict[str, Figures]:
    """Load every service in turn, ``rounds`` times."""
    figures: dict[str, Figures] = {}
    present = {name: service for name, service in services.items() if service is not None}
    for name, service in present.items():
        load(
            service.port, max(100, count // 4), 8, tls=service.ca, seconds=5, stream=stream
        )  # warm
        figures[name] = Figures()
    for _ in range(rounds):
        for name, service in present.items():
            for connections in at:
                service.renew()
                before = service.cpu()
                rate, done = load(
                    service.port, count, connections, tls=service.ca, stream=stream, seconds=SECONDS
                )
                figures[name].rates.setdefault(connections, []).append(rate)
                if connections == at[-1]:
                    figures[name].cpu = min(figures[name].cpu, (service.cpu() - before) / done)
    return figures


def compare(
    kinds: list[Kind], count: int, rounds: int, at: tuple[int, ...], *, stream: bool
) -> None:
    """Start all, measure, print a table."""
    columns = "".join(f"{f'{n} conn/s':>11}{'share':>7}" for n in at)
    title = "51-event SSE" if stream else "chat JSON"
    print(f"{title:18}{'start s':>9}{columns}{'CPU us':>8}{'MiB':>6}", flush=True)
    with contextlib.ExitStack() as stack:
        services = {kind.name: stack.enter_context(running(kind, stream=stream)) for kind in kinds}
        figures = measure(services, count, rounds, at, stream=stream)
        base = figures["raw asyncio"]
        for name, service in services.items():
            if service is None:
                print(f"{name:18}  missing: not installed here")
                continue
            mine = figures[name]
            rates = "".join(f"{mine.best(n):11.0f}{mine.best(n) / base.best(n):7.2f}" for n in at)
            used = f"{mine.cpu * 1e6:8.0f}{service.memory():6.0f}"
            print(f"{name:18}{service.startup:9.2f}{rates}{used}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--requests", type=int, default=20_000, help="at most so many a measurement"
    )
    parser.add_argument(
        "--tools", type=Path, help="folder with node_modules and mitm, if not on the PATH"
    )
    parser.add_argument(
        "--serve",
        help=argparse.SUPPRESS,
        choices=["raw", "parsed", "constant", "fixed", "cassette", "tls", "apart", "many"],
    )
    parser.add_argument("--stream", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
