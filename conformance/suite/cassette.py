"""Cassettes: vcrpy's YAML format 1, read safely, indexed once, matched in constant time.

Ours may add ``interactions[].stream`` (``offsets``: where the transfer chunks end; ``times``:
seconds since the head, which a peer keeps to) and a top-level ``conformance`` mapping with the
provenance; both are ignored by vcrpy and pytest-recording. ``metadata`` at the top is refused
because pytest-recording 0.14 fails on it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from conformance.errors import InputError
from conformance.suite.yaml import Document, load_file
from conformance.wire.codings import decode
from conformance.wire.exchange import Headers, Provenance, Request, Response, Source, header
from conformance.wire.multipart import parse_multipart

MAX_BYTES = 20_000_000
_LONGEST = 3600.0

Key = tuple[str, str, str, str, str]
"""(method, host, path, sorted query, canonical body digest)."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One recorded request and its response."""

    request: Request
    response: Response


@dataclass(frozen=True)
class Cassette:
    """A loaded cassette. ``name`` is its path below ``cassettes/`` without ``.yaml``."""

    name: str
    interactions: tuple[Interaction, ...]
    provenance: Provenance
    api_version: str

    @cached_property
    def index(self) -> dict[Key, tuple[Interaction, ...]]:
        """The interactions by what they match, in recorded order: made once a cassette, not once a
        case."""
        by_key: dict[Key, list[Interaction]] = defaultdict(list)
        for interaction in self.interactions:
            by_key[match_key(interaction.request)].append(interaction)
        return {key: tuple(same) for key, same in by_key.items()}


def match_key(request: Request) -> Key:
    """What two requests must have in common to be the same one: all but headers, with order taken
    out of queries, JSON bodies and multipart boundaries."""
    return (request.method, *_place(request.url), body_digest(request))


@lru_cache(maxsize=4096)
def _place(url: str) -> tuple[str, str, str]:
    """(host, path, sorted query): a run asks for few places, again and again."""
    parts = urlsplit(url)
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)), safe=":/,")
    return parts.netloc, parts.path, query


def body_digest(request: Request) -> str:
    """A digest of the body's meaning: JSON by value, multipart by its parts, anything else by its
    bytes."""
    kind = header(request.headers, "content-type") or ""
    if not request.body:
        return ""
    if kind.lower().startswith("multipart/"):
        shape = _shape_of_form(request.body, kind)
        if shape is not None:
            return _digest(json.dumps(sorted(shape, key=str)).encode())
    if "json" in kind.lower():
        value = _json_of(request.body)
        if value is not None:
            return _digest(_ENCODER.encode(_without_default_stream(value)).encode())
    return _digest(request.body)


def _shape_of_form(body: bytes, kind: str) -> list[tuple[str, str | None, str]] | None:
    """(name, file name, digest) of each part of a form that means something; None: it is no
    form."""
    parts = parse_multipart(body, kind)
    if not parts:
        return None
    shape = []
    for part in parts:
        if (part.name, part.content) in _DEFAULTS:
            continue
        content = part.content
        if not part.filename:
            content = _figure(content)
        shape.append((part.name, part.filename, hashlib.sha256(content).hexdigest()))
    return shape


def _json_of(body: bytes) -> Any:
    """The JSON value of ``body`` with whole numbers alike, however an SDK writes them (0 and 0.0);
    None: no JSON."""
    try:
        return _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError):
        return None


def _figure(text: bytes) -> bytes:
    """A field of a form with decimals alike, however an SDK prints them (0.2 and 0.200000); any
    other as it stands."""
    if _DECIMAL.fullmatch(text):
        return repr(_number(text.decode())).encode()
    return text


_DEFAULTS = {("response_format", b"json")}
"""Fields of a form that leaving them out means as well (OpenAPI, audio: default json);
azure-ai-openai has to write it. ``request.body-unasked`` still tells who adds one unasked."""

_DECIMAL = re.compile(rb"-?[0-9]{0,12}[.][0-9]{1,12}")


def _without_default_stream(value: Any) -> Any:
    """``value`` without ``stream: false``, which is what leaving it out means in every operation
    that has it (OpenAPI: default false); azopenai always writes it. ``request.body-unasked`` still
    tells who adds it unasked."""
    if isinstance(value, dict) and value.get("stream") is False:
        return {name: item for name, item in value.items() if name != "stream"}
    return value


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


# Made once: json.loads and json.dumps would make one a call, which costs as much as a short body.
_DECODER = json.JSONDecoder(parse_float=_number)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


class CassettePlayback:
    """The state of one cassette in one case: each interaction answers once, in recorded order per
    key."""

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette
        self._taken: dict[Key, int] = defaultdict(int)

    def take(self, request: Request) -> Response | None:
        """The next recorded response for ``request``, or None when there is none left."""
        key = match_key(request)
        recorded = self._cassette.index.get(key, ())
        place = self._taken[key]
        if place >= len(recorded):
            return None
        self._taken[key] = place + 1
        return recorded[place].response

    def unplayed(self) -> tuple[Interaction, ...]:
        """Interactions nobody asked for."""
        return tuple(
            interaction
            for key, recorded in self._cassette.index.items()
            for interaction in recorded[self._taken.get(key, 0) :]
        )

    def explain_miss(self, request: Request) -> str:
        """One sentence: the nearest recorded request and how it differs from ``request``."""
        name, sent = self._cassette.name, match_key(request)
        if not self._cassette.interactions:
            return f"cassette {name} is empty"
        nearest = max(
            self._cassette.interactions, key=lambda i: _closeness(sent, match_key(i.request))
        ).request
        parts = zip(_KEY_PARTS, sent, match_key(nearest), strict=True)
        differences = [
            f"{part}: recorded {_shown(part, nearest, recorded)}, sent {_shown(part, request, now)}"
            for part, now, recorded in parts
            if now != recorded
        ]
        if not differences:
            return f"cassette {name} holds this request, but every recorded answer was already used"
        return (
            f"cassette {name} has no such request; the nearest differs in {'; '.join(differences)}"
        )


_KEY_PARTS = ("method", "host", "path", "query", "body")
_WEIGHTS = (4, 1, 8, 2, 1)


def _closeness(sent: Key, recorded: Key) -> int:
    parts = zip(sent, recorded, _WEIGHTS, strict=True)
    return sum(weight for one, other, weight in parts if one == other)


def _shown(name: str, request: Request, key_part: str) -> str:
    if name != "body":
        return repr(key_part)
    if not request.body:
        return "nothing"
    text = request.body[:200].decode("utf-8", "replace")
    if len(request.body) > 200:
        text += "..."
    return text


def load_cassette(path: Path, root: Path) -> Cassette:
    """Read the cassette at ``path`` below the ``cassettes/`` folder ``root``. Raises InputError
    with a place."""
    relative = path.resolve()
    if not relative.is_relative_to(root.resolve()):
        raise InputError(
            "cassette-outside",
            f"cassette {path} lies outside {root}",
            "keep cassettes in their folder",
        )
    name = path.relative_to(root).with_suffix("").as_posix()
    document = load_file(path, name=f"{root.name}/{name}.yaml", max_bytes=MAX_BYTES, binary=True)
    return parse_cassette(document, name)


def parse_cassette(document: Document, name: str) -> Cassette:
    """A cassette from its document. Raises InputError naming what is missing and where."""
    value = document.value
    if not isinstance(value, dict) or not isinstance(value.get("interactions"), list):
        raise _wrong(document, (), "a cassette has a list 'interactions'")
    if "metadata" in value:
        raise _wrong(
            document,
            ("metadata",),
            "a top-level 'metadata' key breaks pytest-recording 0.14; use 'conformance'",
        )
    extra = value.get("conformance")
    if not isinstance(extra, dict) or extra.get("source") not in set(Source):
        raise _wrong(
            document,
            ("conformance",),
            "a cassette says in 'conformance.source' where its bodies come from: "
            + ", ".join(Source),
        )
    if value.get("version") != 1:
        raise _wrong(document, ("version",), "a cassette is of vcrpy's format 1: write version: 1")
    provenance = Provenance(Source(extra["source"]), str(extra.get("ref", "")))
    interactions = tuple(
        _interaction(item, index, document, provenance)
        for index, item in enumerate(value["interactions"])
    )
    return Cassette(name, interactions, provenance, str(extra.get("api_version", "")))


def _interaction(item: Any, index: int, document: Document, provenance: Provenance) -> Interaction:
    try:
        request, response = item["request"], item["response"]
        method, uri = _text(request, "method"), _text(request, "uri")
        if not urlsplit(uri).netloc:
            raise ValueError(f"uri: {uri!r} is not absolute")
        sent = Request(method, uri, _headers(request.get("headers")), _bytes(request.get("body")))
        status = response["status"]["code"]
        if not isinstance(status, int) or isinstance(status, bool):
            raise TypeError("status")
        body = _bytes((response.get("body") or {}).get("string"))
        stream = item.get("stream") or {}
        offsets = _offsets(stream.get("offsets", ()), len(body))
        pauses = _pauses(stream.get("times", ()), len(offsets))
        served = Response(
            status=status,
            headers=_headers(response.get("headers")),
            body=body,
            provenance=provenance,
            chunks=offsets,
            pauses=pauses,
        )
        if _explodes(served):
            raise ValueError("response.body: too large once decoded")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _wrong(
            document,
            ("interactions", index),
            f"interaction {index} is not of vcrpy's format 1 (problem with {error})",
        ) from None
    return Interaction(sent, served)


def _explodes(response: Response) -> bool:
    """Whether the SDK that is served ``response`` would decode it to more than anything can be
    expected to hold."""
    coding = (response.header("content-encoding") or "").strip().lower()
    if coding not in ("gzip", "x-gzip", "deflate"):
        return False
    try:
        decode(response.body, coding)
    except InputError as error:
        return error.code == "body-too-large"  # a coding that is false is the SDK's to meet
    return False


def _text(request: Any, key: str) -> str:
    value = request[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _offsets(value: Any, length: int) -> tuple[int, ...]:
    offsets = tuple(value)
    if (
        not all(isinstance(end, int) for end in offsets)
        or list(offsets) != sorted(offsets)
        or (offsets and not 0 <= offsets[0] <= offsets[-1] <= length)
    ):
        raise ValueError("stream.offsets: they rise and stay within the body")
    return offsets


def _pauses(value: Any, count: int) -> tuple[float, ...]:
    """The seconds before each chunk, from the seconds since the head that are recorded; empty where
    none are."""
    times = tuple(value)
    if not times:
        return ()
    right = all(isinstance(at, int | float) and not isinstance(at, bool) for at in times)
    if (
        not right
        or len(times) != count
        or list(times) != sorted(times)
        or not 0 <= times[0] <= times[-1] <= _LONGEST
    ):
        raise ValueError("stream.times: one for each offset, rising, in seconds since the head")
    return tuple(round(later - earlier, 6) for earlier, later in pairwise((0.0, *times)))


def _headers(value: Any) -> Headers:
    pairs: list[tuple[str, str]] = []
    for name, item in (value or {}).items():
        if isinstance(item, list):
            pairs.extend((name, str(value)) for value in item)
        else:
            pairs.append((name, str(item)))
    return tuple(pairs)


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise TypeError("a body that is neither text nor !!binary")
    return value


def _wrong(document: Document, path: tuple[str | int, ...], cause: str) -> InputError:
    return InputError(
        "cassette-format",
        cause,
        "record it again, or see docs/scenarios.md, cassettes",
        document.where(path),
    )
