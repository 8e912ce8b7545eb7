"""What a contract's retry traits say about one answer: retried or not, and after how long."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.judge.rules.step import ObservedStep
from conformance.suite.retry_traits import covers
from conformance.wire.exchange import Exchange, Fault, Response

_TIMEOUTS = frozenset({Fault.CONNECT_TIMEOUT, Fault.READ_TIMEOUT, Fault.STALL_BODY})
_NUMBER = re.compile(r"\d+(\.\d+)?$")
_FORMS = ("seconds", "fraction", "date")


@dataclass(frozen=True, slots=True)
class Asked:
    """A wait the service asked for. ``given``: some hint stands in the answer; ``seconds``: it must
    be waited out."""

    given: bool
    seconds: float | None = None
    header: str = ""


def should_retry(step: ObservedStep, exchange: Exchange) -> bool | None:
    """Whether the contract says that what ``exchange`` met is retried; None when it does not
    say."""
    response = exchange.response
    if (
        exchange.fault is not None and response is not None
    ):  # it came midway, and no contract says what then
        return None
    if response is None:
        return _fault_retried(step, exchange.fault)
    if response.status < 400:
        return False
    if step.trait("retries.should_retry_header") is True:
        told = (response.header("x-should-retry") or "").strip().lower()
        if told in ("true", "false"):
            return told == "true"
    statuses = step.trait("retries.statuses")
    if not isinstance(statuses, list | tuple):
        return None
    if not any(covers(pattern, response.status) for pattern in statuses):
        return False
    return None if _too_long(step, response) else True


def _fault_retried(step: ObservedStep, fault: Fault | None) -> bool | None:
    trait = step.trait("retries.timeouts" if fault in _TIMEOUTS else "retries.connection_errors")
    return trait if isinstance(trait, bool) and fault is not None else None


def asked_wait(step: ObservedStep, exchange: Exchange) -> Asked:
    """What the answer asked for, in the order the contract reads the headers (trait
    ``retries.honours``).

    A hint that is zero, negative, unreadable or a date binds nobody here: SDKs differ and none
    documents it, so such an answer is ``given`` without ``seconds``, and no rule about the length
    of the wait applies.
    """
    response = exchange.response
    honours = step.trait("retries.honours")
    if response is None or not isinstance(honours, list | tuple):
        return Asked(False)
    for name in honours:
        value = response.header(str(name))
        if value is None:
            continue
        seconds = _seconds(
            str(name).lower(), value.strip(), step.trait("retries.retry_after_forms", _FORMS)
        )
        if seconds is None or seconds <= 0 or seconds > _cap(step):
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


def _cap(step: ObservedStep) -> float:
    cap = step.trait("retries.max_wait")
    return float(cap) if isinstance(cap, int | float) and not isinstance(cap, bool) else math.inf


def _too_long(step: ObservedStep, response: Response) -> bool:
    """Whether any hint exceeds the documented cap: then an SDK may give up instead of waiting."""
    cap = _cap(step)
    for name in ("retry-after-ms", "x-ms-retry-after-ms", "retry-after"):
        seconds = _seconds(name, (response.header(name) or "").strip(), _FORMS)
        if seconds is not None and seconds > cap:
            return True
    return False


def is_after_timeout(exchange: Exchange) -> bool:
    """Whether the pause after ``exchange`` includes a time-out that had to run out first."""
    return exchange.fault in _TIMEOUTS
