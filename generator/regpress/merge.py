"""Versions of several sources to the catalog of one registry.

Precedence is by name (ToolHive specification section 9, contract): for one kind, the first source in the registry's
list that has the name supplies all of its versions; later sources are hidden for that name altogether. What callers
may not see is dropped before, so that a hidden entry never shadows a visible one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from regpress.catalog import Catalog
from regpress.model.entry import Entry, EntryVersion, Official
from regpress.model.issue import Hidden, Issue
from regpress.names import KINDS, EntryName, Kind
from regpress.record import record
from regpress.resolve import Resolved, VersionKey
from regpress.times import time_key
from regpress.versions import ranked

#: The rule about names and versions that only case tells apart.
CASE_COLLISION: Final = "case-collision"

#: Versions of one name in one source.
_Group = list[EntryVersion]


@record(kw_only=True)
class Merged:
    """A registry's catalog, what it hides, and what was remarkable."""

    catalog: Catalog
    hidden: tuple[Hidden, ...]
    issues: tuple[Issue, ...]


def unclaimed(version: EntryVersion) -> bool:
    """Return whether a version is everybody's, because it has no claims."""
    return not version.claims


def merge(
    registry: str,
    sources: Sequence[Resolved],
    *,
    is_default: bool,
    readmes: Mapping[tuple[Kind, str], str],
    folds_case: bool = False,
    shows: Callable[[EntryVersion], bool] = unclaimed,
) -> Merged:
    """Combine a registry's sources in their configured order.

    Args:
        registry: its name.
        sources: what each source publishes, in the configured order.
        is_default: whether it is the registry at the root of the site.
        readmes: long texts by kind and name; they apply to entries of any source.
        folds_case: whether the output disk takes two names that differ only in case for one.
        shows: tells which versions there are at all.
    """
    merger = _Merger(registry, readmes, shows)
    chosen = merger.choose(sources)
    entries = {
        kind: tuple(
            entry
            for _, name in sorted((f"{name.namespace}/{name.name}", name) for name in chosen[kind])
            if (entry := merger.entry(kind, name, *chosen[kind][name])) is not None
        )
        for kind in KINDS
    }
    catalog = Catalog(
        registry=registry,
        is_default=is_default,
        entries=entries,
        last_updated=last_update(
            [version.official.updated_at for kind in KINDS for entry in entries[kind] for version in entry.versions]
        ),
        gone=tuple(merger.gone),
    )
    issues = (*merger.issues, *case_issues(catalog, folds_case=folds_case))
    return Merged(catalog=catalog, hidden=tuple(merger.hidden), issues=issues)


class _Merger:
    def __init__(
        self, registry: str, readmes: Mapping[tuple[Kind, str], str], shows: Callable[[EntryVersion], bool]
    ) -> None:
        self._registry = registry
        self._readmes = readmes
        self._shows = shows
        #: Whether a source has deleted versions, by its identity.
        self._deleted: dict[int, bool] = {}
        self.hidden: list[Hidden] = []
        self.issues: list[Issue] = []
        self.gone: list[EntryVersion] = []

    def choose(self, sources: Sequence[Resolved]) -> dict[Kind, dict[EntryName, tuple[_Group, Resolved]]]:
        """Return for each name the versions of the first source that has it, and that source."""
        chosen: dict[Kind, dict[EntryName, tuple[_Group, Resolved]]] = {kind: {} for kind in KINDS}
        for source in sources:
            for (kind, name), group in _by_name(self._visible(source)).items():
                taken = chosen[kind].setdefault(name, (group, source))
                if taken[1] is not source:
                    self._hide("shadowed", group, by=taken[1].source)
        return chosen

    def _visible(self, source: Resolved) -> Iterable[EntryVersion]:
        shows = self._shows
        private = [version for version in source.versions if not shows(version)]
        for group in _by_name(private).values():
            self._hide("private", group)
        return source.versions if not private else (version for version in source.versions if self._shows(version))

    def _hide(self, reason: str, group: _Group, by: str = "") -> None:
        first = group[0]
        self.hidden.append(
            Hidden(
                reason=reason,  # type: ignore[arg-type]
                kind=first.kind,
                name=str(first.name),
                source=first.source,
                registry=self._registry,
                by=by,
                versions=len(group),
            )
        )

    def entry(self, kind: Kind, name: EntryName, group: _Group, source: Resolved) -> Entry | None:
        """Return the entry that *group* makes, or None when every version of it is deleted."""
        visible, latest = _ranked(group)
        deleted: tuple[EntryVersion, ...] = ()
        if self._has_deleted(source):
            deleted = tuple(version for version in visible if version.official.status == "deleted")
            visible = [version for version in visible if version.official.status != "deleted"]
            if not visible:
                self._hide("deleted", group)
                self.gone.extend(deleted)
                return None
            latest = _ranked(visible)[1]
        if source.latest_claims:
            latest = self._flagged(visible, source.latest_claims) or latest
        flagged = [
            version if version.official.is_latest is (version is latest) else _flag(version, version is latest)
            for version in visible
        ]
        readme = self._readmes.get((kind, str(name)), "") if self._readmes else ""
        # As `_make` does: this runs once for every entry of a registry.
        fields = (kind, name, tuple(flagged), flagged[visible.index(latest)], deleted, readme, source.source)
        return tuple.__new__(Entry, fields)

    def _has_deleted(self, source: Resolved) -> bool:
        """Return whether any version of a source is deleted; in most sources none is."""
        found = self._deleted.get(id(source))
        if found is None:
            # Most versions share a few blocks.
            blocks = {id(block): block for block in [version.official for version in source.versions]}
            found = self._deleted[id(source)] = any(block.status == "deleted" for block in blocks.values())
        return found

    def _flagged(self, visible: _Group, claims: Mapping[VersionKey, bool]) -> EntryVersion | None:
        """Return the version that the source itself calls the latest, when exactly one visible version is."""
        if not claims:
            return None
        keys = [(version.kind, str(version.name), version.version) for version in visible]
        flagged = [version for version, key in zip(visible, keys, strict=True) if claims.get(key)]
        if len(flagged) == 1:
            return flagged[0]
        if any(key in claims for key in keys):
            self.issues.append(self._latest_issue(visible[0], len(flagged)))
        return None

    def _latest_issue(self, version: EntryVersion, flagged: int) -> Issue:
        count = f"{flagged} visible versions carry" if flagged else "no visible version carries"
        return Issue(
            type="source",
            severity="info",
            path="isLatest",
            message=f"{count} isLatest; the highest version is taken",
            reference="latest-recomputed",
            source=version.source,
            entry=version.label.rpartition("@")[0],
            file=version.file,
        )


def _by_name(versions: Iterable[EntryVersion]) -> dict[tuple[Kind, EntryName], _Group]:
    groups: dict[tuple[Kind, EntryName], _Group] = {}
    group: _Group = []
    kind: Kind | None = None
    name: EntryName | None = None
    for version in versions:
        # Neighbours mostly have one name, which is one object.
        if version.name is not name or version.kind != kind:
            kind, name = version.kind, version.name
            group = groups.setdefault((kind, name), [])
        group.append(version)
    return groups


def _ranked(group: _Group) -> tuple[_Group, EntryVersion]:
    """Return versions of one name, newest first, and the highest of them."""
    if len(group) == 1:
        return group, group[0]
    times = [time_key(version.official.published_at) for version in group]
    return ranked(group, [version.version for version in group], times)


def _flag(version: EntryVersion, is_latest: bool) -> EntryVersion:
    # By position: `_replace` takes four times as long, and every entry has a latest version.
    kind, name, label, text, official, digest, meta, title, description, tags, facets, claims, source, file = version
    own = _flagged_official(official, is_latest)
    fields = (kind, name, label, text, own, digest, meta, title, description, tags, facets, claims, source, file)
    return tuple.__new__(EntryVersion, fields)


@lru_cache(maxsize=1_000)
def _flagged_official(official: Official, is_latest: bool) -> Official:
    """Return a block with the flag or without it; most versions share a few."""
    return Official(*official[:5], is_latest)


def last_update(times: Iterable[str]) -> str:
    """Return the last of some times, RFC 3339; empty without any."""
    # Of two that are one moment, always the same.
    return max(set(times), key=lambda time: (time_key(time), time), default="")


def case_issues(catalog: Catalog, *, folds_case: bool) -> Iterable[Issue]:
    """Return an issue for each name, and each version of a name, that only case tells from another."""
    registry = catalog.registry
    for kind, kind_entries in catalog.entries.items():
        if _collide(list(map("/".join, [entry.name for entry in kind_entries]))):
            names = [(str(entry.name), str(entry.name), entry.source) for entry in kind_entries]
            yield from _fold_issues(names, kind, registry, folds_case)
        several = [entry for entry in kind_entries if len(entry.versions) > 1]
        if not _has_cases([version.version for entry in several for version in entry.versions]):
            continue
        for entry in several:
            if _collide([version.version for version in entry.versions]):
                label = str(entry.name)
                versions = [(v.version, f"{label}@{v.version}", entry.source) for v in entry.versions]
                yield from _fold_issues(versions, kind, registry, folds_case)


def names_collide(catalog: Catalog) -> bool:
    """Return whether only case tells some names apart, without a look at the entries."""
    return any(_collide(catalog.columns.names[own.start : own.stop]) for own in catalog.ranges.values())


def _has_cases(texts: Iterable[str]) -> bool:
    """Return whether any of *texts* may be another one but for case: one look at all of them, for most registries."""
    joined = "\n".join(texts)
    return joined != joined.casefold()


def _collide(texts: Sequence[str]) -> bool:
    """Return whether only case tells some of *texts* apart; there are hardly ever any."""
    return _has_cases(texts) and len({text.casefold() for text in texts}) < len(texts)


def _fold_issues(texts: list[tuple[str, str, str]], kind: Kind, registry: str, folds_case: bool) -> Iterable[Issue]:
    folded = sorted((text.casefold(), text, label, source) for text, label, source in texts)
    for _, same in groupby(folded, key=lambda item: item[0]):
        first, *others = same
        for _, text, label, source in others:
            yield Issue(
                type="output",
                severity="error" if folds_case else "warning",
                message=f"differs from {first[1]!r} only in case (registry {registry})",
                reference=CASE_COLLISION,
                expected="names and versions that also differ on disks that fold case" if text else "",
                source=source,
                entry=label if kind == "server" else f"{kind} {label}",
            )
