"""The order of cases that wait in real time: they run ahead of whoever asks for their results, side
by side, so that their waits overlap.

Some results are believed only after the case has run once more, with nothing beside it: when
another case's failure ended the adapter, and when a busy machine could have caused what is red.
Cases that were only late are first run again a few at once, after all others have ended. Most of
them are in time then.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from types import TracebackType

from conformance.judge.judge import Judged
from conformance.judge.results import Verdict
from conformance.judge.rules import About, rules_about
from conformance.plan.case import Case
from conformance.sdk.lane import Lane
from conformance.sdk.process import Disturbed

PARALLEL = 24
"""Cases under way at once: enough to overlap their waits, few enough that two cores keep up."""

WAITING = 300
"""Cases under way at once whose work is to wait: they take hardly more than memory."""

_WAITS = 1.0
"""Seconds from which on a case is one that waits."""

FEW = 12
"""Late cases that are run again at once before each is run alone."""

TIMED_RULES = rules_about(About.TIME)
"""Rules that measure time: broken once proves little on a busy machine."""

_AGAIN = 2
"""How often a case whose time was wrong is run again alone: what is wrong each time is the
SDK's."""

_ENOUGH = 3
"""After how many cases a rule about time that stayed broken alone is an SDK's own and the next case
is believed."""

_DOUBTS = 30
"""Cases of a run that are red in any other way and are run once more alone. More than that is no
accident."""

UNSTEADY = "it failed among other cases, and not when it ran again alone"
"""The reason that such a case gives for what it says then."""

Runner = Callable[[Case, Lane], Judged]


class RunAhead:
    """Runs ``cases`` in threads from the start. ``lane_of(case, alone)`` gives the lane, ``run``
    judges one case in it. A context manager; leaving it stops what has not begun."""

    def __init__(
        self,
        cases: Iterable[Case],
        lane_of: Callable[[Case, bool], Lane],
        run: Runner,
        parallel: int = PARALLEL,
    ) -> None:
        self._lane_of = lane_of
        self._run = run
        self._quiet = threading.Lock()
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="case")
        self._waiting = self._threads
        if parallel > 1:
            self._waiting = ThreadPoolExecutor(WAITING, thread_name_prefix="waiting")
        self._futures: dict[str, Future[Judged]] = {}
        self._cases: dict[str, Case] = {}
        self._settled: dict[str, Judged] = {}
        self._calmed = False
        self._doubts = _DOUBTS if parallel > 1 else 0
        self._confirmed: Counter[tuple[str, str, str]] = Counter()
        for case in cases:
            self.add(case)

    def __enter__(self) -> RunAhead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, case: Case) -> None:
        """Run ``case`` too, unless it was added before."""
        if case.id not in self._futures:
            pool = self._waiting if case.waits >= _WAITS else self._threads
            self._cases[case.id] = case
            self._futures[case.id] = pool.submit(self._once, case)

    def result(self, case: Case) -> Judged:
        """The result of ``case``, which was added before. It may take until all others have
        ended."""
        if case.id not in self._settled:
            self._settled[case.id] = self._settle(case)
        return self._settled[case.id]

    def finished(self) -> list[Judged]:
        """The results there are by now, in the order in which the cases were added, without those
        that would be run once more."""
        ended = [
            future
            for future in self._futures.values()
            if future.done() and not future.cancelled() and future.exception() is None
        ]
        return [judged for future in ended if not needs_quiet(judged := future.result())]

    def abandon(self, end_lanes: Callable[[], None]) -> None:
        """Stop at once: cases that have not begun never do, and ``end_lanes`` ends those that
        run."""
        self._cancel()
        end_lanes()
        self.close()
        end_lanes()  # a case on its way to its lane when that was ended has opened another

    def close(self) -> None:
        """Stop: cases that have not begun never do; those that run are waited for."""
        self._cancel()
        for pool in (self._threads, self._waiting):
            pool.shutdown()

    def _cancel(self) -> None:
        for pool in (self._threads, self._waiting):
            pool.shutdown(wait=False, cancel_futures=True)

    def _once(self, case: Case) -> Judged:
        return self._run(case, self._lane_of(case, False))

    def _settle(self, case: Case) -> Judged:
        doubted = False
        try:
            judged = self._futures[case.id].result()
            doubted = not needs_quiet(judged) and self._doubts_it(judged)
            if self._is_known(judged) or not (doubted or needs_quiet(judged)):
                return judged
        except Disturbed:
            pass
        wait(self._futures.values())
        with self._quiet:
            self._calm()
            again = self._settled.get(case.id)
            if again is not None:
                return again
            judged = self._run(case, self._lane_of(case, True))
            for _ in range(_AGAIN):
                if not is_late(judged):
                    break
                judged = self._run(case, self._lane_of(case, True))
        self._confirmed.update(_late_rules(judged))
        if doubted and judged.result.verdict is not Verdict.FAIL:
            return _unsteady(judged)
        return judged

    def _doubts_it(self, judged: Judged) -> bool:
        """Whether ``judged`` is red and among the first so many of the run: one more run tells
        accident from habit."""
        if judged.result.verdict is not Verdict.FAIL or not self._doubts:
            return False
        self._doubts -= 1
        return True

    def _calm(self) -> None:
        """Run all that were only late again, few at once; once a run. What is in time then is
        settled."""
        if self._calmed:
            return
        self._calmed = True
        with ThreadPoolExecutor(FEW, thread_name_prefix="calm") as few:
            for case, future in [
                (case, few.submit(self._once, case)) for case in self._only_late()
            ]:
                with contextlib.suppress(Disturbed):
                    if not needs_quiet(judged := future.result()):
                        self._settled[case.id] = judged

    def _only_late(self) -> list[Case]:
        """The cases that have ended late; what failed in another way is not run again among
        others."""
        ended = [
            (case, self._futures[name])
            for name, case in self._cases.items()
            if name not in self._settled
        ]
        return [
            case
            for case, future in ended
            if not future.cancelled()
            and future.exception() is None
            and is_late(future.result())
            and future.result().result.verdict is Verdict.FAIL
        ]

    def _is_known(self, judged: Judged) -> bool:
        """Whether all that is late in ``judged`` has been late before in cases that ran alone, time
        after time."""
        late = _late_rules(judged)
        return bool(late) and all(self._confirmed[rule] >= _ENOUGH for rule in late)


def _unsteady(judged: Judged) -> Judged:
    return replace(
        judged, result=judged.result.model_copy(update={"reason": judged.result.reason or UNSTEADY})
    )


def needs_quiet(judged: Judged) -> bool:
    """Whether ``judged`` is red in a way that a busy machine could have caused: a rule about time
    is broken, an adapter failed, a time-out ran out, or the service broke off, before a client that
    was late had read what it had sent."""
    result = judged.result
    if result.verdict is Verdict.FAIL:
        return is_late(judged) or any(
            (isinstance(step.error, dict) and step.error.get("kind") == "timeout")
            or any(exchange.fault is not None for exchange in step.exchanges)
            for step in result.steps
        )
    return result.verdict is Verdict.ERROR


def is_late(judged: Judged) -> bool:
    """Whether a rule about time is broken in ``judged`` and no waiver excuses it."""
    return bool(_late_rules(judged))


def _late_rules(judged: Judged) -> set[tuple[str, str, str]]:
    result = judged.result
    return {
        (result.sdk, result.version, f.rule)
        for f in result.findings
        if f.rule in TIMED_RULES and f.waived_by is None
    }
