"""Speech, transcription and translation: real files, in every format, and what is refused."""

from __future__ import annotations

import io
import wave

import pytest

from conformance.service.emulator.audio import DEFAULT_TEXT
from conformance.suite.schema import SchemaRegistry
from tests.service.emulator.emulating import Caller, error
from tests.service.emulator.walking import WAV

Parts = list[tuple[str, str | None, bytes]]


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
