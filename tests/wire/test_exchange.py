"""Requests and responses as values."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from conformance.wire.exchange import MAX_CONTENT, Provenance, Response, Source, json_or_none


def test_json_that_is_nested_beyond_reach_reads_as_no_json() -> None:
    assert json_or_none(b"[" * 200_000) is None


def test_an_empty_body_and_text_read_as_no_json() -> None:
    assert json_or_none(b"") is None
    assert json_or_none(b"upstream connect error") is None
    assert json_or_none(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (None, b'{"a": 1}'),
        ("identity", b'{"a": 1}'),
        ("gzip", gzip.compress(b'{"a": 1}', mtime=0)),
        ("GZIP ", gzip.compress(b'{"a": 1}', mtime=0)),
        ("gzip", b'{"a": 1}'),
    ],
)
def test_a_coded_body_reads_as_what_was_coded_and_a_false_coding_as_it_stands(
    coding: str | None, body: bytes
) -> None:
    headers = () if coding is None else (("Content-Encoding", coding),)
    response = Response(200, headers, body, Provenance(Source.SCRIPT))
    assert (response.content, response.json()) == (b'{"a": 1}', {"a": 1})


def test_a_coded_body_that_explodes_is_not_held() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(bomb.compress(bytes(1 << 24)) for _ in range(24)) + bomb.flush()
    assert len(body) < 500_000
    tracemalloc.start()
    response = Response(200, (("content-encoding", "gzip"),), body, Provenance(Source.SCRIPT))
    assert response.content == body
    assert response.json() is None
    assert tracemalloc.get_traced_memory()[1] < 2.5 * MAX_CONTENT
    tracemalloc.stop()


def test_a_coded_body_that_ends_early_is_not_json() -> None:
    body = gzip.compress(b'{"a": 1}', mtime=0)[:-4]
    assert (
        Response(200, (("content-encoding", "gzip"),), body, Provenance(Source.SCRIPT)).json()
        is None
    )
