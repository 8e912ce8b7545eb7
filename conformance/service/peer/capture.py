"""What the peer saw of one execution. Values only; all times are seconds since the execution was
opened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.wire.exchange import Exchange, Headers


class ProblemCode(StrEnum):
    """Why something that arrived never reached the player."""

    WRONG_HOST = "wrong-host"
    BROWSER = "browser"
    BAD_REQUEST = "bad-request"
    HEAD_TOO_LARGE = "head-too-large"
    BODY_TOO_LARGE = "body-too-large"
    TOO_MANY = "too-many"
    TOO_SLOW = "too-slow"
    INCOMPLETE = "incomplete"
    NOT_HTTP = "not-http"
    TLS_HANDSHAKE = "tls-handshake"
    RESET_AT_DOOR = "reset-at-door"
    HARNESS = "harness"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that arrived and was refused: by ``code``, in one sentence, with the first bytes of
    what was sent."""

    at: float
    connection: int
    code: ProblemCode
    cause: str
    start: bytes = b""


@dataclass(frozen=True, slots=True)
class Arrival:
    """``size`` bytes of a body had arrived at ``at``."""

    at: float
    size: int


@dataclass(frozen=True, slots=True)
class CapturedExchange:
    """An exchange with what only the wire shows.

    ``head`` is the request's head as sent, with its final blank line: header order, case,
    repetition and the exact path. ``arrived`` is when its first byte came, ``complete`` its last;
    ``arrivals`` how the body grew in between (without transfer coding), ``sent_chunks`` the end
    offsets of the chunks of a chunked request. ``answered`` and ``finished`` are when the first and
    the last byte of the response were accepted by the socket (under TLS by the layer that encrypts;
    None: never), ``deliveries`` each write in between, as response bytes written so far, head and
    framing included.

    ``aborted``: the client went away before the response had ended, at ``client_left``. ``failure``
    is what the player raised; ``approximated`` says where a fault could not be played as written.
    """

    exchange: Exchange
    connection: int
    sequence: int
    head: bytes
    arrived: float
    complete: float
    arrivals: tuple[Arrival, ...] = ()
    sent_chunks: tuple[int, ...] = ()
    trailers: Headers = ()
    answered: float | None = None
    finished: float | None = None
    deliveries: tuple[Arrival, ...] = ()
    written: int = 0
    aborted: bool = False
    client_left: float | None = None
    failure: str | None = None
    approximated: str | None = None

    @property
    def reused(self) -> bool:
        """Whether the request came on a connection that had carried one before."""
        return self.sequence > 1

    @property
    def request_line(self) -> bytes:
        """Method, target and version exactly as sent."""
        return self.head.partition(b"\r\n")[0]


@dataclass(frozen=True, slots=True)
class CapturedConnection:
    """One accepted connection. ``number`` counts from 1 per execution; ``tls`` is the protocol
    spoken, or None; ``closed`` is None while it stands. ``client_left`` is when the client's FIN or
    RST was seen."""

    number: int
    accepted: float
    tls: str | None = None
    requests: int = 0
    closed: float | None = None
    client_left: float | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Everything one execution saw, requests in the order in which they were complete.

    ``opened`` is the reading of ``time.monotonic()`` from which the other times count.
    """

    opened: float
    exchanges: tuple[CapturedExchange, ...] = ()
    connections: tuple[CapturedConnection, ...] = ()
    problems: tuple[Problem, ...] = ()
