"""Many words searched for at once: the same places as one search for each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.sanitize.redactor import Redactor
from conformance.sanitize.triggers import AnyOf, before_equals

WORDS = ("sk-", "ek_", "hf_", "ghp_", "gho_", "github_pat_", "xoxa-", "xoxb-")
CAPITALS = ("AKIA", "AIza")
PIECES = st.sampled_from(
    (*WORDS, *CAPITALS, "-", "_", "s", "k", "ok_", "gas_", "AzIA", "x" * 120, "é")
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def places(words: tuple[str, ...], data: bytes) -> list[int]:
    return sorted(
        at for word in words for at in range(len(data)) if data.startswith(word.encode(), at)
    )


@pytest.mark.parametrize("words", [WORDS, CAPITALS], ids=["starts", "capitals"])
@given(text=TEXTS)
def test_words_merged_into_one_search_are_found_where_each_of_them_stands(
    words: tuple[str, ...], text: str
) -> None:
    data = text.encode("latin-1")
    assert sorted(AnyOf(*words).places(data)) == places(words, data)


@given(
    text=st.lists(st.sampled_from(("key", "pwd", "sig", "=", "==", "x" * 150)), max_size=20).map(
        "".join
    )
)
def test_a_name_before_an_equals_sign_is_seen_whether_such_signs_are_rare_or_not(text: str) -> None:
    assert before_equals(text, ("key", "sig")) == ("key=" in text or "sig=" in text)


@pytest.mark.parametrize(
    "around",
    ["{}", "word " * 600 + "{}", "a-b_c " * 400 + "{} " + "d-e " * 400],
    ids=["alone", "signs are rare", "signs are frequent"],
)
@pytest.mark.parametrize(
    "secret",
    [
        "sk-a1b2c3d4e5f6g7h8",
        "ek_a1b2c3d4e5f6g7h8",
        "ghp_" + "a1" * 18,
        "xoxb-" + "1a" * 12,
        "AKIA" + "A1" * 8,
        "AIza" + "b2" * 18,
        "password=" + "q7" * 5,
    ],
)
def test_a_key_is_masked_however_many_dashes_the_text_has(secret: str, around: str) -> None:
    assert secret.rpartition("=")[2] not in Redactor().text(around.format(secret))


@pytest.mark.parametrize("before", [2000, 1999])
def test_a_sign_beyond_the_sample_still_counts(before: int) -> None:
    data = b"x" * before + b"-" * 5000 + b"sk-"
    assert list(AnyOf("sk-", "ek_").places(data)) == [before + 5000]
