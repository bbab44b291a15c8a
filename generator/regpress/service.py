"""A site to what `regpress serve` runs: everything read, an interrupted run repaired, and a writer in place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from regpress.audit_log import AUDIT_FILE, AuditLog
from regpress.batches import Batches, recover
from regpress.catalog import Catalog
from regpress.claims import Claims, same_claims
from regpress.content_git import ContentRepository, open_repository
from regpress.content_store import ContentStore
from regpress.errors import ConfigError, ConflictError, SourceError
from regpress.fetching import fetch_leniently, served_sources
from regpress.gathering import Gathered, Statuses, gather, is_public, merge_all, resolve_all
from regpress.live import LiveSite, RegistryPlan, packed_registries, packed_stock
from regpress.mapped import fill, hold, look_at, nameless
from regpress.model.created import CONTENT_FOLDER
from regpress.model.entry import EntryVersion, Snapshot
from regpress.model.issue import Issue
from regpress.publish import Publisher
from regpress.record import record
from regpress.resolve import Resolved, VersionKey
from regpress.site import Options, Progress, Site
from regpress.storage import locked
from regpress.times import format_time
from regpress.workers import Pending, without_collector

_NOTE: Final = "pending-writes.json"
_LOCK: Final = "serve.lock"


@record(kw_only=True)
class Service:
    """A site that is served.

    Attributes:
        site: the site.
        options: how its tree is built.
        live: what is answered.
        public: the registries that everybody may read.
        publisher: what writes.
        log: where writes are noted.
        repository: where they are committed, None for a site that is in no repository.
        findings: errors in documents; what has them is not served.
        recovered: files of writes that an interrupted run did not finish.
        revisions: what identifies what sources held when the service was opened, or moved: then of those that are
            new or other than before, empty where nobody has looked yet.
        managed: the source that writes go to; empty where there is none.
        broken: what is wrong with created sources that could not be read at the start, by name.
        started: RFC 3339 time of the start.
    """

    site: Site
    options: Options
    live: LiveSite
    public: frozenset[str]
    publisher: Publisher
    log: AuditLog
    repository: ContentRepository | None
    findings: tuple[Issue, ...]
    recovered: tuple[str, ...]
    revisions: Mapping[str, str]
    managed: str
    broken: Mapping[str, str]
    started: str


@contextmanager
def open_service(
    site: Site,
    root: Path,
    options: Options,
    progress: Progress,
    *,
    audit_file: Path | None = None,
    git: bool | None = None,
    unique_remotes: bool = True,
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[Service]:
    """Hold a site open for writing; only one process does so.

    Args:
        site: the site.
        root: its folder.
        options: how its tree is built.
        progress: told what is going on.
        audit_file: the log, if not beside the configuration.
        git: whether writes are committed; None where the site is in a repository.
        unique_remotes: whether a remote URL belongs to one server name.
        meanwhile: what else there is to do while the site is read.

    Raises:
        ConfigError: *git* is asked for, and the site is in no repository.
        ConflictError: another process serves the site.
        SourceError: a source gave nothing usable.
        StorageError: what an interrupted run left cannot be repaired.
    """
    content = root.absolute() / CONTENT_FOLDER
    repository = open_repository(content) if git is not False else None
    if git and repository is None:
        raise ConfigError("--git: the site is in no git working tree (expected one, or --no-git)")
    try:
        with locked(site.cache / _LOCK, alone=True):
            log = AuditLog(audit_file or root.absolute() / AUDIT_FILE)
            store = ContentStore(content, site.cache / _NOTE)
            recovered = recover(store, log, repository)
            live, told = _read_apart(site, options, progress, meanwhile)
            batches = Batches(store=store, log=log, repository=repository)
            yield Service(
                site=site,
                options=options,
                live=live,
                public=_public(site),
                publisher=Publisher(site, live, batches, clock=clock, unique_remotes=unique_remotes),
                log=log,
                repository=repository,
                findings=told.findings,
                recovered=recovered,
                revisions=told.revisions,
                managed=_managed(site),
                broken=told.broken,
                started=clock(),
            )
    except ConflictError as error:
        if error.path.endswith(_LOCK):
            raise ConflictError(error.path, "another process serves this site; end it first") from error
        raise


def _public(site: Site) -> frozenset[str]:
    return frozenset(one.name for one in site.config.registries if is_public(one, site.config))


def _managed(site: Site) -> str:
    return next((one.name for one in served_sources(site) if one.managed is not None), "")


class _Told(NamedTuple):
    """What there is to say about what was read at the start.

    Attributes:
        findings: errors in documents.
        revisions: what identifies what each source held.
        broken: what is wrong with created sources that could not be read, by name.
    """

    findings: tuple[Issue, ...]
    revisions: Mapping[str, str]
    broken: Mapping[str, str]


def _read_apart(
    site: Site, options: Options, progress: Progress, meanwhile: Callable[[], None]
) -> tuple[LiveSite, _Told]:
    """Return what a site holds, read by a process that ends: what it took for that is not taken here.

    Raises:
        SourceError, BuildRefusedError: as `read_site`.
        StorageError: the disk is full or read-only.
    """
    with nameless(site.cache) as stock, nameless(site.cache) as registries:

        def read() -> tuple[list[RegistryPlan], _Told]:
            with without_collector():
                gathered, broken = read_site(site, options, progress)
                others = Pending(lambda: fill(stock, packed_stock(gathered.resolved)), jobs=options.jobs)
                fill(registries, packed_registries(gathered.catalogs, gathered.resolved))
                others.result()
            errors = tuple(issue for issue in gathered.report.issues if issue.severity == "error")
            return _plans(site, gathered.catalogs), _Told(errors, gathered.revisions, broken)

        reading = Pending(read, jobs=2)
        try:
            meanwhile()
            plans, told = reading.result()
        finally:
            reading.abandon()
        return LiveSite.of_packs(plans, look_at(stock), look_at(registries)), told


def read_site(site: Site, options: Options, progress: Progress) -> tuple[Gathered, dict[str, str]]:
    """Return the registries of a site, those included that only recognised callers may read.

    Beside them: what is wrong with sources that were created through the API and could not be read.

    Raises:
        SourceError: another source gave nothing usable.
        BuildRefusedError: the default registry cannot be served.
    """
    snapshots, broken = fetch_leniently(site, progress)
    gathered = gather(site, snapshots, replace(options, gated=True), progress)
    for issue in gathered.report.issues:
        if issue.severity == "error" and issue.source in site.created.sources and issue.source != _managed(site):
            broken.setdefault(issue.source, str(issue))
    return gathered, broken


def live_site(site: Site, catalogs: Sequence[Catalog], resolved: Mapping[str, Resolved]) -> LiveSite:
    """Return what is answered from registries that were merged, and from what each source has.

    Raises:
        StorageError: the disk is full or read-only.
    """
    return LiveSite(_plans(site, catalogs), catalogs, resolved, hold=partial(hold, site.cache))


def _plans(site: Site, catalogs: Sequence[Catalog]) -> list[RegistryPlan]:
    sources = {registry.name: registry.sources for registry in site.config.registries}
    return [
        RegistryPlan(catalog.registry, tuple(sources[catalog.registry]), catalog.is_default) for catalog in catalogs
    ]


class Looked(NamedTuple):
    """What came of a look at sources.

    Attributes:
        snapshots: of those that changed.
        failures: what is wrong with others, by name.
    """

    snapshots: dict[str, Snapshot]
    failures: dict[str, str]


def look(service: Service, names: Sequence[str], known: Mapping[str, str]) -> Looked:
    """Return which sources changed, and which cannot be read.

    Args:
        service: the service.
        names: sources to look at.
        known: the revision of each source that is served.
    """
    found = Looked({}, {})
    _fetch_into(found, service, [name for name in names if name in service.site.sources])
    changed = {name: one for name, one in found.snapshots.items() if known.get(name) != one.revision}
    if service.managed not in changed:
        return Looked(changed, found.failures)
    # Its status files are about entries of all sources, which are resolved anew with them.
    others = Looked({}, {})
    _fetch_into(others, service, [name for name in known if name not in names and name != service.managed])
    return Looked({**found.snapshots, **others.snapshots}, found.failures)


def _fetch_into(found: Looked, service: Service, names: Iterable[str]) -> None:
    for name in names:
        try:
            found.snapshots[name] = service.site.sources[name].fetch()
        except SourceError as error:
            found.failures[name] = str(error)


class Renewed(NamedTuple):
    """What is to be answered now that sources changed.

    Attributes:
        live: it.
        revisions: of the sources that were taken over.
        failures: what is wrong with those that were not, by name.
    """

    live: LiveSite
    revisions: dict[str, str]
    failures: dict[str, str]


def renew(service: Service, snapshots: Mapping[str, Snapshot]) -> Renewed:
    """Return what is to be answered now that sources changed; nothing may be written meanwhile.

    A source with an invalid document stays as it was, as a build would leave the last good output.

    Args:
        service: the service.
        snapshots: of the sources that changed; the managed one among them is read again here.

    Raises:
        SourceError: the content folder cannot be read.
    """
    site, found = service.site, dict(snapshots)
    statuses: Statuses = {}
    if service.managed:
        managed = site.sources[service.managed].fetch()
        statuses = managed.statuses
        if service.managed in found:
            found[service.managed] = managed
    resolved = resolve_all(site, found, statuses, _gated(service, jobs=1), lambda _: None)
    failures: dict[str, str] = {}
    for name, one in resolved.items():
        if errors := [issue for issue in one.issues if issue.severity == "error"]:
            failures[name] = str(errors[0])
    good = {name: one for name, one in resolved.items() if name not in failures}
    revisions = {name: found[name].revision for name in good}
    return Renewed(_assembled(service, site, good), revisions, failures)


def moved(service: Service, site: Site) -> Service:
    """Return the service with other sources and registries created; nothing may be written meanwhile.

    What is known of sources that stay is kept, and new claims of theirs count at once. Sources that are new are empty
    until somebody looks at them, but for those that are part of the site: the managed one, and inline documents.

    Raises:
        SourceError: the content folder cannot be read.
        BuildRefusedError: the default registry could not be served.
    """
    before = {source.name: source for source in service.site.config.sources}
    own = {
        source.name: source
        for source in served_sources(site)
        if (source.managed is not None or (source.file is not None and source.file.data is not None))
        and before.get(source.name) != source
    }
    managed = _managed(site)
    snapshots = {name: site.sources[name].fetch() for name in own}
    statuses: Statuses = {}
    if own and managed:
        statuses = (snapshots.get(managed) or site.sources[managed].fetch()).statuses
    fresh = resolve_all(site, snapshots, statuses, _gated(service, jobs=1), lambda _: None)
    live = _assembled(service, site, fresh)
    changed = (source.name for source in served_sources(site) if before.get(source.name) != source)
    revisions = {**dict.fromkeys(changed, ""), **{name: snapshot.revision for name, snapshot in snapshots.items()}}
    return replace(
        service,
        site=site,
        live=live,
        public=_public(site),
        publisher=service.publisher.moved(site, live),
        revisions=revisions,
        managed=managed,
    )


def _gated(service: Service, *, jobs: int) -> Options:
    # Processes of their own would be copies of one that answers requests meanwhile.
    return replace(service.options, gated=True, jobs=jobs)


def _assembled(service: Service, site: Site, fresh: Mapping[str, Resolved]) -> LiveSite:
    """Return a site's registries made of what is known of its sources, and of what is known better now."""
    claims = {source.name: source.claims for source in service.site.config.sources}
    resolved = {
        source.name: fresh.get(source.name)
        or _kept(service.live, source.name, claims.get(source.name, source.claims), source.claims)
        for source in site.config.sources
    }
    merged, _ = merge_all(site.config, resolved, {}, _gated(service, jobs=1))
    return live_site(site, [one.catalog for one in merged], resolved)


def _kept(live: LiveSite, source: str, before: Claims, now: Claims) -> Resolved:
    """Return what is known of a source, with claims that it has now in the place of those that it had."""
    versions: list[EntryVersion] = []
    latest: dict[VersionKey, bool] = {}
    for candidates in live.entries(source).values():
        versions += candidates.versions
        latest |= candidates.latest_claims
    if before != now:
        versions = [one._replace(claims=now) if same_claims(one.claims, before) else one for one in versions]
    return Resolved(source=source, versions=tuple(versions), latest_claims=latest, issues=(), hidden=())


def clock() -> str:
    """Return the time, RFC 3339 with fractions of a second."""
    return format_time(datetime.fromtimestamp(time.time_ns() // 1000 / 1_000_000, UTC))
