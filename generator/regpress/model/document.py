"""JSON text to values and back, keeping what a publisher wrote.

A document is served as its publisher wrote it: unknown fields, the order of fields, the spelling of numbers
(``1.10``, 23-digit integers, ``1E400``) and the code points of strings survive. What JSON leaves open is refused:
duplicate keys, ``NaN``, lone surrogates, text that is not UTF-8. See RFC 8259 sections 4 and 6.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Final, Self

import orjson

from regpress.errors import RegistryError

#: Deepest nesting of one document that is read; real entries nest about ten levels.
MAX_DEPTH: Final = 100

_BRACES: Final = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b'[]{}"'))
_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
#: A pair of escapes that makes one character is fine; half a pair is not text.
_SURROGATE = re.compile("[\ud800-\udfff]")


class DocumentError(RegistryError, ValueError):
    """A text is not a JSON document that can be served back unchanged.

    Attributes:
        reason: what is wrong, one line.
        line: 1-based line of the place, 0 where unknown.
        expected: what would be right.
    """

    def __init__(self, reason: str, *, line: int = 0, expected: str = "") -> None:
        self.reason = reason
        self.line = line
        self.expected = expected
        super().__init__(f"line {line}: {reason}" if line else reason)


class NumberText(float):
    """A number together with its spelling, for numbers that a float or a machine integer would spell another way."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Return the number that *text* spells; too large ones become infinite, their text stays."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def decode_text(data: bytes) -> str:
    """Return *data* as text: UTF-8 with or without byte order mark.

    Raises:
        DocumentError: it is another encoding.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DocumentError("the file is UTF-16", line=1, expected="UTF-8")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(f"byte 0x{data[error.start]:02x} is not UTF-8", line=line, expected="UTF-8") from error


def parse_json(data: bytes) -> Any:
    """Return the value of a JSON text.

    Objects keep their order; numbers whose spelling Python would lose are `NumberText`.

    Raises:
        DocumentError: not UTF-8, not JSON, a key twice in one object, or nested too deeply for any reader.
    """
    text = decode_text(data)
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise DocumentError(f"not JSON: {error.msg}", line=error.lineno) from error
    except DuplicateKeyError as error:
        raise DocumentError(
            f"the key {error.key!r} stands twice in one object",
            line=_line_of_key(text, error.key),
            expected="each key once",
        ) from error
    except RecursionError as error:
        raise DocumentError("nested too deeply", expected=f"at most {MAX_DEPTH} levels") from error


def read_plain(data: bytes) -> Any:
    """Return the value of a JSON text for readers that know only plain numbers: fast, and no place to write it again.

    Raises:
        DocumentError: as `parse_json`, for a text that nobody has read before.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # Numbers that no float can hold, such as 1E400, are JSON all the same.
        return plain_value(parse_json(data))


def is_text(text: str) -> bool:
    """Return whether a string is Unicode text that can be written: it holds no half of a surrogate pair."""
    return not _SURROGATE.search(text)


def serialise(value: Any) -> tuple[bytes, Any]:
    """Return the text that is served for a parsed document, and its value for readers that know only plain numbers.

    The second is *value* itself unless it holds a `NumberText`.

    Raises:
        DocumentError: as `compact_text`.
    """
    try:
        text = orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except orjson.JSONEncodeError:
        return compact_text(value), plain_value(value)
    return served_text(text), value


def served_text(text: bytes) -> bytes:
    """Return the text that is served for a document that is written as compactly as can be.

    Raises:
        DocumentError: nested more than `MAX_DEPTH` levels.
    """
    _check_depth(text)
    return escape_html_in_json(text)


def compact_text(value: Any) -> bytes:
    r"""Return *value* as one line of JSON that is also safe inside HTML.

    ``<``, ``>``, ``&``, U+2028 and U+2029 are written as ``\uXXXX``, because some hosts serve JSON as HTML.

    Raises:
        DocumentError: nested more than `MAX_DEPTH` levels, or a string with half of a surrogate pair.
    """
    try:
        text = orjson.dumps(value, default=_number_text, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except (orjson.JSONEncodeError, TypeError) as error:
        if "ecursion" in str(error):
            raise DocumentError("nested too deeply", expected=f"at most {MAX_DEPTH} levels") from error
        raise DocumentError("a string holds half of a surrogate pair", expected="Unicode text") from error
    return served_text(text)


def canonical_text(value: Any) -> bytes:
    """Return *value* as the JSON text of files that people read and git compares, numbers spelled as they were.

    Sorted keys, two spaces, UTF-8 without escapes, a final newline.

    Raises:
        DocumentError: as `compact_text`.
    """
    compact_text(value)
    options = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, default=_number_text, option=options)


def escape_html_in_json(text: bytes) -> bytes:
    r"""Return JSON *text* with ``< > &`` and the two separators U+2028 and U+2029 as ``\uXXXX``."""
    text = text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    # Looking for one byte, given as a number, is fast; for three it is not, and most texts have neither.
    if 0xA8 in text:
        text = text.replace(b"\xe2\x80\xa8", b"\\u2028")
    return text.replace(b"\xe2\x80\xa9", b"\\u2029") if 0xA9 in text else text


def plain_value(value: Any) -> Any:
    """Return *value* with every `NumberText` as an ordinary integer or float, for readers that know only those."""
    if isinstance(value, NumberText):
        return int(value.text) if re.fullmatch(r"-?[0-9]+", value.text) else float(value)
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return value


class DuplicateKeyError(ValueError):
    """A key stands twice in one object; `parse_json` makes a `DocumentError` of it."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKeyError(key)
            seen.add(key)
    return made


def _float(text: str) -> float:
    number = float(text)
    return number if orjson.dumps(number) == text.encode() else NumberText(text)


def _integer(text: str) -> float | int:
    return int(text) if _PLAIN_INTEGER.fullmatch(text) else NumberText(text)


def _constant(text: str) -> Any:
    raise DocumentError(f"{text} is not a JSON number", expected="a number, a string or null")


#: The reader behind `parse_json`, for those that read a text in pieces.
DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_int=_integer, parse_constant=_constant)


def _number_text(value: Any) -> orjson.Fragment:
    if isinstance(value, NumberText):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def _check_depth(text: bytes) -> None:
    """Hold that a JSON text is nested no deeper than readers read."""
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _is_deep(text):
        raise DocumentError("nested too deeply", expected=f"at most {MAX_DEPTH} levels")


def _is_deep(text: bytes) -> bool:
    # What stands between quotes is taken out; then each turn takes the innermost pairs away. A walk through the values
    # takes longer.
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = text.translate(_BRACES, _NO_BRACKETS).replace(b'""', b"")
    brackets = b"".join(brackets.split(b'"')[::2])
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"{}", b"")
        if not brackets:
            return False
    return True


def _line_of_key(text: str, key: str) -> int:
    """Return the line of the last place where *key* stands as a key: near enough for a person to find it."""
    places = [found.start() for found in re.finditer(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:", text)]
    return text.count("\n", 0, places[1]) + 1 if len(places) > 1 else 0
