"""Sanitising what is shown: logs, errors, reports.

The rules are those for recordings, but only what grants access or names somebody goes. Ids, times
and regions stay, because a reader wants to compare them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.errors import InputError
from conformance.sanitize.aliases import Aliases
from conformance.sanitize.exchange import OWN_NAMES
from conformance.sanitize.headers import credentials_masked, identity_aliased
from conformance.sanitize.known import SHORTEST, KnownSecrets
from conformance.sanitize.page import reading
from conformance.sanitize.text import TextSanitizer
from conformance.wire.exchange import Headers

MASK = "***"


class Redactor:
    """Redacts texts, JSON values and headers.

    ``known_secrets`` of fewer than six characters are ignored: masking them would mask half of
    every text. ``names`` stay as they are. ``called`` are names that belong to somebody (of a
    deployment, a host), and what is shown in their place wherever they stand as whole words. Never
    raises, whatever the text. For one thread at a time.
    """

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
        aliases = Aliases(called, OWN_NAMES | frozenset(names))
        self._texts = TextSanitizer(aliases, self._known, noise=False, lenient=True)
        self._called = {name.lower(): shown for name, shown in (called or {}).items() if name}
        self._names = _names_pattern(self._called)

    def know(self, secrets: Iterable[str]) -> None:
        """Mask ``secrets`` as well from now on."""
        for secret in secrets:
            if len(secret) >= SHORTEST and secret not in self._known:
                self._known.add(secret)

    def text(self, text: str) -> str:
        """``text`` without secrets; ``***`` when it cannot be sanitised, because then it cannot be
        shown either."""
        if self._names is not None:
            text = self._names.sub(lambda name: self._called[name[0].lower()], text)
        try:
            return self._texts.text(text)
        except (InputError, UnicodeError):
            return MASK

    def value(self, value: Any) -> Any:
        """The JSON ``value`` without secrets: in keys, in texts, and under names of secrets. A
        member ``headers`` that holds pairs is read as headers."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(str(key)): self._member(str(key), item) for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def headers(self, headers: Headers) -> Headers:
        """``headers`` in order: credentials masked, those that name somebody under an alias. The
        scheme of an Authorization stays readable."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def clean(self, text: str) -> bool:
        """Whether :meth:`text` would return ``text`` as it is."""
        return not self._texts.edits(reading(text))

    def _header(self, name: str, value: str) -> str:
        masked = credentials_masked(name, value)
        if masked is not None:
            return masked
        return self.text(identity_aliased(name, value, self._texts))

    def _member(self, name: str, item: Any) -> Any:
        if name == "headers" and isinstance(item, list) and all(_is_header(pair) for pair in item):
            return [list(pair) for pair in self.headers(tuple((key, value) for key, value in item))]
        if not isinstance(item, str):
            return self.value(item)
        masked = credentials_masked(name, item)
        if masked is not None:
            return masked
        return self._named(name, self.text(item))

    def _named(self, name: str, item: str) -> str:
        """``item`` without what the name of its member alone gives away (``client_secret``)."""
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


def _names_pattern(called: Mapping[str, str]) -> re.Pattern[str] | None:
    """Matches the names as whole words, and not where they begin or end a longer name: not
    ``gpt-4o`` in ``gpt-4o-mini``, nor ``gpt-4`` in ``gpt-4.1``."""
    if not called:
        return None
    longest_first = sorted(called, key=lambda name: (-len(name), name))
    return re.compile(
        rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)", re.IGNORECASE
    )
