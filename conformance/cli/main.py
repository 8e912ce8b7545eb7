"""The ``conformance`` command: puts the commands together, one module each, and turns errors into
messages and exit codes."""

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
    help="Does an SDK behave on Azure OpenAI as documented? "
    "Runs declarative scenarios offline and reports.",
)


def _ending(command: Callable[..., int]) -> Callable[..., None]:
    """``command`` as a function that ends the process: with what it returns as exit code, or with
    the message and the code of the harness error it raised."""

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


def _show_version(is_asked: bool) -> None:
    if is_asked:
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

    The signals that a CI system or a closed terminal sends end a command as Ctrl-C does, together
    with its adapters. A signal that was ignored before (by ``nohup``) stays ignored.
    """
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    sys.exit(_main(sys.argv[1:]))


def _interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - every handler gets both
    raise KeyboardInterrupt


def _main(arguments: list[str]) -> int:
    try:
        app(arguments, prog_name="conformance")
    except SystemExit as ended:
        if isinstance(ended.code, int):
            return ended.code
    return int(ExitCode.CONFORMANT)


def print_error(error: HarnessError, console: Console) -> None:
    """Print one block for each problem: where it is, what it is, what to do."""
    errors: tuple[HarnessError, ...] = (error,)
    if isinstance(error, InputErrors):
        errors = error.errors
    for item in errors:
        problem = f"error: {item.cause} [{item.code}]"
        if item.where:
            problem = f"{item.where}: {problem}"
        console.print(visible(problem), style="red", markup=False)
        if item.hint:
            console.print(visible(f"  hint: {item.hint}"), markup=False)
