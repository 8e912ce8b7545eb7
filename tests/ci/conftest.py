"""Lets these tests import the scripts beside the gate, which are no package of the project."""

from __future__ import annotations

import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / ".ci"

if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))
