"""The same rules for what is shown: logs, errors, reports.

Only what grants access or names somebody goes; ids, times and regions stay, because a reader wants
to compare them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.errors import InputError
from conformance.sanitize.aliases import Aliases
from conformance.sanitize.exchange import OWN_NAMES
from conformance.sanitize.heads import credentials_masked, identity_aliased
from conformance.sanitize.known import SHORTEST, KnownSecrets
from conformance.sanitize.page import reading
from conformance.sanitize.redact import Engine
from conformance.wire.exchange import Headers

MASK = "***"


class Redactor:
    """Redacts texts, JSON values and headers. Known secrets of fewer than six characters are
    ignored: masking them would mask half of every text. ``called`` are names of somebody's (a
    deployment, a host) and what they are shown as wherever they stand as words of their own. Never
    raises on any text. For one thread at a time."""

    def __init__(
        self,
        known_secrets: Iterable[str] = (),
        *,
        names: Iterable[str] = (),
        called: Mapping[str, str] | None = None,
    ) -> None:
        secrets = sorted(
            {secret for secret in known_secrets if len(secret) >= SHORTEST},
            key=lambda s: (-len(s), s),
        )
        self._known = KnownSecrets(secrets)
        self._engine = Engine(
            Aliases(called, OWN_NAMES | frozenset(names)), self._known, noise=False, lenient=True
        )
        self._called = {name.lower(): shown for name, shown in (called or {}).items() if name}
        self._words = _words(self._called)

    def know(self, secrets: Iterable[str]) -> None:
        """Mask ``secrets`` as well from now on."""
        for secret in secrets:
            if len(secret) >= SHORTEST and secret not in self._known:
                self._known.add(secret)

    def text(self, text: str) -> str:
        """``text`` without secrets; ``***`` for a text that resists, because showing it is no
        option."""
        if self._words is not None:
            text = self._words.sub(lambda found: self._called[found[0].lower()], text)
        try:
            return self._engine.text(text)
        except (InputError, UnicodeError):
            return MASK

    def value(self, value: Any) -> Any:
        """The JSON ``value`` without secrets in any of its keys and texts, nor under a name that
        says secret. A member ``headers`` that holds pairs is read as headers."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(str(key)): self._member(str(key), item) for key, item in value.items()
            }
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value

    def headers(self, headers: Headers) -> Headers:
        """``headers`` in order, with credentials masked and those that name somebody under an
        alias; the scheme of an Authorization stays readable."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def clean(self, text: str) -> bool:
        """Whether :meth:`text` would return ``text`` as it is."""
        return not self._engine.edits(reading(text))

    def _header(self, name: str, value: str) -> str:
        masked = credentials_masked(name, value)
        return (
            masked if masked is not None else self.text(identity_aliased(name, value, self._engine))
        )

    def _member(self, name: str, item: Any) -> Any:
        if name == "headers" and isinstance(item, list) and all(_is_header(pair) for pair in item):
            return [
                list(pair) for pair in self.headers(tuple((str(key), value) for key, value in item))
            ]
        if not isinstance(item, str):
            return self.value(item)
        masked = credentials_masked(name, item)
        return masked if masked is not None else self._named(name, self.text(item))

    def _named(self, name: str, item: str) -> str:
        """``item`` as the member ``name`` of an object, for what a name alone gives away
        (``client_secret``)."""
        written = json.dumps({name: item}, ensure_ascii=False)
        clean = self.text(written)
        if clean == written:
            return item
        try:
            return str(next(iter(json.loads(clean).values())))
        except (ValueError, StopIteration):
            return MASK


def _is_header(pair: Any) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(part, str) for part in pair)
    )


def _words(called: Mapping[str, str]) -> re.Pattern[str] | None:
    """The names as words: not where they are the beginning or the end of a longer name
    (``gpt-4o-mini``, ``gpt-4.1``)."""
    if not called:
        return None
    longest_first = sorted(called, key=lambda name: (-len(name), name))
    return re.compile(
        rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)", re.IGNORECASE
    )
