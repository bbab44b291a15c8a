"""Readings to a cache folder and back, so that a file that changed a little is read a little.

What a `Reading` holds depends on the bytes of its document and on how documents are validated; both are compared
before anything kept is used. A damaged cache is ignored.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from regpress.errors import StorageError
from regpress.model.entry import Candidate
from regpress.model.issue import Issue
from regpress.model.reading import NOTHING_CARRIED, Carried, Reading, Unreadable
from regpress.model.segments import Earlier, Span
from regpress.names import EntryName
from regpress.storage import replace_file

_FORMAT: Final = 3
#: New documents up to which a cache is left as it is: reading them again costs less than writing it anew.
FEW: Final = 200
_POINTER: Final = re.compile(r"((?:data\.)?(?:servers|skills|plugins)|)\[(\d+)\]")

#: One reading as JSON: the fields of `Reading` in order; ``text`` as its length in the blob.
Row = list[Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """The readings of one file's former bytes.

    Attributes:
        earlier: the bytes of the documents, by the place of their array.
        readings: the readings in the same order.
    """

    earlier: Earlier = field(default_factory=dict)
    readings: Mapping[str, Sequence[Reading]] = field(default_factory=dict)

    def reading(self, candidate: Candidate) -> Reading:
        """Return the reading of a candidate that was recognised."""
        found = _POINTER.match(candidate.pointer)
        return self.readings[found.group(1) if found else ""][candidate.known]


class ReadingCache:
    """Kept readings of one site.

    Args:
        folder: where they are kept; made when needed.
        salt: what else readings depend on: the generator's version and the validation policy.
    """

    def __init__(self, folder: Path, salt: bytes) -> None:
        self._folder = folder
        self._salt = salt.hex()

    def load(self, source: str, path: str) -> Kept:
        """Return what is kept of a file of a source; nothing where there is nothing that can be used."""
        try:
            place = self._place(source, path)
            head, _, rest = place.with_suffix(".json").read_bytes().partition(b"\n")
            blob = place.with_suffix(".bin").read_bytes()
            value = orjson.loads(head)
            if (value["format"], value["salt"]) != (_FORMAT, self._salt) or _checksum(blob, rest) != value["checksum"]:
                return Kept()
            return _unpack(orjson.loads(rest), blob)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return Kept()

    def save(
        self,
        source: str,
        path: str,
        data: bytes,
        spans: Mapping[str, Sequence[Span]],
        documents: Mapping[str, Mapping[int, Reading]],
    ) -> None:
        """Keep the readings of a file; nothing is lost when that fails.

        Args:
            source: the source's name.
            path: the file's.
            data: its bytes.
            spans: where its documents stand.
            documents: what was read, as `documents_by_place` returns it.
        """
        rows, blob = _pack(data, spans, documents)
        head = orjson.dumps({"format": _FORMAT, "salt": self._salt, "checksum": _checksum(blob, rows)})
        place = self._place(source, path)
        try:
            replace_file(place.with_suffix(".bin"), blob)
            replace_file(place.with_suffix(".json"), head + b"\n" + rows)
        except StorageError:
            return

    def _place(self, source: str, path: str) -> Path:
        return self._folder / f"{source}-{hashlib.sha256(path.encode()).hexdigest()[:16]}"


def documents_by_place(
    pointers: Sequence[str], spans: Mapping[str, Sequence[Span]], readings: Sequence[Reading | Unreadable]
) -> dict[str, dict[int, Reading]]:
    """Return the readings by the place of their array and their position in it: those that may be kept."""
    found: dict[str, dict[int, Reading]] = {place: {} for place in spans}
    for pointer, reading in zip(pointers, readings, strict=True):
        place = _POINTER.match(pointer)
        if place is not None and isinstance(reading, Reading) and place.group(1) in found:
            found[place.group(1)][int(place.group(2))] = reading
    return found


def _pack(
    data: bytes, spans: Mapping[str, Sequence[Span]], documents: Mapping[str, Mapping[int, Reading]]
) -> tuple[bytes, bytes]:
    """Return the rows as JSON, and the blob of documents and served texts that they take their bytes from."""
    parts: list[bytes] = []
    arrays: dict[str, list[Row]] = {}
    # Thousands of documents share a finding, such as that they name an older schema.
    issues: dict[Issue, int] = {}
    for place, found in documents.items():
        rows: list[Row] = []
        for position, reading in found.items():
            span = spans[place][position]
            document = data[span.start : span.end]
            parts += (document, reading.text)
            rows.append(_row(reading, len(document), issues))
        arrays[place] = rows
    return orjson.dumps({"arrays": arrays, "issues": list(map(tuple, issues))}), b"".join(parts)


def _row(reading: Reading, size: int, issues: dict[Issue, int]) -> Row:
    return [
        size,
        reading.kind,
        *reading.name,
        reading.version,
        len(reading.text),
        reading.digest.hex(),
        list(reading.carried) if reading.carried is not NOTHING_CARRIED else None,
        reading.other_meta.decode(),
        reading.title,
        reading.description,
        list(reading.tags),
        reading.own_status,
        dict(reading.claims) if reading.claims else None,
        [issues.setdefault(issue, len(issues)) for issue in reading.issues] or None,
    ]


def _unpack(value: Mapping[str, Any], blob: bytes) -> Kept:
    arrays: Mapping[str, Sequence[Row]] = value["arrays"]
    issues = [Issue(*fields) for fields in value["issues"]]
    earlier: dict[str, list[bytes]] = {}
    readings: dict[str, list[Reading]] = {}
    at = 0
    for place, rows in arrays.items():
        pieces = earlier[place] = []
        found = readings[place] = []
        for row in rows:
            size, length = row[0], row[5]
            pieces.append(blob[at : at + size])
            found.append(_reading(row, blob[at + size : at + size + length], issues))
            at += size + length
    return Kept(earlier, readings)


def _reading(row: Row, text: bytes, known_issues: Sequence[Issue]) -> Reading:
    kind, namespace, name, version, _, digest, carried, meta, title, description, tags, status, claims, issues = row[1:]
    return Reading(
        kind,
        EntryName(namespace, name),
        version,
        text,
        bytes.fromhex(digest),
        Carried(*carried) if carried else NOTHING_CARRIED,
        meta.encode(),
        title,
        description,
        tuple(tags),
        status,
        claims or {},
        tuple(known_issues[number] for number in issues) if issues else (),
    )


def _checksum(*parts: bytes) -> int:
    """Return what tells a file that was cut off or overwritten; not for those who want to cheat."""
    state = 0
    for part in parts:
        state = zlib.crc32(part, state)
    return state
