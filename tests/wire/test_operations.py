"""The table of operations, and that every stage knows each of them."""

from __future__ import annotations

import pytest

from conformance.service.emulator.routes import find_route
from conformance.service.emulator.service import _HANDLERS
from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.schema import SchemaRegistry
from conformance.suite.settings import DEPLOYMENTS
from conformance.suite.views import view_names
from conformance.wire.exchange import Request
from conformance.wire.operations import OPERATIONS, Operation
from conformance.wire.stand_ins import SERVICE_ENDPOINT
from tests.places import PROJECT

SCHEMAS = SchemaRegistry.load(PROJECT / "schemas")
NEWEST_DATED = max(version for version in API_VERSIONS if version != "v1")


def filled(path: str) -> str:
    """``path`` with an argument in each place for one."""
    return "/".join("x-1" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture(params=OPERATIONS.values(), ids=OPERATIONS)
def operation(request: pytest.FixtureRequest) -> Operation:
    row: Operation = request.param
    return row


def test_every_operation_has_a_route_in_the_emulator_on_both_surfaces(
    operation: Operation,
) -> None:
    dated = f"{filled(operation.classic_path())}?api-version={NEWEST_DATED}"
    for path in (dated, filled(operation.v1_path())):
        route = find_route(Request(operation.method, SERVICE_ENDPOINT + path, ()))
        assert route.operation == operation


def test_every_operation_has_a_handler_in_the_emulator_and_no_other_has() -> None:
    assert set(_HANDLERS) == set(OPERATIONS)


def test_every_schema_an_operation_names_exists_since_the_operation_does(
    operation: Operation,
) -> None:
    since = SCHEMAS.closest_version(operation.since)
    for name in filter(None, (operation.schema, operation.chunk_schema)):
        assert name in SCHEMAS.names(since)
        assert name in SCHEMAS.names("v1")


def test_a_json_answer_has_a_schema_and_others_have_none(operation: Operation) -> None:
    assert (operation.schema is not None) is (operation.answer == "json")


def test_every_operation_has_a_view_and_only_a_stream_has_a_schema_of_chunks(
    operation: Operation,
) -> None:
    assert operation.view in view_names()
    assert operation.stream_view is None or operation.stream_view in view_names()
    assert operation.streams or operation.chunk_schema is None


def test_a_deployment_takes_part_in_what_its_route_or_its_model_names(
    operation: Operation,
) -> None:
    if operation.deployment:
        assert operation.model is not None
    if operation.model is not None:
        assert operation.model.capability in DEPLOYMENTS


def test_every_operation_stands_in_the_page_about_scenarios(operation: Operation) -> None:
    page = (PROJECT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    assert f"`{operation.id}`" in page
