"""Which cases can be run where time is real: those whose waits can be waited out. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.suite.retry_traits import backoff_bounds, covers
from conformance.suite.scenario.model import ReplySpec, Scenario, Step
from conformance.wire.clock import WALL_EPOCH
from conformance.wire.exchange import Headers, header
from conformance.wire.retry_hints import retry_hints

LIMIT = 20.0
"""Seconds a case may spend waiting, unless the run allows more. Longer waits are the virtual
clock's."""

TOO_LONG = "its waits are too long for real time"
"""How every reason begins."""

_TIMEOUTS = ("connect_timeout", "read_timeout", "stall_body")
_MIDWAY = ("cut_body", "reset_body", "bad_chunk", "short_chunk")


@dataclass(frozen=True, slots=True)
class RealTime:
    """What a case is to real time: ``waits``, the seconds it may spend waiting, and why it does not
    run there (``obstacle``, empty when it does)."""

    waits: float
    obstacle: str = ""


def real_time(spec: Scenario, traits: Mapping[str, Any], limit: float = LIMIT) -> RealTime:
    """What the case ``spec`` is to the loopback lane. ``traits`` are the contract's; ``limit``:
    seconds it may wait."""
    total = 0.0
    for step in spec.steps:
        total += _step_waits(spec, step, traits)
    if total <= limit:
        return RealTime(total)
    length = f"about {total:.0f} s" if math.isfinite(total) else "without an end"
    return RealTime(total, f"{TOO_LONG}: {length}, the limit is {limit:g} s")


def _step_waits(spec: Scenario, step: Step, traits: Mapping[str, Any]) -> float:
    """Seconds the step may spend waiting."""
    replies = step.service if isinstance(step.service, list) else []
    allowed = _attempts(spec, step, traits)
    total, number = 0.0, 0
    while number < allowed:
        reply = _nth(replies, number)
        if reply is None:
            break
        limit = _timeout(spec, step, traits)
        slow = _seconds(reply.delay) + _seconds(reply.over) + _seconds(reply.linger)
        total += min(slow, limit) + (limit if reply.fault in _TIMEOUTS else 0.0)
        number += 1
        if (
            not (_retried(reply, traits) or slow > limit)
            or number >= allowed
            or not _answers(replies, number)
        ):
            break
        asked = _asked(reply, traits)
        total += _backoff(traits, number - 1) if asked is None else asked
    return total


def _seconds(value: float | str) -> float:
    """A duration of a reply, whose variables are filled in by now."""
    return 0.0 if isinstance(value, str) else value


def _nth(replies: list[Any], number: int) -> ReplySpec | None:
    """The scripted answer to attempt ``number``; None where the cassette answers or the script has
    ended."""
    for index, item in enumerate(replies):
        if isinstance(item, ReplySpec) and (index == number or item.repeat):
            return item
        if index == number:
            return None
    return None


def _answers(replies: list[Any], number: int) -> bool:
    """Whether anything is there to answer attempt ``number``."""
    return number < len(replies) or _nth(replies, number) is not None


def _attempts(spec: Scenario, step: Step, traits: Mapping[str, Any]) -> int:
    for value in (
        step.options.max_retries if step.options else None,
        spec.client.max_retries,
        traits.get("retries.max"),
    ):
        if isinstance(value, int) and not isinstance(value, bool):
            return max(0, value) + 1
    return 1 + 3


def _timeout(spec: Scenario, step: Step, traits: Mapping[str, Any]) -> float:
    for value in (
        step.options.timeout if step.options else None,
        spec.client.timeout,
        traits.get("timeouts.default"),
    ):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return 600.0


def _retried(reply: ReplySpec, traits: Mapping[str, Any]) -> bool:
    if reply.fault is not None:
        return reply.fault not in _MIDWAY
    told = str(_header(reply, "x-should-retry") or "").lower()
    if told in ("true", "false") and traits.get("retries.should_retry_header") is True:
        return told == "true"
    status = int(reply.status) if str(reply.status).isdigit() else 0
    statuses = traits.get("retries.statuses") or ["408", "409", "429", "5xx"]
    return any(covers(pattern, status) for pattern in statuses)


def _asked(reply: ReplySpec, traits: Mapping[str, Any]) -> float | None:
    """The longest wait the answer asks for, in seconds. A hint the SDK does not document counts as
    well: some version may obey it."""
    honours = [str(name).lower() for name in traits.get("retries.honours") or ()]
    waits = {name: hint.seconds for name, hint in retry_hints(_headers(reply), WALL_EPOCH).items()}
    if honours and honours[0] in waits:
        longest = waits[honours[0]]  # the header that is read first decides
    else:
        longest = max(waits.values(), default=0.0)
    return longest if longest > 0 else None


def _header(reply: ReplySpec, name: str) -> str | None:
    return header(_headers(reply), name)


def _headers(reply: ReplySpec) -> Headers:
    """The headers of a scripted answer whose value is not ``$none``; of a list the first value."""
    values = {
        name: str(value[0] if isinstance(value, list) else value)
        for name, value in reply.headers.items()
    }
    return tuple((name, value) for name, value in values.items() if value != "$none")


def _backoff(traits: Mapping[str, Any], number: int) -> float:
    trait = traits.get("retries.backoff")
    bounds = backoff_bounds(trait, number) if isinstance(trait, Mapping) else None
    return bounds.most if bounds is not None else 1.0
