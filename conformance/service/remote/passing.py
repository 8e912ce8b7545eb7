"""Passing the service's answer on to the SDK: piece by piece as it comes, with texts replaced on
the way where that is asked for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from conformance.service.peer.live import LiveAnswer
from conformance.service.remote.reading import BodyState, Broken, framing, read_body
from conformance.service.remote.upstream import HOP_BY_HOP, Answering
from conformance.wire.exchange import Headers, Provenance


class Outlet:
    """The way to the client. What is sent after ``leave`` goes nowhere."""

    def __init__(self, answer: LiveAnswer) -> None:
        self._answer = answer
        self._listening = True
        self.begun = False
        """Whether the head of an answer has come, even if nobody listened any more."""

    def begin(self, status: int, headers: Headers, provenance: Provenance) -> None:
        """Send the head."""
        self.begun = True
        if self._listening:
            self._answer.begin(status, headers, provenance)

    async def send(self, piece: bytes) -> None:
        """Send ``piece`` of the body, and wait while the client is slow to read."""
        if self._listening:
            await self._answer.send(piece)

    def break_off(self) -> None:
        """End the client's connection under the body, because the rest of it is lost."""
        self._answer.break_off()

    def leave(self) -> None:
        """Take note that the client has left."""
        self._listening = False
        # A send may be waiting for the client to read; it must not wait for ever.
        self._answer.resume()


class Substitution:
    """Replaces texts in a body by others, wherever the pieces of the body end.

    ``feed`` returns what is certain so far. What could be the beginning of a text to be replaced
    waits for the next piece, or for ``rest``. False when there is nothing to replace.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {real.encode(): shown.encode() for real, shown in texts.items() if real}
        self._pattern: re.Pattern[bytes] | None = None
        self._longest = 0
        if self._texts:
            # The longest goes first, so that a text wins over another that is its beginning.
            longest_first = sorted(self._texts, key=lambda text: (-len(text), text))
            self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
            self._longest = len(longest_first[0])
        self._held = b""

    def __bool__(self) -> bool:
        return self._pattern is not None

    def feed(self, piece: bytes) -> bytes:
        """What is certain of the body now that ``piece`` has come."""
        data = self._held + piece
        size = self._certain(data)
        self._held = data[size:]
        return self.whole(data[:size])

    def rest(self) -> bytes:
        """What was still waiting when the body ended."""
        held, self._held = self._held, b""
        return self.whole(held)

    def whole(self, data: bytes) -> bytes:
        """``data``, all of it, with the texts replaced."""
        if self._pattern is None:
            return data
        return self._pattern.sub(lambda match: self._texts[match[0]], data)

    def header(self, value: str) -> str:
        """The header value with the texts replaced."""
        if not self:
            return value
        return self.whole(value.encode("latin-1", "replace")).decode("latin-1")

    def _certain(self, data: bytes) -> int:
        """The number of bytes of ``data`` that no later byte can change.

        The first byte that is not certain is where a text begins that is not whole yet, unless that
        byte belongs to a text that is whole.
        """
        if self._pattern is None:
            return len(data)
        whole_texts = [match.span() for match in self._pattern.finditer(data)]
        for at in range(max(0, len(data) - self._longest + 1), len(data)):
            tail = data[at:]
            begins = any(text.startswith(tail) and text != tail for text in self._texts)
            inside = any(start < at < end for start, end in whole_texts)
            if begins and not inside:
                return at
        return len(data)


async def carry(
    answering: Answering,
    method: str,
    outlet: Outlet,
    provenance: Provenance,
    idle: float,
    exchanged: Substitution | None = None,
    *,
    hide_goal: bool = False,
) -> tuple[Headers, bytes, BodyState]:
    """Pass the answer on to ``outlet``. Returns its headers and its body as the service sent them,
    and how the body was framed.

    The SDK gets the body framed as the service framed it, and so does a replay. Texts are replaced
    as ``exchanged`` says. ``hide_goal`` takes out where a redirect leads. ``idle`` is the longest
    wait for a piece in seconds. Raises Broken, TimeoutError and OSError for an answer that is not
    whole.
    """
    head, state = answering.head, framing(answering.head, method)
    headers = tuple(
        pair
        for pair in head.headers
        if pair[0].lower() not in HOP_BY_HOP or pair[0].lower() == "transfer-encoding"
    )
    texts = exchanged or Substitution({})
    shown = tuple(
        (name, texts.header(value))
        for name, value in headers
        if not (hide_goal and name.lower() == "location" and 300 <= head.status < 400)
    )
    body = read_body(answering.reader, state, asyncio.get_running_loop(), idle)
    pieces: list[bytes] = []
    if texts and state.length is not None:
        # Replacing texts changes the length, which stands in the head. So the body has to be whole
        # before the head can be sent.
        lost: Exception | None = None
        try:
            async for piece in body:
                pieces.append(piece)
        except (Broken, TimeoutError, OSError) as error:
            lost = error  # the client still gets what came before
        whole = b"".join(pieces)
        replaced = texts.whole(whole)
        outlet.begin(head.status, _longer(shown, len(replaced) - len(whole)), provenance)
        await outlet.send(replaced)
        if lost is not None:
            raise lost
        return headers, whole, state
    outlet.begin(head.status, shown, provenance)
    async for piece in body:
        pieces.append(piece)
        await outlet.send(texts.feed(piece))
    await outlet.send(texts.rest())
    return headers, b"".join(pieces), state


def _longer(headers: Headers, grown: int) -> Headers:
    """``headers`` announcing ``grown`` more bytes."""
    pairs = []
    for name, value in headers:
        if name.lower() == "content-length" and value.isdigit():
            value = str(int(value) + grown)
        pairs.append((name, value))
    return tuple(pairs)
