"""Sanitising exchanges: one :class:`Sanitizer` for a recording set.

The recorder passes every exchange through it before anything is written. Replay passes a live
request through a sanitiser of its own before it looks for the recorded one. So both sides have the
same aliases, and the recording still plays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from conformance.sanitize.aliases import Aliases
from conformance.sanitize.forms import sanitised_form, sanitised_multipart
from conformance.sanitize.headers import sanitised_headers
from conformance.sanitize.known import KnownSecrets
from conformance.sanitize.rules import rules_digest
from conformance.sanitize.text import TextSanitizer
from conformance.sanitize.urls import IDENTITY_HOSTS, deployment, sanitised_url
from conformance.wire.codings import decode
from conformance.wire.exchange import Exchange, Headers, Provenance, Request, Response, header

_V1 = "/openai/v1/"
_MODEL = re.compile(r'"model"\s*:\s*"([^"\\]+)"')
OWN_NAMES = frozenset({"conformance"})
"""Resources that belong to nobody: the one that the offline suite calls."""


class Sanitizer:
    """Sanitises exchanges with one alias table, so that what correlates goes on correlating.

    ``known`` are secrets, which are masked in every form. ``names`` fixes aliases (the name of a
    live deployment or resource to the one that the offline suite uses). ``keep`` are values that a
    scenario wrote itself (end users, metadata, file names) and that would otherwise get aliases.
    Use one for each recording set or case, and in one thread at a time.
    """

    def __init__(
        self,
        known: Iterable[str] = (),
        names: Mapping[str, str] | None = None,
        keep: Iterable[str] = (),
    ) -> None:
        self._known = KnownSecrets(known)
        self._aliases = Aliases(names, OWN_NAMES | frozenset(keep))
        self._texts = TextSanitizer(self._aliases, self._known)

    def known(self, value: str, kind: str = "secret", alias: str = "") -> None:
        """Make ``value`` known before it is met.

        A ``secret`` is masked in every form. A value of any other kind (deployment, resource, guid,
        user, organization, ...) gets ``alias``, or the next number. Raises UsageError for a secret
        of fewer than six characters, and for a value that has another alias already.
        """
        if kind == "secret":
            self._known.add(value, alias or "<secret>")
            return
        if kind in ("guid", "resource"):
            value = value.lower()
        self._aliases.assign(kind, value, alias)

    @staticmethod
    def digest() -> str:
        """The digest of the rule set, for a cassette's provenance."""
        return rules_digest()

    @staticmethod
    def recordable(request: Request) -> bool:
        """Whether ``request`` may be recorded at all. One to an identity provider may not."""
        return not IDENTITY_HOSTS.fullmatch(urlsplit(request.url).netloc.rpartition("@")[2])

    def exchange(self, exchange: Exchange) -> Exchange | None:
        """``exchange`` sanitised; None when it is not to be recorded.

        Raises InputError for a body that cannot be decoded: what cannot be read is not written.
        """
        if not self.recordable(exchange.request):
            return None
        clean = replace(exchange, request=self.request(exchange.request))
        if exchange.response is not None:
            clean = replace(clean, response=self.response(exchange.response))
        if exchange.miss is not None:
            clean = replace(clean, miss=self.text(exchange.miss))
        return clean

    def request(self, request: Request) -> Request:
        """``request`` sanitised: URL, headers, body. Replay matches the result with what was
        recorded."""
        self._learn(request)
        url = sanitised_url(request.url, self._texts)
        headers, body, _ = self._message(request.headers, request.body, (), response=False)
        return replace(request, url=url, headers=headers, body=body)

    def response(self, response: Response) -> Response:
        """``response`` sanitised, with the ends of its chunks where they belong in the new body."""
        headers, body, chunks = self._message(
            response.headers, response.body, response.chunks, response=True
        )
        origin = Provenance(response.provenance.source, self.text(response.provenance.ref))
        pauses = response.pauses
        if len(chunks) != len(response.chunks):
            pauses = ()  # each belongs to a chunk, and the chunks are gone
        return replace(
            response, headers=headers, body=body, chunks=chunks, pauses=pauses, provenance=origin
        )

    def served(self, response: Response) -> None:
        """Note the aliases in a recorded ``response`` that was played to an SDK.

        Later values then get the numbers they got when they were recorded, also those that the SDK
        sends and no response gave it.
        """
        self.response(response)

    def text(self, text: str) -> str:
        """A text that is written beside an exchange, sanitised with the same aliases."""
        return self._texts.text(text)

    def _learn(self, request: Request) -> None:
        """Note the deployment that a request to a v1 route names in ``model``. On other routes the
        path names it."""
        if _V1 in request.url:
            for model in _MODEL.finditer(request.body.decode("latin-1")):
                deployment(model[1], self._texts)

    def _message(
        self, headers: Headers, body: bytes, ends: tuple[int, ...], *, response: bool
    ) -> tuple[Headers, bytes, tuple[int, ...]]:
        """Headers, decoded body and ends of its chunks, all sanitised."""
        clean = sanitised_headers(headers, self._texts, response=response)
        plain, chunks = decode(
            body, ",".join(v for n, v in headers if n.lower() == "content-encoding"), ends
        )
        kind = header(headers, "content-type") or ""
        essence = kind.partition(";")[0].strip().lower()
        if essence.startswith("multipart/"):
            parts = sanitised_multipart(plain, kind, self._texts)
            if parts is not None:
                clean = _replaced(clean, "content-type", parts[1])
                return _sized(clean, len(body), len(parts[0])), parts[0], ()
        if essence == "application/x-www-form-urlencoded":
            form = sanitised_form(plain, self._texts)
            return _sized(clean, len(body), len(form)), form, ()
        result = self._texts.body(plain, chunks)
        return (
            _sized(clean, len(body), len(result.text)),
            result.text.encode("latin-1"),
            result.offsets,
        )


def _replaced(headers: Headers, name: str, value: str) -> Headers:
    """``headers`` with ``value`` for every header called ``name``, which is in lower case."""
    result = []
    for written, former in headers:
        if written.lower() == name:
            former = value
        result.append((written, former))
    return tuple(result)


def _sized(headers: Headers, before: int, after: int) -> Headers:
    """``headers`` of a body that had ``before`` bytes and has ``after``.

    A content-length that did not fit its body is as far off as it was: that is a fault worth
    recording.
    """
    result = []
    for name, value in headers:
        if name.lower() == "content-length" and value.isdecimal():
            value = str(max(0, int(value) - before + after))
        result.append((name, value))
    return tuple(result)
