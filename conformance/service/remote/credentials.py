"""The real credentials of a target, kept where requests leave for it: SDKs and reports only ever
see stand-ins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from conformance.errors import EnvironmentFault
from conformance.sanitize.redactor import Redactor
from conformance.service.remote.relay import Exchanger
from conformance.wire.protocol import ClientConfig
from conformance.wire.stand_ins import API_KEY, SERVICE_HOST, TOKENS

SCOPE = "https://cognitiveservices.azure.com/.default"
_MARGIN = 60.0
_MESSAGE = 300


class TokenCredential(Protocol):
    """What azure-identity's credentials are (azure.core.credentials)."""

    def get_token(self, *scopes: str) -> Any: ...


class EntraTokens:
    """Tokens of a credential, asked for when the one at hand has less than a minute left. For any
    thread.

    ``make`` builds the credential at first use: azure-identity takes long to import. Raises
    EnvironmentFault (``credential-unavailable``) when it gives no token; the message has passed the
    redactor.
    """

    def __init__(
        self,
        make: Callable[[], TokenCredential] | None = None,
        scope: str = SCOPE,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._make = make or _default_credential
        self._scope = scope
        self._now = now
        self._lock = threading.Lock()
        self._credential: TokenCredential | None = None
        self._token = ""
        self._expires = 0.0
        self.given: set[str] = set()

    def __call__(self) -> str:
        with self._lock:
            if self._now() > self._expires - _MARGIN:
                self._renew()
            return self._token

    def _renew(self) -> None:
        try:
            if self._credential is None:
                self._credential = self._make()
            token = self._credential.get_token(self._scope)
        except EnvironmentFault:
            raise
        except Exception as error:  # azure-identity raises what its many credentials raise
            first_line = "".join(str(error).strip().splitlines()[:1])
            reason = Redactor(self.given).text(first_line)
            raise EnvironmentFault(
                "credential-unavailable",
                f"no Entra token: {type(error).__name__}: {reason[:_MESSAGE]}",
                "sign in (az login), or set AZURE_OPENAI_API_KEY",
            ) from None
        self._token, self._expires = str(token.token), float(token.expires_on)
        self.given.add(self._token)


def _default_credential() -> TokenCredential:
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise EnvironmentFault(
            "missing-package",
            "azure-identity is not installed, and there is no key",
            "install it, or set AZURE_OPENAI_API_KEY",
        ) from None
    credential: TokenCredential = DefaultAzureCredential()
    return credential


@dataclass(frozen=True, slots=True)
class StandIns:
    """What the SDK is given in the place of credentials."""

    keys: frozenset[str]
    tokens: frozenset[str]


def stand_ins_of(config: ClientConfig) -> StandIns:
    """What the client of ``config`` is given in the place of credentials: what the suite gives to
    every client, and what the scenario sets."""
    environment = config.environment
    keys = {value for name, value in environment if "KEY" in name}
    tokens = {value for name, value in environment if "TOKEN" in name}
    return StandIns(
        frozenset({API_KEY, config.auth.key, *keys}),
        frozenset({*TOKENS, *config.auth.tokens, *tokens}),
    )


def exchanger(
    given: StandIns, key: str, tokens: EntraTokens | None, names: Iterable[str] = ()
) -> Exchanger:
    """Stand-ins out, real credentials in; and back, with ``names`` (a resource's host) shown as the
    suite's own.

    A credential that is no stand-in passes as it is: what an SDK makes up is not mended on the way.
    """

    def outward(name: str, value: str) -> str:
        lower = name.lower()
        if lower == "api-key" and key and value in given.keys:
            return key
        scheme, space, credential = value.partition(" ")
        if lower != "authorization" or not space or scheme.lower() != "bearer":
            return value
        if key and credential in given.keys:  # the v1 route takes a key as bearer as well
            return f"{scheme} {key}"
        if tokens is not None and credential in given.tokens:
            return f"{scheme} {tokens()}"
        return value

    def inward() -> dict[str, str]:
        shown = dict.fromkeys((name for name in names if name), SERVICE_HOST)
        if tokens is not None:
            shown |= dict.fromkeys(tokens.given, TOKENS[0])
        if key:
            shown[key] = API_KEY
        return shown

    return Exchanger(outward, inward)
