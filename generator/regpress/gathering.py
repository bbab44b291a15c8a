"""Snapshots to the catalogs that may be published: read, validate, resolve, merge.

Nothing here writes to an output; ``build.py`` decides what becomes of what was gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import field, replace
from functools import partial
from itertools import chain
from typing import Any

from regpress import __version__
from regpress.catalog import Catalog
from regpress.digest import compact_json
from regpress.errors import BuildRefusedError
from regpress.kept import GatheringCache, KeptGathering, ReadingCache
from regpress.merge import Merged, merge
from regpress.model.config import Config
from regpress.model.config_packing import packed
from regpress.model.config_site import PolicyConfig, RegistryConfig
from regpress.model.config_source import SourceConfig
from regpress.model.entry import Removal, Snapshot, Status
from regpress.model.file_elements import FileElements, Name
from regpress.model.issue import Hidden, Issue, Report
from regpress.model.places import LineFinder
from regpress.names import Kind
from regpress.readings import SnapshotReader
from regpress.record import record
from regpress.removals import told_removals
from regpress.renewal import FileKey, Findings, Inputs, Renewal, names_in, pack_gathering
from regpress.resolve import FileReadings, Filter, PreviousVersion, Resolved, Resolver, SourceRules, VersionKey
from regpress.site import Options, Progress, Site
from regpress.validate.check import check_entry
from regpress.validate.rulebook import RULES
from regpress.validate.schema import is_harmless
from regpress.workers import Pending, WorkerError

#: Status files by kind and name of the entry.
Statuses = Mapping[tuple[Kind, str], Mapping[str, Status]]

#: Defects whose line is looked up: it takes a walk through the file.
MOST_LINES = 500
#: Bytes of a file above which only errors have a line.
LARGE_FOR_LINES = 4 * 1024 * 1024


@record(kw_only=True)
class Gathered:
    """The registries of a site, merged, and all findings on the way.

    Attributes:
        merged: the registries, the default one first.
        report: the findings.
        revisions: what identifies the content of each source.
        resolved: what each source publishes, whether a registry shows it or not.
        removals: what each registry tells of removed versions, where there is anything to tell.
    """

    merged: tuple[Merged, ...]
    report: Report
    revisions: Mapping[str, str]
    resolved: Mapping[str, Resolved] = field(default_factory=dict)
    removals: Mapping[str, tuple[Removal, ...]] = field(default_factory=dict)

    @property
    def catalogs(self) -> tuple[Catalog, ...]:
        """Return the catalogs that may be published, the default registry's first."""
        return tuple(merged.catalog for merged in self.merged)


class Memory:
    """What the last build of a site gathered, and what this one keeps for the next.

    Args:
        site: the site.
        options: how it is built; what is kept depends on some of it.
    """

    def __init__(self, site: Site, options: Options) -> None:
        salt = compact_json([__version__, site.fingerprint.hex(), options.folds_case])
        self._cache = GatheringCache(site.cache / "gathered.bin", salt)
        self._jobs = options.jobs
        self._is_trusted = not (options.full or options.previous or options.gated)
        self._saving: Pending[None] | None = None
        #: What is kept stays in memory as long as this: to free it takes as long as a small build.
        self._kept: tuple[Inputs, Findings, Iterable[Name]] | None = None

    def load(self) -> KeptGathering | None:
        """Return what is kept and can be used."""
        return self._cache.load() if self._is_trusted else None

    def keep(self, inputs: Inputs, findings: Findings, others: Iterable[Name]) -> None:
        """Note what is to be kept.

        Args:
            inputs: what it was gathered from.
            findings: what it is.
            others: the names in files of which the elements are not known.
        """
        if self._is_trusted and findings.elements:
            self._kept = (inputs, findings, others)

    def save(self) -> None:
        """Let another process write what is to be kept: best while there is other work that processes share."""
        if self._kept is not None and self._saving is None:
            self._saving = Pending(partial(self._save, *self._kept), jobs=self._jobs)

    def _save(self, inputs: Inputs, findings: Findings, others: Iterable[Name]) -> None:
        self._cache.save(pack_gathering(inputs, findings, others))

    def close(self) -> None:
        """Wait until everything is kept."""
        self.save()
        if self._saving is not None:
            saving, self._saving = self._saving, None
            # What a process that was killed could not keep is gathered as a whole the next time.
            with suppress(WorkerError):
                saving.result()


def gather(
    site: Site, snapshots: Mapping[str, Snapshot], options: Options, progress: Progress, memory: Memory | None = None
) -> Gathered:
    """Read, validate, filter and merge *snapshots* into the public registries of *site*.

    Args:
        site: the site.
        snapshots: of its sources.
        options: how it is built.
        progress: told what is read.
        memory: of the last build; with one, `Gathered.resolved` has what changed only.

    Raises:
        BuildRefusedError: every registry is private.
    """
    config = site.config
    readmes = {
        key: raw.data.decode(errors="replace")
        for snapshot in snapshots.values()
        for key, raw in snapshot.readmes.items()
    }
    statuses = statuses_of(snapshots.values())
    resolved: dict[str, Resolved] = {}
    sources = {source.name: source for source in config.sources if source.name in snapshots}

    def resolve(name: str, files: Iterable[FileReadings]) -> Resolved:
        progress(f"reading {name}")
        resolved[name] = _resolver(sources[name], statuses, options).resolve(snapshots[name], files)
        return resolved[name]

    def merge_some(some: Mapping[str, Resolved]) -> tuple[list[Merged], list[Hidden]]:
        return merge_all(config, some, readmes, options)

    ordered = {name: snapshots[name] for name in sources}
    inputs = Inputs(snapshots=ordered, readmes=readmes, folds_case=options.folds_case)
    with closing(_reader(site, options, finds=memory is not None)) as reader:
        findings: Findings | None = None
        others: set[Name] = set()
        is_new = True
        if memory is not None and (kept := memory.load()) is not None:
            renewal = Renewal(kept, inputs, partial(_check, config.site.policy), advice=options.advice)
            findings = renewal.run(reader.read_file, resolve, merge_some)
            others, is_new = renewal.others, renewal.is_new
        if findings is None:
            noted = _Noted(reader)
            for name, snapshot in ordered.items():
                resolve(name, reader.read(snapshot) if memory is None else noted.read(snapshot))
            findings = _found(resolved.values(), *merge_some(resolved), reader.large)
            others, is_new = noted.others, True
        if memory is not None and is_new:
            memory.keep(inputs, findings, others)
    # What is created through the API comes one after the other: a source first, its registry later.
    expected = {*snapshots, *site.created.sources}
    issues = [*(_unused(source) for source in config.sources if source.name not in expected), *findings.issues]
    report = _report(issues, findings, snapshots.values(), options)
    return Gathered(
        merged=tuple(findings.merged),
        report=report,
        revisions={name: snapshot.revision for name, snapshot in snapshots.items()},
        resolved=resolved,
        removals=_removals(config, snapshots, findings),
    )


def _report(issues: Iterable[Issue], findings: Findings, snapshots: Iterable[Snapshot], options: Options) -> Report:
    """Return all findings as people read them; those that nobody reads are counted before they are put in order."""
    unlisted = findings.unlisted
    if not options.advice:
        every = dict.fromkeys(issues)
        issues = [issue for issue in every if issue.severity != "info"]
        unlisted += len(every) - len(issues)
    return replace(Report.of(_with_lines(issues, snapshots), findings.hidden), unlisted=unlisted)


def _removals(config: Config, snapshots: Mapping[str, Snapshot], findings: Findings) -> dict[str, tuple[Removal, ...]]:
    """Return what each public registry tells of removed versions."""
    found: dict[str, tuple[Removal, ...]] = {}
    noted = next((one for one in snapshots.values() if one.removals), None)
    # What a source with claims has is not everybody's, so that what it had may not have been.
    if noted is None or noted.claims:
        return found
    source = next(source for source in config.sources if source.name == noted.source)
    taken = [one for one in noted.removals if not _rules(source).filter.refuses_name(one.name)]
    public = {registry.name: registry for registry in config.registries if is_public(registry, config)}
    for catalog in (merged.catalog for merged in findings.merged):
        registry = public.get(catalog.registry)
        if registry is not None and noted.source in registry.sources:
            hidden = [
                one
                for one in findings.hidden
                if one.registry == registry.name or (not one.registry and one.source in registry.sources)
            ]
            if told := told_removals(catalog, taken, hidden):
                found[registry.name] = told
    return found


def statuses_of(snapshots: Iterable[Snapshot]) -> Statuses:
    """Return the status files of a site, which apply to entries of any source."""
    return {key: value for snapshot in snapshots for key, value in snapshot.statuses.items()}


def resolve_all(
    site: Site, snapshots: Mapping[str, Snapshot], statuses: Statuses, options: Options, progress: Progress
) -> dict[str, Resolved]:
    """Return what sources publish, in the order of the configuration."""
    resolved: dict[str, Resolved] = {}
    with closing(_reader(site, options)) as reader:
        for source in site.config.sources:
            if source.name in snapshots:
                progress(f"reading {source.name}")
                snapshot = snapshots[source.name]
                resolved[source.name] = _resolver(source, statuses, options).resolve(snapshot, reader.read(snapshot))
    return resolved


def _reader(site: Site, options: Options, *, finds: bool = False) -> SnapshotReader:
    policy = site.config.site.policy
    cache = ReadingCache(site.cache / "readings", compact_json([__version__, packed(policy)]))
    return SnapshotReader(cache, partial(_check, policy), jobs=options.jobs, finds=finds)


def _resolver(source: SourceConfig, statuses: Statuses, options: Options) -> Resolver:
    return Resolver(
        _rules(source), statuses=statuses, previous=options.previous, is_harmless=_is_harmless, now=options.now
    )


class _Noted:
    """Reads snapshots and notes the names in files of which the elements are not known."""

    def __init__(self, reader: SnapshotReader) -> None:
        self._reader = reader
        self.others: set[Name] = set()

    def read(self, snapshot: Snapshot) -> Iterator[FileReadings]:
        for file in self._reader.read(snapshot):
            if (snapshot.source, file.raw.path) not in self._reader.large:
                self.others |= names_in((file,))
            yield file


def _found(
    resolved: Iterable[Resolved],
    merged: Sequence[Merged],
    private: Sequence[Hidden],
    elements: Mapping[FileKey, Callable[[], FileElements]],
) -> Findings:
    sources = tuple(resolved)
    return Findings(
        merged,
        [*chain.from_iterable(one.issues for one in sources), *chain.from_iterable(one.issues for one in merged)],
        [
            *private,
            *chain.from_iterable(one.hidden for one in sources),
            *chain.from_iterable(one.hidden for one in merged),
        ],
        elements,
    )


def resolve_part(
    site: Site, snapshot: Snapshot, *, previous: Mapping[VersionKey, PreviousVersion], now: str
) -> Resolved:
    """Return what a part of one source publishes, such as the versions of one entry that has just been written.

    Args:
        site: the site.
        snapshot: the part, with its statuses.
        previous: what is known about its versions.
        now: RFC 3339 time for changes that nothing else dates.
    """
    source = next(source for source in site.config.sources if source.name == snapshot.source)
    return resolve_source(site, source, snapshot, previous=previous, now=now)


def resolve_source(
    site: Site, source: SourceConfig, snapshot: Snapshot, *, previous: Mapping[VersionKey, PreviousVersion], now: str
) -> Resolved:
    """Return what a source publishes, of which the site need not know.

    Args:
        site: whose rules of validation count.
        source: the source.
        snapshot: what it holds, with its statuses.
        previous: what is known about its versions.
        now: RFC 3339 time for changes that nothing else dates.
    """
    resolver = Resolver(
        _rules(source), statuses=snapshot.statuses, previous=previous, is_harmless=_is_harmless, now=now
    )
    cache = ReadingCache(site.cache / "readings", b"")
    return resolver.resolve(
        snapshot, SnapshotReader(cache, partial(_check, site.config.site.policy), jobs=1).read(snapshot)
    )


def _check(policy: PolicyConfig, documents: Iterable[tuple[Kind, Any]]) -> list[tuple[Issue, ...]]:
    return [check_entry(kind, value, level=policy.level, overrides=policy.rules) for kind, value in documents]


def _rules(source: SourceConfig) -> SourceRules:
    names = source.filter.names if source.filter else None
    tags = source.filter.tags if source.filter else None
    return SourceRules(
        name=source.name,
        filter=Filter(
            include_names=names.include if names else (),
            exclude_names=names.exclude if names else (),
            include_tags=tags.include if tags else (),
            exclude_tags=tags.exclude if tags else (),
        ),
        on_invalid=source.effective_on_invalid,
        claims=source.claims,
    )


def _is_harmless(issue: Issue, value: Any) -> bool:
    """Return whether clients tolerate a defect: of form, or of what only the official service demands."""
    rule = RULES.get(issue.reference)
    return (rule is not None and rule.tier == "policy") or is_harmless(issue, value)


def _unused(source: SourceConfig) -> Issue:
    return Issue(
        type="source",
        severity="warning",
        source=source.name,
        message="no registry uses this source; it is not fetched",
        reference="unused-source",
        expected="its name in the sources of a registry",
    )


def _with_lines(issues: Iterable[Issue], snapshots: Iterable[Snapshot]) -> Iterator[Issue]:
    """Yield *issues*, the first hundreds of defects with the line where they stand."""
    data = {raw.path: raw.data for snapshot in snapshots for raw in snapshot.files}
    # In a file of many megabytes the walk takes longer than everything else; there only errors are worth it.
    large = {path for path, content in data.items() if len(content) > LARGE_FOR_LINES}
    finders: dict[str, LineFinder] = {}
    found = 0
    for issue in issues:
        is_minor = issue.severity == "info" or (issue.severity == "warning" and issue.file in large)
        if is_minor or issue.line or issue.file not in data or found >= MOST_LINES:
            yield issue
            continue
        found += 1
        finder = finders.get(issue.file)
        if finder is None:
            finder = finders[issue.file] = LineFinder(data[issue.file])
        yield issue._replace(line=finder.line_of(issue.pointer, issue.path))


def merge_all(
    config: Config,
    resolved: Mapping[str, Resolved],
    readmes: Mapping[tuple[Kind, str], str],
    options: Options,
) -> tuple[list[Merged], list[Hidden]]:
    """Return the public registries, the default one first, and a note for each private one.

    Raises:
        BuildRefusedError: the default registry is private.
    """
    public = [
        registry
        for registry in config.registries
        if is_public(registry, config) or _is_gated(registry, config, options)
    ]
    private = [registry for registry in config.registries if registry not in public]
    if config.default_registry not in {registry.name for registry in public}:
        raise BuildRefusedError(
            f"registries: {config.default_registry!r} is private (it has claims, or auth.mode is not anonymous) and is "
            "not written to a public tree; give it 'visibility: public' if everybody may read it"
        )
    public.sort(key=lambda registry: registry.name != config.default_registry)
    merged = [
        merge(
            registry.name,
            [resolved[name] for name in registry.sources],
            is_default=registry.name == config.default_registry,
            readmes=readmes,
            folds_case=options.folds_case,
        )
        for registry in public
    ]
    hidden = [
        Hidden(reason="private", kind="registry", name=registry.name, source="", registry=registry.name)
        for registry in private
    ]
    return merged, hidden


def _is_gated(registry: RegistryConfig, config: Config, options: Options) -> bool:
    # Without an `auth` section nobody has claims, so that nobody could ever read it.
    return options.gated and (not registry.claims or bool(config.auth.modes))


def is_public(registry: RegistryConfig, config: Config) -> bool:
    """Return whether everybody may read a registry, so that it may be in a public tree, DESIGN section 8."""
    return registry.visibility == "public" or (not registry.claims and config.auth.reads_are_public)
