"""Reports on disk: each file is written whole or not at all, with one clear message when the disk
refuses; and results read back.

``results.json`` is written first: it holds the evidence, and every other report can be made from
it.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from collections.abc import Mapping
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
    into ``folder``, which is made if need be. Returns their paths in that order.

    Each file is replaced in one step, so a reader sees the old one or the new one. Raises
    EnvironmentFault (``report-not-written``) when the folder or the disk refuses.
    """
    # Imported here, because reading results (`load_run`) must not cost the import of a template
    # engine.
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
    """Make ``folder`` and write a file in it for a moment, so that a long run does not end without
    a report. Raises EnvironmentFault (``report-not-written``)."""
    try:
        _discard(_write(folder, f".probe-{secrets.token_hex(4)}", ""))
    except EnvironmentFault as fault:
        reason = fault.cause
        if isinstance(fault.__cause__, OSError) and fault.__cause__.strerror:
            reason = fault.__cause__.strerror
        raise EnvironmentFault(
            fault.code,
            f"reports cannot be written to {folder}: {reason}",
            "choose a folder you may write to with --reports",
        ) from fault


def _write(folder: Path, name: str, text: str) -> Path:
    target = folder / name
    # In the same folder, because only there a replacement is one step. Not by `tempfile`, whose
    # files nobody but their owner may read.
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
        return  # The user is told the first error; a hidden file that stays is harmless.


def results_json(run: Run) -> str:
    """``run`` as JSON text: valid UTF-8 with sorted keys, a line for each member and for each item
    of a list, so that two runs can be compared by lines. Ends with a newline.

    What JSON cannot hold (NaN, infinities) becomes its name as a string. Of a value that is nested
    too deeply to encode, what is deeper than `DEPTH_LIMIT` is replaced by words that say so.
    """
    members = run.model_dump(mode="python")
    lines = ",\n".join(
        f"{_dump(name)}: {_member(value)}" for name, value in sorted(members.items())
    )
    # A lone surrogate cannot be encoded, but can be written as a JSON escape.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", f"{{\n{lines}\n}}\n")


def _member(value: Any) -> str:
    if not value or not isinstance(value, tuple | list):
        return _dump(value)
    items = ",\n".join(map(_dump, value))
    return f"[\n{items}\n]"


def _dump(value: Any) -> str:
    try:
        return _ENCODER.encode(value)
    except (ValueError, RecursionError):
        return _ENCODER.encode(_finite(shallow(value)))


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    """``value`` with NaN and infinities, wherever they are, as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def load_run(path: Path) -> Run:
    """Read a run from ``path``, which is a results file or the folder of one.

    Raises InputError: ``results-unreadable``, ``results-not-json``, ``results-version`` or
    ``results-invalid``.
    """
    file = path
    if path.is_dir():
        file = path / RESULTS_NAME
    data = _read(file)
    if isinstance(data, dict):
        _require_version(data.get("schema_version"), file)
    try:
        return Run.model_validate(data)
    except ValidationError as error:
        raise InputError(
            "results-invalid",
            f"{_first_of(error)}.",
            "Give a results.json as `conformance run` wrote it.",
            Where(str(file)),
        ) from error


def _require_version(version: object, file: Path) -> None:
    """Raises InputError for another major version of the schema than ours. A version that is no
    text is left to the schema itself."""
    if isinstance(version, str) and version.split(".")[0] != RESULTS_VERSION.split(".")[0]:
        raise InputError(
            "results-version",
            f"The results are of schema version {version[:40]}; "
            f"this harness reads {RESULTS_VERSION}.",
            "Use the harness that wrote them.",
            Where(str(file)),
        )


def _first_of(error: ValidationError) -> str:
    """The first problem, and how many others there are."""
    first = error.errors(include_url=False, include_input=False)[0]
    pointer = "".join(f"/{part}" for part in first["loc"]) or "/"
    text = f"{pointer}: {first['msg']}"
    if error.error_count() > 1:
        text += f" (and {error.error_count() - 1} more)"
    return text


def _read(file: Path) -> Any:
    """The JSON value in ``file``. Raises InputError: ``results-unreadable`` or
    ``results-not-json``."""
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
