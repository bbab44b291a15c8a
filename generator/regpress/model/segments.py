"""A large JSON text to its value, element by element: `parse_segments`.

Files with tens of thousands of entries are read in windows, so that the text is never in memory as a whole a second
time, and elements that an earlier reading knows are recognised by their bytes instead of being parsed again.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json import JSONDecodeError
from json.scanner import make_scanner
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from regpress.model.document import DECODER, DuplicateKeyError, parse_json

#: Bytes that are decoded at once; an element may be larger.
_WINDOW: Final = 1 << 20
_SPACE: Final = re.compile(rb"[ \t\n\r]*")
#: Members whose arrays are read element by element, at the top or inside ``data``.
_SCAN: Final = make_scanner(DECODER)  # type: ignore[arg-type]  # what the standard library itself does
_ARRAYS: Final = frozenset({"servers", "skills", "plugins"})


class Known(NamedTuple):
    """An element that was not parsed, because its bytes are those of an earlier one of the same array.

    Attributes:
        position: of that one in the earlier elements.
    """

    position: int


#: Elements of arrays by the place of the array: ``data.servers``, ``servers``, or nothing for the text itself.
Earlier = Mapping[str, Sequence[bytes]]


class Span(NamedTuple):
    """Where an element of an array stands: bytes from *start* up to *end*."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segments:
    """A parsed text.

    Attributes:
        value: its value; known elements of arrays are `Known`.
        spans: where the elements stand, by the place of their array; empty where the text was read as a whole.
    """

    value: Any
    spans: Mapping[str, Sequence[Span]]


def parse_segments(data: bytes, earlier: Earlier = MappingProxyType({})) -> Segments:
    """Return the value of a JSON text like `regpress.model.document.parse_json`, and the places of its elements.

    Args:
        data: the text.
        earlier: the bytes of elements that are known already: objects, by the place of their array.

    Raises:
        DocumentError: as `parse_json`.
    """
    walker = _Walker(data, earlier)
    try:
        value = walker.document()
    except (_UnexpectedError, JSONDecodeError, DuplicateKeyError, RecursionError, UnicodeDecodeError):
        # The ordinary reader says what is wrong, and where.
        return Segments(parse_json(data), {})
    return Segments(value, walker.spans)


class _UnexpectedError(Exception):
    """The text is not JSON, or not of a form that is worth reading element by element."""


class _Guess:
    """Recognises the elements of one array by their bytes, mostly in their former order."""

    def __init__(self, data: bytes, earlier: Sequence[bytes]) -> None:
        self._data = data
        self._earlier = earlier
        self._next = 0
        self._positions: dict[bytes, int] = {}

    def at(self, at: int) -> tuple[Known, int] | None:
        """Return the element that begins at a byte and its end, if it is the one expected there or the one after."""
        for index in range(self._next, min(self._next + 2, len(self._earlier))):
            piece = self._earlier[index]
            # An object ends where its bytes end; of a number, more digits could follow.
            if piece.startswith(b"{") and self._data.startswith(piece, at):
                self._next = index + 1
                return Known(index), at + len(piece)
        return None

    def among_all(self, start: int, end: int) -> Known | None:
        """Return the element between two bytes if it stood anywhere else."""
        if not self._earlier:
            return None
        self._positions = self._positions or {piece: index for index, piece in enumerate(self._earlier)}
        index = self._positions.get(self._data[start:end])
        if index is None:
            return None
        self._next = index + 1
        return Known(index)


class _Walker:
    def __init__(self, data: bytes, earlier: Earlier) -> None:
        self.data = data
        self.spans: dict[str, list[Span]] = {}
        self._earlier = earlier
        # The decoded window, the byte where it ends, and a pair of equivalent positions in it.
        self._text = ""
        self._until = 0
        self._char = 0
        self._byte = 0

    def document(self) -> Any:
        at = self._space(len(codecs.BOM_UTF8) if self.data.startswith(codecs.BOM_UTF8) else 0)
        value: Any
        if self._at(at) == b"[":
            value, at = self._array(at, "")
        elif self._at(at) == b"{":
            value, at = self._object(at, "")
        else:
            raise _UnexpectedError
        if self._space(at) != len(self.data):
            raise _UnexpectedError
        return value

    def _object(self, at: int, place: str) -> tuple[dict[str, Any], int]:
        """Return the object at a byte and where it ends; arrays of entries in it element by element."""
        made: dict[str, Any] = {}
        at = self._space(at + 1)
        if self._at(at) == b"}":
            return made, at + 1
        while True:
            if self._at(at) != b'"':
                raise _UnexpectedError
            key, at = self._value(at)
            if key in made:
                raise DuplicateKeyError(key)
            at = self._space(at)
            if self._at(at) != b":":
                raise _UnexpectedError
            at = self._space(at + 1)
            made[key], at = self._member(key, at, place)
            at = self._space(at)
            if self._at(at) == b"}":
                return made, at + 1
            if self._at(at) != b",":
                raise _UnexpectedError
            at = self._space(at + 1)

    def _member(self, key: str, at: int, place: str) -> tuple[Any, int]:
        if key in _ARRAYS and self._at(at) == b"[":
            return self._array(at, place + key)
        if key == "data" and not place and self._at(at) == b"{":
            return self._object(at, "data.")
        return self._value(at)

    def _array(self, at: int, place: str) -> tuple[list[Any], int]:
        items: list[Any] = []
        spans = self.spans[place] = []
        guess = _Guess(self.data, self._earlier.get(place, ()))
        at = self._space(at + 1)
        if self._at(at) == b"]":
            return items, at + 1
        while True:
            known = guess.at(at)
            item, end = known or self._value(at)
            if known is None and (moved := guess.among_all(at, end)) is not None:
                item = moved
            items.append(item)
            spans.append(Span(at, end))
            at = self._space(end)
            if self._at(at) == b"]":
                return items, at + 1
            if self._at(at) != b",":
                raise _UnexpectedError
            at = self._space(at + 1)

    def _value(self, at: int) -> tuple[Any, int]:
        """Parse the value at a byte and return it with the byte where it ends."""
        size = _WINDOW
        while True:
            start = self._position(at, size)
            try:
                value, stop = _SCAN(self._text, start)
            except (StopIteration, JSONDecodeError):
                stop = len(self._text)
                value = None
            # What reaches the end of the window may go on behind it.
            if stop < len(self._text):
                break
            if self._until == len(self.data):
                value, stop = DECODER.raw_decode(self._text, start)
                break
            self._text = ""
            size *= 8
        end = self._byte + self._bytes(start, stop)
        self._char, self._byte = stop, end
        return value, end

    def _position(self, at: int, size: int) -> int:
        """Return where a byte is in the decoded window; decode the next one when it is not, or near its end."""
        if self._text and self._byte <= at < self._until:
            # Between two values there is only ASCII, but elements that were recognised may have been passed over.
            skipped = at - self._byte
            if self._char + skipped < len(self._text) and self.data[self._byte : at].isascii():
                self._char += skipped
                self._byte = at
                return self._char
        self._text, used = codecs.utf_8_decode(self.data[at : at + size], "strict", at + size >= len(self.data))
        self._until, self._char, self._byte = at + used, 0, at
        return 0

    def _bytes(self, start: int, stop: int) -> int:
        piece = self._text[start:stop]
        return len(piece) if piece.isascii() else len(piece.encode())

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.data, at)
        return found.end() if found else at

    def _at(self, at: int) -> bytes:
        return self.data[at : at + 1]
