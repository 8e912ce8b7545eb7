"""The ``conformance`` command: one module a command, one place that turns errors into messages and
exit codes."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console

from conformance import __version__
from conformance.cli import (
    compare,
    doctor,
    explain,
    lint,
    list_,
    merge,
    record,
    run,
    scan,
    sdk,
    serve,
)
from conformance.errors import ExitCode, HarnessError, InputErrors
from conformance.report.text import visible

app = typer.Typer(
    name="conformance",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Does an SDK behave on Azure OpenAI as documented? Runs declarative scenarios offline and reports.",
)


def _ending(command: Callable[..., int]) -> Callable[..., None]:
    """``command`` with its return value as exit code, and every harness error as one message and
    its code."""

    @functools.wraps(command)
    def ended(*positional: Any, **named: Any) -> None:
        errors = Console(stderr=True, soft_wrap=True, highlight=False)
        try:
            code = int(command(*positional, **named))
        except HarnessError as error:
            print_error(error, errors)
            code = int(error.exit_code)
        except KeyboardInterrupt:
            errors.print("interrupted before anything was finished", style="yellow")
            code = int(ExitCode.HARNESS)
        raise typer.Exit(code)

    return ended


app.command("run")(_ending(run.command))
app.command("lint")(_ending(lint.command))
app.command("list")(_ending(list_.command))
app.command("explain")(_ending(explain.command))
app.command("merge")(_ending(merge.command))
app.command("compare")(_ending(compare.command))
app.command("record")(_ending(record.command))
app.command("scan")(_ending(scan.command))
app.command("serve")(_ending(serve.command))
app.command("doctor")(_ending(doctor.command))

sdk_app = typer.Typer(
    name="sdk", no_args_is_help=True, help="The SDKs there are: list, probe and build adapters."
)
sdk_app.command("list")(_ending(sdk.list_command))
sdk_app.command("probe")(_ending(sdk.probe_command))
sdk_app.command("install")(_ending(sdk.install_command))
sdk_app.command("sources")(_ending(sdk.sources_command))
app.add_typer(sdk_app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"conformance {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Shared by every command."""


def main() -> None:
    """Entry point of the console script. Ends the process with an :class:`ExitCode`.

    What a CI system or a closed terminal sends ends a command as Ctrl-C does, with its adapters,
    unless it was ignored before (``nohup``).
    """
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    sys.exit(_main(sys.argv[1:]))


def _interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - what a handler is called with
    raise KeyboardInterrupt


def _main(arguments: list[str]) -> int:
    try:
        app(arguments, prog_name="conformance")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ExitCode.CONFORMANT)
    return int(ExitCode.CONFORMANT)


def print_error(error: HarnessError, console: Console) -> None:
    """One block a problem: where, what, what to do."""
    for item in error.errors if isinstance(error, InputErrors) else (error,):
        place = f"{item.where}: " if item.where else ""
        console.print(
            visible(f"{place}error: {item.cause} [{item.code}]"), style="red", markup=False
        )
        if item.hint:
            console.print(visible(f"  hint: {item.hint}"), markup=False)
