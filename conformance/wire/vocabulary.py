"""The words that scenarios, contracts, commands and results share. Each set is closed, and is
defined here alone."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How binding a rule or a scenario is (RFC 2119 words). A ``may`` finding is a note and never
    turns a case red."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Surface(StrEnum):
    """Which of an SDK's two programming interfaces is used: blocking calls, or asynchronous
    ones."""

    SYNC = "sync"
    ASYNC = "async"


class LaneKind(StrEnum):
    """How an SDK is reached. ``inprocess``: in this process, on a virtual clock. ``loopback``: in a
    process of its own, through sockets of this machine, in real time."""

    INPROCESS = "inprocess"
    LOOPBACK = "loopback"

    @property
    def is_real_time(self) -> bool:
        """Whether a wait in this lane takes as long as it says. Cases of such a lane run beside
        one another, so that their waits overlap; others run one by one."""
        return self is LaneKind.LOOPBACK

    def options(self, sdk: str, version: str) -> str:
        """The options of ``conformance run`` that bring ``version`` of ``sdk`` into this lane, each
        after a space; empty where that is what happens without options."""
        if self is LaneKind.INPROCESS:
            return ""
        return f" --sdk {sdk}@{version} --lane {self.value}"


class ScenarioLane(StrEnum):
    """The lanes that can run a scenario: every one, or only the one that has sockets."""

    ANY = "any"
    LOOPBACK = "loopback"

    def admits(self, kind: LaneKind) -> bool:
        """Whether a case of the scenario may run in a lane of ``kind``."""
        return self is ScenarioLane.ANY or kind.value == self.value
