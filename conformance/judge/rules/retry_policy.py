"""What a contract's retry traits say about one answer: retried or not, and after how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from conformance.judge.rules.step import ObservedStep
from conformance.suite.retry_traits import covers
from conformance.wire.exchange import Exchange, Fault, Response
from conformance.wire.retry_hints import HintForm, RetryHint, read_hint, retry_hints

_TIMEOUTS = frozenset({Fault.CONNECT_TIMEOUT, Fault.READ_TIMEOUT, Fault.STALL_BODY})
_FORMS = ("seconds", "fraction", "date")


@dataclass(frozen=True, slots=True)
class AskedWait:
    """The wait an answer asks for. ``hinted``: it has a hint that the contract reads; ``seconds``:
    how long must be waited, None where nobody is bound; ``header``: which header says so."""

    hinted: bool
    seconds: float | None = None
    header: str = ""


def should_retry(step: ObservedStep, exchange: Exchange) -> bool | None:
    """Whether the contract says that what ``exchange`` met is retried; None when it does not
    say."""
    response = exchange.response
    if exchange.fault is not None and response is not None:
        return None  # it came midway, and no contract says what then
    if response is None:
        return _fault_retried(step, exchange.fault)
    if response.status < 400:
        return False
    if step.trait("retries.should_retry_header") is True:
        wish = (response.header("x-should-retry") or "").strip().lower()
        if wish in ("true", "false"):
            return wish == "true"
    statuses = step.trait("retries.statuses")
    if not isinstance(statuses, list | tuple):
        return None
    if not any(covers(pattern, response.status) for pattern in statuses):
        return False
    if _asks_too_long(step, response):
        return None
    return True


def _fault_retried(step: ObservedStep, fault: Fault | None) -> bool | None:
    """Whether the contract says that a fault in place of an answer is retried; None when it does
    not say."""
    if fault in _TIMEOUTS:
        retried = step.trait("retries.timeouts")
    else:
        retried = step.trait("retries.connection_errors")
    if fault is None or not isinstance(retried, bool):
        return None
    return retried


def asked_wait(step: ObservedStep, exchange: Exchange) -> AskedWait:
    """What the answer asked for, in the order the contract reads the headers (trait
    ``retries.honours``).

    A hint that is zero, negative, unreadable or a date binds nobody here: SDKs differ and none
    documents it, so such an answer is ``hinted`` without ``seconds``, and no rule about the length
    of the wait applies.
    """
    response = exchange.response
    honours = step.trait("retries.honours")
    if response is None or not isinstance(honours, list | tuple):
        return AskedWait(hinted=False)
    for name in honours:
        value = response.header(str(name))
        if value is None:
            continue
        hint = read_hint(str(name).lower(), value)
        if hint is None or not _binds(step, hint):
            return AskedWait(hinted=True, header=str(name))
        return AskedWait(hinted=True, seconds=hint.seconds, header=str(name))
    return AskedWait(hinted=False)


def _binds(step: ObservedStep, hint: RetryHint) -> bool:
    """Whether the contract says that the wait of ``hint`` is waited out."""
    forms = step.trait("retries.retry_after_forms", _FORMS)
    known = isinstance(forms, list | tuple) and hint.form in forms
    readable = hint.is_plain_number and (known or hint.form is HintForm.MILLISECONDS)
    return readable and 0 < hint.seconds <= _cap(step)


def _cap(step: ObservedStep) -> float:
    """The longest wait (seconds) that the contract documents to be waited out."""
    cap = step.trait("retries.max_wait")
    if isinstance(cap, int | float) and not isinstance(cap, bool):
        return float(cap)
    return math.inf


def _asks_too_long(step: ObservedStep, response: Response) -> bool:
    """Whether any hint exceeds the documented cap: then an SDK may give up instead of waiting."""
    cap = _cap(step)
    hints = retry_hints(response.headers).values()
    return any(hint.is_plain_number and hint.seconds > cap for hint in hints)


def is_after_timeout(exchange: Exchange) -> bool:
    """Whether the pause after ``exchange`` includes a time-out that had to run out first."""
    return exchange.fault in _TIMEOUTS
