"""Conformance test harness for Azure OpenAI client SDKs."""

from __future__ import annotations

__version__ = "0.1.0"
