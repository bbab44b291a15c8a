"""Elements of a file to bytes and back: how they travel between processes and are kept between builds.

Tens of thousands of readings are columns here rather than records, and what many of them share stands once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import orjson

from regpress.model.facets import NO_FACETS, Facets
from regpress.model.issue import Issue
from regpress.model.reading import NOTHING_CARRIED, Carried, Elements, Reading, Unreadable
from regpress.names import KINDS, EntryName

#: Bytes of `Reading.digest`.
_DIGEST: Final = 16
#: The text that is served is the document as it stands in the file.
_SAME: Final = -1


class Packed(NamedTuple):
    """A run of elements.

    Attributes:
        columns: facts about them, JSON.
        blob: their digests, then the bytes of each element, followed by the text that is served where it is another.
    """

    columns: bytes
    blob: bytes


class Unpacked(NamedTuple):
    """A run of elements and the bytes of each of them in the file."""

    documents: Sequence[bytes]
    elements: Elements


def pack(documents: Sequence[bytes], elements: Elements) -> Packed:
    """Return elements as bytes.

    Args:
        documents: their bytes in the file.
        elements: what they hold.
    """
    names: dict[EntryName, int] = {}
    issues: dict[Issue, int] = {}
    findings: dict[tuple[Issue, ...], int] = {(): 0}
    tags: dict[tuple[str, ...], int] = {(): 0}
    facets: dict[Facets, int] = {}
    rows: list[tuple[Any, ...]] = []
    sizes, digests, parts = [], [], []
    others: list[tuple[int, Any]] = []
    sparse: dict[str, list[tuple[int, Any]]] = {"carried": [], "other_meta": [], "own_status": [], "claims": []}
    for position, (document, reading) in enumerate(zip(documents, elements, strict=True)):
        parts.append(document)
        if not isinstance(reading, Reading):
            sizes.append((len(document), 0))
            if reading is not None:
                numbers = [issues.setdefault(issue, len(issues)) for issue in reading.issues]
                others.append((position, (reading.kind, reading.label, numbers)))
            rows.append(_NO_ROW)
            digests.append(_NO_DIGEST)
            continue
        kind, name, version, text, digest, carried, meta, title, description, tag, own, status, claims, found = reading
        if text == document:
            sizes.append((len(document), _SAME))
        else:
            sizes.append((len(document), len(text)))
            parts.append(text)
        digests.append(digest)
        rows.append(
            (
                KINDS.index(kind),
                names.setdefault(name, len(names)),
                version,
                title,
                description,
                tags.setdefault(tag, len(tags)),
                facets.setdefault(own, len(facets)),
                findings.setdefault(found, len(findings)),
            )
        )
        if carried is not NOTHING_CARRIED:
            sparse["carried"].append((position, carried))
        if meta:
            sparse["other_meta"].append((position, meta.decode()))
        if status:
            sparse["own_status"].append((position, status))
        if claims:
            # Beside a document, where nobody has looked for halves of surrogate pairs.
            sparse["claims"].append((position, json.dumps(dict(claims))))
    around = [findings.setdefault(found, len(findings)) for found in elements.issues]
    combined = [[issues.setdefault(issue, len(issues)) for issue in found] for found in findings]
    columns = {
        "sizes": list(zip(*sizes, strict=True)),
        "rows": list(zip(*rows, strict=True)),
        **sparse,
        "others": others,
        "insides": elements.insides,
        "around": around,
        "names": list(map(tuple, names)),
        "tags": list(tags),
        "facets": list(map(tuple, facets)),
        "findings": combined,
        "issues": list(map(tuple, issues)),
    }
    return Packed(orjson.dumps(columns, default=tuple), b"".join(digests + parts))


def unpack(packed: Packed) -> Unpacked:
    """Return the elements in bytes that `pack` made.

    Raises:
        ValueError, KeyError, TypeError, IndexError: it did not make them.
    """
    return unpack_part(packed.columns, packed.blob, 0, len(packed.blob))


def unpack_part(text: bytes | memoryview, data: bytes, start: int, end: int) -> Unpacked:
    """Return the elements whose columns are *text* and whose blob is the part of *data* from *start* to *end*.

    Raises:
        ValueError, KeyError, TypeError, IndexError: as `unpack`.
    """
    columns = orjson.loads(text)
    if not columns["sizes"]:
        return Unpacked((), Elements())
    sizes, lengths = columns["sizes"]
    first = start + len(sizes) * _DIGEST
    documents, texts = _texts(sizes, lengths, data, first, end)
    kinds, name_at, versions, titles, descriptions, tags_at, facets_at, found_at = columns["rows"]
    names = [EntryName(*parts) for parts in columns["names"]]
    tags = list(map(tuple, columns["tags"]))
    facets = [Facets(*map(tuple, values)) for values in columns["facets"]] or [NO_FACETS]
    issues = [Issue(*fields) for fields in columns["issues"]]
    findings = [tuple(map(issues.__getitem__, found)) for found in columns["findings"]]
    count = len(sizes)
    readings = list[
        Reading | Unreadable | None
    ](
        map(
            partial(tuple.__new__, Reading),  # as `_make` does, without a call of Python for each
            zip(
                map(KINDS.__getitem__, kinds),
                map(names.__getitem__, name_at) if names else [EntryName("", "")] * count,
                versions,
                texts,
                [data[at : at + _DIGEST] for at in range(start, first, _DIGEST)],
                _filled(count, NOTHING_CARRIED, ((at, Carried(*carried)) for at, carried in columns["carried"])),
                _filled(count, b"", ((at, meta.encode()) for at, meta in columns["other_meta"])),
                titles,
                descriptions,
                map(tags.__getitem__, tags_at),
                map(facets.__getitem__, facets_at),
                _filled(count, "", columns["own_status"]),
                _filled(count, {}, ((at, json.loads(claims)) for at, claims in columns["claims"])),
                map(findings.__getitem__, found_at),
                strict=True,
            ),
        )
    )
    for position, length in enumerate(lengths):
        if not length:
            readings[position] = None
    for position, (kind, label, numbers) in columns["others"]:
        readings[position] = Unreadable(kind, label, tuple(map(issues.__getitem__, numbers)))
    elements = Elements(readings, columns["insides"], map(findings.__getitem__, columns["around"]))
    if len(elements.insides) != count or len(elements.issues) != count:
        raise ValueError
    return Unpacked(documents, elements)


def _texts(
    sizes: Sequence[int], lengths: Sequence[int], data: bytes, start: int, end: int
) -> tuple[list[bytes], list[bytes]]:
    """Return the documents and the served texts, one object for both where they are the same."""
    documents, texts = [], []
    at = start
    for size, length in zip(sizes, lengths, strict=True):
        after = at + size
        document = data[at:after]
        documents.append(document)
        if length == _SAME:
            texts.append(document)
            at = after
        else:
            at = after + length
            texts.append(data[after:at])
    if at != end:
        raise ValueError
    return documents, texts


def _filled(count: int, usual: Any, others: Iterable[tuple[int, Any]]) -> list[Any]:
    column = [usual] * count
    for position, value in others:
        column[position] = value
    return column


_NO_ROW: Final = (0, 0, "", "", "", 0, 0, 0)
_NO_DIGEST: Final = bytes(_DIGEST)
