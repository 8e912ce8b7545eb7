"""Reports on disk: all or nothing for each file, and one clear message when the disk does not let
us.

``results.json`` is written first and on its own: it holds the evidence, and every other report can
be made from it.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from conformance.errors import EnvironmentFault, InputError, Where
from conformance.judge.results import RESULTS_VERSION, Run
from conformance.report.junit import render_junit
from conformance.report.text import shallow
from conformance.suite.facts import load_facts
from conformance.suite.home import facts_folder

RESULTS_NAME = "results.json"
HTML_NAME = "index.html"
JUNIT_NAME = "junit.xml"

_SURROGATE = re.compile("[\ud800-\udfff]")


def write_reports(run: Run, folder: Path) -> tuple[Path, ...]:
    """Write ``index.html``, ``results.json``, ``junit.xml``, ``divergence.html`` and ``facts.html``
    into ``folder``.

    The folder is made if need be.

    Returns their paths in that order. Each file is replaced in one step, so a reader sees the old
    one or the new one. Raises EnvironmentFault (``report-not-written``) when the folder or the disk
    refuses.
    """
    # Here, not above: reading results (`load_run`) must not cost the import of a template engine.
    from conformance.report.divergence_page import render_divergence
    from conformance.report.facts_page import FACTS_NAME, render_facts
    from conformance.report.html import DIVERGENCE_NAME, render_html

    results = _write(folder, RESULTS_NAME, results_json(run))
    page = _write(folder, HTML_NAME, render_html(run))
    junit = _write(folder, JUNIT_NAME, render_junit(run))
    divergence = _write(folder, DIVERGENCE_NAME, render_divergence(run))
    facts = _write(folder, FACTS_NAME, render_facts(run, load_facts(facts_folder())))
    return page, results, junit, divergence, facts


def require_writable(folder: Path) -> None:
    """Make ``folder`` and try a file in it, so that a run does not end in nothing. Raises
    EnvironmentFault."""
    try:
        _discard(_write(folder, f".probe-{secrets.token_hex(4)}", ""))
    except EnvironmentFault as fault:
        reason = fault.__cause__.strerror if isinstance(fault.__cause__, OSError) else fault.cause
        raise EnvironmentFault(
            fault.code,
            f"reports cannot be written to {folder}: {reason}",
            "choose a folder you may write to with --reports",
        ) from fault


def _write(folder: Path, name: str, text: str) -> Path:
    target = folder / name
    # In the same folder, for the replacement to be one step; not by `tempfile`: only their owner
    # may read its files.
    temporary = folder / f".{name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        _discard(temporary)
        raise EnvironmentFault(
            "report-not-written",
            f"The report {target} could not be written: {error.strerror or error}.",
            "Free some space or choose a folder you may write to, then run again.",
        ) from error
    return target


def _discard(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:
        return  # The first error is the one to tell; a stray hidden file is harmless.


def results_json(run: Run) -> str:
    """``run`` as JSON text: sorted keys, a line for each member and for each case, valid UTF-8, a
    newline at the end.

    What JSON cannot hold (NaN, infinities) becomes its name as a string; what is nested beyond any
    reader's reach is replaced by words that say so.
    """
    members = run.model_dump(mode="python")
    lines = ",\n".join(
        f"{_dump(name)}: {_rows(value) if isinstance(value, tuple | list) else _dump(value)}"
        for name, value in sorted(members.items())
    )
    # A lone surrogate cannot be encoded, but can be written as a JSON escape.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", f"{{\n{lines}\n}}\n")


def _rows(values: Sequence[Any]) -> str:
    """A list with a line for each item, so that two runs can be compared by lines."""
    return "[\n" + ",\n".join(map(_dump, values)) + "\n]" if values else "[]"


def _dump(value: Any) -> str:
    try:
        return _ENCODER.encode(value)
    except (ValueError, RecursionError):
        return _ENCODER.encode(_finite(shallow(value)))


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def load_run(path: Path) -> Run:
    """Read a run from ``path``, a results file or the folder of one.

    Raises InputError: ``results-unreadable``, ``results-not-json``, ``results-version`` or
    ``results-invalid``.
    """
    file = path / RESULTS_NAME if path.is_dir() else path
    data = _read(file)
    found = data.get("schema_version") if isinstance(data, dict) else None
    if isinstance(found, str) and found.split(".")[0] != RESULTS_VERSION.split(".")[0]:
        raise InputError(
            "results-version",
            f"The results are of schema version {found[:40]}; "
            f"this harness reads {RESULTS_VERSION}.",
            "Use the harness that wrote them.",
            Where(str(file)),
        )
    try:
        return Run.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        pointer = "".join(f"/{part}" for part in first["loc"]) or "/"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InputError(
            "results-invalid",
            f"{pointer}: {first['msg']}{more}.",
            "Give a results.json as `conformance run` wrote it.",
            Where(str(file)),
        ) from error


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "results-unreadable",
            f"The results cannot be read: {error.strerror or error}.",
            "Give a results.json, or the folder that holds one.",
            Where(str(file)),
        ) from error
    except json.JSONDecodeError as error:
        raise InputError(
            "results-not-json",
            f"The results are not JSON: {error.msg}.",
            "The file may be cut short; run again.",
            Where(str(file), error.lineno, error.colno),
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            "results-not-json",
            "The results are not UTF-8 JSON within what can be read.",
            "The file may be damaged; run again.",
            Where(str(file)),
        ) from error
