"""What a contract's retry traits say about one answer: retried or not, and after how long."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.judge.rules.seen import Seen
from conformance.wire.exchange import Exchange, Fault, Response

_TIMEOUTS = frozenset({Fault.CONNECT_TIMEOUT, Fault.READ_TIMEOUT, Fault.STALL_BODY})
_NUMBER = re.compile(r"\d+(\.\d+)?$")
_FORMS = ("seconds", "fraction", "date")


@dataclass(frozen=True, slots=True)
class Asked:
    """A wait the service asked for. ``given``: some hint stands in the answer; ``seconds``: it must be waited out."""

    given: bool
    seconds: float | None = None
    header: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The documented wait before a retry, seconds."""

    least: float
    most: float


def should_retry(view: Seen, exchange: Exchange) -> bool | None:
    """Whether the contract says that what ``exchange`` met is retried; None when it does not say."""
    response = exchange.response
    if exchange.fault is not None and response is not None:  # it came midway, and no contract says what then
        return None
    if response is None:
        return _fault_retried(view, exchange.fault)
    if response.status < 400:
        return False
    if view.trait("retries.should_retry_header") is True:
        told = (response.header("x-should-retry") or "").strip().lower()
        if told in ("true", "false"):
            return told == "true"
    statuses = view.trait("retries.statuses")
    if not isinstance(statuses, list | tuple):
        return None
    if not any(covers(pattern, response.status) for pattern in statuses):
        return False
    return None if _too_long(view, response) else True


def _fault_retried(view: Seen, fault: Fault | None) -> bool | None:
    trait = view.trait("retries.timeouts" if fault in _TIMEOUTS else "retries.connection_errors")
    return trait if isinstance(trait, bool) and fault is not None else None


def covers(pattern: Any, status: int) -> bool:
    """Whether a contract's status pattern (429, "429", "5xx", ">=500", "500-504") holds for ``status``."""
    text = str(pattern).strip().lower()
    if text.endswith("xx"):
        return text[:-2] == str(status // 100)
    if text.startswith(">="):
        return text[2:].strip().isdigit() and status >= int(text[2:])
    low, dash, high = text.partition("-")
    if dash and low.isdigit() and high.isdigit():
        return int(low) <= status <= int(high)
    return text == str(status)


def asked_wait(view: Seen, exchange: Exchange) -> Asked:
    """What the answer asked for, in the order the contract reads the headers (trait ``retries.honours``).

    A hint that is zero, negative, unreadable or a date binds nobody here: SDKs differ and none documents it, so such
    an answer is ``given`` without ``seconds``, and no rule about the length of the wait applies.
    """
    response = exchange.response
    honours = view.trait("retries.honours")
    if response is None or not isinstance(honours, list | tuple):
        return Asked(False)
    for name in honours:
        value = response.header(str(name))
        if value is None:
            continue
        seconds = _seconds(str(name).lower(), value.strip(), view.trait("retries.retry_after_forms", _FORMS))
        if seconds is None or seconds <= 0 or seconds > _cap(view):
            return Asked(True, None, str(name))
        return Asked(True, seconds, str(name))
    return Asked(False)


def _seconds(name: str, value: str, forms: Any) -> float | None:
    if not _NUMBER.match(value) or len(value) > 18:
        return None
    form = "fraction" if "." in value else "seconds"
    if name.endswith("-ms"):
        return float(value) / 1000 if form == "seconds" or form in _listed(forms) else None
    return float(value) if form in _listed(forms) else None


def _listed(forms: Any) -> Sequence[Any]:
    return forms if isinstance(forms, list | tuple) else ()


def _cap(view: Seen) -> float:
    cap = view.trait("retries.max_wait")
    return float(cap) if isinstance(cap, int | float) and not isinstance(cap, bool) else math.inf


def _too_long(view: Seen, response: Response) -> bool:
    """Whether any hint exceeds the documented cap: then an SDK may give up instead of waiting."""
    cap = _cap(view)
    for name in ("retry-after-ms", "x-ms-retry-after-ms", "retry-after"):
        seconds = _seconds(name, (response.header(name) or "").strip(), _FORMS)
        if seconds is not None and seconds > cap:
            return True
    return False


def backoff_bounds(trait: Mapping[str, Any], number: int) -> Bounds | None:
    """The bounds of retry ``number`` (from 0): ``initial * factor ** number`` capped at ``max``, or the explicit list
    ``delays``, times ``jitter_min`` to ``jitter_max`` (both 1 when not given). None: the trait has another shape.
    """
    try:
        delays = trait.get("delays")
        if delays:
            base = float(delays[min(number, len(delays) - 1)])
        else:
            base = min(float(trait["initial"]) * float(trait.get("factor", 2)) ** number,
                       float(trait.get("max", math.inf)))
        return Bounds(base * float(trait.get("jitter_min", 1)), base * float(trait.get("jitter_max", 1)))
    except (KeyError, TypeError, ValueError, OverflowError, IndexError):
        return None


def is_after_timeout(exchange: Exchange) -> bool:
    """Whether the pause after ``exchange`` includes a time-out that had to run out first."""
    return exchange.fault in _TIMEOUTS
