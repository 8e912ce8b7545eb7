"""Where the bytes of an event stream are cut: the pieces a scenario can ask for by name.

A delivery is a pure function from the bytes of a body to the end offsets of the pieces it is sent
in. The bytes do not change, so every client has to read the same events from every delivery.
``DELIVERIES`` holds them by the name that stands in a scenario's ``chunks``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

Delivery = Callable[[bytes], tuple[int, ...]]

# The group is atomic (?>...): otherwise a blank line of CRLF could be read as CR, LF, and one
# event would be cut in two.
_EVENT_END = re.compile(rb"(?>\r\n|\n|\r){2}")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DATA = re.compile(rb"(?:^|(?<=[\r\n]))data:")


def whole(body: bytes) -> tuple[int, ...]:
    """All in one piece."""
    return _ends(body, ())


def per_byte(body: bytes) -> tuple[int, ...]:
    """One byte at a time."""
    return tuple(range(1, len(body) + 1))


def per_event(body: bytes) -> tuple[int, ...]:
    """One event at a time, each with its blank line."""
    return _ends(body, (blank.end() for blank in _EVENT_END.finditer(body)))


def per_line(body: bytes) -> tuple[int, ...]:
    """One line at a time, each with its end."""
    return _ends(body, (line_end.end() for line_end in _LINE_END.finditer(body)))


def coalesced(body: bytes, events: int = 5) -> tuple[int, ...]:
    """``events`` of them in a piece, as a buffering gateway sends them."""
    return _ends(body, per_event(body)[events - 1 :: events])


def inside_characters(body: bytes) -> tuple[int, ...]:
    """A cut before every continuation byte of UTF-8, so that only pieces of ASCII are text by
    themselves."""
    # A continuation byte has the form 10xxxxxx.
    return _ends(body, (at for at, byte in enumerate(body) if byte & 0xC0 == 0x80))


def inside_fields(body: bytes) -> tuple[int, ...]:
    """A cut in the middle of every ``data:``."""
    return _ends(body, (field.start() + 2 for field in _DATA.finditer(body)))


def before_colons(body: bytes) -> tuple[int, ...]:
    """A cut on either side of the colon of every ``data:``."""
    return _ends(
        body, (at for field in _DATA.finditer(body) for at in (field.end() - 1, field.end()))
    )


def between_line_ends(body: bytes) -> tuple[int, ...]:
    """A cut between the CR and the LF of every CRLF, and between the two line ends of every blank
    line."""
    inside = (crlf.start() + 1 for crlf in re.finditer(rb"\r\n", body))
    blank = (match.start() + len(match[0]) // 2 for match in _EVENT_END.finditer(body))
    return _ends(body, (*inside, *blank))


def every(size: int) -> Delivery:
    """A delivery in pieces of ``size`` bytes."""

    def delivery(body: bytes) -> tuple[int, ...]:
        return _ends(body, range(size, len(body), size))

    return delivery


def _ends(body: bytes, cuts: Iterable[int]) -> tuple[int, ...]:
    """The end offsets of the pieces of ``body`` when it is cut at ``cuts``; none without a body."""
    if not body:
        return ()
    return (*sorted({cut for cut in cuts if 0 < cut < len(body)}), len(body))


DELIVERIES: Mapping[str, Delivery] = {
    "whole": whole,
    "bytes": per_byte,
    "events": per_event,
    "lines": per_line,
    "coalesced": coalesced,
    "inside_characters": inside_characters,
    "inside_fields": inside_fields,
    "before_colons": before_colons,
    "between_line_ends": between_line_ends,
    # About what fits into one packet of an Ethernet (1500 bytes with its heads).
    "mtu": every(1400),
    # A prime, so that cuts seldom fall together with the ends of lines.
    "primes": every(17),
}


def events(body: bytes) -> tuple[bytes, ...]:
    """The stream cut after every blank line; what follows the last one is the last part."""
    ends = per_event(body)
    return tuple(body[start:stop] for start, stop in zip((0, *ends), ends, strict=False))
