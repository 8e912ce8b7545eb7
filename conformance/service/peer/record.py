"""An exchange in the making."""

from __future__ import annotations

from conformance.service.peer.capture import Arrival, CapturedExchange
from conformance.wire.exchange import Exchange, Headers, Reply, Request

NOT_YET = Request("", "", ())
NO_REPLY = Reply()


class Record:
    """What is known so far of one exchange. Times are readings of ``time.monotonic()``.

    A run keeps thousands of these, so what follows from something else is left out until it is
    asked for: ``arrivals`` is empty for a body that came in one piece with its head, ``deliveries``
    for a response written at once. Both are flat: a time, then a size, and so on.
    """

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
        """``size`` bytes of the body have arrived."""
        if self.arrivals is None:
            self.arrivals = []
        self.arrivals += (at, size)

    def deliver(self, at: float, size: int) -> None:
        """``size`` more bytes of the response are written."""
        if self.answered is None:
            self.answered = at
        elif self.deliveries is None:
            self.deliveries = [self.answered, self.written, at, self.written + size]
        else:
            self.deliveries += (at, self.written + size)
        self.written += size

    def freeze(self, opened: float) -> CapturedExchange:
        """The exchange as a value, its times counted from ``opened``."""

        def since(at: float | None) -> float | None:
            return None if at is None else round(at - opened, 6)

        def track(marks: list[float] | None, at: float | None, size: int) -> tuple[Arrival, ...]:
            if marks is None:
                marks = [at, size] if at is not None and size else []
            return tuple(
                Arrival(round(when - opened, 6), int(count))
                for when, count in zip(marks[::2], marks[1::2], strict=True)
            )

        at = round(self.arrived - opened, 6)
        exchange = Exchange(self.request, self.reply.response, at, self.reply.fault)
        return CapturedExchange(
            exchange,
            self.connection,
            self.sequence,
            self.head,
            arrived=at,
            complete=round(self.complete - opened, 6),
            arrivals=track(self.arrivals, self.complete, len(self.request.body)),
            sent_chunks=self.sent_chunks,
            trailers=self.trailers,
            answered=since(self.answered),
            finished=since(self.finished),
            deliveries=track(self.deliveries, self.answered, self.written),
            written=self.written,
            aborted=self.client_left is not None and self.finished is None,
            client_left=since(self.client_left),
            failure=self.failure,
            approximated=self.approximated,
        )
