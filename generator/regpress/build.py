"""A site to its output: the one place that knows the order of the stages.

``gather`` fetches, reads, validates and merges; ``check`` stops there; ``build`` renders and writes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from regpress import __version__, api, index, paths, stored_pages
from regpress.catalog import Catalog
from regpress.digest import compact_json, recipe
from regpress.errors import BuildRefusedError
from regpress.hosts.base import HostProfile, SiteAddress
from regpress.hosts.layouts import path_conflicts
from regpress.hosts.limits import TreeSize, fitting_profiles, limit_findings, limit_summary
from regpress.hosts.table import PROFILES
from regpress.html.render import HtmlRenderer
from regpress.html.site import ContentPage
from regpress.kept import FEW, Kept, ReadingCache, documents_by_place
from regpress.merge import Merged, merge
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.config import Config
from regpress.model.config_site import RegistryConfig
from regpress.model.config_source import SourceConfig
from regpress.model.entry import Snapshot
from regpress.model.issue import Hidden, Issue, Report
from regpress.model.places import LineFinder
from regpress.model.registry import LARGE_FILE_BYTES
from regpress.model.registry import read_candidates as read_file
from regpress.names import KINDS, Kind
from regpress.output import Inherited, OutputTree, State
from regpress.read import read_candidates
from regpress.resolve import FileReadings, Filter, PreviousVersion, Resolved, Resolver, SourceRules, VersionKey
from regpress.validate.check import check_entry
from regpress.validate.rulebook import RULES
from regpress.validate.schema import is_harmless, schema_bytes, schema_names
from regpress.workers import share

#: Sizes of a complete list, static hosting specification section 7: real clients refuse or give up above.
LIST_WARN_BYTES = 5 * 1024 * 1024
LIST_WARN_ENTRIES = 5_000
LIST_MOST_BYTES = 10 * 1024 * 1024
LIST_MOST_ENTRIES = 10_000

#: Defects whose line is looked up: it takes a walk through the file.
MOST_LINES = 500
#: Bytes of a file above which only errors have a line.
LARGE_FOR_LINES = 4 * 1024 * 1024


class SourceLike(Protocol):
    """Anything that can be fetched: see `regpress.sources.base.Source`."""

    def fetch(self) -> Snapshot:
        """Return what the source holds now."""


class Progress(Protocol):
    """Told what is going on, for people who wait."""

    def __call__(self, message: str, /) -> None:
        """Take one line without a full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site, opened: everything that a build needs from outside.

    Attributes:
        config: its configuration.
        sources: a fetcher for each source of the configuration.
        renderer: the HTML catalog, None where it is switched off.
        pages: the Markdown pages.
        fingerprint: digest of configuration, templates and pages.
        cache: folder for what can be made anew: fetched repositories, the state of outputs.
    """

    config: Config
    sources: Mapping[str, SourceLike]
    renderer: HtmlRenderer | None
    pages: tuple[ContentPage, ...]
    fingerprint: bytes
    cache: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The registries of a site, merged, and all findings on the way."""

    merged: tuple[Merged, ...]
    report: Report
    revisions: Mapping[str, str]

    @property
    def catalogs(self) -> tuple[Catalog, ...]:
        """Return the catalogs that may be published, the default registry's first."""
        return tuple(merged.catalog for merged in self.merged)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """What a build did.

    Attributes:
        report: all findings.
        done: whether the output was written, or was right already.
        unchanged: whether there was nothing to do.
        counts: entries and versions of each registry.
        summary: one line about files, sizes and the host's limits.
        written, removed: numbers of files.
    """

    report: Report
    done: bool
    unchanged: bool = False
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    summary: str = ""
    written: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to build, beside what to build.

    Attributes:
        profile: the host.
        now: RFC 3339 time for changes that nothing else dates.
        previous: what an earlier output says, by version.
        inherited: pages of lists in an earlier output, which stay readable for a while.
        jobs: number of processes.
        full: render and verify everything.
        strict: write nothing when there are warnings either.
        folds_case: whether the output's disk folds case.
    """

    profile: HostProfile
    now: str
    previous: Mapping[VersionKey, PreviousVersion] = field(default_factory=dict)
    inherited: Iterable[Inherited] = ()
    jobs: int = 1
    full: bool = False
    strict: bool = False
    folds_case: bool = False


def check(site: Site, options: Options, progress: Progress) -> Report:
    """Validate and merge every source, look at what would be written, and write nothing."""
    with _without_collector():
        gathered = gather(site, fetch(site, progress), options, progress)
        _, list_issues = _complete_lists(gathered.catalogs, options.profile)
    return Report.of([*gathered.report.issues, *list_issues], gathered.report.hidden)


def build(site: Site, out: Path, options: Options, progress: Progress) -> BuildResult:
    """Fetch, validate, merge, render and write every public registry of *site* to the folder *out*.

    Returns:
        A result that is not ``done`` when a document is invalid; the output is as before.

    Raises:
        SourceError: a source gave nothing usable.
        BuildRefusedError: the output must not be written.
        StorageError: it cannot be.
    """
    tree = OutputTree(out, state_file=site.cache / "state" / f"{_slug(out)}.json", jobs=options.jobs)
    with _without_collector(), tree.locked():
        state = tree.begin(hashed=options.full)
        snapshots = fetch(site, progress)
        inputs = _inputs(site, snapshots, options)
        if not options.full and state.inputs == inputs and tree.is_intact():
            return _unchanged(state)
        gathered = gather(site, snapshots, options, progress)
        if _fails(gathered.report, options):
            return BuildResult(report=gathered.report, done=False)
        progress(f"writing {out}")
        return _write(site, tree, gathered, options, inputs=inputs)


def fetch(site: Site, progress: Progress) -> dict[str, Snapshot]:
    """Return a snapshot of every source that a registry uses.

    Raises:
        SourceError: one of them gave nothing usable.
    """
    used = {name for registry in site.config.registries for name in registry.sources}
    snapshots: dict[str, Snapshot] = {}
    for source in site.config.sources:
        if source.name in used:
            progress(f"fetching {source.name}")
            snapshots[source.name] = site.sources[source.name].fetch()
    return snapshots


def gather(site: Site, snapshots: Mapping[str, Snapshot], options: Options, progress: Progress) -> Gathered:
    """Read, validate, filter and merge *snapshots* into the public registries of *site*.

    Raises:
        BuildRefusedError: every registry is private.
    """
    config = site.config
    statuses = {key: value for snapshot in snapshots.values() for key, value in snapshot.statuses.items()}
    readmes = {
        key: raw.data.decode(errors="replace")
        for snapshot in snapshots.values()
        for key, raw in snapshot.readmes.items()
    }
    cache = ReadingCache(
        site.cache / "readings", compact_json([__version__, config.site.policy.model_dump(mode="json")])
    )
    issues: list[Issue] = []
    resolved: dict[str, Resolved] = {}
    for source in config.sources:
        if source.name not in snapshots:
            issues.append(_unused(source))
            continue
        snapshot = snapshots[source.name]
        progress(f"reading {source.name}")
        resolver = Resolver(
            _rules(source), statuses=statuses, previous=options.previous, is_harmless=_is_harmless, now=options.now
        )
        resolved[source.name] = resolver.resolve(snapshot, _read(snapshot, config, cache, options.jobs))
    merged, private = _merge_all(config, resolved, readmes, options)
    hidden = [*private, *(item for one in resolved.values() for item in one.hidden)]
    issues += [issue for one in resolved.values() for issue in one.issues]
    issues += [issue for one in merged for issue in one.issues]
    report = Report.of(
        _with_lines(issues, snapshots.values()), [*hidden, *(item for one in merged for item in one.hidden)]
    )
    return Gathered(
        merged=tuple(merged),
        report=report,
        revisions={name: snapshot.revision for name, snapshot in snapshots.items()},
    )


def site_address(config: Config, catalogs: Sequence[Catalog], complete: Mapping[tuple[str, Kind], bool]) -> SiteAddress:
    """Return where the site is served and what is in it, for host profiles.

    Args:
        config: of the site.
        catalogs: its public registries.
        complete: whether the complete list of a registry and kind is written.
    """
    return SiteAddress(
        base_url=config.site.base_url,
        base_path=config.site.base_path,
        registries=tuple(catalog.registry for catalog in catalogs),
        default_registry=config.default_registry,
        aliases=config.site.aliases,
        paged_only=frozenset(which for which, whole in complete.items() if not whole),
    )


def _read(snapshot: Snapshot, config: Config, cache: ReadingCache, jobs: int) -> Iterator[FileReadings]:
    policy = config.site.policy

    def check_some(documents: Sequence[tuple[Kind, Any]]) -> list[tuple[Issue, ...]]:
        return [check_entry(kind, value, level=policy.level, overrides=policy.rules) for kind, value in documents]

    def check_all(documents: Sequence[tuple[Kind, Any]]) -> list[tuple[Issue, ...]]:
        return share(documents, check_some, jobs=jobs, least=2_000)

    for raw in snapshot.files:
        is_large = len(raw.data) >= LARGE_FILE_BYTES
        kept = cache.load(snapshot.source, raw.path) if is_large else Kept()
        found = read_file(raw, source=snapshot.source, earlier=kept.earlier)
        readings = read_candidates(found.candidates, check_all, kept.reading)
        pointers = [candidate.pointer for candidate in found.candidates]
        new = sum(candidate.known < 0 for candidate in found.candidates)
        if is_large and new > (FEW if kept.earlier else 0):
            documents = documents_by_place(pointers, found.spans, readings)
            cache.save(snapshot.source, raw.path, raw.data, found.spans, documents)
        yield FileReadings(
            raw=raw,
            readings=readings,
            pointers=pointers,
            last_updated=found.last_updated,
            issues=found.issues,
        )


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


def _with_lines(issues: Sequence[Issue], snapshots: Iterable[Snapshot]) -> Iterator[Issue]:
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


def _merge_all(
    config: Config,
    resolved: Mapping[str, Resolved],
    readmes: Mapping[tuple[Kind, str], str],
    options: Options,
) -> tuple[list[Merged], list[Hidden]]:
    """Return the public registries, the default one first, and a note for each private one."""
    public = [registry for registry in config.registries if _is_public(registry, config)]
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


def _is_public(registry: RegistryConfig, config: Config) -> bool:
    """Return whether a registry may be in a public tree, DESIGN section 8."""
    return registry.visibility == "public" or (not registry.claims and config.auth.reads_are_public)


# Writing


def _write(site: Site, tree: OutputTree, gathered: Gathered, options: Options, *, inputs: str) -> BuildResult:
    catalogs = gathered.catalogs
    complete, list_issues = _complete_lists(catalogs, options.profile)
    report = Report.of([*gathered.report.issues, *list_issues], gathered.report.hidden)
    if _fails(report, options):
        return BuildResult(report=report, done=False)
    groups = list(_groups(site, gathered, options, complete))
    counts = {catalog.registry: catalog.counts() for catalog in catalogs}
    sizes: list[TreeSize] = []
    result = tree.replace(
        groups,
        options.profile.files,
        accept=lambda files: sizes.append(_accepted(files, options.profile)),
        keeps=lambda row: paths.is_list_page(row.address),
        inherited=options.inherited,
        inputs=inputs,
        summary={"report": _pack(report), "counts": counts},
        full=options.full,
    )
    return BuildResult(
        report=report,
        done=True,
        counts=counts,
        summary=limit_summary(options.profile, sizes[0]),
        written=result.written,
        removed=result.removed,
    )


def _fails(report: Report, options: Options) -> bool:
    return report.has_errors or (options.strict and report.counts()["warning"] > 0)


def _groups(
    site: Site, gathered: Gathered, options: Options, complete: Mapping[tuple[str, Kind], bool]
) -> Iterator[ArtifactGroup]:
    config, catalogs, profile = site.config, gathered.catalogs, options.profile
    aliases = api.Aliases.of(() if profile.rewrites_aliases else config.site.aliases, config.default_registry)
    for catalog in catalogs:
        own = aliases if catalog.is_default else api.Aliases()
        yield from api.entry_groups(catalog, own)
        yield from index.index_groups(catalog)
        if profile.stores_pages:
            yield from stored_pages.page_groups(catalog)
        yield from api.list_groups(catalog, own, {kind: complete[catalog.registry, kind] for kind in KINDS})
    if site.renderer is not None:
        yield from site.renderer.groups(catalogs, site.pages)
    yield _static("schemas", "leaf", _schemas())
    yield _static("host", "list", profile.configuration(site_address(config, catalogs, complete)))
    has_list = complete[config.default_registry, "server"]
    list_file = profile.files(paths.collection("", "server"), "document")[0] if has_list else ""
    build_file = api.build_file(catalogs, host=profile.name, revisions=gathered.revisions, list_file=list_file)
    yield _static("build", "root", [build_file])


def _schemas() -> Iterator[Artifact]:
    for name in schema_names():
        yield Artifact(paths.schema_file(name), "file", JSON, schema_bytes(name))


def _static(key: str, stage: Any, artifacts: Iterable[Artifact]) -> ArtifactGroup:
    made = tuple(artifacts)
    parts = [part for item in made for part in (item.address.encode(), item.media_type.encode(), item.body)]
    return ArtifactGroup(key=key, recipe=recipe((__version__.encode(), *parts)), stage=stage, render=lambda: made)


def _complete_lists(
    catalogs: Sequence[Catalog], profile: HostProfile
) -> tuple[dict[tuple[str, Kind], bool], list[Issue]]:
    """Return which complete lists are written, and findings about their sizes, static hosting specification 7.8."""
    written: dict[tuple[str, Kind], bool] = {}
    issues: list[Issue] = []
    for catalog in catalogs:
        for kind in paths.ENTRY_PLURAL:
            entries = len(catalog.of(kind))
            size = sum(len(version.text) + 420 for version in catalog.latest(kind))
            if size > LIST_WARN_BYTES // 2:
                size = len(api.complete_list(catalog, kind))
            too_large = entries > LIST_MOST_ENTRIES or size > LIST_MOST_BYTES
            written[catalog.registry, kind] = not (too_large and profile.follows_cursors)
            if entries > LIST_WARN_ENTRIES or size > LIST_WARN_BYTES:
                issues.append(_list_issue(catalog, kind, entries, size, profile, refused=too_large))
    return written, issues


def _list_issue(catalog: Catalog, kind: Kind, entries: int, size: int, profile: HostProfile, *, refused: bool) -> Issue:
    what = f"the complete list of {paths.ENTRY_PLURAL[kind]} has {entries:,} entries and {size / 2**20:.1f} MiB"
    if not refused:
        consequence, severity = "clients refuse more than 10,000 entries or 10 MiB", "warning"
    elif profile.follows_cursors:
        consequence, severity = "it is left out and served in pages only", "warning"
    else:
        consequence, severity = "clients refuse it", "error"
    paging = ", ".join(name for name, one in PROFILES.items() if one.follows_cursors)
    return Issue(
        type="output",
        severity="error" if severity == "error" else "warning",
        message=f"registry {catalog.registry}: {what}; {consequence}",
        reference="list-size",
        expected=f"a host that serves pages ({paging})" if paging and not profile.follows_cursors else "",
    )


def _accepted(files: Sequence[tuple[str, int]], profile: HostProfile) -> TreeSize:
    """Return the size of a tree that may be written.

    Raises:
        BuildRefusedError: two documents share a path, or the host does not accept so much.
    """
    if conflicts := path_conflicts(file for file, _ in files):
        raise BuildRefusedError("; ".join(conflicts[:10]))
    size = TreeSize.of(files)
    if findings := limit_findings(profile, size):
        fitting = ", ".join(fitting_profiles(PROFILES.values(), size)) or "none"
        raise BuildRefusedError(f"{'; '.join(findings)}; profiles that would do: {fitting}")
    return size


# Nothing to do


def _inputs(site: Site, snapshots: Mapping[str, Snapshot], options: Options) -> str:
    """Return a fingerprint of everything that the output depends on."""

    def parts() -> Iterator[bytes]:
        yield __version__.encode()
        yield site.fingerprint
        yield options.profile.name.encode()
        yield bytes([options.folds_case, options.strict])
        if options.previous:
            yield options.now.encode()
            yield repr(sorted(options.previous.items())).encode()
        for name, snapshot in snapshots.items():
            yield name.encode()
            yield snapshot.revision.encode()
            yield repr((snapshot.statuses, snapshot.claims, snapshot.issues, snapshot.entry_times)).encode()
            for raw in (*snapshot.files, *snapshot.readmes.values()):
                yield raw.path.encode()
                yield repr((raw.times, raw.modified)).encode()
                yield raw.data

    return recipe(parts()).hex()


def _unchanged(state: State) -> BuildResult:
    """Return the former result: neither inputs nor output changed since."""
    return BuildResult(
        report=_unpack(state.summary["report"]),
        done=True,
        unchanged=True,
        counts=state.summary["counts"],
        summary="nothing changed",
    )


def _pack(report: Report) -> dict[str, Any]:
    return {"issues": list(map(tuple, report.issues)), "hidden": list(map(tuple, report.hidden))}


def _unpack(packed: Mapping[str, Any]) -> Report:
    return Report(
        issues=tuple(Issue(*fields) for fields in packed["issues"]),
        hidden=tuple(Hidden(*fields) for fields in packed["hidden"]),
    )


def _slug(out: Path) -> str:
    return recipe((str(out.resolve()).encode(),)).hex()


def config_fingerprint(config: Config, *others: bytes) -> bytes:
    """Return the digest of a configuration and whatever else decides about the output."""
    return recipe((compact_json(config.model_dump(mode="json")), *others))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Switch the cyclic garbage collector off for a while: hundreds of thousands of records, hardly a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def with_base_url(config: Config, base_url: str) -> Config:
    """Return *config* with the address given on the command line."""
    return replace_site(config, {"baseUrl": base_url, "basePath": ""})


def replace_site(config: Config, changes: Mapping[str, Any]) -> Config:
    """Return *config* with other values of ``site``, checked like the file's own.

    Raises:
        pydantic.ValidationError: a value is not acceptable.
    """
    dumped = config.site.model_dump(by_alias=True)
    site = type(config.site).model_validate({**dumped, **changes})
    return config.model_copy(update={"site": site})
