"""Cassettes: vcrpy's own format, matched by meaning, each recorded answer once, misses
explained."""

from __future__ import annotations

import base64
import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from tests.corpus.overlay import BASE, PROJECT

try:
    import httpx2 as httpx
except ImportError:  # the older SDKs bring httpx
    import httpx  # type: ignore[no-redef]

from conformance.errors import InputError
from conformance.suite.cassette import (
    Cassette,
    CassettePlayback,
    Interaction,
    load_cassette,
    match_key,
    parse_cassette,
)
from conformance.suite.load import Cassettes
from conformance.suite.yaml import load_text
from conformance.wire.exchange import Provenance, Request, Response, Source

URL = "https://contoso.openai.azure.com/openai/deployments/chat/chat/completions?api-version=2024-10-21"
JSON = (("Content-Type", "application/json"),)
HERE = Provenance(Source.DOCUMENTATION)
OURS = sorted((PROJECT / "cassettes").rglob("*.yaml"))


def request(
    body: bytes = b"", url: str = URL, headers: Any = JSON, method: str = "POST"
) -> Request:
    return Request(method, url, headers, body)


def playback(*pairs: tuple[Request, str]) -> CassettePlayback:
    return CassettePlayback(
        Cassette(
            "test",
            tuple(
                Interaction(sent, Response(200, (), reply.encode(), HERE)) for sent, reply in pairs
            ),
            HERE,
            "",
        )
    )


def taken(player: CassettePlayback, sent: Request) -> str | None:
    response = player.take(sent)
    return None if response is None else response.body.decode()


def parse(text: str) -> Cassette:
    return parse_cassette(load_text(text, "cassettes/test.yaml", binary=True), "test")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


def shuffled(value: Any, seed: int) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        random.Random(seed).shuffle(keys)
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(item, seed) for item in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5), st.integers())
@settings(deadline=None)
def test_the_order_of_members_and_white_space_of_json_do_not_matter(value: Any, seed: int) -> None:
    one = request(json.dumps(value).encode())
    other = request(json.dumps(shuffled(value, seed), indent=3, ensure_ascii=False).encode())
    assert match_key(one) == match_key(other)


@given(json_values, json_values)
@settings(deadline=None)
def test_other_json_is_another_request(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (
        match_key(request(json.dumps(one).encode()))
        == match_key(request(json.dumps(other).encode()))
    ) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a": [1, 2]}', b'{"a": [2, 1]}'),
        (b'{"a": 1}', b'{"a": true}'),
        (b'{"a": null}', b"{}"),
        (b"{}", b""),
        (b'{"a": "1"}', b'{"a": 1}'),
    ],
)
def test_what_json_tells_apart_is_told_apart(one: bytes, other: bytes) -> None:
    assert match_key(request(one)) != match_key(request(other))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("?a=1&b=2", "?b=2&a=1", True),
        ("?a=1", "?a=2", False),
        ("?a=1%262", "?a=1&2=", False),
        ("?a=b%26c%3Dd", "?a=b&c=d", False),
        ("?a=", "?", False),
        ("?api-version=2024-10-21", "?api-version=2024-06-01", False),
        ("?a=x%20y", "?a=x+y", True),
    ],
)
def test_queries_are_compared_by_their_members(one: str, other: str, same: bool) -> None:
    base = "https://h.example/p"
    assert (match_key(request(url=base + one)) == match_key(request(url=base + other))) is same


def form(boundary: str, content: bytes = b"RIFF", filename: str = "a.wav") -> Request:
    sent = httpx.Request(
        "POST",
        URL,
        data={"model": "whisper"},
        files={"file": (filename, content, "audio/wav")},
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    return request(sent.read(), headers=tuple(sent.headers.items()))


def test_the_boundary_of_a_form_does_not_matter_but_its_parts_do() -> None:
    assert match_key(form("abc")) == match_key(form("another-boundary"))
    assert match_key(form("abc")) != match_key(form("abc", content=b"RIFX"))
    assert match_key(form("abc")) != match_key(form("abc", filename="b.wav"))


def test_a_form_that_does_not_follow_its_boundary_is_compared_by_its_bytes() -> None:
    kind = (("Content-Type", "multipart/form-data; boundary=abc"),)
    assert match_key(request(b"one", headers=kind)) != match_key(request(b"two", headers=kind))


def test_headers_do_not_matter() -> None:
    assert match_key(request(b"{}")) == match_key(request(b"{}", headers=(*JSON, ("api-key", "x"))))


def test_equal_requests_get_the_recorded_answers_in_order_and_each_once() -> None:
    player = playback((request(b"1"), "a"), (request(b"2"), "x"), (request(b"1"), "b"))
    assert [taken(player, request(b"1")) for _ in range(3)] == ["a", "b", None]
    assert [item.response.body for item in player.unplayed()] == [b"x"]
    assert "already used" in player.explain_miss(request(b"1"))


@given(
    st.lists(st.sampled_from([b"1", b"2", b"3"]), max_size=12), st.randoms(use_true_random=False)
)
def test_in_any_order_of_asking_each_key_is_first_in_first_out(
    recorded: list[bytes], chance: random.Random
) -> None:
    player = playback(*((request(body), str(index)) for index, body in enumerate(recorded)))
    asked = list(recorded)
    chance.shuffle(asked)
    got: dict[bytes, list[int]] = {}
    for body in asked:
        got.setdefault(body, []).append(int(taken(player, request(body)) or -1))
    assert all(order == sorted(order) and -1 not in order for order in got.values())
    assert not player.unplayed()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (request(b'{"model": "other"}'), "body: recorded"),
        (request(b'{"model": "gpt"}', method="PUT"), "method: recorded 'POST', sent 'PUT'"),
        (
            request(b'{"model": "gpt"}', url=URL.replace("2024-10-21", "2024-06-01")),
            "query: recorded",
        ),
        (request(b'{"model": "gpt"}', url=URL.replace("contoso", "fabrikam")), "host: recorded"),
        (request(b""), "nothing"),
    ],
)
def test_a_miss_names_the_nearest_recorded_request_and_how_it_differs(
    sent: Request, told: str
) -> None:
    player = playback(
        (request(b'{"model": "gpt"}'), "a"),
        (request(url="https://other.example/files", method="GET"), "b"),
    )
    why = player.explain_miss(sent)
    assert told in why
    assert "has no such request" in why


def test_a_miss_of_an_empty_cassette_says_it_is_empty() -> None:
    assert "is empty" in playback().explain_miss(request(b"1"))


def test_a_long_body_is_cut_in_the_explanation() -> None:
    assert len(playback((request(b"a" * 5000), "x")).explain_miss(request(b"b" * 5000))) < 700


def test_a_path_outside_the_folder_of_cassettes_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "cassettes"
    root.mkdir()
    (tmp_path / "secret.yaml").write_text("interactions: []")
    (root / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    for path in (root / ".." / "secret.yaml", root / "link.yaml"):
        with pytest.raises(InputError) as caught:
            load_cassette(path, root)
        assert caught.value.code == "cassette-outside"
    with pytest.raises(InputError):
        Cassettes(root).get("../secret")
    assert Cassettes(root).get("no/such") is None


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_recorded_bomb_is_refused_with_its_place_before_any_sdk_is_served_it(coding: str) -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    packed = b"".join(bomb.compress(bytes(1 << 24)) for _ in range(8)) + bomb.flush()
    text = base64.b64encode(packed).decode()
    document = load_text(
        "version: 1\nconformance: {source: documentation}\ninteractions:\n"
        "- request: {method: GET, uri: 'https://h.example/', headers: {}, body: null}\n"
        f"  response: {{status: {{code: 200, message: OK}}, "
        f"headers: {{content-encoding: [{coding}]}}, "
        f"body: {{string: !!binary {text}}}}}\n",
        "bomb.yaml",
        binary=True,
    )
    with pytest.raises(InputError, match="too large once decoded") as caught:
        parse_cassette(document, "bomb")
    assert str(caught.value).startswith("bomb.yaml:4")


def test_a_cassette_is_read_once(tmp_path: Path) -> None:
    cassettes = Cassettes(BASE / "cassettes")
    assert cassettes.get("2024-10-21/chat/founded") is cassettes.get("2024-10-21/chat/founded")


HEAD = (
    'conformance: {source: live, ref: here, api_version: "2024-10-21"}\nversion: 1\ninteractions:\n'
)
ONE = (
    '- request: {method: GET, uri: "https://h.example/p", body: %s, headers: {A: [b, c], D: e}}\n'
    "  response: {status: {code: 200, message: OK}, headers: {X: [y]}, body: {string: %s}}\n"
)


def test_what_a_cassette_holds_is_kept_as_it_stands() -> None:
    cassette = parse(HEAD + ONE % ("null", "!!binary AAH/") + "  stream: {offsets: [1, 3]}\n")
    (item,) = cassette.interactions
    assert item.request == Request(
        "GET", "https://h.example/p", (("A", "b"), ("A", "c"), ("D", "e")), b""
    )
    assert (item.response.body, item.response.chunks, item.response.status) == (
        b"\x00\x01\xff",
        (1, 3),
        200,
    )
    assert (cassette.provenance, cassette.api_version) == (
        Provenance(Source.LIVE, "here"),
        "2024-10-21",
    )


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "interactions: []",
        "interactions: {}",
        "conformance: 1\ninteractions: []",
        "conformance: {source: rumour}\ninteractions: []",
        "metadata: {}\n" + HEAD + ONE % ("''", "''"),
        HEAD.replace("version: 1", "version: 2") + ONE % ("''", "''"),
        HEAD + "- 1\n",
        HEAD + "- {}\n",
        HEAD + ONE % ("{a: 1}", "''"),
        HEAD + ONE % ("''", "[1]"),
        HEAD + ONE % ("true", "''"),
        HEAD + ONE % ("1", "''"),
        HEAD + (ONE % ("''", "''")).replace("GET", "5"),
        HEAD + (ONE % ("''", "''")).replace("https://h.example", ""),
        HEAD + (ONE % ("''", "''")).replace("https://h.example", "https://[h"),
        HEAD + (ONE % ("''", "''")).replace("200", "true"),
        HEAD + (ONE % ("''", "''")).replace("{A: [b, c], D: e}", "[a]"),
        HEAD + ONE % ("''", "abc") + "  stream: {offsets: [2, 1]}\n",
        HEAD + ONE % ("''", "abc") + "  stream: {offsets: [9]}\n",
        HEAD + ONE % ("''", "abc") + "  stream: {offsets: [a]}\n",
        HEAD + ONE % ("''", "abc") + "  stream: {offsets: 4}\n",
    ],
)
def test_what_is_no_cassette_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert caught.value.code == "cassette-format"
    assert caught.value.where is not None
    assert caught.value.where.line >= 1


@pytest.mark.parametrize("path", OURS[:: max(1, len(OURS) // 25)], ids=lambda path: path.stem)
def test_vcrpy_reads_our_cassettes_as_we_do(path: Path) -> None:
    ours = load_cassette(path, PROJECT / "cassettes").interactions
    requests, responses = deserialize(path.read_text(encoding="utf-8"), yamlserializer)
    assert len(requests) == len(responses) == len(ours)
    for mine, theirs, reply in zip(ours, requests, responses, strict=True):
        assert (theirs.method, theirs.uri) == (mine.request.method, mine.request.url)
        body = theirs.body or b""
        assert (body.encode() if isinstance(body, str) else body) == mine.request.body
        assert reply["status"]["code"] == mine.response.status
        assert reply["body"]["string"] == mine.response.body


def test_vcrpy_replays_our_cassette_to_a_plain_client() -> None:
    path = BASE / "cassettes" / "2024-10-21" / "chat" / "founded.yaml"
    (item,) = load_cassette(path, BASE / "cassettes").interactions
    with (
        vcr.use_cassette(str(path), record_mode=vcr.mode.NONE) as cassette,
        httpx.Client() as client,
    ):
        answer = client.post(item.request.url, content=item.request.body)
        assert answer.content == item.response.body
        assert cassette.all_played


def test_pyyaml_alone_reads_our_cassettes() -> None:
    for path in OURS[:20]:
        assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"], list)


def test_a_whole_number_is_the_same_however_an_sdk_writes_it() -> None:
    assert match_key(request(b'{"seed": 0, "t": [2.0]}')) == match_key(
        request(b'{"seed": 0.0, "t": [2]}')
    )
    assert match_key(request(b'{"t": 0.5}')) != match_key(request(b'{"t": 0}'))


def test_saying_that_nothing_streams_is_the_same_as_leaving_it_out() -> None:
    assert match_key(request(b'{"a": 1, "stream": false}')) == match_key(request(b'{"a": 1}'))
    assert match_key(request(b'{"a": 1, "stream": true}')) != match_key(request(b'{"a": 1}'))
    assert match_key(request(b'{"a": {"stream": false}}')) != match_key(request(b'{"a": {}}'))


def test_asking_a_form_for_the_format_it_answers_in_anyway_is_the_same_as_leaving_it_out() -> None:
    def sent(*fields: tuple[str, str]) -> Request:
        parts = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields
        )
        return request(
            f"{parts}--b--\r\n".encode(),
            headers=(("content-type", "multipart/form-data; boundary=b"),),
        )

    model = ("model", "whisper")
    assert match_key(sent(model, ("response_format", "json"))) == match_key(sent(model))
    assert match_key(sent(model, ("response_format", "text"))) != match_key(sent(model))
    assert match_key(sent(model, ("prompt", "json"))) != match_key(sent(model))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("0.2", "0.200000", True),
        ("0.2", ".2", True),
        ("0.2", "0.3", False),
        ("1.0", "1", True),
        ("007", "7", False),
        ("v0.20", "v0.2", False),
    ],
)
def test_decimals_in_a_form_are_the_same_however_an_sdk_prints_them(
    one: str, other: str, same: bool
) -> None:
    def sent(value: str) -> Request:
        body = (
            f'--b\r\nContent-Disposition: form-data; name="temperature"\r\n\r\n{value}\r\n--b--\r\n'
        ).encode()
        return Request(
            "POST",
            "https://x.example/a",
            (("content-type", "multipart/form-data; boundary=b"),),
            body,
        )

    assert (match_key(sent(one)) == match_key(sent(other))) is same
