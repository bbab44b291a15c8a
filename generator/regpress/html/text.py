"""Hostile values to texts and links that a page can hold. Escaping is the templates' work; this is what it leaves open.

HTML has no way to write control characters, noncharacters or half of a surrogate pair (HTML standard 13.1.4), a
right-to-left override turns what a reader takes for an address, and an address can be a program.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final
from zlib import crc32

import orjson

from regpress.times import time_key

#: Characters without a glyph that change what stands around them: directions, joins, fillers; none is printable.
_INVISIBLE: Final = "[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
_WEB_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:[/?#][^\s\"<>\\^`{|}]*)?", re.IGNORECASE)
#: Colours of the drawn initials: classes ``hue-0`` to ``hue-11`` of the stylesheet.
HUES: Final = 12


@cache
def _unwritable() -> re.Pattern[str]:
    """Return what finds a character that HTML cannot hold; most builds need it for no text."""
    ends = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    return re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{ends}]")


def clean(text: str) -> str:
    """Return *text* with U+FFFD for every character that HTML cannot hold."""
    return text if text.isprintable() else _unwritable().sub("\ufffd", text.replace("\r\n", "\n"))


def words(value: Any) -> str:
    """Return a value of a document as prose: texts as they are, nothing for null, other values as JSON spells them."""
    if type(value) is str:
        return value if value.isprintable() else clean(value)
    return "" if value is None else clean(orjson.dumps(value).decode())


def exact(value: Any) -> str:
    """Return a value of a document as something to be typed or compared: invisible characters are spelt out."""
    if type(value) is str and value.isprintable():
        return value
    text = words(value)
    return text if text.isprintable() else reveal(text)


def reveal(text: str) -> str:
    """Return *text* with ``[U+202E]`` for each invisible character."""
    if text.isprintable():
        return text
    return re.sub(_INVISIBLE, lambda found: f"[U+{ord(found.group()):04X}]", text)


def records(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; none if *value* is no list."""
    return [item for item in value if type(item) is dict] if type(value) is list else []


def mapping(value: Any) -> dict[str, Any]:
    """Return *value* if it is an object, else an empty one."""
    return value if type(value) is dict else {}


def texts(value: Any) -> tuple[str, ...]:
    """Return the items of a list, spelt out; none if *value* is no list."""
    return tuple(map(exact, value)) if type(value) is list else ()


def web_address(value: Any) -> str:
    """Return *value* if it is an absolute http or https address that a link may have, else an empty text.

    Addresses with credentials are refused, since what stands before the ``@`` passes for the host.
    """
    return value if type(value) is str and _WEB_ADDRESS.fullmatch(value) and value.isprintable() else ""


def short_address(address: str) -> str:
    """Return a web address as people read it: without the scheme and a final slash."""
    return address.partition("://")[2].rstrip("/") or address


def day(time: str) -> str:
    """Return the date, in UTC, of an RFC 3339 text."""
    # Nearly all are in UTC already, and most differ, so that none is looked up.
    return time[:10] if time[-1] == "Z" and time[10] == "T" else time_key(time)[:10]


def initial(label: str) -> str:
    """Return the first letter or digit of *label* as a capital, for the drawn icon."""
    for character in label:
        if character.isalnum():
            return character.upper()
    return "?"


def hue(name: str) -> int:
    """Return which of the `HUES` colours a name has, always the same."""
    return crc32(name.encode()) % HUES
