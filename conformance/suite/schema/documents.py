"""Schema files as they lie on the disk: reading, positions, references.

Schemas refer to each other by relative paths, so that an editor follows them too. Inside the
harness every file has an address below ``BASE``, a host name reserved never to exist (RFC 2606);
nothing is ever fetched.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from conformance.errors import InputError, Where
from conformance.suite.nearest import did_you_mean

BASE = "https://conformance.invalid/schemas/"
"""Address prefix of every schema; the rest is the path below the schemas folder."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')

Path_ = tuple[str | int, ...]
"""Member names and indexes from the root of a document to a value."""


def locate(text: str, path: Path_) -> tuple[int, int]:
    """Line and column (from 1) of the value at ``path`` in the JSON ``text``; ``(0, 0)`` where
    there is none."""
    here: list[str | int] = []
    expects_key: list[bool] = []
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "}]":
            here.pop()
            expects_key.pop()
        elif mark == ",":
            if expects_key[-1]:
                here.pop()
                here.append("")
            else:
                here[-1] = int(here[-1]) + 1
        elif mark == ":":
            continue
        elif expects_key and expects_key[-1] and here[-1] == "":
            here[-1] = json.loads(mark)
        else:
            if tuple(here) == path:
                return text.count("\n", 0, token.start()) + 1, token.start() - text.rfind(
                    "\n", 0, token.start()
                )
            if mark in "{[":
                here.append("" if mark == "{" else 0)
                expects_key.append(mark == "{")
    return 0, 0


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the member {twice!r} is written twice in one object")
    return members


@dataclass(frozen=True)
class SchemaDocument:
    """One schema file: its address, where it lies, its text and what the text says."""

    uri: str
    path: Path
    text: str
    content: dict[str, Any]

    @classmethod
    def read(cls, uri: str, path: Path) -> SchemaDocument:
        """Read ``path``. Raises InputError ``schema-not-json`` with the place where reading
        stopped."""
        try:
            text = path.read_text("utf-8")
            content = json.loads(text, object_pairs_hook=_refuse_duplicates)
        except json.JSONDecodeError as error:
            raise InputError(
                "schema-not-json",
                f"Expected JSON, but {error.msg[:1].lower()}{error.msg[1:]}.",
                "Mend the file at this place.",
                Where(str(path), error.lineno, error.colno),
            ) from None
        except (ValueError, OSError) as error:
            raise InputError(
                "schema-not-json",
                f"The schema cannot be read: {error}.",
                "Write the file as UTF-8 JSON without repeated members.",
                Where(str(path)),
            ) from None
        if not isinstance(content, dict):
            raise InputError(
                "schema-invalid",
                f"Expected a JSON object, found {type(content).__name__}.",
                "Write the schema as an object.",
                Where(str(path), 1, 1),
            )
        return cls(uri, path, text, content)

    def where(self, path: Path_) -> Where:
        """The place of the value at ``path`` (member names and indexes from the root)."""
        return Where(str(self.path), *locate(self.text, path))

    @cached_property
    def references(self) -> tuple[tuple[Path_, str], ...]:
        """Every ``$ref`` as (path to it, absolute address with fragment)."""
        return tuple(
            (path, urljoin(self.uri, reference))
            for path, reference in _references(self.content, ())
        )


def _references(value: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "$ref" and isinstance(member, str):
                yield (*path, key), member
            elif key not in ("const", "enum", "default", "examples"):
                yield from _references(member, (*path, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _references(member, (*path, index))


def at_fragment(content: Any, fragment: str) -> Any:
    """The part of ``content`` at a JSON pointer fragment (percent-encoded). Raises LookupError
    where there is none."""
    for raw in unquote(fragment).split("/")[1:]:
        key = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(content, list):
            if not key.isdigit():
                raise KeyError(key)
            content = content[int(key)]
        elif isinstance(content, dict):
            content = content[key]
        else:
            raise KeyError(key)
    return content


class DocumentStore:
    """The schema files below one folder, each read once and when first needed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._documents: dict[str, SchemaDocument] = {}

    def get(self, uri: str) -> SchemaDocument:
        """The document at ``uri`` (a fragment is ignored). Raises InputError; LookupError for an
        address not ours."""
        bare = urldefrag(uri)[0]
        document = self._documents.get(bare)
        if document is None:
            if not bare.startswith(BASE):
                raise LookupError(bare)
            path = self.root / unquote(bare[len(BASE) :])
            if not path.is_file():
                raise LookupError(bare)
            document = self._documents[bare] = SchemaDocument.read(bare, path)
        return document

    def resolve(self, uri: str) -> Any:
        """The schema at ``uri`` with its fragment. Raises LookupError where it points nowhere."""
        fragment = urldefrag(uri)[1]
        if fragment and not fragment.startswith("/"):
            raise KeyError(fragment)
        return at_fragment(self.get(uri).content, fragment)

    def reachable(self, uri: str) -> tuple[SchemaDocument, ...]:
        """The document at ``uri`` and all it refers to, directly or not.

        Raises InputError ``schema-broken-ref`` at the first reference that points nowhere, and what
        ``get`` raises.
        """
        reached: dict[str, SchemaDocument] = {}
        waiting = [urldefrag(uri)[0]]
        while waiting:
            address = waiting.pop()
            if address in reached:
                continue
            document = reached[address] = self.get(address)
            for path, target in document.references:
                self._demand(document, path, target)
                waiting.append(urldefrag(target)[0])
        return tuple(reached.values())

    def _demand(self, document: SchemaDocument, path: Path_, target: str) -> None:
        try:
            self.resolve(target)
        except (LookupError, ValueError):
            written = at_fragment(document.content, "/" + "/".join(_escape(step) for step in path))
            raise InputError(
                "schema-broken-ref",
                f"The $ref {written!r} points nowhere: there is no "
                f"{target.removeprefix(BASE)} in {self.root}.",
                self._advice(target)
                or "Write a path relative to this file, "
                "with the JSON pointer of an existing definition.",
                document.where(path),
            ) from None

    def _advice(self, target: str) -> str:
        bare, fragment = urldefrag(target)
        if not bare.startswith(BASE):
            return "Schemas may only refer to files in the schemas folder; nothing is fetched."
        try:
            names = self.get(bare).content.get("$defs", {})
            return did_you_mean(fragment.removeprefix("/$defs/"), names).capitalize()
        except (LookupError, InputError):
            return did_you_mean(
                bare.rpartition("/")[2], (path.name for path in self.root.glob("*/*.json"))
            ).capitalize()


def _escape(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1").replace("%", "%25")
