"""Embeddings: forms of input and output, and what is refused."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.service.emulator.embeddings import vector
from tests.service.emulator.emulating import Caller, error


def embed(caller: Caller, **members: Any) -> list[Any]:
    return [
        item["embedding"]
        for item in caller.post("/embeddings", members, "conf-embeddings").json()["data"]
    ]


def test_numbers_and_base64_are_the_same_vector(caller: Caller) -> None:
    (numbers,) = embed(caller, input="Hello", dimensions=16)
    (coded,) = embed(caller, input="Hello", dimensions=16, encoding_format="base64")
    assert list(struct.unpack("<16f", base64.b64decode(coded))) == numbers
    assert abs(sum(one * one for one in numbers) - 1) < 1e-5


def test_shorter_vectors_begin_like_longer_ones(caller: Caller) -> None:
    (short,) = embed(caller, input="Hello", dimensions=4)
    (long,) = embed(caller, input="Hello")
    assert len(long) == 1536
    ratios = [a / b for a, b in zip(short, long, strict=False)]
    assert max(ratios) - min(ratios) < 1e-3 * ratios[0]


@pytest.mark.parametrize(
    "given, count", [("one", 1), (["one", "two"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2)]
)
def test_forms_of_input(caller: Caller, given: Any, count: int) -> None:
    assert len(embed(caller, input=given, dimensions=2)) == count


@pytest.mark.parametrize(
    "members, code, param, says",
    [
        ({}, "missing_required_parameter", "input", "Missing"),
        ({"input": True}, None, None, "'$.input' is invalid"),
        ({"input": ""}, None, None, "'$.input' is invalid"),
        ({"input": []}, None, None, "'$.input' is invalid"),
        ({"input": ["a", 3]}, None, None, "'$.input' is invalid"),
        ({"input": ["a"] * 2049}, None, None, "Too many inputs"),
        ({"input": "word " * 9000}, None, None, "maximum context length is 8191 tokens"),
        ({"input": "a", "dimensions": 1537}, None, "dimensions", "1537"),
        ({"input": "a", "encoding_format": "hex"}, "invalid_value", "encoding_format", "'hex'"),
    ],
)
def test_embeddings_that_are_refused(
    caller: Caller, members: dict[str, Any], code: str | None, param: str | None, says: str
) -> None:
    refused = caller.post("/embeddings", members, "conf-embeddings")
    assert refused.status == 400 and says in error(refused)["message"]
    assert (error(refused)["code"], error(refused)["param"]) == (code, param)


@settings(deadline=None)
@given(text=st.text(min_size=1), size=st.integers(1, 64))
def test_vectors_have_unit_length(text: str, size: int) -> None:
    numbers = vector(text, size)
    assert len(numbers) == size and abs(sum(number * number for number in numbers) - 1) < 1e-9
    assert numbers == vector(text, size)
