"""What the peer saw of one execution, as frozen values.

All times are seconds since the execution was opened, rounded to microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import overload

from conformance.wire.exchange import Exchange, Headers


@overload
def seconds_after(opened: float, moment: float) -> float: ...


@overload
def seconds_after(opened: float, moment: float | None) -> float | None: ...


def seconds_after(opened: float, moment: float | None) -> float | None:
    """The seconds from ``opened`` to ``moment``, to the microsecond; None for what never
    happened."""
    if moment is None:
        return None
    return round(moment - opened, 6)


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
    """Something that arrived and was refused: which kind of problem (``code``), what it was in one
    sentence (``cause``), and the first bytes of what was sent (``start``)."""

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
    """An exchange together with what only the wire shows.

    The request: ``head`` is its head as sent, up to and including the blank line, with the order,
    case and repetition of headers and the exact path. Its first byte came at ``arrived``, its last
    at ``complete``. ``arrivals`` says how the body grew in between (without transfer coding),
    ``sent_chunks`` has the end offsets of the chunks of a chunked request.

    The response: the socket accepted its first byte at ``answered`` and its last at ``finished``
    (None: it never did); under TLS the layer that encrypts counts as the socket. ``deliveries`` has
    each write in between, as the response bytes written so far, head and framing included.

    ``aborted``: the client went away, at ``client_left``, before the response had ended.
    ``failure`` is what the player raised. ``approximated`` says why a fault could not be played as
    written.
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
    """One accepted connection.

    ``number`` counts from 1 in each execution. ``tls`` is the version of TLS spoken, or None.
    ``closed`` is None while the connection is open. ``client_left`` is when the client's FIN or RST
    was seen.
    """

    number: int
    accepted: float
    tls: str | None = None
    requests: int = 0
    closed: float | None = None
    client_left: float | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Everything one execution saw. Exchanges stand in the order in which their requests were
    complete. ``opened`` is the reading of ``time.monotonic()`` from which the other times count."""

    opened: float
    exchanges: tuple[CapturedExchange, ...] = ()
    connections: tuple[CapturedConnection, ...] = ()
    problems: tuple[Problem, ...] = ()
