"""How a connection writes: never for long to one that is gone."""

from __future__ import annotations

import time
from types import SimpleNamespace

from conformance.service.peer.connection import Connection
from conformance.wire.exchange import Reply
from tests.service.peer.raw import SSE, Script, response


class Gone:
    """A transport over TLS that does not tell that the connection below it is gone; what it is
    given is counted."""

    def __init__(self) -> None:
        self.writes = 0

    def get_extra_info(self, name: str) -> object:
        return SimpleNamespace(version=lambda: "TLSv1.3") if name == "ssl_object" else None

    def set_write_buffer_limits(self, **_: int) -> None: ...

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.writes += 1


class Loop:
    def __init__(self) -> None:
        self.turns = 0

    def call_soon(self, _: object) -> None:
        self.turns += 1


def test_over_tls_the_loop_gets_its_turn_before_asyncio_complains_of_a_connection_that_is_gone(
    server,
):
    body = b"data: {}\n\n" * 400
    many = Reply(response(body, SSE, length=False, chunks=tuple(range(10, len(body) + 1, 10))))
    with server.open(Script(many)) as execution:
        transport, execution.loop = Gone(), Loop()
        connection = Connection(execution, 1, time.monotonic())
        connection.connection_made(transport)
        connection.data_received(
            f"GET / HTTP/1.1\r\nhost: {execution.host}:{execution.port}\r\n\r\n".encode()
        )
    assert 0 < transport.writes < 5
    assert execution.loop.turns == 1
