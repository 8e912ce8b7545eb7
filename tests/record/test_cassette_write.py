"""What reaches the disk: whole cassettes or none, never a secret, whatever happens while they are
made."""

from __future__ import annotations

import base64
import errno
import gzip
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from conformance.errors import EnvironmentFault, InputError
from conformance.record import cassette_write
from conformance.record.cassette_text import CassetteEntry, CassetteOrigin, render
from conformance.record.cassette_write import write_cassette
from conformance.sanitize.exchange import Sanitizer
from conformance.service.emulator import Emulator
from conformance.service.peer import PeerServer
from conformance.service.remote.upstream import Remote
from conformance.service.remote_service import LiveResource
from conformance.suite.settings import Settings
from conformance.wire.exchange import Delivery, Reply, Request, Response, Source
from conformance.wire.exchange import Provenance as Origin
from tests.record.services import ORIGIN, PROJECT, files_of, record, response

SAID = CassetteOrigin("script", "a test", "2024-10-21")
SECRET = "Zk9fQ2hhcmxpZS1EZWx0YS1FY2hvLTQ3MTE"
HOST = "contoso-prod-eu.openai.azure.com"
FOUNDED = "2024-10-21/chat/founded.yaml"
HANGS = 300.0
"""Seconds after which a process hangs; no claim about how fast it is."""


def text(body: bytes = b'{"a":1}') -> str:
    url = f"{ORIGIN}/openai/files?api-version=2024-10-21"
    return render(
        [
            CassetteEntry(
                Request("GET", url, ()), Response(200, (), body, Origin(Source.SCRIPT, "a test"))
            )
        ],
        SAID,
    )


def command(*arguments: str, **rest: object) -> list[str]:
    return [
        sys.executable,
        "-c",
        "from conformance.cli.main import main; main()",
        "record",
        *arguments,
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_the_old_cassette_stands_or_the_new_one_whole(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "60"],
        capture_output=True,
        text=True,
        timeout=HANGS,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("60 kills, 2 states")


@pytest.mark.parametrize("place", ["write", "fsync", "replace", "mkdir"])
def test_a_full_disk_is_one_message_and_the_old_cassette_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    path = tmp_path / "cassette.yaml"
    write_cassette(path, text())
    before = path.read_bytes()

    def full(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if place == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    elif place == "write":
        monkeypatch.setattr(cassette_write, "_put", full)
    else:
        monkeypatch.setattr(Path, place, full)
    with pytest.raises(EnvironmentFault, match=r"the disk is full.*\[cassette-not-written\]"):
        write_cassette(path, text(b"another"))
    monkeypatch.undo()
    assert files_of(tmp_path) == {"cassette.yaml": before}


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="needs to mount a tmpfs"
)
def test_a_disk_that_is_really_full_keeps_what_was_there(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=False
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        path = small / "cassette.yaml"
        write_cassette(path, text())
        before = path.read_bytes()
        with pytest.raises(EnvironmentFault, match="the disk is full"):
            write_cassette(path, text(b"words and words " * 20_000))
        assert files_of(small) == {"cassette.yaml": before}
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_leak_refuses_the_write_and_names_rule_and_place_alone(tmp_path: Path) -> None:
    path = tmp_path / "cassette.yaml"
    write_cassette(path, text())
    before = path.read_bytes()
    with pytest.raises(InputError) as caught:
        write_cassette(path, text(b'{"note":"' + SECRET.encode() + b'"}'), [SECRET])
    assert caught.value.code == "leak-found"
    assert re.search(r"cassette\.yaml:\d+: known-secret", caught.value.cause)
    assert SECRET not in str(caught.value)
    assert files_of(tmp_path) == {"cassette.yaml": before}


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "cassettes" / "cassette.yaml"
    victim.write_text("mine", encoding="utf-8")
    path.parent.mkdir()
    path.with_name(f".cassette.yaml.{os.getpid()}.tmp").symlink_to(victim)
    assert write_cassette(path, text())
    assert victim.read_text(encoding="utf-8") == "mine"
    assert stat.S_ISREG(path.lstat().st_mode)


def leaky(request: Request) -> Response:
    """What a careless service or gateway might say: the key, the host and the deployment, in every
    shape."""
    told = (
        ("x-ms-region", "West Europe"),
        ("set-cookie", f"ARRAffinity={SECRET}"),
        ("x-debug", SECRET),
        ("operation-location", f"https://{HOST}/openai/operations/1?sig={SECRET}"),
        ("x-ms-deployment-name", "contoso-gpt4o"),
        ("www-authenticate", f"Bearer {SECRET}"),
    )
    packed = base64.b64encode(SECRET.encode()).decode()
    said = f"At {HOST}: {SECRET} {packed} {SECRET[::-1]} {SECRET.encode().hex()}"
    body = {
        "id": "chatcmpl-Aa1Bb2Cc3Dd4Ee5Ff6",
        "object": "chat.completion",
        "created": 1772000000,
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {
                    "role": "assistant",
                    "refusal": None,
                    "content": said,
                },
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    if b'"stream":true' not in request.body:
        return response(
            gzip.compress(json.dumps(body).encode(), mtime=0), *told, ("Content-Encoding", "gzip")
        )
    half = len(SECRET) // 2
    frames = [
        {
            "id": "chatcmpl-Aa1Bb2Cc3Dd4Ee5Ff6",
            "object": "chat.completion.chunk",
            "created": 1772000000,
            "model": "gpt-4o",
            "choices": [
                {"index": 0, "finish_reason": None, "logprobs": None, "delta": {"content": part}}
            ],
        }
        for part in (SECRET[:half], SECRET[half:], SECRET)
    ]
    events = [f"data: {json.dumps(frame)}\n\n".encode() for frame in frames] + [b"data: [DONE]\n\n"]
    whole = b"".join(events)
    ends = tuple(range(37, len(whole), 37))  # the secret is cut apart on the wire as well
    return response(whole, *told, kind="text/event-stream", chunks=(*ends, len(whole)))


class LiveLike:
    """A service with one key and its own deployment's name."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        assert request.header("api-key") == SECRET
        assert "/contoso-gpt4o/" in request.path or request.json()["model"] == "contoso-gpt4o"
        return Reply(leaky(request))


class AzureLike(LiveResource):
    """A resource at an address of this machine, which passes for one of Azure's."""

    recorded_as = Origin(Source.LIVE, "a live resource")


def live_like(url: str) -> AzureLike:
    return AzureLike(Remote(url), Settings(api_key=SECRET, deployments={"chat": "contoso-gpt4o"}))


def test_a_secret_of_a_live_service_never_reaches_the_disk(
    tmp_path: Path, server: PeerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    real = cassette_write._put
    monkeypatch.setattr(
        cassette_write, "_put", lambda path, data: (written.append(data), real(path, data))[1]
    )
    service = LiveLike()
    with server.open(service) as upstream:
        done = record(
            tmp_path, "chat/founded", "streaming/founded", service=live_like(upstream.url)
        )
    assert {result.status for result in done.results} == {"recorded"}
    assert len(service.requests) == len(done.results) == len(written)
    forms = [
        SECRET,
        SECRET[::-1],
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        SECRET[:20],
        "contoso",
        "West Europe",
    ]
    for data in (*written, *files_of(tmp_path).values()):
        assert [form for form in forms if form.encode() in data] == []
    text = (tmp_path / FOUNDED).read_text(encoding="utf-8")
    assert "source: live" in text
    assert 'api-key: ["<api-key>"]' in text
    assert "deployments/conf-chat/" in text


def test_a_sanitiser_that_misses_something_is_caught_by_the_scanner(
    tmp_path: Path, server: PeerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sanitizer, "exchange", lambda self, exchange: exchange)
    with server.open(LiveLike()) as upstream:
        done = record(
            tmp_path, "chat/founded", "streaming/founded", service=live_like(upstream.url)
        )
    assert {result.status for result in done.results} == {"failed"}
    for result in done.results:
        assert "leak-found" in result.reason
        assert "founded.yaml:" in result.reason
        assert SECRET not in result.reason
    assert files_of(tmp_path) == {}


class Slow:
    """The emulator, which takes for ever from the second request on."""

    def __init__(self) -> None:
        self.emulator = Emulator()
        self.count = 0

    def answer(self, request: Request) -> Reply:
        self.count += 1
        reply = self.emulator.answer(request)
        return reply if self.count == 1 else Reply(reply.response, delivery=Delivery(delay=3600.0))


def test_ctrl_c_stops_cleanly_and_keeps_what_is_finished(
    tmp_path: Path, server: PeerServer
) -> None:
    slow = Slow()
    with server.open(slow, origin=ORIGIN) as upstream:
        process = subprocess.Popen(
            command(
                "chat/founded",
                "--target",
                upstream.url,
                "--yes",
                "--cassettes",
                str(tmp_path / "out"),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"},
        )
        until = time.monotonic() + HANGS
        while slow.count < 2 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(
            timeout=HANGS
        )  # far sooner than the answer it was waiting for
    assert process.returncode == 1, err
    assert "1 recorded, 0 unchanged, 0 left out, 0 failed, 4 not tried" in out
    assert "interrupted; what was finished is kept" in out
    assert "Traceback" not in out + err
    assert list(files_of(tmp_path / "out")) == ["2024-06-01/chat/founded.yaml"]
    assert threading.active_count() < 50


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("chat/founded", "--target", "http://127.0.0.1:9", "--yes"), 3, "upstream-unreachable"),
        (("chat/founded", "--target", "http://127.0.0.1:9"), 2, "not-confirmed"),
        (("chat/founded", "--max-requests", "1"), 2, "too-many-requests"),
        (("chat/founded", "--mode", "sometimes"), 2, "option"),
        (("chat/founded", "--target", "replay"), 2, "target-unknown"),
        (("chat/founded", "--target", "live"), 2, "target-not-configured"),
        (("chat/founded", "--mode", "none"), 0, "nothing to record"),
    ],
)
def test_the_command_says_one_thing_and_ends_with_its_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("AZURE_", "OPENAI_"))
    }
    done = subprocess.run(
        command(*arguments, "--cassettes", str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        env={**environment, "PYTHONPATH": str(PROJECT)},
    )
    assert done.returncode == code, done.stderr
    assert (done.stdout + done.stderr).count(said) == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert files_of(tmp_path) == {}
