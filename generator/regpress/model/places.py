"""Places in a JSON document: spelled as texts such as ``data.servers[3]``, and found again as lines of the file."""

from __future__ import annotations

import json
import re
from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Final, NamedTuple

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_$-]+")
_INDEX: Final = re.compile(r"\[([0-9]{1,9})\]\.?")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
#: Only the ends of values matter here, so numbers of any length stay texts.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


def member_place(place: str, key: str) -> str:
    """Return the place of a member of the object at *place*.

    Examples:
        >>> member_place("data", "servers")
        'data.servers'
        >>> member_place("servers", "a b")
        'servers["a b"]'
    """
    if not _PLAIN_KEY.fullmatch(key):
        return f"{place}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{place}.{key}" if place else key


def item_place(place: str, index: int) -> str:
    """Return the place of an item of the array at *place*."""
    return f"{place}[{index}]"


def line_of(data: bytes, pointer: str, path: str = "") -> int:
    """Return the 1-based line where a place of a JSON text begins; of a member, the line of its key.

    Args:
        data: the file, with or without byte order mark, any line ends.
        pointer: place of a document in the file, as `regpress.model.issue.Issue` has it.
        path: place in that document; a member that is missing counts as its object.

    Returns:
        The line of the deepest part of the place that there is; 1 for a text that is not JSON.
    """
    return LineFinder(data).line_of(pointer, path)


class _Member(NamedTuple):
    key: str
    mark: int
    start: int


class LineFinder:
    """Finds lines of many places in one file without reading it anew for each: see `line_of`."""

    def __init__(self, data: bytes) -> None:
        self._text = data.decode("utf-8-sig", errors="replace")
        self._items: dict[int, list[int]] = {}
        self._members: dict[int, list[_Member]] = {}
        #: Objects whose members are all known: their end need not be looked for again, which may be far.
        self._listed: set[int] = set()
        self._counted = [(0, 1)]

    def line_of(self, pointer: str, path: str = "") -> int:
        """Return the line of a place, as the function `line_of` does."""
        joined = pointer + (path if not pointer or not path or path.startswith("[") else f".{path}")
        start = self._skip(0)
        return self._line(self._find(start, start, joined)[1])

    def _find(self, at: int, mark: int, place: str) -> tuple[int, int]:
        """Return how much of *place* is not there below the value at *at*, and where the deepest part is marked.

        Keys may hold dots ("_meta.io.github.stacklok"), so a step that leads nowhere is taken back.
        """
        best = (len(place), mark)
        try:
            for step_mark, start, rest in self._steps(at, place) if place else ():
                best = min(best, self._find(start, step_mark, rest))
                if best[0] == 0:
                    break
        except (ValueError, IndexError, RecursionError):
            pass  # not JSON from here on: what was found so far is the nearest
        return best

    def _steps(self, at: int, place: str) -> Iterator[tuple[int, int, str]]:
        if self._text[at] == "{":
            for member in self._members_of(at):
                if (rest := _after(place, member.key)) is not None:
                    yield member.mark, member.start, rest
        elif self._text[at] == "[" and (index := _INDEX.match(place)):
            start = self._item(at, int(index.group(1)))
            if start is not None:
                yield start, start, place[index.end() :]

    def _members_of(self, at: int) -> Iterator[_Member]:
        known = self._members.setdefault(at, [])
        yield from known
        if at in self._listed:
            return
        last = known[-1] if known else None
        while last := self._next_member(at, last):
            known.append(last)
            yield last
        self._listed.add(at)

    def _next_member(self, at: int, last: _Member | None) -> _Member | None:
        """Return the member of the object at *at* that follows *last*, None after the last one."""
        mark = self._skip(at + 1)
        if last:
            comma = self._skip(self._end(last.start))
            mark = self._skip(comma + 1) if self._text[comma] == "," else comma
        if self._text[mark] != '"':
            return None
        key, after = _DECODER.raw_decode(self._text, mark)
        return _Member(key, mark, self._skip(self._skip(after) + 1))

    def _item(self, at: int, index: int) -> int | None:
        starts = self._items.setdefault(at, [])
        if not starts:
            first = self._skip(at + 1)
            if self._text[first] == "]":
                return None
            starts.append(first)
        while len(starts) <= index:
            after = self._skip(self._end(starts[-1]))
            if self._text[after] != ",":
                return None
            starts.append(self._skip(after + 1))
        return starts[index]

    def _end(self, at: int) -> int:
        return _DECODER.raw_decode(self._text, at)[1]

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _line(self, at: int) -> int:
        """Return the line of a position; counted from the nearest one before it that is known."""
        near, line = self._counted[bisect_right(self._counted, (at, len(self._text))) - 1]
        ends = self._text.count("\n", near, at) + self._text.count("\r", near, at) - self._text.count("\r\n", near, at)
        if ends:
            insort(self._counted, (at, line + ends))
        return line + ends


def _after(place: str, key: str) -> str | None:
    """Return what is left of *place* after the member *key*; None where it names another member."""
    quoted = f"[{json.dumps(key, ensure_ascii=False)}]"
    for spelled in (quoted, key):
        if spelled and place.startswith(spelled):
            rest = place[len(spelled) :]
            if not rest or rest[0] in ".[":
                return rest.removeprefix(".")
    return None
