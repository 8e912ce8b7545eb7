"""Where a pytest session keeps its state. Costs nothing to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.pytest_plugin.session import ScenarioSession

STATE: pytest.StashKey[ScenarioSession] = pytest.StashKey()
