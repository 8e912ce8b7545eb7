"""Who may call: keys in ``api-key``, Entra tokens as bearer, and on v1 keys as bearer too
(facts/service#classic-surface, facts/service#v1-auth)."""

from __future__ import annotations

import hmac

from conformance.service.emulator import errors
from conformance.service.emulator.config import EmulatorConfig
from conformance.wire.exchange import Request


def admit(request: Request, config: EmulatorConfig, v1: bool) -> None:
    """Let ``request`` pass if its credential is one of the resource's. Raises Refusal: the 401 that
    fits the kind of credential."""
    key = request.header("api-key")
    # A key wins over a bearer token: openai-python before 2.34 sends the key as both.
    if key is not None:
        if not _among(key, config.keys):
            raise errors.bad_key()
        return
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise errors.bad_token()
    if _among(token, config.tokens) or (v1 and _among(token, config.keys)):
        return
    # Entra tokens have three parts. Any other bearer on v1 is meant as a key.
    if v1 and token.count(".") != 2:
        raise errors.bad_key()
    raise errors.bad_token()


def _among(credential: str, accepted: tuple[str, ...]) -> bool:
    raw = credential.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(raw, text.encode()) for text in accepted)
