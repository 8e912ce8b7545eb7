"""A CONNECT proxy on loopback, and behind it services under any name, with certificates for it."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from pathlib import Path

import trustme


class Tunnels(socketserver.ThreadingTCPServer):
    """A proxy. ``asked``: every place a tunnel was asked to, with the credentials for the proxy.
    ``refusal``: a status it answers instead. A context manager."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, refusal: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.refusal = refusal
        self.asked: list[tuple[str, str]] = []
        self._behind: dict[str, tuple[int, ssl.SSLContext | None]] = {}
        self._authority = trustme.CA()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Tunnels:
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def put(self, name: str, port: int) -> None:
        """Let the plain service at ``port`` be ``https://name``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        self._behind[f"{name}:443"] = (port, context)

    def ca_file(self, folder: Path) -> Path:
        """The authority of the names, as a file in ``folder``."""
        path = folder / "names-ca.pem"
        path.write_bytes(self._authority.cert_pem.bytes())
        return path

    def behind(self, place: str) -> tuple[int, ssl.SSLContext | None]:
        return self._behind.get(place) or (int(place.rpartition(":")[2]), None)


class _Tunnel(socketserver.BaseRequestHandler):
    server: Tunnels

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.request.recv(1)  # to the byte: what follows is TLS
        lines = head.decode("latin-1").split("\r\n")
        place = lines[0].split(" ")[1]
        told = next(
            (line for line in lines if line.lower().startswith("proxy-authorization:")), ":"
        )
        self.server.asked.append((place, told.partition(":")[2].strip()))
        if self.server.refusal:
            self.request.sendall(
                f"HTTP/1.1 {self.server.refusal}\r\nContent-Length: 0\r\n\r\n".encode()
            )
            return
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        port, context = self.server.behind(place)
        with contextlib.suppress(OSError):
            near = context.wrap_socket(self.request, server_side=True) if context else self.request
            with near, socket.create_connection(("127.0.0.1", port)) as far:
                back = threading.Thread(target=_pipe, args=(far, near), daemon=True)
                back.start()
                _pipe(near, far)
                back.join()


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
