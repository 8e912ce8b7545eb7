"""The tokenizer loses nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.service.emulator import tokens


@settings(deadline=None)
@given(text=st.text())
def test_tokens_are_lossless(text: str) -> None:
    assert "".join(tokens.split(text)) == text
