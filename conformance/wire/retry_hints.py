"""Reads how long the headers of an answer ask a client to wait before it tries again. Pure.

Three headers carry such a hint: ``retry-after-ms`` and ``x-ms-retry-after-ms`` in milliseconds, and
``retry-after`` (RFC 9110 section 10.2.3) in seconds or as a date. What a client has to do with a
hint is not decided here: that differs from SDK to SDK, and contracts say it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from conformance.wire.calendar import seconds_until
from conformance.wire.exchange import Headers, header

MILLISECOND_HEADERS = ("retry-after-ms", "x-ms-retry-after-ms")
SECOND_HEADERS = ("retry-after",)
HINT_HEADERS = (*MILLISECOND_HEADERS, *SECOND_HEADERS)
"""Every header that may carry a hint, in lower case, the more exact ones first."""

_LONGEST_TEXT = 256
_LONGEST_NUMBER = 18
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?P<fraction>\.[0-9]+)?")


class HintForm(StrEnum):
    """How a hint is written.

    ``LENIENT``: a number to a client that reads it with its language's own parser and nonsense to
    everybody else (``1e3``, ``Infinity``, ``NaN``, 30 digits).
    """

    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"
    FRACTION = "fraction"
    DATE = "date"
    LENIENT = "lenient"


@dataclass(frozen=True, slots=True)
class RetryHint:
    """A wait that one header asks for.

    ``header`` is its name in lower case; ``seconds`` may be zero, negative, or infinite where the
    form is ``LENIENT``, and is never NaN.
    """

    header: str
    form: HintForm
    seconds: float

    @property
    def is_plain_number(self) -> bool:
        """Whether every client reads it as the same number: neither a date nor ``LENIENT``."""
        return self.form not in (HintForm.DATE, HintForm.LENIENT)


def retry_hints(headers: Headers, now: float | None = None) -> dict[str, RetryHint]:
    """Every hint in ``headers`` that can be read, by header name, in the order of ``HINT_HEADERS``.

    Dates are measured from ``now`` (Unix time); without it they are left out. Of a header that is
    there twice the first counts.
    """
    hints: dict[str, RetryHint] = {}
    for name in HINT_HEADERS:
        hint = read_hint(name, header(headers, name) or "", now)
        if hint is not None:
            hints[name] = hint
    return hints


def read_hint(name: str, text: str, now: float | None = None) -> RetryHint | None:
    """The hint that header ``name`` (lower case, one of ``HINT_HEADERS``) gives with the value
    ``text``; None where that is neither a number nor a date that can be measured from ``now``."""
    text = text.strip()
    if not text or len(text) > _LONGEST_TEXT:
        return None
    try:
        number = float(text)
    except ValueError:
        return _read_date(name, text, now)
    # A client that is told to wait NaN seconds may never come back, as with Infinity.
    seconds = math.inf if math.isnan(number) else number
    if name in MILLISECOND_HEADERS:
        seconds /= 1000
    return RetryHint(name, _number_form(name, text), seconds)


def answer_time(headers: Headers) -> float | None:
    """The Unix time that the ``date`` header of an answer gives; None where it gives none."""
    return seconds_until(header(headers, "date") or "", 0.0)


def _read_date(name: str, text: str, now: float | None) -> RetryHint | None:
    if now is None or name in MILLISECOND_HEADERS:
        return None
    seconds = seconds_until(text, now)
    if seconds is None:
        return None
    return RetryHint(name, HintForm.DATE, seconds)


def _number_form(name: str, text: str) -> HintForm:
    plain = _PLAIN_NUMBER.fullmatch(text)
    if plain is None or len(text) > _LONGEST_NUMBER:
        return HintForm.LENIENT
    if plain["fraction"]:
        return HintForm.FRACTION
    if name in MILLISECOND_HEADERS:
        return HintForm.MILLISECONDS
    return HintForm.SECONDS
