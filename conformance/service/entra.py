"""The Microsoft Entra ID token endpoint as azure-identity meets it, for replay.

Bodies have the documented shape (Microsoft identity platform, OAuth 2.0 client credentials flow,
and OpenID Connect discovery); the tokens are obviously not real. Nothing here is reached over a
network.
"""

from __future__ import annotations

import json
from typing import Any

from conformance.wire.exchange import Provenance, Reply, Request, Response, Source
from conformance.wire.protocol import Auth

AUTHORITY_HOST = "login.microsoftonline.com"
_PROVENANCE = Provenance(
    Source.DOCUMENTATION, "Microsoft identity platform: client credentials flow"
)


class TokenEndpoint:
    """Answers discovery and token requests. The n-th token request gets the n-th of ``tokens``, and
    every later one the last. ``issued`` counts them; ``expires_in`` is in seconds."""

    def __init__(self, tokens: tuple[str, ...], expires_in: int = 3599) -> None:
        self._tokens = tokens
        self._expires_in = expires_in
        self.issued = 0

    def __call__(self, request: Request) -> Reply | None:
        """The reply to ``request``, or None when it is not for this endpoint."""
        if request.host.split(":")[0] != AUTHORITY_HOST:
            return None
        path = request.path
        if path.endswith("/discovery/instance"):
            return _json(_instances())
        if path.endswith("/.well-known/openid-configuration"):
            return _json(_openid(path.split("/")[1]))
        if path.endswith("/oauth2/v2.0/token"):
            return _json(self._token())
        return None

    def _token(self) -> dict[str, Any]:
        token = self._tokens[min(self.issued, len(self._tokens) - 1)]
        self.issued += 1
        return {
            "token_type": "Bearer",
            "expires_in": self._expires_in,
            "ext_expires_in": self._expires_in,
            "access_token": token,
        }


def token_endpoint(auth: Auth) -> TokenEndpoint | None:
    """The token endpoint that a client with ``auth`` asks; None where it asks none."""
    if auth.kind != "credential":
        return None
    return TokenEndpoint(auth.tokens)


def _instances() -> dict[str, Any]:
    host = AUTHORITY_HOST
    return {
        "tenant_discovery_endpoint": f"https://{host}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


def _openid(tenant: str) -> dict[str, Any]:
    base = f"https://{AUTHORITY_HOST}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "issuer": f"{base}/v2.0",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _json(value: dict[str, Any]) -> Reply:
    body = json.dumps(value).encode()
    headers = (
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
    )
    return Reply(Response(200, headers, body, _PROVENANCE))
