"""Requests and responses as values."""

from __future__ import annotations

from conformance.wire.exchange import json_or_none


def test_json_that_is_nested_beyond_reach_reads_as_no_json() -> None:
    assert json_or_none(b"[" * 200_000) is None


def test_an_empty_body_and_text_read_as_no_json() -> None:
    assert json_or_none(b"") is None
    assert json_or_none(b"upstream connect error") is None
    assert json_or_none(b'{"a": 1}') == {"a": 1}
