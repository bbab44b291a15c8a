"""A long text to those parts of it that may hold a word; more is known of it with every search.

The text is cut into blocks. Of a block that was looked into it is known which runs of three bytes it holds; a word can
only be where all of its own are. One further block is looked into for each search, so that none takes long for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: Three bytes.
_Run = tuple[int, int, int]


class TextBlocks:
    """A text in blocks."""

    def __init__(self, text: bytes, starts: Sequence[int]) -> None:
        """Take a text.

        Args:
            text: it.
            starts: where each block begins, and where the last one ends.
        """
        self._text = text
        self._starts = starts
        self._known = 0
        #: The blocks that hold a run, each a bit.
        self._holders: dict[_Run, int] = {}

    def likely(self, wanted: bytes, first: int) -> Iterator[int]:
        """Return those blocks from *first* on that may hold *wanted*, in their order."""
        if self._known < len(self._starts) - 1:
            self._learn(self._known)
            self._known += 1
        found = -1
        for run in zip(wanted, wanted[1:], wanted[2:], strict=False):
            found &= self._holders.get(run, 0)
            if not found:
                break
        found = (found & ((1 << self._known) - 1)) >> first << first
        while found:
            lowest = found & -found
            yield lowest.bit_length() - 1
            found ^= lowest
        yield from range(max(first, self._known), len(self._starts) - 1)

    def _learn(self, block: int) -> None:
        part = self._text[self._starts[block] : self._starts[block + 1]]
        bit, holders = 1 << block, self._holders
        for run in set(zip(part, part[1:], part[2:], strict=False)):
            holders[run] = holders.get(run, 0) | bit
