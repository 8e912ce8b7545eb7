"""What a contract's retry traits say about one answer: retried or not, and after how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from conformance.judge.rules.seen import Seen
from conformance.suite.retry_traits import covers
from conformance.wire.exchange import Exchange, Fault, Response
from conformance.wire.retry_hints import HintForm, RetryHint, read_hint, retry_hints

_TIMEOUTS = frozenset({Fault.CONNECT_TIMEOUT, Fault.READ_TIMEOUT, Fault.STALL_BODY})
_FORMS = ("seconds", "fraction", "date")


@dataclass(frozen=True, slots=True)
class Asked:
    """A wait the service asked for. ``given``: some hint stands in the answer; ``seconds``: it must
    be waited out."""

    given: bool
    seconds: float | None = None
    header: str = ""


def should_retry(view: Seen, exchange: Exchange) -> bool | None:
    """Whether the contract says that what ``exchange`` met is retried; None when it does not
    say."""
    response = exchange.response
    if (
        exchange.fault is not None and response is not None
    ):  # it came midway, and no contract says what then
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


def asked_wait(view: Seen, exchange: Exchange) -> Asked:
    """What the answer asked for, in the order the contract reads the headers (trait
    ``retries.honours``).

    A hint that is zero, negative, unreadable or a date binds nobody here: SDKs differ and none
    documents it, so such an answer is ``given`` without ``seconds``, and no rule about the length
    of the wait applies.
    """
    response = exchange.response
    honours = view.trait("retries.honours")
    if response is None or not isinstance(honours, list | tuple):
        return Asked(False)
    for name in honours:
        value = response.header(str(name))
        if value is None:
            continue
        hint = read_hint(str(name).lower(), value)
        if hint is None or not _binds(view, hint):
            return Asked(True, None, str(name))
        return Asked(True, hint.seconds, str(name))
    return Asked(False)


def _binds(view: Seen, hint: RetryHint) -> bool:
    """Whether the contract says that the wait of ``hint`` is waited out."""
    forms = view.trait("retries.retry_after_forms", _FORMS)
    known = isinstance(forms, list | tuple) and hint.form in forms
    readable = hint.is_plain_number and (known or hint.form is HintForm.MILLISECONDS)
    return readable and 0 < hint.seconds <= _cap(view)


def _cap(view: Seen) -> float:
    cap = view.trait("retries.max_wait")
    return float(cap) if isinstance(cap, int | float) and not isinstance(cap, bool) else math.inf


def _too_long(view: Seen, response: Response) -> bool:
    """Whether any hint exceeds the documented cap: then an SDK may give up instead of waiting."""
    cap = _cap(view)
    hints = retry_hints(response.headers).values()
    return any(hint.is_plain_number and hint.seconds > cap for hint in hints)


def is_after_timeout(exchange: Exchange) -> bool:
    """Whether the pause after ``exchange`` includes a time-out that had to run out first."""
    return exchange.fault in _TIMEOUTS
