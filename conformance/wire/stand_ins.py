"""The made-up addresses, keys and tokens that stand in for real ones.

Every offline case uses them, recordings and reports show them in place of what was real, and none
opens anything. Hosts below ``.example`` belong to nobody (RFC 2606).
"""

from __future__ import annotations

SERVICE_HOST = "conformance.openai.azure.com"
"""The host of an offline case; a recording shows it in place of a resource's own name."""

SERVICE_ENDPOINT = f"https://{SERVICE_HOST}"

API_KEY = "conformance-api-key-not-a-secret"

TOKENS = ("conformance-entra-token-1", "conformance-entra-token-2", "conformance-entra-token-3")
"""Entra access tokens; a token provider gives them one after the other."""

GATEWAY_HOST = "gateway-1.example"
"""What a report shows in place of the host of a gateway."""

ELSEWHERE = "https://other-service.example"
"""Another host than the service's, to which a scenario may redirect (``${elsewhere}``). The script
of the case answers it too."""
