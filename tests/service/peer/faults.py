"""Faults as replies: each function takes the response that would have been served and spoils it.

A head that is merely wrong (a wrong or missing content type, any status, any header) needs nothing
here: a response carries the headers it is given. A refused or silent connection is no reply at all:
see ``Execution.door``.
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from itertools import pairwise

from conformance.service.peer.writing import render_head
from conformance.wire.exchange import Delivery, Fault, Headers, Provenance, Reply, Response, Source

RESET_BEFORE_HEAD = Reply(fault=Fault.CONNECTION_RESET)
CLOSED_BEFORE_HEAD = Reply(fault=Fault.CUT_BODY)
NO_ANSWER = Reply(fault=Fault.READ_TIMEOUT)

_CHUNKED = ("transfer-encoding", "chunked")


def cut_after(response: Response, size: int) -> Reply:
    """The connection is closed (FIN) after ``size`` bytes of the body; 0: after the head. A
    content-length, if there was one, still promises the whole; a chunked coding is never ended."""
    return Reply(_shortened(response, size), Fault.CUT_BODY)


def reset_after(response: Response, size: int) -> Reply:
    """The connection is reset (RST) after ``size`` bytes of the body; 0: after the head."""
    return Reply(_shortened(response, size), Fault.CONNECTION_RESET)


def stall_after(response: Response, size: int) -> Reply:
    """After ``size`` bytes of the body nothing more comes, and the connection stays."""
    return Reply(_shortened(response, size), Fault.STALL_BODY)


def cut_inside_head(response: Response, size: int, fault: Fault = Fault.CUT_BODY) -> Reply:
    """``fault`` strikes after ``size`` bytes of the status line and headers."""
    head = render_head(response.status, response.headers)[:size]
    return Reply(replace(response, body=b"", chunks=(), pauses=()), fault, Delivery(head=head))


def raw_head(response: Response, head: bytes) -> Reply:
    """``head`` is sent instead of the status line and headers, byte for byte, and the body as it
    stands."""
    return Reply(response, delivery=Delivery(head=head))


def short_content_length(response: Response, missing: int) -> Reply:
    """The content-length is ``missing`` bytes less than what is sent. The connection ends after the
    body."""
    return Reply(
        _with_length(response, max(0, len(response.body) - missing)), delivery=Delivery(close=True)
    )


def long_content_length(response: Response, excess: int) -> Reply:
    """The content-length promises ``excess`` bytes that never come; then the connection is
    closed."""
    return Reply(_with_length(response, len(response.body) + excess), Fault.CUT_BODY)


def broken_chunk(response: Response, whole: int = 1) -> Reply:
    """``whole`` chunks of the chunked body arrive intact; where the size of the next one belongs,
    there is garbage."""
    pieces = _pieces(response)
    coded = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces[:whole])
    return _unframed(response, coded + b"XYZ not a size\r\n" + b"".join(pieces[whole:]))


def short_chunk(response: Response) -> Reply:
    """The last chunk announces more bytes than follow before the coding ends."""
    pieces = _pieces(response)
    coded = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces[:-1])
    return _unframed(response, coded + b"%x\r\n%b\r\n0\r\n\r\n" % (len(pieces[-1]) + 7, pieces[-1]))


def delayed(response: Response, seconds: float) -> Reply:
    """Nothing is sent for ``seconds``, then everything."""
    return Reply(response, delivery=Delivery(delay=seconds))


def held_open(response: Response, seconds: float) -> Reply:
    """The whole body arrives, ``[DONE]`` included, but the response ends ``seconds`` later."""
    return Reply(response, delivery=Delivery(linger=seconds))


def dripped(response: Response, size: int, seconds: float) -> Reply:
    """The body comes ``size`` bytes at a time, ``seconds`` apart."""
    ends = (*range(size, len(response.body), size), len(response.body))
    return Reply(replace(response, chunks=ends, pauses=(seconds,) * len(ends)))


def delivered(response: Response, chunks: tuple[int, ...], pauses: tuple[float, ...] = ()) -> Reply:
    """The body in the pieces that end at ``chunks`` (see ``conformance.service.sse_shapes``)."""
    return Reply(replace(response, chunks=chunks, pauses=pauses))


def gzipped(response: Response) -> Reply:
    """The body compressed, and the headers saying so. Reproducible: the stream carries no date."""
    body = gzip.compress(response.body, mtime=0)
    headers = (
        *_without(response.headers, "content-length", "content-encoding"),
        ("content-encoding", "gzip"),
    )
    if response.header("content-length") is not None:
        headers = (*headers, ("content-length", str(len(body))))
    return Reply(replace(response, body=body, headers=headers, chunks=(), pauses=()))


def redirect(location: str, status: int = 307) -> Reply:
    """A redirect to ``location``. ``localhost`` and ``127.0.0.1`` are two hosts to a client and one
    listener here, so that a redirect to another host can be observed."""
    headers = (("location", location), ("content-length", "0"))
    return Reply(Response(status, headers, b"", Provenance(Source.SCRIPT, "a redirect")))


def _shortened(response: Response, size: int) -> Response:
    """``response`` with ``size`` bytes of its body, cut to pieces as before."""
    kept = sum(1 for end in response.chunks if end < size)
    ends = (*response.chunks[:kept], size) if response.chunks and size else ()
    return replace(
        response, body=response.body[:size], chunks=ends, pauses=response.pauses[: kept + 1]
    )


def _with_length(response: Response, length: int) -> Response:
    headers = _without(response.headers, "content-length", "transfer-encoding")
    return replace(response, headers=(*headers, ("content-length", str(length))))


def _without(headers: Headers, *names: str) -> Headers:
    return tuple(pair for pair in headers if pair[0].lower() not in names)


def _pieces(response: Response) -> list[bytes]:
    cuts = [
        0,
        *(end for end in response.chunks if 0 < end < len(response.body)),
        len(response.body),
    ]
    return [response.body[start:stop] for start, stop in pairwise(cuts)]


def _unframed(response: Response, body: bytes) -> Reply:
    headers = (*_without(response.headers, "content-length", "transfer-encoding"), _CHUNKED)
    return Reply(
        replace(response, headers=headers, body=body, chunks=(), pauses=()),
        delivery=Delivery(framed=False),
    )
