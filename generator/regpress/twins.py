"""Documents that differ from one before them in nothing but their version, as many versions of an entry do.

Such a document need not be parsed, checked and serialised: what there is to say about it is what there is to say about
the other one. No rule looks at the digits of a version of three numbers (a test holds this), and where a version
stands between quotes, another one makes no other JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from regpress.model.reading import Reading, Unreadable, digest_of

#: Longest document that is compared with the next one.
_LONGEST: Final = 1 << 16
_NUMBER: Final = rb"(?:0|[1-9][0-9]{0,8})"
_VERSION: Final = re.compile(rb'(%b\.%b\.%b)"' % (_NUMBER, _NUMBER, _NUMBER))
#: How the member is written, up to its text: on one line, and as served.
_COMPACT: Final = b'"version":"'
_SPACED: Final = b'"version": "'
#: Tiers whose messages may repeat any part of a document.
_QUOTING: Final = frozenset(("json", "schema"))


class Twin(NamedTuple):
    """A document that is another one but for the version.

    Attributes:
        at: where it stands.
        document: its bytes.
        version: its version.
    """

    at: int
    document: bytes
    version: bytes


class Pattern(NamedTuple):
    """A document without its version.

    Attributes:
        parts: what stands before, between and behind the members that are its version.
        member: how those begin.
        head: the first part and such a beginning.
        version: what the version was.
    """

    parts: Sequence[bytes]
    member: bytes
    head: bytes
    version: bytes

    def find(self, data: bytes, at: int) -> Twin | None:
        """Return the document that stands at a byte, if it is this one with any version."""
        parts, member, head, _ = self
        if not data.startswith(head, at) or not (found := _VERSION.match(data, at + len(head))):
            return None
        document = (b'%b%b"' % (member, found[1])).join(parts)
        return Twin(at, document, found[1]) if data.startswith(document, at) else None


def pattern_of(value: Any, document: bytes) -> Pattern | None:
    """Return the pattern of a document; None where another version may make a difference.

    Args:
        value: the document, parsed.
        document: its bytes.
    """
    # How large metadata are is looked at, and a version in it makes them longer or shorter.
    version = value.get("version") if isinstance(value, dict) and "_meta" not in value else None
    if not isinstance(version, str) or len(document) > _LONGEST:
        return None
    closed = version.encode(errors="replace") + b'"'
    if not _VERSION.fullmatch(closed):
        return None
    member = _COMPACT if _COMPACT in document else _SPACED
    parts = document.split(member + closed)
    return None if len(parts) < 2 else Pattern(parts, member, parts[0] + member, closed[:-1])


class TwinReader:
    """Reads twins of a document that was read.

    Attributes:
        is_standing: whether what is served is the document, byte for byte.

    Args:
        reading: what was read of it.
        parts: what stands before, between and behind the members that are its version in what is served; None where
            that is the document itself.
    """

    def __init__(self, reading: Reading, parts: Sequence[bytes] | None) -> None:
        self.is_standing = parts is None
        self._parts = parts
        self._before = reading[:2]
        self._after = reading[5:]
        self._meta = reading.other_meta

    def read(self, twin: Twin) -> Reading:
        """Return what `regpress.read.read_candidates` would make of a twin."""
        _, text, version = twin
        if self._parts is not None:
            text = (b'%b%b"' % (_COMPACT, version)).join(self._parts)
        fields = (*self._before, version.decode(), text, digest_of(text, self._meta), *self._after)
        made: Reading = tuple.__new__(Reading, fields)
        return made


def twin_reader(pattern: Pattern, document: bytes, reading: Reading | Unreadable | None) -> TwinReader | None:
    """Return what reads twins of a document; None where something about it may be about its version.

    Args:
        pattern: of the document, which is bare and has nothing around it to speak of.
        document: its bytes.
        reading: what was read of it.
    """
    if not isinstance(reading, Reading) or any(issue.type in _QUOTING for issue in reading.issues):
        return None
    if reading.text is document:
        return TwinReader(reading, None)
    # In what is served, every member that is the version is written in one way; in the document some may not be.
    parts = reading.text.split(b'%b%b"' % (_COMPACT, pattern.version))
    return TwinReader(reading, parts) if len(parts) == len(pattern.parts) else None
