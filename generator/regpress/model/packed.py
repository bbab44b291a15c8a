"""Elements of a file to bytes and back: how they travel between processes and are kept between builds.

Tens of thousands of readings are columns here rather than records, and what many of them share stands once. The bytes
of the elements are not among them: whoever unpacks them has the file, and knows each element by its size and digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain, compress
from operator import sub
from typing import Any, Final, NamedTuple

import orjson

from regpress.digest import FINGERPRINT, fingerprints_at
from regpress.model.facets import Facets
from regpress.model.issue import Issue
from regpress.model.numbered import numbered, numbered_runs, shared
from regpress.model.reading import NOTHING_CARRIED, Carried, Elements, Reading, Unreadable, digest_of
from regpress.names import KINDS, EntryName

#: The text that is served is the element as it stands in the file.
_SAME: Final = -1
#: Stands in the columns where an element holds no document that can be read.
_NO_READING: Final = Reading("server", EntryName("", ""), "", b"", bytes(FINGERPRINT))


class Packed(NamedTuple):
    """A run of elements.

    Attributes:
        columns: facts about them, JSON.
        blob: the digest of the bytes of each element; then the digests of the readings that have another one; then the
            texts that are served where they are not the bytes of the element.
    """

    columns: bytes | memoryview
    blob: bytes | memoryview


def pack(data: bytes, starts: Sequence[int], ends: Sequence[int], elements: Elements) -> Packed:
    """Return elements as bytes.

    Args:
        data: the file that they stand in.
        starts: the first byte of each.
        ends: the one behind each.
        elements: what they hold.
    """
    if not elements:
        return Packed(orjson.dumps({"sizes": ()}), b"")
    exceptions = [(at, one) for at, one in enumerate(elements) if not isinstance(one, Reading)]
    rows: list[Any] = list(elements)
    for at, _ in exceptions:
        rows[at] = _NO_READING
    # Column by column: a loop over the rows takes twice as long.
    (
        kinds, names, versions, texts, digests, carried, metas, titles, descriptions, tags, facets, statuses, claims,
        findings,
    ) = zip(*rows, strict=True)  # fmt: skip
    lengths = [_SAME if same else len(text) for text, same in zip(texts, elements.standing, strict=True)]
    every = range(len(rows))
    # Of what is served as it stands, and has nothing beside it, the digest is that of the bytes.
    others = [at for at, length, meta in zip(every, lengths, metas, strict=True) if length != _SAME or meta]
    known = list(digests)
    for at in others:
        known[at] = digest_of(data[starts[at] : ends[at]])
    found_at, found_table = numbered((*findings, *elements.issues))
    unreadable = [(at, one) for at, one in exceptions if isinstance(one, Unreadable)]
    issue_table = list(dict.fromkeys(chain(*found_table, *(one.issues for _, one in unreadable))))
    numbers = {issue: number for number, issue in enumerate(issue_table)}
    columns = {
        "sizes": list(map(sub, ends, starts)),
        "lengths": lengths,
        "others": others,
        "names": numbered_runs(names),
        "titles": numbered_runs(titles),
        "descriptions": numbered_runs(descriptions),
        "tags": numbered(tags),
        "facets": numbered(facets),
        "nothing": [at for at, one in exceptions if one is None],
        "unreadable": [(at, one.kind, one.label, [numbers[issue] for issue in one.issues]) for at, one in unreadable],
        "kinds": [KINDS.index(kind) for kind in kinds],
        "versions": versions,
        "insides": elements.insides,
        "carried": [(at, one) for at, one in enumerate(carried) if one is not NOTHING_CARRIED],
        "other_meta": [(at, metas[at].decode()) for at in compress(every, metas)],
        "own_status": [(at, statuses[at]) for at in compress(every, statuses)],
        # Beside a document, where nobody has looked for halves of surrogate pairs.
        "claims": [(at, json.dumps(dict(claims[at]))) for at in compress(every, claims)],
        "found": found_at[: len(rows)],
        "around": found_at[len(rows) :],
        "findings": [[numbers[issue] for issue in found] for found in found_table],
        "issues": issue_table,
    }  # fmt: skip
    own = [digests[at] for at in others]
    written = [texts[at] for at in others if lengths[at] != _SAME]
    return Packed(orjson.dumps(columns, default=tuple), b"".join((*known, *own, *written)))


class Former:
    """Elements that were packed.

    Attributes:
        sizes: how many bytes each has.
        digests: of their bytes, `regpress.model.reading.digest_of`.
    """

    def __init__(self, parts: Iterable[Packed]) -> None:
        """Take runs of elements that follow one another.

        Raises:
            ValueError, KeyError, TypeError, IndexError: `pack` did not make them.
        """
        self._parts = [(orjson.loads(columns), blob) for columns, blob in parts]
        self.sizes: list[int] = []
        self.digests: list[bytes] = []
        for columns, blob in self._parts:
            self.sizes += columns["sizes"]
            self.digests += fingerprints_at(blob, 0, len(columns["sizes"]))

    def elements(self, documents: Sequence[bytes]) -> Elements:
        """Return what they hold.

        Args:
            documents: the bytes of each; where they are missing, what is returned is of no use.

        Raises:
            ValueError, KeyError, TypeError, IndexError: `pack` did not make them.
        """
        found = Elements()
        for columns, blob in self._parts:
            if count := len(columns["sizes"]):
                found.add(_unpack(columns, blob, documents[len(found) : len(found) + count]))
        if len(found) != len(documents):
            raise ValueError
        return found


def _unpack(columns: dict[str, Any], blob: bytes | memoryview, documents: Sequence[bytes]) -> Elements:
    lengths, others = columns["lengths"], columns["others"]
    count = len(documents)
    digests = fingerprints_at(blob, 0, count)
    for at, digest in zip(others, fingerprints_at(blob, count * FINGERPRINT, len(others)), strict=True):
        digests[at] = digest
    issues = [Issue(*fields) for fields in columns["issues"]]
    findings = [tuple(map(issues.__getitem__, found)) for found in columns["findings"]]
    readings = list[Reading | Unreadable | None](
        map(
            partial(tuple.__new__, Reading),  # as `_make` does, without a call of Python for each
            zip(
                map(KINDS.__getitem__, columns["kinds"]),
                shared(columns["names"], lambda parts: EntryName(*parts)),
                columns["versions"],
                _texts(lengths, others, documents, blob, (count + len(others)) * FINGERPRINT),
                digests,
                _filled(count, NOTHING_CARRIED, ((at, Carried(*carried)) for at, carried in columns["carried"])),
                _filled(count, b"", ((at, meta.encode()) for at, meta in columns["other_meta"])),
                shared(columns["titles"], str),
                shared(columns["descriptions"], str),
                shared(columns["tags"], tuple),
                shared(columns["facets"], lambda values: Facets(*map(tuple, values))),
                _filled(count, "", columns["own_status"]),
                _filled(count, {}, ((at, json.loads(claims)) for at, claims in columns["claims"])),
                map(findings.__getitem__, columns["found"]),
                strict=True,
            ),
        )
    )
    for position in columns["nothing"]:
        readings[position] = None
    for position, kind, label, numbers in columns["unreadable"]:
        readings[position] = Unreadable(kind, label, tuple(map(issues.__getitem__, numbers)))
    standing = [length == _SAME for length in lengths]
    elements = Elements(readings, columns["insides"], map(findings.__getitem__, columns["around"]), standing)
    if len(elements.insides) != count or len(elements.issues) != count:
        raise ValueError
    return elements


def _texts(
    lengths: Sequence[int], others: Iterable[int], documents: Sequence[bytes], blob: bytes | memoryview, at: int
) -> list[bytes]:
    """Return the served texts: the documents themselves where they are the same."""
    texts = list(documents)
    for position in others:
        if (length := lengths[position]) != _SAME:
            texts[position] = bytes(blob[at : at + length])
            at += length
    if at != len(blob):
        raise ValueError
    return texts


def _filled(count: int, usual: Any, others: Iterable[tuple[int, Any]]) -> list[Any]:
    column = [usual] * count
    for position, value in others:
        column[position] = value
    return column
