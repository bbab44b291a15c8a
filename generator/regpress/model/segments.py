"""A large JSON text to its value, element by element: `Walker`, and `parse_segments` for the value alone.

Files with tens of thousands of entries are read in pieces, so that the text is never in memory as a whole a second
time, and the elements of their arrays can be given to another reader: to several processes, or to one that knows most
of them by their bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from json import JSONDecodeError
from json.scanner import make_scanner
from typing import Any, Final, NamedTuple

import orjson

from regpress.model.document import DECODER, DocumentError, DuplicateKeyError, escape_html_in_json, parse_json

#: Bytes that are decoded at once; an element may be larger.
_WINDOW: Final = 1 << 16
#: Bytes up to which the end of an element is guessed.
_NEAR: Final = 1 << 16
_WHITE: Final = b" \t\n\r"
_SPACE: Final = re.compile(rb"[ \t\n\r]*")
_NEXT: Final = re.compile(rb"[ \t\n\r]*([,\]])[ \t\n\r]*")
_FIRST_KEY: Final = re.compile(rb'\{[ \t\n\r]*"[^"\\]{0,40}"')
_SCAN: Final = make_scanner(DECODER)  # type: ignore[arg-type]  # what the standard library itself does
#: Members whose arrays are read element by element, at the top or inside ``data``.
_ARRAYS: Final = frozenset({"servers", "skills", "plugins"})

#: Reads the array of one place (``data.servers``, ``servers``, or nothing for the text itself) from the first byte of
#: its first element, and returns what stands for it and the byte after its bracket.
ArrayReader = Callable[["Walker", int, str], tuple[list[Any], int]]


class UnexpectedError(Exception):
    """The text is not JSON, or not of a form that is worth reading element by element."""


#: What reading in pieces may end with; the ordinary reader then says what is wrong, and where.
FAILURES: Final = (UnexpectedError, DocumentError, JSONDecodeError, DuplicateKeyError, RecursionError, UnicodeError)


class After(NamedTuple):
    """What follows an element.

    Attributes:
        at: the byte where the next element begins, or after the closing bracket.
        is_last: whether there is no next element.
    """

    at: int
    is_last: bool


def parse_segments(data: bytes) -> Any:
    """Return the value of a JSON text like `regpress.model.document.parse_json`.

    Raises:
        DocumentError: as `parse_json`.
    """
    try:
        return Walker(data).document(_whole_array)
    except FAILURES:
        return parse_json(data)


def _whole_array(walker: Walker, at: int, _: str) -> tuple[list[Any], int]:
    items: list[Any] = []
    while True:
        item, end = walker.element(at)
        items.append(item)
        after = walker.after(end)
        if after.is_last:
            return items, after.at
        at = after.at


class Walker:
    """Walks through one text.

    Every method that reads raises one of `FAILURES` where the text is not JSON from there on.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        # What stands between two elements, from the bracket that closes one to somewhere in the other: it tells where
        # an element probably ends.
        self._border = b""
        # The bytes from the end of the one to the beginning of the other; nothing without a border.
        self._gap = 0
        # The decoded window, the byte where it ends, and a pair of equivalent positions in it.
        self._text = ""
        self._until = 0
        self._char = 0
        self._byte = 0
        #: Whether the last element is written as compactly as can be, and holds nothing but plain values.
        self.is_compact = False

    def document(self, array: ArrayReader) -> Any:
        """Return the value of the text; *array* reads the arrays of entries that are not empty."""
        at = self._space(len(codecs.BOM_UTF8) if self.data.startswith(codecs.BOM_UTF8) else 0)
        value: Any
        if self._at(at) == b"[":
            value, at = self._array(at, "", array)
        elif self._at(at) == b"{":
            value, at = self._object(at, "", array)
        else:
            raise UnexpectedError
        if self._space(at) != len(self.data):
            raise UnexpectedError
        return value

    def element(self, at: int) -> tuple[Any, int]:
        """Return the element of an array that begins at a byte, and the byte after it."""
        border = self._border
        # An object ends where its bracket closes: whatever reads as a whole is the element.
        if border and (found := self.data.find(border, at, at + _NEAR)) >= 0 and self._at(at) == b"{":
            piece = self.data[at : found + 1]
            try:
                value, self.is_compact = _value_of(piece)
            except (ValueError, StopIteration):
                pass
            else:
                return value, found + 1
        self.is_compact = False
        return self._value(at)

    def element_between(self, at: int, end: int) -> Any:
        """Return the element of an array that is known to stand between two bytes."""
        try:
            return _value_of(self.data[at:end])[0]
        except (ValueError, StopIteration):
            return self._value(at)[0]

    def after(self, end: int) -> After:
        """Return what follows the element that ends before a byte."""
        # Where the border stands, what follows is as far away as it was before.
        if self._gap and self.data.startswith(self._border, end - 1):
            return After(end + self._gap, is_last=False)
        found = _NEXT.match(self.data, end)
        if found is None:
            raise UnexpectedError
        at = found.end()
        if found.group(1) == b"]":
            return After(found.start(1) + 1, is_last=True)
        self._border = self._border_between(end, at)
        self._gap = at - end if self._border else 0
        return After(at, is_last=False)

    def likely_start(self, near: int) -> int:
        """Return a byte behind *near* where an element probably begins; -1 without one, or before `after` was used."""
        border = self._border
        found = self.data.find(border, near) if border else -1
        if found < 0:
            return -1
        following = _NEXT.match(self.data, found + 1)
        return following.end() if following else -1

    def _border_between(self, end: int, at: int) -> bytes:
        if self._at(end - 1) != b"}":
            return b""
        border = self.data[end - 1 : at + 1]
        key = _FIRST_KEY.match(self.data, at)
        # A line break with its indent is found between elements only; without one, packages look like elements.
        return border if b"\n" in border or key is None else self.data[end - 1 : key.end()]

    def _object(self, at: int, place: str, array: ArrayReader) -> tuple[dict[str, Any], int]:
        """Return the object at a byte and where it ends; arrays of entries in it element by element."""
        made: dict[str, Any] = {}
        at = self._space(at + 1)
        if self._at(at) == b"}":
            return made, at + 1
        while True:
            if self._at(at) != b'"':
                raise UnexpectedError
            key, at = self._value(at)
            if key in made:
                raise DuplicateKeyError(key)
            at = self._space(at)
            if self._at(at) != b":":
                raise UnexpectedError
            at = self._space(at + 1)
            made[key], at = self._member(key, at, place, array)
            at = self._space(at)
            if self._at(at) == b"}":
                return made, at + 1
            if self._at(at) != b",":
                raise UnexpectedError
            at = self._space(at + 1)

    def _member(self, key: str, at: int, place: str, array: ArrayReader) -> tuple[Any, int]:
        if key in _ARRAYS and self._at(at) == b"[":
            return self._array(at, place + key, array)
        if key == "data" and not place and self._at(at) == b"{":
            return self._object(at, "data.", array)
        return self._value(at)

    def _array(self, at: int, place: str, array: ArrayReader) -> tuple[list[Any], int]:
        at = self._space(at + 1)
        if self._at(at) == b"]":
            return [], at + 1
        self._border, self._gap = b"", 0
        return array(self, at, place)

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
            # Between two values there is only ASCII, but elements that were read otherwise may have been passed over.
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


def _value_of(piece: bytes) -> tuple[Any, bool]:
    """Return the value of a text that may be cut off, as the careful reader has it, and whether it is compact.

    Raises:
        ValueError, StopIteration: it is cut off, or not JSON.
    """
    try:
        value = orjson.loads(piece)
        text = orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        text = b""
    # What is written back letter by letter has no key twice and no number that would be spelled another way.
    if piece == text:
        return value, True
    if text and _is_same(piece.translate(None, _WHITE), text.translate(None, _WHITE)):
        return value, False
    decoded = piece.decode()
    value, end = _SCAN(decoded, 0)
    if end != len(decoded):
        raise ValueError
    return value, False


def _is_same(piece: bytes, text: bytes) -> bool:
    return piece == text or piece == escape_html_in_json(text)
