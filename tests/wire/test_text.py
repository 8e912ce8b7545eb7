"""How a value is put into a sentence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.text import shortened


def test_what_fits_stays_and_what_does_not_is_cut_and_marked() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abc..."
    assert shortened("abcdefg", 6, mark="…") == "abcde…"


@given(st.text(), st.integers(3, 40))
def test_it_is_never_longer_than_asked_for(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    assert short == text or short.endswith("...")
