"""Who may call: keys in ``api-key``, Entra tokens as bearer, and on v1 keys as bearer too
(wire-contract section 2)."""

from __future__ import annotations

import hmac

from conformance.service.emulator import errors
from conformance.service.emulator.config import EmulatorConfig
from conformance.wire.exchange import Request


def admit(request: Request, config: EmulatorConfig, v1: bool) -> None:
    """Nothing for a request whose credential is the resource's; raises the 401 that fits the
    credential otherwise.

    A key wins over a token when both are sent, as openai-python before 2.34 sends the key twice.
    """
    key = request.header("api-key")
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
    # A bearer on v1 that has not the three parts of a token is meant as a key.
    raise errors.bad_key() if v1 and token.count(".") != 2 else errors.bad_token()


def _among(value: str, known: tuple[str, ...]) -> bool:
    given = value.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(given, one.encode()) for one in known)
