"""An answer on its way from the service to the SDK: piece by piece as it comes, with names
exchanged on the way where that is asked for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from conformance.service.peer.live import LiveAnswer
from conformance.service.remote.reading import BodyState, Broken, framing, read_body
from conformance.service.remote.upstream import HOP_BY_HOP, Answering
from conformance.wire.exchange import Headers, Provenance


class Outlet:
    """The way to the client, as long as it listens."""

    def __init__(self, answer: LiveAnswer) -> None:
        self._answer = answer
        self._listening = True
        self.begun = False

    def begin(self, status: int, headers: Headers, provenance: Provenance) -> None:
        self.begun = True
        if self._listening:
            self._answer.begin(status, headers, provenance)

    async def send(self, piece: bytes) -> None:
        if self._listening:
            await self._answer.send(piece)

    def break_off(self) -> None:
        """The rest of the body is lost."""
        self._answer.break_off()

    def leave(self) -> None:
        self._listening = False
        self._answer.resume()  # what waits for a client that is slow to read waits for nobody now


class Exchanged:
    """A body in which texts are replaced by others, wherever pieces end. ``feed`` gives what is
    sure by now: what could be the beginning of such a text waits for the next piece, or for
    ``rest``."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {real.encode(): shown.encode() for real, shown in texts.items() if real}
        longest_first = sorted(self._texts, key=lambda text: (-len(text), text))
        self._pattern = (
            re.compile(b"|".join(map(re.escape, longest_first))) if longest_first else None
        )
        self._longest = len(longest_first[0]) if longest_first else 0
        self._held = b""

    def __bool__(self) -> bool:
        return self._pattern is not None

    def feed(self, piece: bytes) -> bytes:
        """What ``piece`` makes certain."""
        data = self._held + piece
        sure = self._sure(data)
        self._held = data[sure:]
        return self.whole(data[:sure])

    def rest(self) -> bytes:
        """What was still waiting, at the end of the body."""
        held, self._held = self._held, b""
        return self.whole(held)

    def whole(self, data: bytes) -> bytes:
        """``data``, all of it, with the texts replaced."""
        if self._pattern is None:
            return data
        return self._pattern.sub(lambda found: self._texts[found[0]], data)

    def header(self, value: str) -> str:
        """The header value with the texts replaced."""
        return self.whole(value.encode("latin-1", "replace")).decode("latin-1") if self else value

    def _sure(self, data: bytes) -> int:
        """How much of ``data`` no later byte can change: up to where a text could have begun that
        is not whole yet, unless what stands there belongs to one that is."""
        if self._pattern is None:
            return len(data)
        found = [match.span() for match in self._pattern.finditer(data)]
        for at in range(max(0, len(data) - self._longest + 1), len(data)):
            tail = data[at:]
            if any(text.startswith(tail) and text != tail for text in self._texts) and not any(
                start < at < end for start, end in found
            ):
                return at
        return len(data)


async def carry(
    answering: Answering,
    method: str,
    outlet: Outlet,
    provenance: Provenance,
    idle: float,
    exchanged: Exchanged | None = None,
    *,
    hide_goal: bool = False,
) -> tuple[Headers, bytes, BodyState]:
    """Speak the answer into ``outlet``. Returns its headers and its body as the service sent them.

    How the service framed it is told: the SDK, and a replay, get it framed so again. A body whose
    length was announced waits until it is whole when texts are ``exchanged`` in it, because that
    changes the length. ``hide_goal`` takes out where a redirect leads. Raises Broken, TimeoutError
    and OSError for an answer that is not whole.
    """
    head, state = answering.head, framing(answering.head, method)
    headers = tuple(
        pair
        for pair in head.headers
        if pair[0].lower() not in HOP_BY_HOP or pair[0].lower() == "transfer-encoding"
    )
    texts = exchanged or Exchanged({})
    shown = tuple(
        (name, texts.header(value))
        for name, value in headers
        if not (hide_goal and name.lower() == "location" and 300 <= head.status < 400)
    )
    body = read_body(answering.reader, state, asyncio.get_running_loop(), idle)
    pieces: list[bytes] = []
    if texts and state.length is not None:
        lost: Exception | None = None
        try:
            async for piece in body:
                pieces.append(piece)
        except (Broken, TimeoutError, OSError) as error:
            lost = error  # what came before is told all the same
        whole = b"".join(pieces)
        told = texts.whole(whole)
        outlet.begin(head.status, _of_length(shown, len(told) - len(whole)), provenance)
        await outlet.send(told)
        if lost is not None:
            raise lost
        return headers, whole, state
    outlet.begin(head.status, shown, provenance)
    async for piece in body:
        pieces.append(piece)
        await outlet.send(texts.feed(piece))
    await outlet.send(texts.rest())
    return headers, b"".join(pieces), state


def _of_length(headers: Headers, grown: int) -> Headers:
    """``headers`` announcing ``grown`` more bytes."""
    return tuple(
        (
            name,
            str(int(value) + grown)
            if name.lower() == "content-length" and value.isdigit()
            else value,
        )
        for name, value in headers
    )
