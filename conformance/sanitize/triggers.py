"""Whether any of many fixed words stands in a text, by fewer searches than there are words.

Nearly every text is clean, so nearly all time goes into searching, and searching a long text for
one word after another takes longest. So words are merged: letters that stand at the same place of
different words become one letter, in the words and in the text, until all words of one length are
the same word. Each place where the merged word stands is then looked at in the text itself, so the
result is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_SELDOM = 100
"""A character is seldom in a text when there is at most one in so many characters. Looking at each
of them is then cheaper than searching for words."""
_SAMPLE = 2000
"""Number of bytes that are counted first: most texts show in their beginning what is not seldom."""


class AnyOf:
    """Finds the places of any of ``words``, which are ASCII. All words of one length cost one
    search together."""

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
        """Where a word begins that ends with the byte ``last``."""
        at = data.find(last)
        while at >= 0:
            if data.endswith(self._words, 0, at + 1):
                for word in self._words:
                    if data.endswith(word, 0, at + 1):
                        yield at + 1 - len(word)
            at = data.find(last, at + 1)


def _merged(words: list[bytes]) -> list[int]:
    """For each byte the byte it is merged into: bytes that stand at the same place of words of one
    length are merged."""
    # A union-find: every byte points to another one of its set, and the last of the chain to
    # itself.
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
    """Whether an equals sign follows one of ``names`` in the text ``low``.

    Base64 and JSON hold hardly any equals sign, so the signs are looked at and not the names.
    """
    if low.count("=") > len(low) // _SELDOM:
        return any(f"{name}=" in low for name in names)
    at = low.find("=")
    while at >= 0:
        if low.endswith(names, 0, at):
            return True
        at = low.find("=", at + 1)
    return False


def shape_table(classes: Mapping[str, str]) -> bytes:
    """A table for ``bytes.translate``: each character of ``classes[letter]`` becomes ``letter``,
    every other one a space. What has the same shape is then one word to search for."""
    table = bytearray(b" " * 256)
    for letter, members in classes.items():
        for byte in members.encode("ascii"):
            table[byte] = ord(letter)
    return bytes(table)
