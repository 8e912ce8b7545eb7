"""Speech, transcription and translation (wire-contract section 3, Audio)."""

from __future__ import annotations

import math
import re
from typing import Any

from conformance.service.emulator import errors, form, rules, sound
from conformance.service.emulator.answers import TEXT, Answer, encode, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.prompt import directives
from conformance.service.emulator.tokens import split
from conformance.service.emulator.validation import MemberRules, check, wrong_choice
from conformance.wire.multipart import FormPart

DEFAULT_TEXT = "Hello from the emulator. It heard nothing in particular."
_EXTENSIONS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
_BEGINNINGS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\x1a\x45\xdf\xa3")
_LANGUAGES = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "ja": "japanese",
}


def speak(call: ServiceCall) -> Answer:
    """Sound for a text. Raises Refusal; AAC is refused as the emulator's own limitation."""
    body = call.body
    check(body, rules.SPEECH, call.version)
    wanted = body.get("response_format") or "mp3"
    if wanted not in sound.FORMATS:
        raise errors.limitation(f"speech as {wanted}")
    if body.get("stream_format") == "sse":
        raise errors.limitation("speech as server-sent events")
    content_type, write = sound.FORMATS[wanted]
    return Answer(
        write(sound.seconds(body["input"], body.get("speed") or 1), body["input"]),
        content_type,
        filtered=False,
    )


def transcribe(call: ServiceCall) -> Answer:
    return _listen(call, rules.TRANSCRIPTION, "transcribe")


def translate(call: ServiceCall) -> Answer:
    return _listen(call, rules.TRANSLATION, "translate")


def _listen(call: ServiceCall, known: MemberRules, task: str) -> Answer:
    given = form.read(call, known, ("file",))
    check(given.members, known, call.version)
    content = _sound_file(given.file("file"))
    wanted = given.members.get("response_format") or "json"
    granularities = _granularities(given.members, wanted)
    language = _language(given.members)
    if given.members.get("stream"):
        raise errors.limitation("a streamed transcription")
    text, length = _heard(content, given.members.get("prompt") or ""), sound.duration(content)
    billed = (("csp-billing-usage", f"CognitiveServices.OpenAI.Whisper={math.ceil(length)}"),)
    match wanted:
        case "json":
            return json_answer({"text": text}, headers=billed)
        case "verbose_json":
            verbose = _verbose(text, length, granularities)
            return Answer(
                encode(
                    {
                        "task": task,
                        "language": language,
                        "duration": length,
                        "text": text,
                        **verbose,
                    }
                ),
                headers=billed,
            )
        case "text":
            return Answer(f"{text}\n".encode(), TEXT, headers=billed)
    return Answer(_subtitles(text, length, wanted).encode(), TEXT, headers=billed)


def _sound_file(file: FormPart) -> bytes:
    """The content of an uploaded sound file. Raises the service's refusal of what is none."""
    name = (file.filename or "").rpartition(".")[2].lower()
    frame = len(file.content) > 1 and file.content[0] == 0xFF and file.content[1] >= 0xE0
    if name not in _EXTENSIONS or not (
        frame or file.content.startswith(_BEGINNINGS) or file.content[4:8] == b"ftyp"
    ):
        raise errors.invalid(f"Invalid file format. Supported formats: {list(_EXTENSIONS)}")
    return file.content


def _granularities(members: dict[str, Any], wanted: str) -> list[str]:
    asked = members.get("timestamp_granularities")
    if asked is None:
        return ["segment"]
    for one in asked:
        if one not in ("word", "segment"):
            raise wrong_choice("timestamp_granularities", one, ("word", "segment"))
    if wanted != "verbose_json":
        raise errors.invalid(
            "'timestamp_granularities' is only allowed when 'response_format' is 'verbose_json'.",
            "timestamp_granularities",
        )
    return list(asked)


def _language(members: dict[str, Any]) -> str:
    given = str(members.get("language") or "en")
    if not re.fullmatch(r"[a-z]{2,3}", given):
        raise errors.invalid(
            f"Invalid language '{given}'. Language parameter must be specified in ISO-639-1 format.",
            "language",
            "invalid_language_format",
        )
    return _LANGUAGES.get(given, given)


def _heard(content: bytes, prompt: str) -> str:
    """What was said: what the prompt tells, else what the emulator itself has spoken, else a
    sentence of its own."""
    said = directives(prompt).first("say") or sound.comment(content) or DEFAULT_TEXT
    return " ".join(said.split()) or DEFAULT_TEXT


def _cues(text: str, length: float) -> list[tuple[float, float, str]]:
    """(start, end, sentence) of every sentence, time shared out by length."""
    sentences = [one for one in re.split(r"(?<=[.!?])\s+", text) if one]
    return _shared(sentences, length)


def _shared(texts: list[str], length: float) -> list[tuple[float, float, str]]:
    total, at, found = sum(map(len, texts)) or 1, 0, []
    for text in texts:
        start, at = at, at + len(text)
        found.append((round(start / total * length, 3), round(at / total * length, 3), text))
    return found


def _verbose(text: str, length: float, granularities: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "segment" in granularities:
        found["segments"] = [
            {
                "id": index,
                "seek": int(start * 100),
                "start": start,
                "end": end,
                "text": " " + sentence,
                "tokens": [50364 + index, *(len(piece) for piece in split(sentence))],
                "temperature": 0.0,
                "avg_logprob": -0.25,
                "compression_ratio": 1.25,
                "no_speech_prob": 0.01,
            }
            for index, (start, end, sentence) in enumerate(_cues(text, length))
        ]
    if "word" in granularities:
        words = re.findall(r"[\w'’-]+", text) or [text]
        found["words"] = [
            {"word": word, "start": start, "end": end}
            for start, end, word in _shared(words, length)
        ]
    return found


def _subtitles(text: str, length: float, wanted: str) -> str:
    cues = _cues(text, length)
    if wanted == "vtt":
        return "WEBVTT\n\n" + "".join(
            f"{_clock(start, '.')} --> {_clock(end, '.')}\n{sentence}\n\n"
            for start, end, sentence in cues
        )
    return (
        "".join(
            f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{sentence}\n\n"
            for number, (start, end, sentence) in enumerate(cues, 1)
        )
        + "\n"
    )


def _clock(moment: float, mark: str) -> str:
    whole = round(moment * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}{mark}{whole % 1000:03}"
