"""What stands for a resource and its credentials wherever the suite answers by itself: SDKs are
given these, and reports show them."""

from __future__ import annotations

SERVICE_ENDPOINT = "https://conformance.openai.azure.com"
API_KEY = "conformance-api-key-not-a-secret"
TOKENS = ("conformance-entra-token-1", "conformance-entra-token-2", "conformance-entra-token-3")
