"""An exchange in the making."""

from __future__ import annotations

from conformance.wire.exchange import Exchange, Headers, Reply, Request
from conformance.wire.peer.capture import Arrival, CapturedExchange
from conformance.wire.peer.parsing import Head

NOT_YET = Request("", "", ())


class Record:
    """What is known so far of one exchange. Times are readings of ``time.monotonic()``."""

    __slots__ = ("approximated", "arrivals", "arrived", "client_left", "complete", "connection",
                 "deliveries", "failure", "finished", "head", "reply", "request", "sent_chunks", "sequence", "trailers",
                 "written")

    def __init__(self, head: Head, connection: int, sequence: int, arrived: float) -> None:
        self.head = head
        self.request = NOT_YET
        self.connection = connection
        self.sequence = sequence
        self.arrived = arrived
        self.complete = arrived
        self.arrivals: list[tuple[float, int]] = []
        self.sent_chunks: tuple[int, ...] = ()
        self.trailers: Headers = ()
        self.reply = Reply()
        self.finished: float | None = None
        self.deliveries: list[tuple[float, int]] = []
        self.written = 0
        self.client_left: float | None = None
        self.failure: str | None = None
        self.approximated: str | None = None

    def freeze(self, opened: float) -> CapturedExchange:
        """The exchange as a value, its times counted from ``opened``."""

        def since(at: float | None) -> float | None:
            return None if at is None else round(at - opened, 6)

        def track(marks: list[tuple[float, int]]) -> tuple[Arrival, ...]:
            return tuple(Arrival(round(at - opened, 6), size) for at, size in marks)

        at, first = round(self.arrived - opened, 6), self.deliveries[0][0] if self.deliveries else None
        exchange = Exchange(self.request, self.reply.response, at, self.reply.fault)
        return CapturedExchange(
            exchange, self.connection, self.sequence, self.head.raw, arrived=at,
            complete=round(self.complete - opened, 6), arrivals=track(self.arrivals), sent_chunks=self.sent_chunks,
            trailers=self.trailers, answered=since(first), finished=since(self.finished),
            deliveries=track(self.deliveries), written=self.written,
            aborted=self.client_left is not None and self.finished is None, client_left=since(self.client_left),
            failure=self.failure, approximated=self.approximated)
