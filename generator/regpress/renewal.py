"""What a former build gathered, renewed: only names of which something changed are read, resolved and merged again.

A name's versions depend on its own documents, on status files, long texts and times that speak of it, and on settings;
in one registry they shadow nothing but the same name elsewhere. So everything about all other names stays as it was,
which is what a build from nothing would find too. Whatever is not as simple as that is gathered anew (`Renewal.run`
returns None): other settings, many changes, a file that something in it cannot be read of.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain
from typing import Any, Final, NamedTuple

from regpress.catalog import Catalog
from regpress.element_renewal import RenewedFile, TooMuchError
from regpress.indexes.names import name_lines
from regpress.kept import FEW_NAMES, Gathering, KeptGathering
from regpress.merge import CASE_COLLISION, Merged, case_issues, last_update, names_collide
from regpress.model.cuts import Cuts, unpack_cuts
from regpress.model.entry import Entry, EntryVersion, RawFile, Snapshot
from regpress.model.entry_columns import Run, joined
from regpress.model.file_elements import FileElements, Name, places_in
from regpress.model.issue import Hidden, Issue
from regpress.model.lazy_entries import LazyEntries
from regpress.model.packed_entries import KeptEntries, PackedEntries, pack_entries
from regpress.model.reading import Reading
from regpress.names import KINDS, EntryName, Kind
from regpress.read import Checker
from regpress.record import record
from regpress.resolve import FileReadings, Resolved

#: Names that are gathered again; with more, everything is.
MOST_NAMES: Final = 1_000
#: Findings of merging that are about one name.
_OF_A_NAME: Final = "latest-recomputed"
_SEVERITY: Final = Issue._fields.index("severity")

#: A source's name and the path of a file of it.
FileKey = tuple[str, str]
#: Reads a file of a source.
Read = Callable[[str, RawFile], FileReadings]
#: Returns what a source publishes.
Resolve = Callable[[str, Iterable[FileReadings]], Resolved]
#: Returns the registries, and why others are not among them.
MergeAll = Callable[[Mapping[str, Resolved]], tuple[Sequence[Merged], Sequence[Hidden]]]


class Findings(NamedTuple):
    """What was gathered.

    Attributes:
        merged: the registries.
        issues: findings without their lines.
        hidden: what the registries do not show.
        elements: finds the elements of each large file.
        unlisted: number of pieces of advice that are not among *issues*.
    """

    merged: Sequence[Merged]
    issues: Sequence[Issue]
    hidden: Sequence[Hidden]
    elements: Mapping[FileKey, Callable[[], FileElements]]
    unlisted: int = 0


@record(kw_only=True)
class Inputs:
    """What is gathered from.

    Attributes:
        snapshots: of the sources, in the order of the configuration.
        readmes: the names that have a long text.
        folds_case: whether the output's disk folds case.
    """

    snapshots: Mapping[str, Snapshot]
    readmes: Iterable[tuple[str, str]]
    folds_case: bool

    @property
    def files(self) -> dict[FileKey, RawFile]:
        """Return the files of all sources."""
        return {(name, raw.path): raw for name, snapshot in self.snapshots.items() for raw in snapshot.files}

    @property
    def spoken_of(self) -> set[Name]:
        """Return the names that status files or long texts are about."""
        stated = chain.from_iterable(snapshot.statuses for snapshot in self.snapshots.values())
        return {_name(kind, name) for kind, name in chain(stated, self.readmes)}

    @property
    def times(self) -> set[tuple[str, str, str, str, str, str]]:
        """Return what history says about versions of each source."""
        return {
            (source, *key, times.added, times.changed)
            for source, snapshot in self.snapshots.items()
            for key, times in snapshot.entry_times.items()
        }

    def claims(self) -> list[Any]:
        """Return the claims of each source as a whole."""
        return [[name, sorted(map(list, snapshot.claims.items()))] for name, snapshot in self.snapshots.items()]


def pack_gathering(inputs: Inputs, findings: Findings, others: Iterable[Name]) -> Gathering:
    """Return what was gathered as bytes.

    Args:
        inputs: what it was gathered from.
        findings: what it is.
        others: the names in files of which the elements are not known.
    """
    found = {key: find() for key, find in findings.elements.items()}
    raws = inputs.files
    places = places_in(found.values())
    catalogs = [one.catalog for one in findings.merged]
    packed = [pack_entries(one.entries, one.gone, one.columns, places, name_lines(one)) for one in catalogs]
    # Most registries hide nothing.
    known = {(kind, str(name)) for elements in found.values() for kind, name in elements.names if findings.hidden}
    facts = {
        "claims": inputs.claims(),
        "fresh": sorted((kind, *name) for kind, name in {*others, *inputs.spoken_of}),
        "times": sorted(inputs.times),
        "files": [_file_facts(key, raws[key], elements, inputs) for key, elements in found.items()],
        "registries": [
            (one.catalog.registry, its.columns, any(issue.reference == CASE_COLLISION for issue in one.issues))
            for one, its in zip(findings.merged, packed, strict=True)
        ],
        "hidden": [tuple(hidden) for hidden in findings.hidden if (hidden.kind, hidden.name) in known],
        **_pack_issues(findings.issues, found),
    }
    digests = [elements.digests for elements in found.values()]
    blobs: list[bytes | memoryview] = list(digests)
    for catalog, its in zip(catalogs, packed, strict=True):
        blobs += (its.blob, its.lines, catalog.cuts.packed())
    return Gathering(facts, blobs, [raws[key].data for key in found])


def _file_facts(key: FileKey, raw: RawFile, elements: FileElements, inputs: Inputs) -> dict[str, Any]:
    times, names = inputs.snapshots[key[0]].entry_times, elements.names
    return {
        "key": key,
        "places": list(elements.places),
        "starts": list(elements.starts),
        "ends": list(elements.ends),
        "kinds": [KINDS.index(kind) for kind, _ in names],
        "namespaces": [name.namespace for _, name in names],
        "names": [name.name for _, name in names],
        "name_at": list(elements.name_at),
        "versions": list(elements.versions),
        "dated": list(map(int, elements.dated)),
        "is_dated": all(
            said or (names[at][0], str(names[at][1]), version) in times
            for said, at, version in zip(elements.dated, elements.name_at, elements.versions, strict=True)
        ),
        "times": _times_of(raw, elements.last_updated),
    }


def _times_of(raw: RawFile, last_updated: str) -> list[str]:
    """Return what dates versions that history says nothing about."""
    if raw.times:
        return [raw.times.added, raw.times.changed]
    return [last_updated or raw.modified]


def _pack_issues(issues: Iterable[Issue], found: Mapping[FileKey, FileElements]) -> dict[str, Any]:
    """Return the findings about elements of large files and about names; all others are found again."""
    bounds = {key: (number, elements.bounds()) for number, (key, elements) in enumerate(found.items())}
    rows: list[tuple[Any, ...]] = []
    named: list[tuple[Any, ...]] = []
    alike: dict[tuple[Any, ...], int] = {}
    # Each once, so that those that are not read can be counted.
    for issue in dict.fromkeys(issues):
        _, _, _, reference, _, _, source, entry, file, pointer, _ = issue
        if reference == _OF_A_NAME:
            named.append(tuple(issue))
        elif pointer and (own := bounds.get((source, file))):
            # ``data.servers[3].server``: the place of the array, the element's position, what is inside of it.
            place, _, rest = pointer.partition("[")
            position, _, inside = rest.partition("]")
            if place in own[1] and position:
                element = own[1][place][0] + int(position)
                fields = (*issue[:7], file)
                rows.append((own[0], element, inside, alike.setdefault(fields, len(alike)), entry))
    return {"issues": list(zip(*rows, strict=True)), "alike": list(alike), "named": named}


class Renewal:
    """What was kept, against what there is now.

    Args:
        kept: the former.
        inputs: what there is.
        check: validation of all tiers.
        advice: whether advice is listed; else what was kept of it is counted, unless all is to be kept anew.
    """

    def __init__(self, kept: KeptGathering, inputs: Inputs, check: Checker, *, advice: bool = True) -> None:
        self._advice = advice
        self._kept = kept
        self._inputs = inputs
        self._check = check
        #: The names in files of which the elements are not known.
        self.others: set[Name] = set()
        #: Whether what there is now is to be kept.
        self.is_new = False

    def run(self, read: Read, resolve: Resolve, merge_all: MergeAll) -> Findings | None:
        """Return what there is now, None where it has to be gathered as a whole."""
        facts, raws = self._kept.facts, self._inputs.files
        former = [tuple(one["key"]) for one in facts["files"]]
        others = [key for key in raws if key not in former]
        if facts["claims"] != self._inputs.claims() or not raws.keys() >= set(former) or len(others) > MOST_NAMES:
            return None
        try:
            files = {key: self._renewed(raws[key], number) for number, key in enumerate(former)}
            readings = {(source, path): read(source, raws[source, path]) for source, path in others}
            names = self._names(files.values(), readings.values())
            if len(names) > MOST_NAMES:
                return None
            readings |= {key: file.readings(names) for key, file in files.items()}
        except TooMuchError:
            return None
        resolved = {
            source: resolve(source, [readings[source, raw.path] for raw in snapshot.files])
            for source, snapshot in self._inputs.snapshots.items()
        }
        merged, private = merge_all(resolved)
        registries = [registry for registry, *_ in facts["registries"]]
        if [one.catalog.registry for one in merged] != registries:
            return None
        blobs = self._kept.blobs[len(former) :]
        whole = [
            self._patched(one, PackedEntries(columns, blob, lines), names, unpack_cuts(cuts), collides=collides)
            for one, (_, columns, collides), blob, lines, cuts in zip(
                merged, facts["registries"], blobs[::3], blobs[1::3], blobs[2::3], strict=True
            )
        ]
        advice, kept_issues = self._kept_issues(files, names)
        issues = [
            *kept_issues,
            *(issue for one in resolved.values() for issue in one.issues),
            *(issue for one in whole for issue in one.issues),
        ]
        hidden = [
            *(one for one in (Hidden(*fields) for fields in facts["hidden"]) if _name(one.kind, one.name) not in names),
            *(one for some in resolved.values() for one in some.hidden),
            *(one for some in merged for one in some.hidden),
            *private,
        ]
        return Findings(whole, issues, hidden, {key: file.elements for key, file in files.items()}, advice)

    def _renewed(self, raw: RawFile, number: int) -> RenewedFile:
        former = self._kept.facts["files"][number]
        renewed = RenewedFile(raw, former["key"][0], self._files[number], self._check)
        if not former["is_dated"] and former["times"] != _times_of(raw, renewed.last_updated):
            raise TooMuchError
        return renewed

    @cached_property
    def _files(self) -> list[FileElements]:
        """Return what stood in the large files."""
        return [
            FileElements(
                self._kept.data,
                former["places"],
                # Of all but the first file, places are those in what is kept.
                [base + at for at in former["starts"]] if base else former["starts"],
                [base + at for at in former["ends"]] if base else former["ends"],
                _names_of(former),
                former["name_at"],
                former["versions"],
                bytes(digests),
                former["dated"],
                "",
            )
            # There are fewer files than blobs: those of the registries follow.
            for former, base, digests in zip(
                self._kept.facts["files"], self._kept.files, self._kept.blobs, strict=False
            )
        ]

    def _names(self, files: Iterable[RenewedFile], readings: Iterable[FileReadings]) -> set[Name]:
        """Return the names of which something may have changed."""
        facts = self._kept.facts
        self.others = names_in(readings)
        before, now = set(map(tuple, facts["times"])), self._inputs.times
        changed = {_name(kind, name) for _, kind, name, *_ in before ^ now}
        for file in files:
            changed |= file.changed
        self.is_new = len(changed) > FEW_NAMES
        fresh = {_name(kind, f"{namespace}/{name}") for kind, namespace, name in facts["fresh"]}
        return changed | fresh | self.others | self._inputs.spoken_of

    def _patched(
        self, renewed: Merged, packed: PackedEntries, names: set[Name], cuts: Cuts, *, collides: bool
    ) -> Merged:
        kept, fresh, folds_case = KeptEntries(packed, self._files), renewed.catalog, self._inputs.folds_case
        runs = {kind: list(_runs(kept, fresh, kind, names)) for kind in KINDS}
        facts = joined([run for own in runs.values() for run in own])
        others = [one for one in kept.gone() if (one.kind, one.name) not in names]
        catalog = replace(
            fresh,
            entries={kind: LazyEntries(_members(own, kept, fresh), kept) for kind, own in runs.items()},
            last_updated=last_update(facts.updated),
            gone=tuple(sorted([*others, *fresh.gone], key=lambda one: (KINDS.index(one.kind), _place(one)))),
            known_columns=facts,
            cuts=cuts,
        )
        # Of single entries only those that were gathered again need a look.
        may_collide = collides or names_collide(catalog) or any(case_issues(fresh, folds_case=folds_case))
        named = [Issue(*fields) for fields in self._kept.facts["named"]]
        issues = (
            *(issue for issue in renewed.issues if issue.reference == _OF_A_NAME),
            *(issue for issue in named if _name_of(issue) not in names),
            *(case_issues(catalog, folds_case=folds_case) if may_collide else ()),
        )
        return Merged(catalog=catalog, hidden=(), issues=issues)

    def _kept_issues(self, files: Mapping[FileKey, RenewedFile], names: set[Name]) -> tuple[int, list[Issue]]:
        """Return how many pieces of advice about elements only count, and the other findings about elements."""
        facts = self._kept.facts
        if not facts["issues"]:
            return 0, []
        positions = [files[tuple(one["key"])].positions() for one in facts["files"]]
        owners = [one.name_at for one in self._files]
        changed = [one.numbers_of(names) for one in self._files]
        places = [[place for place, count in one.places for _ in range(count)] for one in self._files]
        alike = [tuple(fields) for fields in facts["alike"]]
        rows = [row for row in zip(*facts["issues"], strict=True) if owners[row[0]][row[1]] not in changed[row[0]]]
        count = len(rows)
        if not (self._advice or self.is_new):
            # Half of a registry may have some.
            advice = {number for number, fields in enumerate(alike) if fields[_SEVERITY] == "info"}
            rows = [row for row in rows if row[3] not in advice]
        make = partial(tuple.__new__, Issue)
        return count - len(rows), [
            make((*alike[fields][:7], entry, alike[fields][7], f"{places[file][at]}[{positions[file][at]}]{inside}", 0))
            for file, at, inside, fields, entry in rows
        ]


def _names_of(file: Mapping[str, Any]) -> list[Name]:
    """Return the entries that a file is about, of its facts."""
    # What `EntryName` does, without a call of Python for each.
    names = map(partial(tuple.__new__, EntryName), zip(file["namespaces"], file["names"], strict=True))
    return list(zip(map(KINDS.__getitem__, file["kinds"]), names, strict=True))


def names_in(files: Iterable[FileReadings]) -> set[Name]:
    """Return the names that some files are about, also those of documents that could not be read."""
    return {
        (reading.kind, reading.name) if isinstance(reading, Reading) else _name(reading.kind, reading.label)
        for file in files
        for reading in file.readings
    }


def _name(kind: str, name: str) -> Name:
    namespace, _, plain = name.partition("/")
    return kind, EntryName(namespace, plain)  # type: ignore[return-value]


def _name_of(issue: Issue) -> Name:
    kind, _, name = issue.entry.rpartition(" ")
    return _name(kind or "server", name)


def _place(one: EntryVersion) -> str:
    return f"{one.name.namespace}/{one.name.name}"


def _runs(kept: KeptEntries, fresh: Catalog, kind: Kind, names: Iterable[Name]) -> Iterator[Run]:
    """Yield the entries of a kind: those that were kept but for some names, with the fresh ones at their places."""
    former, now, own = kept.facts, fresh.columns, kept.ranges[kind]

    def place(name: str) -> int:
        return bisect_left(former.names, name, own.start, own.stop)

    new = [(place(now.names[at]), at) for at in fresh.ranges[kind]]
    texts = [str(name) for other, name in names if other == kind]
    places = [(at, text) for at, text in zip(map(place, texts), texts, strict=True) if at < own.stop]
    dropped = [(at, None) for at, text in places if former.names[at] == text]
    first = own.start
    # What is new stands before what it takes the place of.
    for at, number in sorted([*new, *dropped], key=lambda pair: (pair[0], pair[1] is None)):
        if at > first:
            yield Run(former, first, at)
            first = at
        if number is None:
            first = at + 1
        else:
            yield Run(now, number, number + 1)
    if first < own.stop:
        yield Run(former, first, own.stop)


def _members(runs: Iterable[Run], kept: KeptEntries, fresh: Catalog) -> Iterator[Entry | int]:
    for columns, first, end in runs:
        if columns is kept.facts:
            yield from range(first, end)
        else:
            yield from fresh.entries_at(range(first, end))
