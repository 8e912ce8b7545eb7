"""What must hold for any traffic: planted secrets never survive, evidence does, and doing it twice
changes nothing."""

from __future__ import annotations

import base64
import gzip
import json
import string
import zlib
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.sanitize.exchange import Sanitizer
from conformance.sanitize.redactor import Redactor
from conformance.sanitize.scan import Scanner
from conformance.suite.cassette import match_key
from conformance.wire.exchange import Exchange, Headers
from tests.sanitize.material import (
    CONTROL_HEADERS,
    CONTROLS,
    HEX_KEY,
    JSON_HEAD,
    JWT,
    KEY_84,
    PEM,
    SEARCH_KEY,
    SK_KEY,
    URL,
    deltas,
    events,
    exchange,
    shown,
)

settings.register_profile(
    "sanitize",
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
settings.load_profile("sanitize")

WORD = string.ascii_letters + string.digits
NAMED = st.text(alphabet=WORD + '-._~+/=!@#%&\\"é東', min_size=8, max_size=40).filter(
    lambda text: len(set(text)) > 4 and any(c.isalnum() for c in text[2:-2])
)
"""Secrets known by name: any text at all."""
FORMED = st.sampled_from(
    [
        HEX_KEY,
        KEY_84,
        SEARCH_KEY,
        JWT,
        SK_KEY,
        "https://acme-prod.openai.azure.com",
        "AccountKey=" + "q7WmZ2xK9c" * 3 + "==",
        "ghp_" + "a1B2c3" * 6,
    ]
)
"""Secrets by their form."""
DANGEROUS = {HEX_KEY: HEX_KEY, KEY_84: KEY_84, SEARCH_KEY: SEARCH_KEY, JWT: JWT, SK_KEY: SK_KEY}


def core(secret: str) -> str:
    """The part of a formed secret that must be gone."""
    return (
        secret.removeprefix("https://")
        .partition(".openai")[0]
        .removeprefix("AccountKey=")
        .rstrip("=")
    )


def nest(value: Any, depth: int) -> Any:
    for level in range(depth):
        value = {"deep": value} if level % 2 else [1, value]
    return value


def wrap(text: str, depth: int) -> str:
    """``text`` as JSON in JSON strings."""
    for _ in range(depth):
        text = json.dumps({"inner": text})
    return text


def multipart(secret: str) -> tuple[bytes, Headers]:
    body = (
        b'--b0und\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b0und\r\n'
        b'Content-Disposition: form-data; name="file"; filename="batch.jsonl"\r\n'
        b"Content-Type: application/jsonl\r\n\r\n"
        + json.dumps({"line": f"a {secret} b"}).encode()
        + b"\n{}\r\n--b0und--\r\n"
    )
    return body, (("content-type", "multipart/form-data; boundary=b0und"),)


def carriers(secret: str, depth: int, at: int) -> dict[str, Exchange]:
    """``secret`` in every place an exchange has."""
    text = f"it is {secret} now"
    cut = 1 + at % (len(secret) - 1)
    body, kind = multipart(secret)
    said = {"choices": [{"message": {"content": text}}]}
    plain = json.dumps(said).encode()
    return {
        "a kept header": exchange(
            response=(*JSON_HEAD, ("policy-id", text.encode("ascii", "ignore").decode()))
        ),
        "an unlisted header": exchange(request=(*JSON_HEAD, ("x-anything", secret))),
        "a header name": exchange(request=(*JSON_HEAD, (secret, "1"))),
        "a path": exchange(url=URL.replace("conf-chat", "conf-chat/" + quote(secret, safe=""))),
        "a query": exchange(url=URL + "&after=" + quote_plus(secret)),
        "a query nobody knows": exchange(url=URL + "&anything=" + quote(secret, safe="")),
        "JSON": exchange(sent=nest(text, depth), served=nest({"k": [text]}, depth)),
        "a JSON key": exchange(served=nest({secret: 1}, depth)),
        "escaped JSON": exchange(served=json.dumps(nest(text, depth), ensure_ascii=True).encode()),
        "JSON in JSON": exchange(served=wrap(text, 1 + depth % 4).encode()),
        "JSON cut off": exchange(served=json.dumps({"a": text}).encode()[:-6]),
        "split over frames": exchange(
            served=deltas("it is", " " + secret[:cut], secret[cut:] + " ", "now"),
            response=(("content-type", "text/event-stream"),),
        ),
        "split into characters": exchange(served=deltas(" ", *secret, " ")),
        "split arguments": exchange(
            served=events(
                *(
                    {
                        "choices": [
                            {
                                "index": 0,
                                "delta": {
                                    "tool_calls": [{"index": 0, "function": {"arguments": piece}}]
                                },
                            }
                        ]
                    }
                    for piece in ('{"x": "', *json.dumps(text)[1:-1], '"}')
                )
            )
        ),
        "split deltas": exchange(
            served=events(
                *(
                    {"type": "response.output_text.delta", "item_id": "m", "delta": piece}
                    for piece in text
                )
            )
        ),
        "plain frames": exchange(served=f"data: a {secret}\n\ndata: [DONE]\n\n".encode()),
        "a part": exchange(sent=body, request=kind),
        "a form": exchange(
            sent=f"a=1&b={quote_plus(secret)}".encode(),
            request=(("content-type", "application/x-www-form-urlencoded"),),
        ),
        "gzip": exchange(
            served=gzip.compress(plain), response=(*JSON_HEAD, ("Content-Encoding", "gzip"))
        ),
        "deflate": exchange(
            served=zlib.compress(plain), response=(*JSON_HEAD, ("content-encoding", "deflate"))
        ),
        "gzip twice": exchange(
            served=gzip.compress(gzip.compress(plain)),
            response=(*JSON_HEAD, ("content-encoding", "gzip, gzip")),
        ),
        "base64": exchange(served={"data": base64.b64encode(plain).decode()}),
        "base64 for URLs": exchange(
            served={"data": base64.urlsafe_b64encode(plain).decode().rstrip("=")}
        ),
        "gzip in base64": exchange(
            served={"data": base64.b64encode(gzip.compress(plain)).decode()}
        ),
        "log probabilities": exchange(
            served={
                "logprobs": {
                    "content": [
                        {"token": piece, "logprob": -1, "bytes": list(piece.encode())}
                        for piece in ("is ", secret[:cut], secret[cut:], " now")
                    ]
                }
            }
        ),
    }


def spellings(secret: str) -> set[str]:
    """How a secret could still be read in what was written."""
    data = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        data.hex(),
        json.dumps(list(data))[1:-1],
        base64.b64encode(data).decode().rstrip("=")[:-1],
    }


def survives(secret: str, written: str) -> bool:
    return any(spelling in written for spelling in spellings(secret))


def joined(given: Exchange) -> str:
    """The texts of a stream put together, as its reader would."""
    assert given.response is not None
    texts = []
    for line in given.response.body.decode("utf-8", "replace").split("\n"):
        if line.startswith("data: {"):
            value = json.loads(line[6:])
            for choice in value.get("choices", [value]):
                delta = choice.get("delta", "")
                texts.append(
                    delta
                    if isinstance(delta, str)
                    else delta.get("content")
                    or "".join(
                        call["function"]["arguments"] for call in delta.get("tool_calls", [])
                    )
                )
    return "".join(texts)


def check(secret: str, gone: str, given: dict[str, Exchange], known: tuple[str, ...]) -> None:
    for place, planted in given.items():
        clean = Sanitizer(known).exchange(planted)
        assert clean is not None
        assert not survives(gone, shown(clean)), place
        assert gone not in joined(clean), place
        assert Scanner(known).exchange(clean, 0) == (), place


@given(NAMED, st.integers(0, 40), st.integers(0, 60))
def test_a_secret_known_by_name_never_survives_anywhere(secret: str, depth: int, at: int) -> None:
    check(secret, secret, carriers(secret, depth, at), (secret,))


@given(FORMED, st.integers(0, 40), st.integers(0, 60))
def test_a_secret_known_by_its_form_never_survives_anywhere(
    secret: str, depth: int, at: int
) -> None:
    check(secret, core(secret), carriers(secret, depth, at), ())


@given(NAMED, st.integers(1, 20), st.booleans())
def test_a_known_secret_a_body_breaks_off_in_leaves_less_than_half(
    secret: str, cut: int, ascii_only: bool
) -> None:
    body = json.dumps({"a": "it is " + secret}, ensure_ascii=ascii_only).encode()[: -2 - cut]
    clean = Sanitizer([secret]).exchange(exchange(served=body))
    assert clean is not None and clean.response is not None
    left = clean.response.body.decode("utf-8", "replace")
    assert secret[: max(6, (len(secret.encode()) + 1) // 2)] not in left
    assert Sanitizer([secret]).exchange(clean) == clean


@given(NAMED, st.integers(0, 12), st.integers(0, 60))
def test_the_scanner_finds_every_secret_known_by_name(secret: str, depth: int, at: int) -> None:
    for place, planted in carriers(secret, depth, at).items():
        if place == "a kept header" and not secret.isascii():
            continue
        findings = Scanner([secret]).exchange(planted, 3)
        assert findings, place
        assert all(str(finding).startswith("interaction 3, ") for finding in findings), place
        assert not any(secret in str(finding) for finding in findings), place


@given(FORMED, st.integers(0, 12), st.integers(0, 60))
def test_the_scanner_finds_every_secret_known_by_its_form(secret: str, depth: int, at: int) -> None:
    for place, planted in carriers(secret, depth, at).items():
        findings = Scanner().exchange(planted, 0)
        assert findings, place
        assert not any(core(secret) in str(finding) for finding in findings), place


@given(NAMED, st.integers(0, 40), st.integers(0, 60))
def test_sanitising_twice_is_sanitising_once(secret: str, depth: int, at: int) -> None:
    for place, planted in carriers(secret, depth, at).items():
        one = Sanitizer([secret])
        clean = one.exchange(planted)
        assert clean is not None
        assert one.exchange(clean) == clean, place
        assert Sanitizer([secret]).exchange(clean) == clean, place


@given(FORMED, st.integers(0, 40), st.integers(0, 60))
def test_a_sanitised_recording_still_plays(secret: str, depth: int, at: int) -> None:
    recorder, peer = Sanitizer(), Sanitizer()
    for place, planted in carriers(secret, depth, at).items():
        recorded = recorder.exchange(planted)
        assert recorded is not None
        assert match_key(peer.request(planted.request)) == match_key(recorded.request), place
        assert match_key(Sanitizer().request(recorded.request)) == match_key(recorded.request), (
            place
        )


@given(st.sampled_from([HEX_KEY, SK_KEY, JWT, PEM]), st.integers(1, 400))
def test_chunk_ends_rise_and_stay_within_the_body(secret: str, size: int) -> None:
    body = deltas("a", secret[:9], secret[9:], secret, "b" * 50)
    ends = (*range(size, len(body), size), len(body))
    planted = exchange(served=body)
    assert planted.response is not None
    clean = Sanitizer().response(
        type(planted.response)(200, JSON_HEAD, body, planted.response.provenance, ends)
    )
    assert len(clean.chunks) == len(ends)
    assert list(clean.chunks) == sorted(clean.chunks)
    assert clean.chunks[-1] == len(clean.body)


@given(st.integers(0, 3), st.booleans(), st.sampled_from(["", "hunter2hunter2"]))
def test_evidence_survives_byte_for_byte(indent: int, ascii_only: bool, known: str) -> None:
    body = json.dumps(CONTROLS, indent=indent or None, ensure_ascii=ascii_only).encode()
    stream = events(CONTROLS, CONTROLS)
    clean = Sanitizer([known] if known else []).exchange(
        exchange(sent=body, served=stream, response=(*JSON_HEAD, *CONTROL_HEADERS))
    )
    assert clean is not None and clean.response is not None
    assert clean.request.body == body
    assert clean.response.body == stream
    assert set(CONTROL_HEADERS) <= set(clean.response.headers)
    assert Redactor([known]).text(body.decode()) == body.decode()


@given(st.text(max_size=200), st.text(max_size=30))
def test_any_text_can_be_redacted_and_then_stays(text: str, secret: str) -> None:
    redactor = Redactor([secret])
    once = redactor.text(text)
    assert redactor.text(once) == once
    assert redactor.clean(once)


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_any_bytes_can_be_sanitised_and_then_stay(body: bytes, query: bytes) -> None:
    planted = exchange(
        url=URL + "&after=" + quote(query),
        sent=body,
        served=body,
        request=(("content-type", "multipart/form-data; boundary=x"),),
    )
    clean = Sanitizer().exchange(planted)
    assert clean is not None
    assert Sanitizer().exchange(clean) == clean
