"""The sanitiser of one recording set: what the recorder and the peer call.

The recorder passes every exchange through it before anything is written. The peer passes a live
request through one of its own before it looks for the recorded one, so both sides have the same
aliases and the recording still plays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from conformance.sanitize.aliases import Aliases
from conformance.sanitize.forms import sanitised_multipart
from conformance.sanitize.heads import sanitised_headers
from conformance.sanitize.known import KnownSecrets
from conformance.sanitize.redact import Engine
from conformance.sanitize.rules import rules_digest
from conformance.sanitize.urls import IDENTITY_HOSTS, deployment, sanitised_form, sanitised_url
from conformance.wire.codings import decode
from conformance.wire.exchange import Exchange, Headers, Provenance, Request, Response, header

_V1 = "/openai/v1/"
_MODEL = re.compile(r'"model"\s*:\s*"([^"\\]+)"')
OWN_NAMES = frozenset({"conformance"})
"""The resource the offline suite calls: our own, and nobody's."""


class Sanitizer:
    """Sanitises exchanges with one alias table, so what correlates goes on correlating.

    ``known`` are secrets to be masked in every form; ``names`` fixes aliases (a live deployment or
    resource name to the one the offline suite uses); ``keep`` are values a scenario wrote itself
    (end users, metadata, file names), which would otherwise get aliases. Use one for each recording
    set or case; it is not for several threads at once.
    """

    def __init__(
        self,
        known: Iterable[str] = (),
        names: Mapping[str, str] | None = None,
        keep: Iterable[str] = (),
    ) -> None:
        self._known = KnownSecrets(known)
        self._aliases = Aliases(names, OWN_NAMES | frozenset(keep))
        self._engine = Engine(self._aliases, self._known)

    def known(self, value: str, kind: str = "secret", alias: str = "") -> None:
        """Make ``value`` known before it is met: a ``secret`` is masked in every form; any other
        kind (deployment, resource, guid, user, organization, ...) gets ``alias``, or the next
        number. Raises UsageError for a secret of fewer than six characters, or a second alias."""
        if kind == "secret":
            self._known.add(value, alias or "<secret>")
        else:
            self._aliases.give(
                kind, value.lower() if kind in ("guid", "resource") else value, alias
            )

    @staticmethod
    def digest() -> str:
        """The digest of the rule set, for a cassette's provenance."""
        return rules_digest()

    @staticmethod
    def recordable(request: Request) -> bool:
        """Whether ``request`` may be recorded at all: exchanges with identity providers are not."""
        return not IDENTITY_HOSTS.fullmatch(urlsplit(request.url).netloc.rpartition("@")[2])

    def exchange(self, exchange: Exchange) -> Exchange | None:
        """``exchange`` sanitised, or None when it is not to be recorded. Raises InputError for a
        body that cannot be decoded: what cannot be read is not written."""
        if not self.recordable(exchange.request):
            return None
        request = self.request(exchange.request)
        response = self.response(exchange.response) if exchange.response is not None else None
        miss = None if exchange.miss is None else self.text(exchange.miss)
        return replace(exchange, request=request, response=response, miss=miss)

    def request(self, request: Request) -> Request:
        """``request`` sanitised: URL, headers, body. Also what a live request must go through
        before it is matched."""
        self._learn(request)
        url = sanitised_url(request.url, self._engine)
        headers, body, _ = self._message(request.headers, request.body, (), response=False)
        return replace(request, url=url, headers=headers, body=body)

    def response(self, response: Response) -> Response:
        """``response`` sanitised, its chunk ends moved to where they belong in the new body."""
        headers, body, chunks = self._message(
            response.headers, response.body, response.chunks, response=True
        )
        origin = Provenance(response.provenance.source, self.text(response.provenance.ref))
        pauses = response.pauses if len(chunks) == len(response.chunks) else ()
        return replace(
            response, headers=headers, body=body, chunks=chunks, pauses=pauses, provenance=origin
        )

    def served(self, response: Response) -> None:
        """Note the aliases of a recorded ``response`` that was played to an SDK, so that what the
        SDK sends next and no response gave it is numbered as it was when it was recorded."""
        self.response(response)

    def text(self, text: str) -> str:
        """Any other text that is written beside an exchange, sanitised with the same aliases."""
        return self._engine.text(text)

    def _learn(self, request: Request) -> None:
        """On v1 routes the member ``model`` names the deployment; elsewhere the path has named
        it."""
        if _V1 in request.url:
            for found in _MODEL.finditer(request.body.decode("latin-1")):
                deployment(found[1], self._engine)

    def _message(
        self, headers: Headers, body: bytes, ends: tuple[int, ...], *, response: bool
    ) -> tuple[Headers, bytes, tuple[int, ...]]:
        clean = sanitised_headers(headers, self._engine, response=response)
        plain, chunks = decode(
            body, ",".join(v for n, v in headers if n.lower() == "content-encoding"), ends
        )
        kind = header(headers, "content-type") or ""
        essence = kind.partition(";")[0].strip().lower()
        if essence.startswith("multipart/"):
            parts = sanitised_multipart(plain, kind, self._engine)
            if parts is not None:
                clean = _replaced(clean, "content-type", parts[1])
                return _sized(clean, len(body), len(parts[0])), parts[0], ()
        if essence == "application/x-www-form-urlencoded":
            form = sanitised_form(plain, self._engine)
            return _sized(clean, len(body), len(form)), form, ()
        result = self._engine.body(plain, chunks)
        return (
            _sized(clean, len(body), len(result.text)),
            result.text.encode("latin-1"),
            result.offsets,
        )


def _replaced(headers: Headers, name: str, value: str) -> Headers:
    return tuple((n, value if n.lower() == name else v) for n, v in headers)


def _sized(headers: Headers, before: int, after: int) -> Headers:
    """``headers`` with a content-length that says as much too much or too little as it did: a
    length that does not fit its body is a fault worth recording."""
    return tuple(
        (
            n,
            str(max(0, int(v) - before + after))
            if n.lower() == "content-length" and v.isdecimal()
            else v,
        )
        for n, v in headers
    )
