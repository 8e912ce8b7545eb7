"""JSON Schema 2020-12 over the bodies, events and headers of the service.

``SchemaRegistry.load(folder)`` gives a registry; its ``validate`` and ``unknown_members`` take a
schema name, an api-version and decoded JSON.
"""

from __future__ import annotations

from conformance.suite.schema.registry import SchemaRegistry
from conformance.suite.schema.unknown import MemberStanding, UnknownMember
from conformance.suite.schema.validate import SchemaProblem

__all__ = ["MemberStanding", "SchemaProblem", "SchemaRegistry", "UnknownMember"]
