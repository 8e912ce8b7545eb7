"""What a terminal shows while cases run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.run.engine import CaseAwaited, Event, Interrupted, Started

_LONGEST_NAME = 60


@contextmanager
def progress() -> Iterator[Callable[[Event], None]]:
    """Hears the events of a run: a bar on stderr while cases run, none where stderr is no
    terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tell_interrupt
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar)


class _Bar:
    """Moves the bar with each case that is awaited, and names it."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, visible=False)

    def __call__(self, event: Event) -> None:
        _tell_interrupt(event)
        if isinstance(event, Started):
            self._bar.update(self._task, total=len(event.plan), visible=True)
        elif isinstance(event, CaseAwaited):
            name = event.case.id[:_LONGEST_NAME]
            self._bar.update(self._task, advance=1, description=name)


def _tell_interrupt(event: Event) -> None:
    if isinstance(event, Interrupted) and event.ends_adapters:
        typer.echo("interrupted: ending the adapters", err=True)
