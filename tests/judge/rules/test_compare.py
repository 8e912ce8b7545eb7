"""JSON equality and its differences."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.rules.compare import close, differences, dig, float32_vector, same

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        ([1], (1,), False),
        (None, {}, False),
        ("1", 1, False),
        ({"a": None}, {}, False),
    ],
)
def test_same(left: Any, right: Any, equal: bool) -> None:
    assert same(left, right) is equal and same(right, left) is equal


@given(JSON, JSON)
def test_differences_are_empty_exactly_for_the_same(left: Any, right: Any) -> None:
    assert (not list(differences(left, right))) == same(left, right)
    assert not list(differences(left, left)) and same(left, left) and close(left, left)


def test_differences_name_place_and_kind() -> None:
    found = list(
        differences(
            {"a": {"b/c": 1}, "d": [1, 2], "gone": 0}, {"a": {"b/c": 2}, "d": [1, 3], "new": 0}
        )
    )
    assert [(d.kind, d.pointer) for d in found] == [
        ("changed", "/a/b~1c"),
        ("changed", "/d/1"),
        ("lost", "/gone"),
        ("added", "/new"),
    ]
    assert found[2].sentence("the wire", "the result") == "the wire has 0, the result has nothing"


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=8))
def test_vectors_are_read_as_little_endian_float32(numbers: list[float]) -> None:
    text = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    assert float32_vector(text) == numbers


@pytest.mark.parametrize("text", ["not base64!", "AAA=", "AAAAAAA"])
def test_other_texts_are_no_vectors(text: str) -> None:
    assert float32_vector(text) is None


def test_close_allows_one_rounding_and_no_more() -> None:
    assert close([0.0023064255], [struct.unpack("<f", struct.pack("<f", 0.0023064255))[0]])
    assert not close([0.00230], [0.00231]) and not close(1, 2) and close(None, [])


@given(JSON)
def test_digging_never_raises(value: Any) -> None:
    dig(value, "a", 0, "b", -1)
