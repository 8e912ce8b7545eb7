"""What a user configures: the resource in the environment, deployments in a file, secrets in the
environment alone.

The file is ``conformance.toml``, or the table ``[tool.conformance]`` of ``pyproject.toml``, in the
working folder or the nearest one above that has either. docs/live.md is its reference.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conformance.errors import InputError, InputErrors, UsageError, Where
from conformance.suite.nearest import known_keys_hint

ENDPOINT = "AZURE_OPENAI_ENDPOINT"
KEY = "AZURE_OPENAI_API_KEY"
TARGET_KEY = "CONFORMANCE_TARGET_KEY"
"""The key for a target given as a URL. The key of the Azure resource is for that resource and goes
nowhere else."""
PROXY_VARIABLES = frozenset({"https_proxy", "all_proxy", "no_proxy"})

OWN_FILE, PROJECT_FILE = "conformance.toml", "pyproject.toml"
_DEPLOYMENT = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
_SECRET = re.compile(r"key|token|secret|passw|credential|connection_?string|sas\b", re.IGNORECASE)
_KEY_LINE = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_.-]+))\s*=""")
_TABLE_LINE = re.compile(r"\s*\[+\s*([^\]]*?)\s*\]+")
_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_MOST_BYTES = 1_000_000


class Deployments(BaseModel):
    """The deployment that serves each capability. A capability without one is not run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chat: str | None = Field(default=None, pattern=_DEPLOYMENT)
    vision: str | None = Field(default=None, pattern=_DEPLOYMENT)
    reasoning: str | None = Field(default=None, pattern=_DEPLOYMENT)
    embeddings: str | None = Field(default=None, pattern=_DEPLOYMENT)
    completions: str | None = Field(default=None, pattern=_DEPLOYMENT)
    images: str | None = Field(default=None, pattern=_DEPLOYMENT)
    image_edit: str | None = Field(default=None, pattern=_DEPLOYMENT)
    speech: str | None = Field(default=None, pattern=_DEPLOYMENT)
    transcription: str | None = Field(default=None, pattern=_DEPLOYMENT)
    translation: str | None = Field(default=None, pattern=_DEPLOYMENT)
    responses: str | None = Field(default=None, pattern=_DEPLOYMENT)
    batch: str | None = Field(default=None, pattern=_DEPLOYMENT)
    fine_tuning: str | None = Field(default=None, pattern=_DEPLOYMENT)


DEPLOYMENTS: Mapping[str, str] = {
    "chat": "conf-chat",
    "vision": "conf-vision",
    "reasoning": "conf-reasoning",
    "embeddings": "conf-embeddings",
    "completions": "conf-completions",
    "images": "conf-images",
    "image_edit": "conf-image-edit",
    "speech": "conf-speech",
    "transcription": "conf-transcription",
    "translation": "conf-translation",
    "responses": "conf-responses",
    "batch": "conf-batch",
    "fine_tuning": "conf-fine-tuning",
}
"""Deployment names of the offline suite; none is a model name, so that mixing the two up shows
(facts/bugs#p15)."""


class FileSettings(BaseModel):
    """What the file may say. ``ca_file``: a PEM bundle to trust for the target, relative to the
    file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str | None = None
    ca_file: str | None = None
    deployments: Deployments = Deployments()


@dataclass(frozen=True, slots=True)
class Settings:
    """Environment and file together; the environment's endpoint wins. ``file`` is empty when there
    is none.

    ``endpoint_from`` says where the endpoint was written. ``proxies``: the variables that name
    proxies and exceptions. Secrets are left out of the repr.
    """

    endpoint: str = ""
    endpoint_from: str = ""
    api_key: str = field(default="", repr=False)
    target_key: str = field(default="", repr=False)
    deployments: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    file: str = ""
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret among the settings."""
        return tuple(value for value in (self.api_key, self.target_key) if value)


def load_settings(start: Path, environment: Mapping[str, str]) -> Settings:
    """The settings seen from ``start``. Raises InputErrors for a file that is not acceptable,
    UsageError for a key that cannot be sent."""
    settings = Settings()
    file = find_file(start)
    if file is not None:
        settings = _with_file(settings, file)
    endpoint = environment.get(ENDPOINT, "").strip()
    if endpoint:
        settings = replace(settings, endpoint=endpoint, endpoint_from=ENDPOINT)
    return replace(
        settings,
        api_key=_key(environment, KEY),
        target_key=_key(environment, TARGET_KEY),
        proxies={
            name: value for name, value in environment.items() if name.lower() in PROXY_VARIABLES
        },
    )


def _with_file(settings: Settings, file: Path) -> Settings:
    """``settings`` with what ``file`` says."""
    written = _read(file)
    if written.endpoint:
        settings = replace(settings, endpoint=written.endpoint, endpoint_from=str(file))
    return replace(
        settings,
        deployments={name: value for name, value in written.deployments if value is not None},
        ca_file=_ca_file(written, file),
        file=str(file),
    )


def _ca_file(written: FileSettings, file: Path) -> Path | None:
    if not written.ca_file:
        return None
    ca_file = file.parent / written.ca_file
    if not ca_file.is_file():
        raise InputError(
            "config-ca-file",
            f"there is no file {written.ca_file}",
            "a PEM bundle, relative to this file",
            _place(_text(file), ("ca_file",), file),
        )
    return ca_file


def _key(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not (value.isascii() and value.isprintable()):
        raise UsageError(
            "key-unusable",
            f"the value of {name} has characters no header can carry",
            "copy the key again; it is not shown here",
        )
    return value


def find_file(start: Path) -> Path | None:
    """The nearest configuration file from ``start`` upwards. Raises InputError when one folder has
    two."""
    for folder in (start, *start.parents):
        separate, project = folder / OWN_FILE, folder / PROJECT_FILE
        has_table = project.is_file() and _table(_parse(project), project) is not None
        if separate.is_file() and has_table:
            raise InputError(
                "config-twice",
                f"both {OWN_FILE} and [tool.conformance] of {PROJECT_FILE} are here",
                "keep one of them",
                Where(str(separate), 1, 1),
            )
        if separate.is_file():
            return separate
        if has_table:
            return project
    return None


def _read(path: Path) -> FileSettings:
    table = _table(_parse(path), path) or {}
    text = _text(path)
    secrets = tuple(
        InputError(
            "config-secret",
            f"{'.'.join(where)} would be a secret in a file, and secrets are never read from files",
            f"take it out, replace it at the service if the file was ever shared, and set {KEY}",
            _place(text, where, path),
        )
        for where in _secrets(table)
    )
    if secrets:
        raise InputErrors(secrets)
    try:
        return FileSettings.model_validate(table)
    except ValidationError as error:
        raise InputErrors(
            tuple(_complaint(item, text, path) for item in error.errors(include_input=False))
        ) from None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            "file-unreadable", f"cannot read it: {error.strerror}", "", Where(str(path))
        ) from None
    if len(data) > _MOST_BYTES:
        raise InputError(
            "config-too-large", "a configuration file has at most a megabyte", "", Where(str(path))
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(
            "file-not-utf8", "the file is not UTF-8", "save it as UTF-8", Where(str(path))
        ) from None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        where = Where(str(path))
        if place:
            where = Where(str(path), int(place[1]), int(place[2]))
        cause = _TOML_PLACE.sub("", str(error)).strip()
        raise InputError("config-toml", f"not TOML: {cause}", "mend the file", where) from None
    except RecursionError:
        raise InputError(
            "config-toml", "it is nested too deeply", "mend the file", Where(str(path))
        ) from None


def _table(document: dict[str, Any], path: Path) -> dict[str, Any] | None:
    if path.name == OWN_FILE:
        return document
    tool = document.get("tool")
    if not isinstance(tool, dict) or not isinstance(tool.get("conformance"), dict):
        return None
    table: dict[str, Any] = tool["conformance"]
    return table


def _secrets(value: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of keys that say secret. Their values are not looked at, so that no message can show
    one."""
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        path = (*above, str(key))
        if _SECRET.search(str(key)):
            yield path
        else:
            yield from _secrets(item, path)


def _complaint(item: Any, text: str, path: Path) -> InputError:
    """One complaint of pydantic's with its place. Values are never shown: one of them might be a
    key after all."""
    loc = tuple(str(part) for part in item["loc"])
    where = _place(text, loc, path)
    if item["type"] != "extra_forbidden":
        what = item["msg"]
        if loc[0] == "deployments":
            what = "a deployment's name: letters, digits, '.', '_', '-'"
        return InputError(
            "invalid-value", f"{'.'.join(loc)} is not acceptable", f"expected: {what}", where
        )
    known = FileSettings.model_fields
    if loc[:-1] == ("deployments",):
        known = Deployments.model_fields
    hint = known_keys_hint(loc[-1], known)
    return InputError("unknown-key", f"unknown key {loc[-1]!r}", hint, where)


def _place(text: str, path: tuple[str, ...], file: Path) -> Where:
    """Where the key at ``path`` is written; the file alone when it is written in a way this does
    not read."""
    sought = path
    if file.name != OWN_FILE:
        sought = ("tool", "conformance", *path)
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        head = _TABLE_LINE.match(line)
        if head and not _KEY_LINE.match(line):
            table = tuple(part.strip().strip("\"'") for part in head[1].split("."))
            if table == sought:
                return Where(str(file), number, line.index("[") + 1)
            continue
        key = _KEY_LINE.match(line)
        if key is None:
            continue
        full = (*table, *_key_parts(key))
        # An inline table holds the last part.
        if full == sought or (full == sought[:-1] and sought[-1] in line):
            return Where(str(file), number, len(line) - len(line.lstrip()) + 1)
    return Where(str(file))


def _key_parts(key: re.Match[str]) -> tuple[str, ...]:
    """The parts of a key as ``_KEY_LINE`` reads it: a quoted one is whole, a bare one has dots."""
    if key[3] is not None:
        return tuple(key[3].split("."))
    return (next(group for group in key.groups() if group is not None),)
