"""What a report may show of a request: forms part by part, and nothing random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.results import ExchangeTrace, StepTrace
from conformance.judge.trace import request_trace
from conformance.report.canonical import canonical_call
from conformance.wire.exchange import Request

URL = "https://conformance.openai.azure.com/openai/files"


def form(content: bytes, boundary: str = "f00d", kind: str = "audio/wav") -> Request:
    """A form of one field and one file."""
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: {kind}'
            "\r\n\r\n"
        ).encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return Request(
        "POST", URL, (("content-type", f"multipart/form-data; boundary={boundary}"),), body
    )


def members(request: Request) -> dict[str, str]:
    step = StepTrace(
        name="",
        operation="files.create",
        outcome="ok",
        exchanges=(ExchangeTrace(request=request_trace(request), response=None),),
    )
    return dict(canonical_call(step).request)


def test_the_bytes_of_a_file_do_not_hide_the_fields_beside_it() -> None:
    shown = request_trace(form(b"\xff\xfe\x00"))
    assert 'name="purpose"\r\n\r\nbatch\r\n' in shown.body
    assert "<3 bytes, sha256 " in shown.body
    assert shown.body_bytes == len(form(b"\xff\xfe\x00").body)


@pytest.mark.parametrize("content", [b"text", b"\xff\xfe\x00"])
def test_forms_of_one_content_are_shown_alike_whatever_their_boundary(content: bytes) -> None:
    assert (
        request_trace(form(content, "one")).body
        == request_trace(form(content, "other-and-longer")).body
    )


def test_forms_differ_where_their_parts_do() -> None:
    one, other = members(form(b"\xff\x01")), members(form(b"\xff\x02"))
    assert {name for name in one if one[name] != other[name]} == {"/body/file/content"}
    assert one["/body/purpose"] == '"batch"'


@given(content=st.binary(max_size=60))
def test_every_part_of_a_form_is_found_again_whatever_its_bytes(content: bytes) -> None:
    assert members(form(content)).keys() >= {
        "/body/purpose",
        "/body/file/filename",
        "/body/file/content_type",
        "/body/file/content",
    }
