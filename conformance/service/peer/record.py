"""What is known of an exchange while it is under way."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.service.peer.capture import Arrival, CapturedExchange, seconds_after
from conformance.wire.exchange import Exchange, Headers, Reply, Request

NOT_YET = Request("", "", ())
NO_REPLY = Reply()


class Record:
    """What is known so far of one exchange. Its members are those of CapturedExchange, which
    ``freeze`` makes of it; times are readings of ``time.monotonic()``.

    ``arrivals`` and ``deliveries`` are flat lists: a time, a size, a time, a size... They are None
    for a body that came in one piece with its head, and for a response written at once.
    """

    # A run keeps thousands of records. So they have slots, and what follows from other members is
    # not kept but worked out in freeze().

    __slots__ = (
        "answered",
        "approximated",
        "arrivals",
        "arrived",
        "client_left",
        "complete",
        "connection",
        "deliveries",
        "failure",
        "finished",
        "head",
        "reply",
        "request",
        "sent_chunks",
        "sequence",
        "trailers",
        "written",
    )

    def __init__(self, head: bytes, connection: int, sequence: int, arrived: float) -> None:
        self.head = head
        self.request = NOT_YET
        self.connection = connection
        self.sequence = sequence
        self.arrived = arrived
        self.complete = arrived
        self.arrivals: list[float] | None = None
        self.sent_chunks: tuple[int, ...] = ()
        self.trailers: Headers = ()
        self.reply = NO_REPLY
        self.answered: float | None = None
        self.finished: float | None = None
        self.deliveries: list[float] | None = None
        self.written = 0
        self.client_left: float | None = None
        self.failure: str | None = None
        self.approximated: str | None = None

    def arrive(self, at: float, size: int) -> None:
        """Note that ``size`` bytes of the body have arrived."""
        if self.arrivals is None:
            self.arrivals = []
        self.arrivals += (at, size)

    def deliver(self, at: float, size: int) -> None:
        """Note that ``size`` more bytes of the response were written."""
        if self.answered is None:
            self.answered = at
        elif self.deliveries is None:
            self.deliveries = [self.answered, self.written, at, self.written + size]
        else:
            self.deliveries += (at, self.written + size)
        self.written += size

    def freeze(self, opened: float) -> CapturedExchange:
        """The exchange as a value, its times counted from ``opened``."""
        arrived = seconds_after(opened, self.arrived)
        arrivals, deliveries = self.arrivals, self.deliveries
        if arrivals is None and self.request.body:
            arrivals = [self.complete, len(self.request.body)]
        if deliveries is None and self.answered is not None and self.written:
            deliveries = [self.answered, self.written]
        return CapturedExchange(
            exchange=Exchange(self.request, self.reply.response, arrived, self.reply.fault),
            connection=self.connection,
            sequence=self.sequence,
            head=self.head,
            arrived=arrived,
            complete=seconds_after(opened, self.complete),
            arrivals=_marks(opened, arrivals or ()),
            sent_chunks=self.sent_chunks,
            trailers=self.trailers,
            answered=seconds_after(opened, self.answered),
            finished=seconds_after(opened, self.finished),
            deliveries=_marks(opened, deliveries or ()),
            written=self.written,
            aborted=self.client_left is not None and self.finished is None,
            client_left=seconds_after(opened, self.client_left),
            failure=self.failure,
            approximated=self.approximated,
        )


def _marks(opened: float, flat: Sequence[float]) -> tuple[Arrival, ...]:
    """The times and sizes of ``flat`` as values."""
    return tuple(
        Arrival(seconds_after(opened, moment), int(size))
        for moment, size in zip(flat[::2], flat[1::2], strict=True)
    )
