"""What a recording set as a whole must do: correlate, stay equal, keep times and lengths honest,
and play."""

from __future__ import annotations

import gzip
import json
import re
import time
from dataclasses import replace

import pytest

from conformance.errors import InputError, UsageError
from conformance.sanitize.exchange import Sanitizer
from conformance.sanitize.scan import Scanner
from conformance.suite.cassette import load_cassette, match_key
from conformance.wire.codings import MAX_DECODED, decode
from conformance.wire.exchange import Exchange, Headers, Request
from tests.places import PROJECT
from tests.sanitize.material import (
    FILE_ID,
    GUID,
    JSON_HEAD,
    OTHER_GUID,
    SK_KEY,
    URL,
    deltas,
    events,
    exchange,
    shown,
)

ROOT = PROJECT
BASE = "https://acme-prod.openai.azure.com/openai"


def recorded(exchanges: list[Exchange], sanitizer: Sanitizer | None = None) -> list[Exchange]:
    """What a recording set of ``exchanges`` holds."""
    sanitizer = sanitizer or Sanitizer()
    return [clean for clean in map(sanitizer.exchange, exchanges) if clean is not None]


def upload(boundary: str) -> Exchange:
    body = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="/home/joe/in.jsonl"\r\n\r\n'
        '{"custom_id": "1"}\n\r\n'
        f"--{boundary}--\r\n"
    ).encode()
    return exchange(
        url=f"{BASE}/files?api-version=1",
        sent=body,
        request=(
            ("content-type", f"multipart/form-data; boundary={boundary}"),
            ("content-length", str(len(body))),
        ),
        served={"id": FILE_ID, "filename": "in.jsonl", "created_at": 1744622400},
    )


def workflow(run: int) -> list[Exchange]:
    """An upload, a batch of it and a poll, as recorded at the ``run``-th time: ids, times and
    boundaries differ."""
    mark = f"{run:04d}"
    file, batch = FILE_ID[:-4] + mark, f"batch_{GUID[:-4]}{mark}"

    def head(n: int) -> Headers:
        return (
            *JSON_HEAD,
            ("apim-request-id", f"{OTHER_GUID[:-4]}{run}{n:03d}"),
            ("x-ms-region", "Sweden Central"),
        )

    first = upload(f"b0undary{run}")
    assert first.response is not None
    return [
        exchange(
            url=first.request.url,
            sent=first.request.body,
            request=first.request.headers,
            response=head(1),
            served={"id": file, "filename": "in.jsonl", "created_at": 1744622400 + run * 86_400},
        ),
        exchange(
            url=f"{BASE}/batches?api-version=1",
            sent={"input_file_id": file},
            response=head(2),
            served={
                "id": batch,
                "created_at": 1744622403 + run * 86_403,
                "expires_at": 1744708803 + run * 86_403,
            },
        ),
        exchange(
            url=f"{BASE}/batches/{batch}?api-version=1",
            response=head(3),
            served={"id": batch, "input_file_id": file, "created_at": 1744622403 + run * 86_403},
        ),
    ]


def test_recording_twice_gives_the_same() -> None:
    assert recorded(workflow(0)) == recorded(workflow(1))


def test_ids_go_on_correlating_between_requests_and_responses() -> None:
    upload_, batch, poll = recorded(workflow(0))
    assert upload_.response and batch.response and poll.response
    file, job = upload_.response.json()["id"], batch.response.json()["id"]
    assert file != FILE_ID and file.startswith("file-") and len(file) == len(FILE_ID)
    assert batch.request.json()["input_file_id"] == poll.response.json()["input_file_id"] == file
    assert poll.request.path.endswith(f"/batches/{job}")
    assert poll.response.json()["id"] == job


def test_an_operation_whose_id_is_a_guid_can_still_be_followed() -> None:
    polled = f"{BASE}/operations/images/{GUID}?api-version=1"
    begun, done = recorded(
        [
            exchange(
                url=f"{BASE}/images/generations:submit?api-version=1",
                served={"id": GUID, "status": "notRunning"},
                response=(
                    *JSON_HEAD,
                    ("operation-location", polled),
                    ("apim-request-id", OTHER_GUID),
                ),
            ),
            exchange(url=polled, served={"id": GUID, "status": "succeeded"}),
        ]
    )
    assert begun.response is not None
    assert begun.response.header("operation-location") == done.request.url
    assert GUID not in shown(begun) + shown(done)


def test_placeholders_of_other_recorders_are_no_leaks() -> None:
    for said in ("REDACTED", "Sanitized"):
        assert not Scanner().text(
            f"https://conformance.blob.core.windows.net/c/a.png?se=2030&sig={said}&sp=r"
        )


def test_an_expiry_stays_a_day_away_and_the_time_a_call_took_does_not_show() -> None:
    _, batch, _ = recorded(workflow(0))
    assert batch.response is not None
    assert batch.response.json()["expires_at"] - batch.response.json()["created_at"] == 86_400


def test_different_values_get_different_aliases_and_equal_ones_equal() -> None:
    told = recorded([exchange(sent={"user": name}) for name in ("ann", "bob", "ann")])
    assert [one.request.json()["user"] for one in told] == ["user-0001", "user-0002", "user-0001"]


def test_an_alias_that_was_already_there_is_not_given_again() -> None:
    told = recorded([exchange(sent={"user": name}) for name in ("user-0001", "ann")])
    assert [one.request.json()["user"] for one in told] == ["user-0001", "user-0002"]


def test_live_names_become_those_the_offline_suite_uses() -> None:
    sanitizer = Sanitizer(names={"acme-chat": "conf-chat", "acme-prod": "conformance"})
    (clean,) = recorded(
        [
            exchange(
                url=f"{BASE}/deployments/acme-chat/chat/completions?api-version=2024-10-21",
                sent={"model": "acme-chat"},
                response=(*JSON_HEAD, ("x-ms-deployment-name", "acme-chat")),
            )
        ],
        sanitizer,
    )
    assert clean.request.url == URL
    assert clean.request.json() == {"model": "conf-chat"}
    assert (
        clean.response is not None and clean.response.header("x-ms-deployment-name") == "conf-chat"
    )


def test_a_deployment_that_only_its_response_names_is_found_in_the_request() -> None:
    (clean,) = recorded(
        [
            exchange(
                url="https://conformance.openai.azure.com/openai/v1/responses",
                sent={"model": "acme-chat"},
                served={"error": {"message": "deployment 'acme-chat'"}},
                response=(*JSON_HEAD, ("x-ms-deployment-name", "acme-chat")),
            )
        ]
    )
    assert "acme" not in shown(clean)


def test_authored_values_can_be_kept() -> None:
    (clean,) = recorded(
        [exchange(sent={"user": "user-of-the-scenario", "metadata": {"topic": "demo"}})],
        Sanitizer(keep={"user-of-the-scenario", "demo"}),
    )
    assert clean.request.json() == {"user": "user-of-the-scenario", "metadata": {"topic": "demo"}}


def test_exchanges_with_identity_providers_are_not_recorded() -> None:
    for host in (
        "login.microsoftonline.com",
        "169.254.169.254",
        "LOGIN.microsoftonline.us:443",
        "token.actions.githubusercontent.com",
        "u:p@login.windows.net",
    ):
        assert Sanitizer().exchange(exchange(url=f"https://{host}/t/oauth2/token")) is None
    assert Sanitizer().exchange(exchange(url="https://login.acme.dev/")) is not None


def test_random_boundaries_do_not_tell_two_uploads_apart() -> None:
    one, two = (Sanitizer().request(upload(boundary).request) for boundary in ("abc", "xyz-123"))
    assert one == two
    assert match_key(one) == match_key(Sanitizer().request(one))
    assert b'filename="upload-1.jsonl"' in one.body
    assert one.header("content-length") == str(len(one.body))


def test_a_decoded_body_has_its_length_and_its_chunks_moved() -> None:
    plain = deltas("It was founded in ", "1975", f" by {SK_KEY}", ".")
    packed = gzip.compress(plain, mtime=0)
    given = exchange(
        served=packed,
        response=(
            ("content-type", "text/event-stream"),
            ("content-encoding", "gzip"),
            ("Content-Length", str(len(packed))),
        ),
    )
    assert given.response is not None
    clean = Sanitizer().response(
        type(given.response)(
            200, given.response.headers, packed, given.response.provenance, (30, 60, len(packed))
        )
    )
    assert clean.header("content-encoding") is None
    assert clean.header("content-length") == str(len(clean.body))
    assert clean.chunks[-1] == len(clean.body) and len(clean.chunks) == 3
    assert b"by <sk-key>" in clean.body


def test_chunk_ends_follow_their_events() -> None:
    body = deltas("a", f"{SK_KEY} ", "b")
    ends = tuple(at + 2 for at in range(len(body)) if body[at : at + 2] == b"\n\n")
    given = exchange(served=body)
    assert given.response is not None
    clean = Sanitizer().response(
        type(given.response)(200, JSON_HEAD, body, given.response.provenance, ends)
    )
    assert [clean.body[end - 2 : end] for end in clean.chunks] == [b"\n\n"] * len(ends)


def test_a_length_that_never_fitted_its_body_still_does_not() -> None:
    given = exchange(
        served=b'{"api_key": "plain-word"}', response=(*JSON_HEAD, ("content-length", "1025"))
    )
    clean = Sanitizer().exchange(given)
    assert clean is not None and clean.response is not None
    assert clean.response.header("content-length") == str(len(clean.response.body) + 1000)


def test_a_retry_date_keeps_its_distance_to_the_date_of_the_response() -> None:
    given = exchange(
        response=(
            ("Date", "Mon, 14 Apr 2025 09:30:00 GMT"),
            ("Retry-After", "Mon, 14 Apr 2025 09:30:20 GMT"),
        )
    )
    (clean,) = recorded([given])
    assert clean.response is not None
    assert clean.response.headers == (
        ("Date", "Thu, 10 Jan 2008 21:20:00 GMT"),
        ("Retry-After", "Thu, 10 Jan 2008 21:20:20 GMT"),
    )


def test_a_compressed_body_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    packed = gzip.compress(json.dumps({"api_key": "plain-word", "rest": "x" * 2000}).encode())[:-12]
    plain, _ = decode(packed, "gzip")
    assert plain.startswith(b'{"api_key"')


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (b"plain", "gzip"),
        (b"plain", "br"),
        (b"plain", "zstd"),
        (b"plain", "deflate"),
        (b"plain", "aes128gcm"),
    ],
)
def test_what_cannot_be_decoded_is_refused(data: bytes, coding: str) -> None:
    with pytest.raises(InputError) as refused:
        Sanitizer().exchange(exchange(served=data, response=(("content-encoding", coding),)))
    assert refused.value.code == "coding-undecodable"
    assert refused.value.hint


def test_a_body_that_inflates_beyond_the_budget_is_refused() -> None:
    bomb = gzip.compress(bytes(MAX_DECODED + 10), compresslevel=9)
    with pytest.raises(InputError, match="body-too-large"):
        decode(bomb, "gzip")


def test_a_secret_too_short_to_be_told_from_text_is_refused() -> None:
    with pytest.raises(UsageError, match="secret-too-short"):
        Sanitizer(["abc"])


def test_a_second_alias_for_the_same_name_is_refused() -> None:
    sanitizer = Sanitizer()
    sanitizer.known("acme-chat", "deployment", "conf-chat")
    with pytest.raises(UsageError, match="alias-taken"):
        sanitizer.known("acme-chat", "deployment", "conf-other")


HOSTILE = (
    '{"a": "b\\n", "token": "x"} ',
    "a%41",
    "sig=&",
    "@a.bc",
    "-----BEGIN X-----",
    '"',
    "eyJ",
    "a.b.c@",
    "\\",
    'data: {"delta": "x"}\n',
    "AccountKey=",
    '"data_sources": [',
    '"metadata": {',
    "://a:b",
    '"logprobs": {',
    '"client_secret": {',
    '"tools": [{"mcp": ',
    "/subscriptions/",
    '"api_key": "',
    "JQQJ9",
    "1.1.1.",
    "a-----END ",
    "hunter",
    '\\"',
    "%25",
    "sk-",
    "Bearer ",
    "file-",
    ".openai.azure.com",
    "\r\ndata:",
)


def seconds(piece: str, size: int) -> float:
    """The least processor time of two runs over a body of ``size`` bytes of ``piece``."""
    body, times = (piece * (size // len(piece))).encode(), []
    for _ in range(2):
        begin = time.process_time()
        Sanitizer(["hunter2hunter2"]).exchange(exchange(served=body))
        times.append(time.process_time() - begin)
    return min(times)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_byte_costs_the_same_in_large_bodies_as_in_small_ones(piece: str) -> None:
    """Eight times the size costs about eight times as much; anything quadratic would cost 64 times
    as much."""
    assert seconds(piece, 160_000) <= 24 * max(seconds(piece, 20_000), 0.0005)


def test_a_hostile_body_of_twenty_megabytes_ends() -> None:
    body = b'{"data": "' + b"A" * 20_000_000
    clean = Sanitizer().exchange(exchange(served=body))
    assert clean is not None and clean.response is not None and clean.response.body == body


def as_sent(request: Request, earlier: list[tuple[str, str]]) -> Request:
    """``request`` as an SDK sends it to a peer: with the ids it was given by ``earlier`` (id,
    alias) responses."""
    url, body = request.url, request.body
    for raw, alias in earlier:
        url, body = url.replace(raw, alias), body.replace(raw.encode(), alias.encode())
    return replace(request, url=url, body=body)


@pytest.mark.parametrize("version", ["2024-10-21", "v1"])
def test_sanitising_what_the_project_ships_keeps_it_playing(version: str) -> None:
    paths = sorted((ROOT / "cassettes" / version).rglob("*.yaml"))
    assert paths
    for path in paths:
        recorder, peer = Sanitizer(), Sanitizer()
        earlier: list[tuple[str, str]] = []
        for interaction in load_cassette(path, ROOT / "cassettes").interactions:
            clean = recorder.exchange(Exchange(interaction.request, interaction.response, 0.0))
            assert clean is not None and clean.response is not None
            live = peer.request(as_sent(interaction.request, earlier))
            assert match_key(live) == match_key(clean.request), path
            peer.served(clean.response)
            ids = [
                re.findall(rb"(?:file|batch|ftjob|resp|call)[-_][A-Za-z0-9-]{8,}", body)
                for body in (interaction.response.body, clean.response.body)
            ]
            earlier += [(a.decode(), b.decode()) for a, b in zip(*ids, strict=True)]


def test_an_event_stream_of_any_line_ends_is_read() -> None:
    for end in ("\n", "\r\n", "\r"):
        body = (
            events({"delta": SK_KEY[:12]}, {"delta": SK_KEY[12:]})
            .decode()
            .replace("\n", end)
            .encode()
        )
        (clean,) = recorded([exchange(served=body)])
        assert SK_KEY[12:] not in shown(clean)
