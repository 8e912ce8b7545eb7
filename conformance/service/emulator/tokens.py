"""A tokenizer that only has to be deterministic and lossless: it gives counts that add up, not the
model's own."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

_TOKEN = re.compile(r" ?\w{1,8}| ?[^\w\s]|\s")

PER_MESSAGE = 4
"""Tokens a message costs beside its text, and PRIMING once a conversation, as OpenAI's cookbook
counts them."""
PRIMING = 3
PER_IMAGE = {"low": 85, "high": 765, "auto": 765}
"""Tokens of an image by detail, for one of 1024x1024 (Azure OpenAI pricing of gpt-4o)."""


def split(text: str) -> list[str]:
    """The tokens of ``text``; joined they are ``text`` again."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    return len(split(text))


def count_json(value: Any) -> int:
    """Tokens of ``value`` as it reaches the model: its JSON text. 0 for nothing."""
    return count(json.dumps(value, ensure_ascii=False)) if value else 0


def log_probability(token: str) -> float:
    """A number in (-2, 0) that depends on the token alone."""
    return -(hashlib.sha256(token.encode()).digest()[0] + 1) / 128.0


def fraction(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
