"""jsonschema-rs decides and jsonschema explains, so the two must agree on every body."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.schemas.schema_corpus import corpus, corpus_file, every_schema, registry

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 300)
    | st.floats(-3, 3)
    | st.text("ab1:-/=\n. ", max_size=6)
    | st.sampled_from(
        ["", "error", "message", "assistant", "safe", "function", "stop", "list", "1.0", "AAAA\n"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "type", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def one_version_of_each() -> list[tuple[str, str]]:
    """The newest api-version for each corpus file; definitions are shared between the others."""
    newest = {
        corpus_file(version, name): (version, name)
        for version, name in every_schema()
        if not name.startswith("translation")
    }
    return sorted(newest.values())


def holders(value: Any) -> list[Any]:
    """Every object and array inside ``value`` that has members."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if inside else []), *(found for item in inside for found in holders(item))]


def mutate(body: Any, data: st.DataObject) -> Any:
    body = copy.deepcopy(body)
    for _ in range(data.draw(st.integers(1, 2))):
        places = holders(body)
        if not places:
            return data.draw(JSON)
        place = data.draw(st.sampled_from(places))
        key = data.draw(
            st.sampled_from(list(place) if isinstance(place, dict) else range(len(place)))
        )
        if data.draw(st.booleans()):
            place[key] = data.draw(JSON)
        else:
            del place[key]
    return body


@pytest.mark.parametrize(("version", "name"), one_version_of_each(), ids=str)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_two_validators_agree_on_mutated_bodies(
    version: str, name: str, data: st.DataObject
) -> None:
    body = mutate(data.draw(st.sampled_from(list(corpus(version, name).valid.values()))), data)
    explained = registry().explainer().validator(registry().uri(name, version))
    decided = registry().validator(name, version).is_valid(body)
    assert explained.is_valid(body) == decided
    assert decided == (registry().validate(name, version, body) == ())
    registry().unknown_members(name, version, body)
