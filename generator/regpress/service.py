"""A site to what `regpress serve` runs: everything read, an interrupted run repaired, and a writer in place."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from regpress.audit_log import AUDIT_FILE, AuditLog
from regpress.batches import Batches, recover
from regpress.content_git import ContentRepository, open_repository
from regpress.content_store import ContentStore
from regpress.errors import ConfigError, ConflictError, SourceMalformedError
from regpress.fetching import fetch
from regpress.gathering import Gathered, gather, is_public
from regpress.live import LiveSite, RegistryPlan
from regpress.model.entry import Snapshot
from regpress.model.issue import Issue
from regpress.publish import Publisher
from regpress.site import Options, Progress, Site
from regpress.sources.managed import CONTENT_FOLDER
from regpress.storage import locked
from regpress.times import format_time

_NOTE: Final = "pending-writes.json"
_LOCK: Final = "serve.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
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
        revisions: what identifies what each source held at the start.
        managed: the source that writes go to; empty where there is none.
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
        with locked(site.cache / _LOCK):
            log = AuditLog(audit_file or root.absolute() / AUDIT_FILE)
            store = ContentStore(content, site.cache / _NOTE)
            recovered = recover(store, log, repository)
            gathered = read_site(site, options, progress)
            live = live_site(site, gathered)
            batches = Batches(store=store, log=log, repository=repository)
            publisher = Publisher(site, live, batches, clock=clock, unique_remotes=unique_remotes)
            yield Service(
                site=site,
                options=options,
                live=live,
                public=frozenset(one.name for one in site.config.registries if is_public(one, site.config)),
                publisher=publisher,
                log=log,
                repository=repository,
                findings=tuple(issue for issue in gathered.report.issues if issue.severity == "error"),
                recovered=recovered,
                revisions=gathered.revisions,
                managed=next(
                    (
                        one.name
                        for one in site.config.sources
                        if one.managed is not None and one.name in gathered.revisions
                    ),
                    "",
                ),
            )
    except ConflictError as error:
        if error.path.endswith(_LOCK):
            raise ConflictError(error.path, "another process serves this site; end it first") from error
        raise


def read_site(site: Site, options: Options, progress: Progress) -> Gathered:
    """Return the registries of a site, those included that only recognised callers may read.

    Raises:
        SourceError: a source gave nothing usable.
        BuildRefusedError: the default registry cannot be served.
    """
    return gather(site, fetch(site, progress), replace(options, gated=True), progress)


def live_site(site: Site, gathered: Gathered) -> LiveSite:
    """Return what is answered from what was gathered."""
    sources = {registry.name: registry.sources for registry in site.config.registries}
    plans = [
        RegistryPlan(catalog.registry, tuple(sources[catalog.registry]), catalog.is_default)
        for catalog in gathered.catalogs
    ]
    return LiveSite(plans, gathered.catalogs, gathered.resolved)


def renewed_sources(service: Service, names: Sequence[str], known: Mapping[str, str]) -> dict[str, Snapshot]:
    """Return what sources hold now, all of them if one of *names* changed; nothing if none did.

    Args:
        service: the service.
        names: sources to look at.
        known: the revision of each source that is served.

    Raises:
        SourceError: one of them gave nothing usable.
    """
    sources = service.site.sources
    looked = {name: sources[name].fetch() for name in names}
    if all(known.get(name) == snapshot.revision for name, snapshot in looked.items()):
        return {}
    others = {name: sources[name].fetch() for name in known if name not in looked and name != service.managed}
    return {**looked, **others}


def renew(service: Service, snapshots: Mapping[str, Snapshot], progress: Progress) -> tuple[LiveSite, dict[str, str]]:
    """Return what is to be answered now that sources changed, and their revisions; nothing may be written meanwhile.

    Args:
        service: the service.
        snapshots: of all sources but the managed one, which is read here.
        progress: told what is going on.

    Raises:
        SourceError: the content folder cannot be read, or a document is invalid.
    """
    found = dict(snapshots)
    if service.managed:
        found[service.managed] = service.site.sources[service.managed].fetch()
    ordered = {source.name: found[source.name] for source in service.site.config.sources if source.name in found}
    # Processes of their own would be copies of one that answers requests meanwhile.
    gathered = gather(service.site, ordered, replace(service.options, gated=True, jobs=1), progress)
    if errors := [issue for issue in gathered.report.issues if issue.severity == "error"]:
        # As a build would: what was good before stays.
        raise SourceMalformedError(errors[0].source, str(errors[0]))
    return live_site(service.site, gathered), dict(gathered.revisions)


def clock() -> str:
    """Return the time, RFC 3339 with fractions of a second."""
    return format_time(datetime.fromtimestamp(time.time_ns() // 1000 / 1_000_000, UTC))
