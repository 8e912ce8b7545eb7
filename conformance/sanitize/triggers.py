"""Whether any of many fixed words stands in a text, by fewer searches than there are words.

Searching a long text for one word after another costs more than everything that is then done with
what was found, as nearly nothing ever is. So words are merged: letters that stand at the same place
of different words become one letter, in the words and in the text, until the words that are equally
long are one. A place where the merged word stands is looked at again in the text itself, so nothing
is found that is none of the words, and none is missed.
"""

from __future__ import annotations

from collections.abc import Iterator

_SELDOM = 100
"""Characters for each sign above which looking at every one of the signs is cheaper than
searching."""
_SAMPLE = 2000


class AnyOf:
    """The places of ``words`` in a text. Words are ASCII; those of the same length cost one search
    together."""

    def __init__(self, *words: str) -> None:
        raw = [word.encode("ascii") for word in words]
        table = _merged(raw)
        self._words = tuple(raw)
        self._lasts = sorted({word[-1:] for word in raw})
        lengths = sorted({len(word) for word in raw})
        groups = [tuple(word for word in raw if len(word) == length) for length in lengths]
        self._table = bytes(table)
        self._searches = [
            (shape, group)
            for group in groups
            for shape in sorted({word.translate(self._table) for word in group})
        ]

    def places(self, data: bytes) -> Iterator[int]:
        """Where a word begins in ``data``, in no particular order."""
        if len(self._lasts) <= 2 and self._seldom(data[:_SAMPLE]) and self._seldom(data):
            for last in self._lasts:
                yield from self._ending(data, last)
            return
        shaped = data.translate(self._table)
        for shape, group in self._searches:
            at = shaped.find(shape)
            while at >= 0:
                if data.startswith(group, at):
                    yield at
                at = shaped.find(shape, at + 1)

    def _seldom(self, data: bytes) -> bool:
        return sum(map(data.count, self._lasts)) <= len(data) // _SELDOM

    def _ending(self, data: bytes, last: bytes) -> Iterator[int]:
        at = data.find(last)
        while at >= 0:
            if data.endswith(self._words, 0, at + 1):
                yield from (
                    at + 1 - len(word) for word in self._words if data.endswith(word, 0, at + 1)
                )
            at = data.find(last, at + 1)


def _merged(words: list[bytes]) -> list[int]:
    """For each byte the one it is merged into: bytes at the same place of words equally long are
    the same."""
    leader = list(range(256))

    def root(byte: int) -> int:
        while leader[byte] != byte:
            byte = leader[byte]
        return byte

    for length in {len(word) for word in words}:
        for column in zip(*(word for word in words if len(word) == length), strict=True):
            for byte in column[1:]:
                leader[root(byte)] = root(column[0])
    return [root(byte) for byte in range(256)]


def before_equals(low: str, names: tuple[str, ...]) -> bool:
    """Whether an equals sign follows one of ``names`` in ``low``. Base64 and JSON hardly hold any
    such sign."""
    if low.count("=") > len(low) // _SELDOM:
        return any(f"{name}=" in low for name in names)
    at = low.find("=")
    while at >= 0:
        if low.endswith(names, 0, at):
            return True
        at = low.find("=", at + 1)
    return False
