"""Where things are that tests read."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The top of the checkout."""

SHARED = PROJECT.parent / "shared"
"""Published specifications and recordings of other projects, where somebody has put them beside the
checkout."""
