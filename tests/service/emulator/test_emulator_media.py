"""Images, speech and transcription: real files, in every format, and what is refused."""

from __future__ import annotations

import base64
import io
import struct
import wave
import zlib

import pytest

from conformance.service.emulator import Emulator
from conformance.service.emulator.audio import DEFAULT_TEXT
from conformance.suite.schema import SchemaRegistry
from conformance.wire.exchange import Request
from tests.service.emulator.emulating import HOST, Caller, error, served
from tests.service.emulator.walking import PNG, WAV

Parts = list[tuple[str, str | None, bytes]]


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG, after checking every chunk and that the rows are all there."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + length]
        assert zlib.crc32(name + content) == int.from_bytes(
            png[at + 8 + length : at + 12 + length], "big"
        )
        chunks[name] = content
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    assert len(zlib.decompress(chunks[b"IDAT"])) == ((width + 7) // 8 + 1) * height
    return width, height


def test_an_image_by_address_is_there(caller: Caller) -> None:
    response = caller.post(
        "/images/generations", {"prompt": "A dot", "size": "1792x1024"}, "conf-images"
    )
    item = response.json()["data"][0]
    assert item["revised_prompt"].startswith("A dot")
    assert item["prompt_filter_results"]["profanity"] == {"filtered": False, "detected": False}
    fetched = served(caller.emulator.answer(Request("GET", item["url"], ())))
    assert fetched.status == 200 and fetched.header("content-type") == "image/png"
    assert size_of(fetched.body) == (1792, 1024)
    gone = served(caller.emulator.answer(Request("GET", f"{HOST}/emulator/images/none.png", ())))
    assert gone.status == 404


def test_images_in_base64_depend_on_the_prompt(caller: Caller) -> None:
    def drawn(prompt: str) -> bytes:
        body = {"prompt": prompt, "response_format": "b64_json"}
        return base64.b64decode(
            caller.post("/images/generations", body, "conf-images").json()["data"][0]["b64_json"]
        )

    assert size_of(drawn("A dot")) == (1024, 1024)
    assert drawn("A dot") == drawn("A dot") != drawn("A line")


def test_the_newer_family_counts_tokens(caller: Caller) -> None:
    body = {"prompt": "A red dot", "n": 2, "size": "1536x1024", "quality": "low"}
    made = caller.post("/images/generations", body, "conf-image-edit").json()
    assert len(made["data"]) == 2 and all(
        "url" not in item and item["b64_json"] for item in made["data"]
    )
    assert made["usage"] == {
        "input_tokens": 3,
        "input_tokens_details": {"text_tokens": 3, "image_tokens": 0},
        "output_tokens": 800,
        "total_tokens": 803,
    }
    unknown = caller.post(
        "/images/generations", {**body, "response_format": "url"}, "conf-image-edit"
    )
    assert error(unknown)["code"] == "unknown_parameter"
    old = Caller(Emulator(), "2024-10-21").post(
        "/images/generations", {"prompt": "x"}, "conf-image-edit"
    )
    assert "2025-04-01-preview and later" in error(old)["message"]


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "missing_required_parameter"),
        ({"prompt": "x", "n": 2}, "integer_above_max_value"),
        ({"prompt": "x", "size": "7x7"}, "invalid_value"),
        ({"prompt": "[[jailbreak]]"}, "content_policy_violation"),
    ],
)
def test_images_that_are_refused(
    caller: Caller, registry: SchemaRegistry, body: dict[str, object], code: str
) -> None:
    refused = caller.post("/images/generations", body, "conf-images")
    assert refused.status == 400 and error(refused)["code"] == code
    assert registry.validate("error", caller.version, refused.json()) == ()


def test_a_filtered_image_says_what_was_found(caller: Caller) -> None:
    refused = error(
        caller.post(
            "/images/generations", {"prompt": "[[filter:violence=high]] war"}, "conf-images"
        )
    )
    assert refused["inner_error"]["content_filter_results"]["violence"] == {
        "filtered": True,
        "severity": "high",
    }
    assert refused["inner_error"]["revised_prompt"].startswith("war")


def test_edits_take_several_images(caller: Caller) -> None:
    parts: Parts = [
        ("prompt", None, b"Paint"),
        ("image[]", "a.png", PNG),
        ("image[]", "b.png", PNG),
        ("mask", "m.png", PNG),
        ("n", None, b"2"),
    ]
    made = caller.form("/images/edits", parts, "conf-image-edit").json()
    assert len(made["data"]) == 2 and made["usage"]["input_tokens_details"]["image_tokens"] == 388
    for wrong, code in (
        ([("prompt", None, b"x"), ("image", "a.png", b"text")], "invalid_image_file"),
        ([("prompt", None, b"x")], "missing_required_parameter"),
    ):
        assert error(caller.form("/images/edits", wrong, "conf-image-edit"))["code"] == code


@pytest.mark.parametrize(
    "wanted, kind, beginning",
    [
        ("wav", "audio/wav", b"RIFF"),
        ("mp3", "audio/mpeg", b"\xff\xf3"),
        ("flac", "audio/flac", b"fLaC"),
        ("opus", "audio/ogg", b"OggS"),
        ("pcm", "application/octet-stream", b"\x00\x00"),
    ],
)
def test_speech_in_every_format(caller: Caller, wanted: str, kind: str, beginning: bytes) -> None:
    body = {"input": "The tide turns at noon.", "voice": "alloy", "response_format": wanted}
    response = caller.post("/audio/speech", body, "conf-speech")
    assert response.header("content-type") == kind and response.body.startswith(beginning)
    assert len(caller.post("/audio/speech", {**body, "speed": 4}, "conf-speech").body) < len(
        response.body
    )


def test_speech_as_wav_plays(caller: Caller) -> None:
    body = {"input": "The tide turns at noon.", "voice": "alloy", "response_format": "wav"}
    with wave.open(io.BytesIO(caller.post("/audio/speech", body, "conf-speech").body)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 24000)
        assert sound.getnframes() == len(sound.readframes(10**9)) // 2 > 24000


def test_speech_that_is_refused(caller: Caller) -> None:
    good = {"input": "Hi", "voice": "alloy"}
    for change, code in (
        ({"voice": "bass"}, "invalid_value"),
        ({"input": "x" * 4097}, "string_above_max_length"),
        ({"speed": 9}, "decimal_above_max_value"),
        ({"response_format": "aac"}, "conformance_emulator_limitation"),
    ):
        assert (
            error(caller.post("/audio/speech", {**good, **change}, "conf-speech"))["code"] == code
        )


def listen(
    caller: Caller, *parts: tuple[str, str | None, bytes], sound: bytes = WAV, name: str = "a.wav"
) -> object:
    response = caller.form(
        "/audio/transcriptions", [("file", name, sound), *parts], "conf-transcription"
    )
    return (
        response.json()
        if response.header("content-type") == "application/json"
        else response.body.decode()
    )


@pytest.mark.parametrize(
    "wanted, schema",
    [
        ("json", "transcription"),
        ("verbose_json", "transcription-verbose"),
        ("text", "transcription-text"),
        ("srt", "transcription-srt"),
        ("vtt", "transcription-vtt"),
    ],
)
def test_transcriptions_in_every_format(
    caller: Caller, registry: SchemaRegistry, wanted: str, schema: str
) -> None:
    heard = listen(caller, ("response_format", None, wanted.encode()))
    assert "The tide turns at noon." in str(heard)
    assert registry.validate(schema, caller.version, heard) == ()


def test_verbose_transcriptions_have_times(caller: Caller) -> None:
    heard = listen(
        caller,
        ("response_format", None, b"verbose_json"),
        ("timestamp_granularities[]", None, b"word"),
        ("timestamp_granularities[]", None, b"segment"),
        ("language", None, b"de"),
    )
    assert isinstance(heard, dict)
    assert (heard["task"], heard["language"], heard["duration"]) == ("transcribe", "german", 1.5)
    assert [one["text"] for one in heard["segments"]] == [
        " The tide turns at noon.",
        " Nobody minds.",
    ]
    assert [one["word"] for one in heard["words"]] == [
        "The",
        "tide",
        "turns",
        "at",
        "noon",
        "Nobody",
        "minds",
    ]
    assert heard["segments"][-1]["end"] == heard["words"][-1]["end"] == 1.5


def test_what_is_heard(caller: Caller) -> None:
    spoken = caller.post(
        "/audio/speech",
        {"input": "Gr\u00fc\u00dfe, Welt", "voice": "nova", "response_format": "wav"},
        "conf-speech",
    ).body
    assert listen(caller, sound=spoken) == {"text": "Gr\u00fc\u00dfe, Welt"}
    assert listen(caller, ("prompt", None, b"[[say:Other words]]")) == {"text": "Other words"}
    assert listen(caller, sound=b"ID3 something", name="a.mp3") == {"text": DEFAULT_TEXT}


@pytest.mark.parametrize(
    "parts, code, param",
    [
        ([], "missing_required_parameter", "file"),
        ([("file", "a.txt", WAV)], None, None),
        ([("file", "a.wav", b"no sound")], None, None),
        (
            [("file", "a.wav", WAV), ("language", None, b"Klingon")],
            "invalid_language_format",
            "language",
        ),
        (
            [("file", "a.wav", WAV), ("temperature", None, b"2")],
            "decimal_above_max_value",
            "temperature",
        ),
        (
            [("file", "a.wav", WAV), ("response_format", None, b"docx")],
            "invalid_value",
            "response_format",
        ),
        (
            [("file", "a.wav", WAV), ("timestamp_granularities[]", None, b"word")],
            None,
            "timestamp_granularities",
        ),
        ([("file", "a.wav", WAV), ("probe", None, b"1")], "unknown_parameter", "probe"),
    ],
)
def test_transcriptions_that_are_refused(
    caller: Caller, parts: Parts, code: str | None, param: str | None
) -> None:
    refused = caller.form(
        "/audio/transcriptions", [("temperature", None, b"0"), *parts], "conf-transcription"
    )
    assert refused.status == 400
    assert (error(refused)["code"], error(refused)["param"]) == (code, param)


def test_translations_are_english(caller: Caller) -> None:
    parts: Parts = [("file", "a.wav", WAV), ("response_format", None, b"verbose_json")]
    heard = caller.form("/audio/translations", parts, "conf-translation").json()
    assert (heard["task"], heard["language"]) == ("translate", "english")
