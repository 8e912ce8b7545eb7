"""Multipart bodies are read as HTTP libraries write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.multipart import FormPart, boundary_of, parse_multipart

try:
    import httpx2 as httpx
except ImportError:  # the older SDKs bring httpx
    import httpx  # type: ignore[no-redef]

letters = st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters='"\\')
names = st.text(letters, min_size=1, max_size=10)
fields = st.dictionaries(names, st.text(max_size=40), max_size=4)
files = st.dictionaries(
    names,
    st.tuples(names, st.binary(max_size=200), st.just("application/octet-stream")),
    min_size=1,
    max_size=3,
)


def encoded(data: dict[str, str], attached: dict[str, tuple[str, bytes, str]]) -> tuple[bytes, str]:
    request = httpx.Request("POST", "https://h.example/", data=data, files=attached)
    return request.read(), request.headers["content-type"]


@given(fields, files)
@settings(deadline=None)
def test_a_form_as_httpx_writes_it_is_read_back(
    data: dict[str, str], attached: dict[str, tuple[str, bytes, str]]
) -> None:
    body, kind = encoded(data, attached)
    assert parse_multipart(body, kind) == (
        *(FormPart(name, None, None, value.encode()) for name, value in data.items()),
        *(FormPart(name, file[0], file[2], file[1]) for name, file in attached.items()),
    )


@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_body_and_no_content_type_make_it_raise(body: bytes, kind: str) -> None:
    parse_multipart(body, kind)
    parse_multipart(body, f"multipart/form-data; boundary={kind}")


@given(st.binary(max_size=200))
def test_what_stands_between_the_boundaries_is_the_content_byte_by_byte(content: bytes) -> None:
    if b"--edge" in content:
        return
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
        + content
        + b"\r\n--edge--\r\n"
    )
    assert [
        part.content for part in parse_multipart(body, "multipart/form-data; boundary=edge")
    ] == [content]


@pytest.mark.parametrize(
    ("kind", "boundary"),
    [
        ("multipart/form-data; boundary=abc", "abc"),
        ('multipart/form-data; boundary="a b"', "a b"),
        ("multipart/form-data; Boundary=abc; charset=utf-8", "abc"),
        ("multipart/form-data; boundary=abc ; x=y", "abc"),
        ("multipart/form-data", None),
        ("application/json", None),
    ],
)
def test_the_boundary_is_read_from_the_content_type(kind: str, boundary: str | None) -> None:
    assert boundary_of(kind) == boundary


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('form-data; name="file"; filename="a.wav"', "file", "a.wav"),
        ("form-data; name=file; filename=a.wav; filename*=utf-8''a.wav", "file", "a.wav"),
        ('form-data; name="a;b"', "a;b", None),
        ('form-data; name=""', "", None),
    ],
)
def test_names_may_stand_with_and_without_quotes(
    disposition: str, name: str, filename: str | None
) -> None:
    body = f"--b\r\nCONTENT-DISPOSITION: {disposition}\r\n\r\nx\r\n--b--".encode()
    (part,) = parse_multipart(body, "multipart/form-data; boundary=b")
    assert (part.name, part.filename, part.content) == (name, filename, b"x")


def test_a_preamble_and_an_epilogue_are_no_parts() -> None:
    part = b'Content-Disposition: form-data; name="a"\r\n\r\n1'
    body = b"hello\r\n--b\r\n" + part + b"\r\n--b--\r\nbye\r\n--b\r\n\r\nx"
    assert [part.name for part in parse_multipart(body, "multipart/form-data; boundary=b")] == ["a"]


def test_quotes_in_names_arrive_escaped_as_the_html_standard_says() -> None:
    body, kind = encoded({}, {"f": ('a"b.txt', b"", "text/plain")})
    (part,) = parse_multipart(body, kind)
    assert re.fullmatch(r'a(%22|\\")b\.txt', part.filename or "")
