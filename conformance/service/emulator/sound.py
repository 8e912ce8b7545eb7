"""Sound files: a tone that can be heard (WAV, PCM), and silence in the smallest valid frames (MP3,
FLAC, Ogg Opus).

Formats: RIFF/WAVE (Microsoft, 1994); ISO/IEC 13818-3 layer III; RFC 9639 (FLAC); RFC 3533, 7845 and
6716 (Opus). AAC is not written: it has no frame that is both trivial and valid.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

RATE = 24_000
"""Samples a second of everything here; the service's own rate for pcm."""
_TONE = 400
"""Hertz."""
LONGEST = 30.0
"""Seconds; longer texts are not spoken longer, to keep answers small."""


def seconds(text: str, speed: float) -> float:
    """How long ``text`` is spoken at ``speed``: 15 characters a second, at most LONGEST."""
    return min(LONGEST, max(0.3, len(text) / 15 / speed))


def pcm(length: float) -> bytes:
    """A tone of ``length`` seconds: 16 bit, mono, little-endian."""
    period = [
        int(6000 * math.sin(2 * math.pi * step * _TONE / RATE)) for step in range(RATE // _TONE)
    ]
    wave = struct.pack(f"<{len(period)}h", *period)
    return (wave * (int(length * RATE) // len(period) + 1))[: int(length * RATE) * 2]


def wav(length: float, comment: str) -> bytes:
    """The tone as a WAV file with ``comment`` in its INFO list, where the emulator finds it again
    when it listens."""
    data = pcm(length)
    text = comment.encode() + b"\0"
    note = b"INFO" + _chunk(b"ICMT", text)
    # Format 1 (PCM), 1 channel; samples and bytes a second; bytes and bits a sample.
    form = struct.pack("<HH", 1, 1) + struct.pack("<II", RATE, RATE * 2) + struct.pack("<HH", 2, 16)
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"LIST", note) + _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def mp3(length: float) -> bytes:
    """Silent MPEG-2 layer III frames: 64 kbit/s, mono, 576 samples and 192 bytes each, side
    information all zero."""
    return (b"\xff\xf3\x84\xc4" + bytes(188)) * max(1, math.ceil(length * RATE / 576))


def flac(length: float) -> bytes:
    """Silence as constant subframes of 4096 samples."""
    frames = max(1, math.ceil(length * RATE / 4096))
    # STREAMINFO: block sizes, unknown frame sizes, rate (20 bits), channels - 1 (3), bits - 1 (5),
    # samples (36).
    packed = (RATE << 44) | (0 << 41) | (15 << 36) | (frames * 4096)
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return (
        b"fLaC"
        + b"\x80"
        + len(info).to_bytes(3, "big")
        + info
        + b"".join(map(_flac_frame, range(frames)))
    )


def _flac_frame(number: int) -> bytes:
    # Fixed block size; 4096 samples and 24 kHz by their codes; mono, 16 bits; the frame number
    # coded as UTF-8 is.
    head = b"\xff\xf8\xc7\x08" + chr(number).encode()
    head += bytes([_crc(head, 8, 0x07)])
    frame = head + b"\x00\x00\x00"
    return frame + _crc(frame, 16, 0x8005).to_bytes(2, "big")


def opus(length: float) -> bytes:
    """Silence as Opus packets of 20 ms in an Ogg stream."""
    # RFC 7845 section 5.1: version, channels, samples to skip at the start; rate of the original;
    # gain and channel mapping.
    head = b"OpusHead" + struct.pack("<BBH", 1, 1, 312) + struct.pack("<IHB", RATE, 0, 0)
    vendor = b"conformance"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    count = max(1, math.ceil(length / 0.02))
    pages = [_page(0, 0, 2, [head]), _page(1, 0, 0, [tags])]
    for start in range(0, count, 50):
        packets = [b"\xf8\xff\xfe"] * min(50, count - start)
        kind = 0
        if start + len(packets) >= count:
            kind = 4  # the last page of the stream
        pages.append(_page(len(pages), (start + len(packets)) * 960, kind, packets))
    return b"".join(pages)


def _page(number: int, granule: int, kind: int, packets: list[bytes]) -> bytes:
    """An Ogg page (RFC 3533 section 6): ``granule`` is how many samples have been played at its
    end, ``kind`` 2 for the first and 4 for the last of a stream."""
    head = b"OggS" + struct.pack("<BBq", 0, kind, granule) + struct.pack("<II", 1, number)
    rest = bytes([len(packets)]) + bytes(len(packet) for packet in packets) + b"".join(packets)
    return head + _crc(head + bytes(4) + rest, 32, 0x04C11DB7).to_bytes(4, "little") + rest


def _crc(data: bytes, width: int, polynomial: int) -> int:
    """A CRC that starts at 0 and reflects nothing, as FLAC and Ogg have it."""
    value, top, mask = 0, 1 << (width - 1), (1 << width) - 1
    for byte in data:
        value ^= byte << (width - 8)
        for _ in range(8):
            overflows = value & top
            value = (value << 1) & mask
            if overflows:
                value ^= polynomial
    return value


FORMATS: dict[str, tuple[str, Callable[[float, str], bytes]]] = {
    "mp3": ("audio/mpeg", lambda length, _: mp3(length)),
    "opus": ("audio/ogg", lambda length, _: opus(length)),
    "flac": ("audio/flac", lambda length, _: flac(length)),
    "wav": ("audio/wav", wav),
    "pcm": ("application/octet-stream", lambda length, _: pcm(length)),
}
"""Content type and writer (seconds, comment) of each format the emulator speaks."""


def riff(content: bytes) -> dict[bytes, bytes]:
    """The chunks of a WAV file by name, as far as they are there; none for another file."""
    chunks: dict[bytes, bytes] = {}
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return chunks
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        chunks[content[at : at + 4]] = content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2  # chunks begin at even offsets
    return chunks


def duration(content: bytes) -> float:
    """Seconds of a sound file: exact for WAV, else a guess by its size (128 kbit/s)."""
    chunks = riff(content)
    form = chunks.get(b"fmt ", b"")
    bytes_per_second = 0
    if len(form) >= 12:
        bytes_per_second = int.from_bytes(form[8:12], "little")
    if bytes_per_second:
        return round(len(chunks.get(b"data", b"")) / bytes_per_second, 3)
    return round(len(content) / 16_000, 3)


def comment(content: bytes) -> str | None:
    """The comment that ``wav`` wrote, or None."""
    info = riff(content).get(b"LIST", b"")
    if info[:8] != b"INFOICMT":
        return None
    size = int.from_bytes(info[8:12], "little")
    return info[12 : 12 + size].rstrip(b"\0").decode("utf-8", "replace") or None
