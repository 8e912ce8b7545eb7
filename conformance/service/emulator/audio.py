"""Speech, transcription and translation (facts/service#audio)."""

from __future__ import annotations

import math
import re
from typing import Any

from conformance.service.emulator import errors, form, rules, sound
from conformance.service.emulator.answers import TEXT, Answer, json_answer
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
    sound_format = body.get("response_format") or "mp3"
    if sound_format not in sound.FORMATS:
        raise errors.limitation(f"speech as {sound_format}")
    if body.get("stream_format") == "sse":
        raise errors.limitation("speech as server-sent events")
    content_type, write = sound.FORMATS[sound_format]
    text = body["input"]
    return Answer(
        write(sound.seconds(text, body.get("speed") or 1), text), content_type, filtered=False
    )


def transcribe(call: ServiceCall) -> Answer:
    """The text of a sound file. Raises Refusal."""
    return _listen(call, rules.TRANSCRIPTION, "transcribe")


def translate(call: ServiceCall) -> Answer:
    """The text of a sound file, in English at the service. Raises Refusal."""
    return _listen(call, rules.TRANSLATION, "translate")


def _listen(call: ServiceCall, member_rules: MemberRules, task: str) -> Answer:
    request_form = form.read(call, member_rules, ("file",))
    members = request_form.members
    check(members, member_rules, call.version)
    content = _sound_file(request_form.file("file"))
    text_format = members.get("response_format") or "json"
    granularities = _granularities(members, text_format)
    language = _language(members)
    if members.get("stream"):
        raise errors.limitation("a streamed transcription")
    text, length = _heard(content, members.get("prompt") or ""), sound.duration(content)
    billed = (("csp-billing-usage", f"CognitiveServices.OpenAI.Whisper={math.ceil(length)}"),)
    match text_format:
        case "json":
            return json_answer({"text": text}, headers=billed)
        case "verbose_json":
            verbose = {
                "task": task,
                "language": language,
                "duration": length,
                "text": text,
                **_segments_and_words(text, length, granularities),
            }
            return json_answer(verbose, headers=billed)
        case "text":
            return Answer(f"{text}\n".encode(), TEXT, headers=billed)
        case "vtt":
            return Answer(_web_vtt(text, length).encode(), TEXT, headers=billed)
    return Answer(_subrip(text, length).encode(), TEXT, headers=billed)


def _sound_file(file: FormPart) -> bytes:
    """The content of an uploaded sound file. Raises Refusal for a file that is none."""
    content = file.content
    extension = (file.filename or "").rpartition(".")[2].lower()
    # A file begins with the name of its container, with an MPEG frame (eleven bits set), or, as MP4
    # does, with the size of a box called ftyp.
    mpeg_frame = len(content) > 1 and content[0] == 0xFF and content[1] >= 0xE0
    is_sound = mpeg_frame or content.startswith(_BEGINNINGS) or content[4:8] == b"ftyp"
    if extension not in _EXTENSIONS or not is_sound:
        raise errors.invalid(f"Invalid file format. Supported formats: {list(_EXTENSIONS)}")
    return content


def _granularities(members: dict[str, Any], text_format: str) -> list[str]:
    granularities = members.get("timestamp_granularities")
    if granularities is None:
        return ["segment"]
    for granularity in granularities:
        if granularity not in ("word", "segment"):
            raise wrong_choice("timestamp_granularities", granularity, ("word", "segment"))
    if text_format != "verbose_json":
        raise errors.invalid(
            "'timestamp_granularities' is only allowed when 'response_format' is 'verbose_json'.",
            "timestamp_granularities",
        )
    return list(granularities)


def _language(members: dict[str, Any]) -> str:
    """The name of the language, or its code where the emulator does not know the name."""
    code = str(members.get("language") or "en")
    if not re.fullmatch(r"[a-z]{2,3}", code):
        raise errors.invalid(
            f"Invalid language '{code}'. Language parameter must be specified in ISO-639-1 format.",
            "language",
            "invalid_language_format",
        )
    return _LANGUAGES.get(code, code)


def _heard(content: bytes, prompt: str) -> str:
    """The words in a sound file: those the prompt dictates, else those the emulator itself wrote
    into the file when it spoke them, else a fixed sentence."""
    words = directives(prompt).first("say") or sound.comment(content) or DEFAULT_TEXT
    return " ".join(words.split()) or DEFAULT_TEXT


def _cues(text: str, length: float) -> list[tuple[float, float, str]]:
    """(start, end, sentence) of every sentence; the time is divided by the length of sentences."""
    sentences = [sentence for sentence in re.split(r"(?<=[.!?])\s+", text) if sentence]
    return _timed(sentences, length)


def _timed(texts: list[str], length: float) -> list[tuple[float, float, str]]:
    """(start, end, text) of each of ``texts`` in ``length`` seconds."""
    total, at, timed = sum(map(len, texts)) or 1, 0, []
    for text in texts:
        start, at = at, at + len(text)
        timed.append((round(start / total * length, 3), round(at / total * length, 3), text))
    return timed


def _segments_and_words(text: str, length: float, granularities: list[str]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if "segment" in granularities:
        members["segments"] = [
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
        members["words"] = [
            {"word": word, "start": start, "end": end} for start, end, word in _timed(words, length)
        ]
    return members


def _web_vtt(text: str, length: float) -> str:
    lines = ["WEBVTT\n\n"]
    for start, end, sentence in _cues(text, length):
        lines.append(f"{_clock(start, '.')} --> {_clock(end, '.')}\n{sentence}\n\n")
    return "".join(lines)


def _subrip(text: str, length: float) -> str:
    lines = []
    for number, (start, end, sentence) in enumerate(_cues(text, length), 1):
        lines.append(f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{sentence}\n\n")
    return "".join(lines) + "\n"


def _clock(moment: float, mark: str) -> str:
    """``moment`` as hours, minutes and seconds, with ``mark`` before the milliseconds."""
    milliseconds = round(moment * 1000)
    hours, minutes = milliseconds // 3_600_000, milliseconds // 60_000 % 60
    seconds = milliseconds // 1000 % 60
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{milliseconds % 1000:03}"
