"""What a report may show of a request: forms part by part, and nothing random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.results import ExchangeTrace, StepTrace
from conformance.judge.trace import asked_wait, request_trace
from conformance.report.canonical import canonical_call
from conformance.report.timeline import timeline
from conformance.wire.exchange import Provenance, Request, Response, Source

URL = "https://conformance.openai.azure.com/openai/files"


def form(content: bytes, boundary: str = "f00d", kind: str = "audio/wav") -> Request:
    """A form of one field and one file."""
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
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


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"retry-after-ms": "40"}, (0.04, "retry-after-ms")),
        ({"retry-after": "2"}, (2.0, "retry-after")),
        ({"retry-after-ms": "40", "retry-after": "2"}, (0.04, "retry-after-ms")),
        ({"x-ms-retry-after-ms": "300"}, (0.3, "x-ms-retry-after-ms")),
        ({"x-ms-retry-after-ms": "300", "retry-after": "1"}, (0.3, "x-ms-retry-after-ms")),
        ({"retry-after": "Infinity"}, (None, None)),
        ({}, (None, None)),
        (
            {
                "retry-after": "Mon, 02 Mar 2026 09:30:05 GMT",
                "date": "Mon, 02 Mar 2026 09:30:00 GMT",
            },
            (5.0, "retry-after"),
        ),
        ({"retry-after": "soon"}, (None, None)),
        ({"retry-after": "Mon, 02 Mar 2026 09:30:05 GMT"}, (None, None)),
        ({"retry-after-ms": "x", "retry-after": "1"}, (1.0, "retry-after")),
    ],
)
def test_the_wait_a_response_asks_for(
    headers: dict[str, str], wanted: tuple[float | None, str | None]
) -> None:
    assert (
        asked_wait(Response(429, tuple(headers.items()), b"", Provenance(Source.SCRIPT))) == wanted
    )
    assert asked_wait(None) == (None, None)


def test_the_timeline_shows_a_wait_that_only_the_header_of_azure_asks_for() -> None:
    response = Response(429, (("x-ms-retry-after-ms", "300"),), b"", Provenance(Source.SCRIPT))
    seconds, header = asked_wait(response)
    call = request_trace(Request("POST", URL, ()))
    first = ExchangeTrace(request=call, response=None, asked_wait=seconds, asked_by=header)
    drawing = timeline((first, ExchangeTrace(request=call, response=None, at=0.3, waited=0.3)))
    assert drawing is not None
    assert "asked (x-ms-retry-after-ms)" in [bar.label for bar in drawing.bars]
