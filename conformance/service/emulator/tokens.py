"""A tokenizer that is deterministic and loses nothing. Its counts add up, but they are not those of
a model."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

_TOKEN = re.compile(r" ?\w{1,8}| ?[^\w\s]|\s")

PER_MESSAGE = 4
"""Tokens that a message costs beside its text, as OpenAI's cookbook counts them."""
PRIMING = 3
"""Tokens that a conversation costs beside its messages, likewise."""
PER_IMAGE = {"low": 85, "high": 765, "auto": 765}
"""Tokens of an image by detail, for one of 1024x1024 (Azure OpenAI pricing of gpt-4o)."""


def split(text: str) -> list[str]:
    """The tokens of ``text``; joined they are ``text`` again."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """The number of tokens of ``text``."""
    return len(split(text))


def count_json(value: Any) -> int:
    """The number of tokens of ``value`` as the model gets it: its JSON text. 0 for an empty
    value."""
    if not value:
        return 0
    return count(json.dumps(value, ensure_ascii=False))


def log_probability(token: str) -> float:
    """A number in (-2, 0) that depends on the token alone."""
    return -(hashlib.sha256(token.encode()).digest()[0] + 1) / 128.0


def fraction(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
