"""The registry of schemas: which exist, whether they are sound, and a compiled validator of each.

Contract: a schema is named by an api-version and a name (``2024-10-21``, ``chat-completion``), the
path below the schemas folder. Files are read and compiled when first asked for. What is wrong in a
schema file is an InputError that names the file and, where possible, the line.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from conformance.errors import InputError, InputErrors, Where
from conformance.suite.nearest import did_you_mean
from conformance.suite.schema.documents import BASE, DocumentStore, SchemaDocument

if TYPE_CHECKING:
    from conformance.suite.schema.unknown import UnknownMember, UnknownWalker
    from conformance.suite.schema.validate import Explainer, SchemaProblem

COMMON = "common"
"""Folder of shared definitions; not an api-version."""

_NOT_WIRE = frozenset({COMMON, "views"})


class SchemaRegistry:
    """Every schema below one folder. Build it with :meth:`load`; one registry serves a whole run.

    It holds caches only, so that it may be shared between threads: the worst of a race is a schema
    compiled twice.
    """

    def __init__(self, root: Path, names: dict[str, tuple[str, ...]]) -> None:
        self.root = root
        self.documents = DocumentStore(root)
        self._names = names
        self._compiled: dict[tuple[str, str], jsonschema_rs.Draft202012Validator] = {}
        self._sound: set[str] = set()
        self._explainer: Explainer | None = None
        self._walker: UnknownWalker | None = None

    @classmethod
    def load(cls, root: Path) -> SchemaRegistry:
        """A registry over ``root``, reading nothing but the folder's listing.

        Raises InputError ``schema-unknown`` when there is no such folder or it holds no
        api-version.
        """
        folders = sorted(
            path for path in root.glob("*/") if path.is_dir() and path.name not in _NOT_WIRE
        )
        names = {
            folder.name: tuple(sorted(path.stem for path in folder.glob("*.json")))
            for folder in folders
        }
        names = {version: schemas for version, schemas in names.items() if schemas}
        if not names:
            raise InputError(
                "schema-unknown",
                f"There are no schemas in {root}.",
                "Point to the folder that holds one folder of schemas per api-version.",
                Where(str(root)),
            )
        return cls(root, names)

    def api_versions(self) -> tuple[str, ...]:
        """The api-versions that have schemas, oldest first, ``v1`` last."""
        return tuple(self._names)

    def names(self, api_version: str) -> tuple[str, ...]:
        """The schema names of ``api_version``, sorted. Raises InputError ``schema-unknown`` for a
        version not held."""
        try:
            return self._names[api_version]
        except KeyError:
            held = ", ".join(self._names)
            raise InputError(
                "schema-unknown",
                f"There are no schemas for api-version {api_version!r}.",
                f"Held are {held}; closest_version() chooses one.",
            ) from None

    def closest_version(self, api_version: str) -> str:
        """The held api-version that describes ``api_version`` best: the newest that is not newer,
        else the oldest.

        ``preview``, ``latest`` and ``v1`` are the v1 surface. Dates compare as text because they
        are ISO dates.
        """
        if not api_version[:1].isdigit():
            return "v1" if "v1" in self._names else self.api_versions()[-1]
        older = [
            held for held in self._names if held[:10] <= api_version[:10] and held[:1].isdigit()
        ]
        if not older:
            return self.api_versions()[0]
        return older[-1]

    def uri(self, name: str, api_version: str) -> str:
        """The address of a schema. Raises InputError ``schema-unknown`` with the nearest known
        name."""
        if name not in self.names(api_version):
            elsewhere = [version for version, names in self._names.items() if name in names]
            hint = did_you_mean(name, self.names(api_version)).capitalize()
            if elsewhere:
                hint = f"It exists for {', '.join(elsewhere)}."
            raise InputError(
                "schema-unknown",
                f"There is no schema {name!r} for api-version {api_version}.",
                hint or f"Known are {', '.join(self.names(api_version))}.",
            )
        return f"{BASE}{api_version}/{name}.json"

    def validator(self, name: str, api_version: str) -> jsonschema_rs.Draft202012Validator:
        """The compiled validator of a schema. Raises InputError when the name is unknown or a file
        is not sound."""
        compiled = self._compiled.get((api_version, name))
        if compiled is None:
            compiled = self.compile_at(self.uri(name, api_version))
            self._compiled[(api_version, name)] = compiled
        return compiled

    def compile_at(self, uri: str) -> jsonschema_rs.Draft202012Validator:
        """A validator of the schema at ``uri``, which may have a fragment; not cached. Raises
        InputError as above."""
        for document in self.documents.reachable(uri):
            self._demand_sound(document)
        try:
            return jsonschema_rs.Draft202012Validator({"$ref": uri}, retriever=self._retrieve)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            reason = getattr(error, "message", str(error))
            raise InputError(
                "schema-invalid",
                f"The schema cannot be compiled: {reason}.",
                "Mend what it names, here or in a file it refers to.",
                Where(str(self.documents.get(uri).path)),
            ) from None

    def validate(self, name: str, api_version: str, instance: Any) -> tuple[SchemaProblem, ...]:
        """What is wrong with ``instance``; empty when it is valid.

        ``instance`` is decoded JSON. jsonschema-rs decides; only an invalid instance is explained,
        by jsonschema. Raises InputError for an unknown or unsound schema, never because of the
        instance.
        """
        validator = self._compiled.get((api_version, name)) or self.validator(name, api_version)
        try:
            if validator.is_valid(instance):
                return ()
        except ValueError as error:
            from conformance.suite.schema.validate import not_json

            return (not_json(instance, str(error)),)
        return self.explainer().explain(self.uri(name, api_version), validator, instance)

    def unknown_members(
        self, name: str, api_version: str, instance: Any
    ) -> tuple[UnknownMember, ...]:
        """The members of ``instance`` that the specification of ``api_version`` does not know, in
        document order.

        Meant for instances that are valid; of an invalid one the members of the most likely shape
        are judged. Raises InputError like :meth:`validate`.
        """
        if self._walker is None:
            from conformance.suite.schema.unknown import UnknownWalker

            self._walker = UnknownWalker(self.documents, self.compile_at)
        if (api_version, name) not in self._compiled:
            self.validator(name, api_version)
        return self._walker.walk(self.uri(name, api_version), api_version, instance)

    def explainer(self) -> Explainer:
        """The explainer of failures; importing it brings in jsonschema, which takes a tenth of a
        second."""
        if self._explainer is None:
            from conformance.suite.schema.validate import Explainer

            self._explainer = Explainer(self.documents)
        return self._explainer

    def check_all(self) -> None:
        """Read, check and compile every schema. Raises InputErrors with all that is wrong, one
        error a file."""
        errors: list[InputError] = []
        for path in sorted(self.root.glob("*/*.json")):
            if path.parent.name == COMMON or path.parent.name in self._names:
                try:
                    self._check(f"{BASE}{path.parent.name}/{path.name}")
                except InputError as error:
                    errors.append(error)
        unique = {str(error): error for error in errors}
        if unique:
            raise InputErrors(tuple(unique.values()))

    def digest(self) -> str:
        """SHA-256 (hex) over the path and bytes of every wire schema, independent of the order of
        the listing."""
        whole = hashlib.sha256()
        for folder in sorted((COMMON, *self._names)):
            for path in sorted((self.root / folder).glob("*.json")):
                content = path.read_bytes()
                whole.update(f"{folder}/{path.name}\0{len(content)}\0".encode())
                whole.update(content)
        return whole.hexdigest()

    def _check(self, uri: str) -> None:
        document = self.documents.get(uri)
        for member in ("title", "description", "x-source"):
            if not isinstance(document.content.get(member), str):
                raise InputError(
                    "schema-invalid",
                    f"The schema has no {member}.",
                    "Every schema says what it is and where it is written.",
                    Where(str(document.path), 1),
                )
        self.compile_at(uri)

    def _demand_sound(self, document: SchemaDocument) -> None:
        """Check a document against the meta-schema, once."""
        if document.uri in self._sound:
            return
        try:
            jsonschema_rs.meta.validate(document.content)
        except jsonschema_rs.ValidationError as error:
            path = tuple(error.instance_path)
            place = "/".join(str(step) for step in path) or "the root"
            raise InputError(
                "schema-invalid",
                f"Not a JSON Schema 2020-12 at {place}: {error.message}.",
                "See https://json-schema.org/draft/2020-12/json-schema-validation.",
                document.where(path),
            ) from None
        if "$id" in document.content:
            raise InputError(
                "schema-invalid",
                "A schema here has no $id: its path is its address.",
                "Remove it.",
                document.where(("$id",)),
            )
        self._sound.add(document.uri)

    def _retrieve(self, uri: str) -> Any:
        return self.documents.get(uri).content
