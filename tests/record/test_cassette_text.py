"""The text of a cassette: what is read back is what was written, by our loader and by vcrpy's,
whatever the bytes."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from conformance.errors import InputError
from conformance.record.cassette_text import CassetteEntry, CassetteOrigin, render
from conformance.record.cassette_write import cassette_path, write_cassette
from conformance.suite.cassette import parse_cassette
from conformance.suite.yaml import load_text
from conformance.wire.exchange import Provenance as Origin
from conformance.wire.exchange import Request, Response, Source

SAID = CassetteOrigin(
    "emulator", "the emulator", "2024-10-21", "python@3.0.0", "2026-01-01", "0123456789abcdef"
)
ORIGIN = Origin(Source.EMULATOR, "the emulator")
URL = "https://conformance.openai.azure.com/openai/files?api-version=2024-10-21"

texts = st.text(max_size=200) | st.text(
    alphabet=" \n\t\r:-#'\"{}[]&*!|>%@`aé\u2028\x85\ufeff😀", max_size=60
)
bodies = texts.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=80)
names = st.text(
    alphabet=string.ascii_letters + string.digits + "-_.!#$%&'*+^`|~", min_size=1, max_size=20
)
values = st.text(
    alphabet=st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"),
    max_size=30,
)


def entry(
    request: bytes = b"",
    response: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (),
    chunks: tuple[int, ...] = (),
    times: tuple[float, ...] = (),
) -> CassetteEntry:
    return CassetteEntry(
        Request("POST", URL, headers, request),
        Response(200, headers, response, ORIGIN, chunks),
        times,
    )


def read(text: str) -> CassetteEntry:
    cassette = parse_cassette(
        load_text(text, "cassette.yaml", max_bytes=20_000_000, binary=True), "cassette"
    )
    (interaction,) = cassette.interactions
    return CassetteEntry(interaction.request, interaction.response)


@given(bodies, bodies)
def test_every_body_is_read_back_to_the_byte(request: bytes, response: bytes) -> None:
    text = render([entry(request, response)], SAID)
    found = read(text)
    assert (found.request.body, found.response.body) == (request, response)
    loaded = yaml.safe_load(text)["interactions"][0]
    as_bytes = [
        b"" if body is None else body.encode() if isinstance(body, str) else body
        for body in (loaded["request"]["body"], loaded["response"]["body"]["string"])
    ]
    assert as_bytes == [request, response]


@given(st.lists(st.tuples(names, values), max_size=6))
def test_every_header_is_read_back_in_order(pairs: list[tuple[str, str]]) -> None:
    together = sorted(pairs, key=lambda pair: [name for name, _ in pairs].index(pair[0]))
    found = read(render([entry(headers=tuple(together))], SAID))
    assert found.response.headers == found.request.headers == tuple(together)


def test_a_cassette_is_readable_and_loads_in_vcrpy(tmp_path: Path) -> None:
    body = b'data: {"a":1}\n\ndata: [DONE]\n\n'
    headers = (("Content-Type", "text/event-stream"), ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"))
    text = render([entry(b'{"stream":true}', body, headers, (15, len(body)), (0.001, 0.25))], SAID)
    assert '    body: |-\n      {"stream":true}\n' in text
    assert '      string: |+\n        data: {"a":1}\n\n        data: [DONE]\n\n' in text
    assert '      Date: ["Thu, 01 Jan 2026 00:00:00 GMT"]\n' in text
    assert "    offsets: [15, 29]\n    times: [0.001, 0.25]\n" in text
    assert "metadata" not in text
    path = tmp_path / "cassette.yaml"
    assert write_cassette(path, text)
    requests, responses = FilesystemPersister.load_cassette(str(path), yamlserializer)
    assert requests[0].uri == URL
    assert responses[0]["body"]["string"] == body
    assert responses[0]["headers"]["Date"] == ["Thu, 01 Jan 2026 00:00:00 GMT"]


def test_another_day_alone_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "cassette.yaml"
    assert write_cassette(path, render([entry(b"a")], SAID))
    before = path.read_bytes()
    later = CassetteOrigin(
        **{**{f: getattr(SAID, f) for f in SAID.__slots__}, "recorded": "2027-02-02"}
    )
    assert not write_cassette(path, render([entry(b"a")], later))
    assert path.read_bytes() == before
    assert write_cassette(path, render([entry(b"b")], later))
    assert b"2027-02-02" in path.read_bytes()


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "a//b", "a/.hidden", "", "a\x00b", "a/b/"]
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cassette-outside"):
        cassette_path(tmp_path, name)


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "cassettes", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "2024-10-21").symlink_to(elsewhere)
    with pytest.raises(InputError, match="cassette-outside"):
        cassette_path(root, "2024-10-21/chat")
    assert cassette_path(root, "v1/chat/founded") == root / "v1/chat/founded.yaml"


@pytest.mark.parametrize(
    "times", ["[0.1]", "[0.2, 0.1]", "[0.1, yes]", "[-1, 0.1]", "[0.1, 1e9]", "soon"]
)
def test_times_that_are_none_are_refused(times: str) -> None:
    text = render([entry(b"", b"abcd", chunks=(2, 4), times=(0.1, 0.2))], SAID)
    assert "times: [0.1, 0.2]" in text
    with pytest.raises(InputError, match="cassette-format"):
        read(text.replace("times: [0.1, 0.2]", f"times: {times}"))
