"""A fake of everything azure-identity asks for tokens, and a resource that takes those tokens
alone.

Sources: Microsoft identity platform, client credentials flow (secret, and certificate or federated
assertion); "How to use managed identities on an Azure VM to acquire an access token" (IMDS); "How
to use managed identities for App Service" (REST protocol, api-version 2019-08-01).
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs

from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.wire.exchange import Provenance, Reply, Request, Response, Source

TENANT = "0e3f1a52-0000-4000-8000-000000000001"
RESOURCE = "https://cognitiveservices.azure.com"
WRITTEN = Provenance(Source.SCRIPT)


def answered(status: int, value: Any, **headers: str) -> Reply:
    body = json.dumps(value).encode()
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Reply(
        Response(
            status,
            (("content-type", "application/json"), ("content-length", str(len(body))), *named),
            body,
            WRITTEN,
        )
    )


class Authority:
    """Gives tokens that say which they are, each for ``lifetime`` seconds, and keeps what it was
    asked."""

    def __init__(self, lifetime: int = 3600) -> None:
        self.lifetime = lifetime
        self.url = ""
        self.issued: list[str] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.refuses = False

    def answer(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        query = dict(request.query)
        if request.path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            return answered(200, self._metadata())
        self.asked.append(
            (request.path, form or {**query, **{n.lower(): v for n, v in request.headers}})
        )
        if request.path == f"/{TENANT}/oauth2/v2.0/token" and request.method == "POST":
            if self.refuses:
                return answered(
                    401,
                    {
                        "error": "invalid_client",
                        "error_description": "AADSTS7000215: Invalid client "
                        f"secret provided: {form.get('client_secret')}",
                    },
                )
            return answered(
                200,
                {
                    "token_type": "Bearer",
                    "expires_in": self.lifetime,
                    "ext_expires_in": self.lifetime,
                    "access_token": self._token(),
                },
            )
        if (
            request.path == "/metadata/identity/oauth2/token"
            and request.header("metadata") == "true"
        ):
            return answered(200, self._managed(query))
        if (
            request.path == "/msi/token"
            and request.header("x-identity-header") == "identity-header-value"
        ):
            return answered(200, self._managed(query))
        return answered(404, {"error": "not_found"})

    def _metadata(self) -> dict[str, Any]:
        base = f"{self.url}/{TENANT}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        }

    def _managed(self, query: dict[str, str]) -> dict[str, Any]:
        assert query["resource"] == RESOURCE, query
        return {
            "access_token": self._token(),
            "expires_on": str(int(time.time()) + self.lifetime),
            "expires_in": str(self.lifetime),
            "resource": RESOURCE,
            "token_type": "Bearer",
        }

    def _token(self) -> str:
        self.issued.append(f"header.entra-token-{len(self.issued) + 1}.signature")
        return self.issued[-1]


class Resource:
    """The emulator behind the authority's tokens: only the one issued last is taken. ``throttle``
    answers so many requests with a 429 first; ``seen`` are the credentials that came."""

    def __init__(self, authority: Authority, throttle: int = 0) -> None:
        self._authority = authority
        self._throttle = throttle
        self.seen: list[tuple[str | None, str | None]] = []

    def answer(self, request: Request) -> Reply:
        self.seen.append((request.header("authorization"), request.header("api-key")))
        if len(self.seen) <= self._throttle:
            return answered(
                429, {"error": {"code": "429", "message": "slow down"}}, retry_after_ms="5"
            )
        newest = tuple(self._authority.issued[-1:])
        return Emulator(EmulatorConfig(tokens=newest, keys=())).answer(request)

    @property
    def bearers(self) -> list[str]:
        """The tokens, without what is the same in all."""
        return [
            (value or "").removeprefix("Bearer header.entra-").removesuffix(".signature")
            for value, _ in self.seen
        ]
