"""The ``conformance`` command: one module a command, one place that turns errors into messages and exit codes."""

from __future__ import annotations

import sys

import typer
from click.exceptions import ClickException
from rich.console import Console

from conformance import __version__
from conformance.cli import explain, lint, list_, run
from conformance.errors import ExitCode, HarnessError, InputErrors

app = typer.Typer(
    name="conformance", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Does an SDK behave on Azure OpenAI as documented? Runs declarative scenarios offline and reports.",
)
app.command("run")(run.command)
app.command("lint")(lint.command)
app.command("list")(list_.command)
app.command("explain")(explain.command)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
    if version:
        typer.echo(f"conformance {__version__}")
        raise typer.Exit


def main() -> None:
    """Entry point of the console script. Ends the process with an :class:`ExitCode`."""
    sys.exit(int(_main(sys.argv[1:])))


def _main(arguments: list[str]) -> int:
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        result = app(arguments, standalone_mode=False)
        return int(result) if isinstance(result, int) else ExitCode.CONFORMANT
    except HarnessError as error:
        print_error(error, errors)
        return error.exit_code
    except ClickException as error:
        error.show()
        return ExitCode.USAGE
    except (KeyboardInterrupt, typer.Abort):
        errors.print("interrupted", style="yellow")
        return ExitCode.HARNESS


def print_error(error: HarnessError, console: Console) -> None:
    """One block a problem: where, what, what to do."""
    for item in error.errors if isinstance(error, InputErrors) else (error,):
        place = f"{item.where}: " if item.where else ""
        console.print(f"{place}error: {item.cause} [{item.code}]", style="red", markup=False)
        if item.hint:
            console.print(f"  hint: {item.hint}", markup=False)
