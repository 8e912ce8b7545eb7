"""An Azure OpenAI resource in memory. It answers requests as the service does, as far as
docs/emulator.md says.

``Emulator(EmulatorConfig(...)).answer(request)`` gives a Reply, so an emulator is a player for the
in-process lane and for a peer.
"""

from __future__ import annotations

from conformance.service.emulator.config import (
    Deployment,
    EmulatorConfig,
    Limits,
    default_deployments,
)
from conformance.service.emulator.service import Emulator

__all__ = ["Deployment", "Emulator", "EmulatorConfig", "Limits", "default_deployments"]
