"""The same rules for what is shown: logs, errors, reports.

Only what grants access or names somebody goes; ids, times and regions stay, because a reader wants to compare them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.errors import InputError
from conformance.sanitize.aliases import Aliases
from conformance.sanitize.exchange import OWN_NAMES
from conformance.sanitize.heads import credentials_masked
from conformance.sanitize.known import SHORTEST, KnownSecrets
from conformance.sanitize.page import reading
from conformance.sanitize.redact import Engine
from conformance.wire.exchange import Headers

MASK = "***"


class Redactor:
    """Redacts texts, JSON values and headers. Known secrets of fewer than six characters are ignored: masking them
    would mask half of every text. Never raises on any text."""

    def __init__(self, known_secrets: Iterable[str] = (), *, names: Iterable[str] = ()) -> None:
        secrets = sorted({secret for secret in known_secrets if len(secret) >= SHORTEST}, key=lambda s: (-len(s), s))
        self._engine = Engine(Aliases(keep=OWN_NAMES | frozenset(names)), KnownSecrets(secrets), noise=False,
                              lenient=True)

    def text(self, text: str) -> str:
        """``text`` without secrets; ``***`` for a text that resists, because showing it is no option."""
        try:
            return self._engine.text(text)
        except (InputError, UnicodeError):
            return MASK

    def value(self, value: Any) -> Any:
        """The JSON ``value`` without secrets in any of its keys and texts, nor under a name that says secret."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self._member(str(key), item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value

    def headers(self, headers: Headers) -> Headers:
        """``headers`` in order, with credentials masked; the scheme of an Authorization stays readable."""
        return tuple((name, credentials_masked(name, value) or self.text(value)) for name, value in headers)

    def clean(self, text: str) -> bool:
        """Whether :meth:`text` would return ``text`` as it is."""
        return not self._engine.edits(reading(text))

    def _member(self, name: str, item: Any) -> Any:
        if not isinstance(item, str):
            return self.value(item)
        masked = credentials_masked(name, item)
        return masked if masked is not None else self.text(item)
