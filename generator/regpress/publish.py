"""Publish, edit and change status: rules and files of the managed source, official registry specification 7.

A write is checked against what stands now, becomes files in ``content/``, is read back by the same code that builds
read, and shows once it is durable. Writes that come together are made durable together; each of them counts or fails
on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from regpress import api
from regpress.audit_log import AuditLog
from regpress.content_git import ContentRepository
from regpress.content_store import ContentStore, FileChange
from regpress.errors import (
    ConflictError,
    ForbiddenError,
    InvalidDocumentError,
    NotOfferedError,
    RefusedWriteError,
    RegistryError,
    StorageError,
    UnknownEntryError,
)
from regpress.gathering import resolve_part
from regpress.live import Candidates, EntryKey, LiveSite, Standing, settle
from regpress.model.document import canonical_text, compact_text, parse_json, plain_value
from regpress.model.entry import OFFICIAL_META, PUBLISHER_META, EntryVersion, RawFile, Snapshot, Status, StatusValue
from regpress.model.formats import COLLECTIONS
from regpress.model.issue import Issue
from regpress.model.status import read_statuses, status_file
from regpress.names import EntryName, Kind, parse_server_name
from regpress.principal import Principal
from regpress.remote_urls import RemoteUrls
from regpress.resolve import PreviousVersion, VersionKey, restated
from regpress.site import Site
from regpress.sources.managed import STATUS_FOLDER, ManagedSource
from regpress.times import time_key
from regpress.validate.check import check_entry

#: Official registry specification 16.
MAX_VERSIONS: Final = 10_000
MAX_PUBLISHER_BYTES: Final = 4096
#: Rules of validation that are checks of their own here, or the body's.
_ELSEWHERE: Final = frozenset({"publisher-metadata-too-large", "unexpected-member"})
_PUBLISH_FAILED: Final = "Failed to publish server"
_EDIT_FAILED: Final = "Failed to edit server"
_STATUS_FAILED: Final = "Failed to update server status"
_ACTIVE_MESSAGE: Final = "status_message cannot be provided when setting status to active"

#: Event of a write, for the log; see `regpress.audit_log`.
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What a request wants of a status.

    Attributes:
        status: the state.
        message: the reason, None where the request has none.
    """

    status: StatusValue
    message: str | None = None

    @property
    def text(self) -> str:
        """Return the message as it is stored."""
        return self.message or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write that has passed the checks that need no lock.

    Attributes:
        summary: one line for the commit.
        paths: files that it may change, relative to the content folder.
        run: does it; returns the body of the answer.
    """

    summary: str
    paths: tuple[str, ...]
    run: Callable[[Desk], bytes]


class Job(NamedTuple):
    """A write and what the log says about it."""

    write: Write
    event: Event


@dataclass(slots=True)
class Desk:
    """What stands while some writes are on their way: the live site, and what they have changed so far."""

    site: Site
    live: LiveSite
    store: ContentStore
    managed: ManagedSource
    clock: Callable[[], str]
    urls: dict[str, RemoteUrls]
    standings: dict[tuple[str, EntryKey], Standing] = field(default_factory=dict)
    candidates: dict[EntryKey, dict[str, Candidates]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    def standing(self, registry: str, kind: Kind, name: EntryName) -> Standing:
        """Return how an entry stands in a registry."""
        staged = self.standings.get((registry, (kind, str(name))))
        return staged or self.live.registries[registry].standing(kind, str(name))

    def moment(self, versions: Sequence[EntryVersion]) -> str:
        """Return the time, never before what *versions* have seen, whatever the clock says."""
        return max([self.clock(), *(one.official.updated_at for one in versions)], key=time_key)

    def change(self, kind: Kind, name: EntryName, changes: Sequence[FileChange]) -> None:
        """Change files of an entry and take over how it stands then.

        Raises:
            ConflictError: a file that must not exist does.
            StorageError: the disk failed.
        """
        self.store.apply(changes)
        self.changed += [change.path for change in changes]
        self.renew(kind, name)

    def renew(self, kind: Kind, name: EntryName) -> None:
        """Read an entry of the content folder again, and settle how it stands in every registry."""
        snapshot = self.managed.fetch_entry(kind, name)
        statuses = snapshot.statuses.get((kind, str(name)), {})
        made: dict[str, Candidates] = {}
        for source in self.site.config.sources:
            known = self._candidates(source.name, kind, name)
            if source.name == self.managed.name:
                made[source.name] = self._read(snapshot, known)
            elif known.versions:
                versions = tuple(_stated(version, statuses) for version in known.versions)
                made[source.name] = known._replace(versions=versions)
        self.candidates[kind, str(name)] = made
        for registry, live in self.live.registries.items():
            standing = settle(live.plan, kind, name, made)
            self.standings[registry, (kind, str(name))] = standing
            self._note_urls(registry, kind, name, standing)

    def _candidates(self, source: str, kind: Kind, name: EntryName) -> Candidates:
        staged = self.candidates.get((kind, str(name)))
        if staged is not None:
            return staged.get(source, Candidates())
        return self.live.candidates(source, kind, name)

    def _read(self, snapshot: Snapshot, known: Candidates) -> Candidates:
        previous: dict[VersionKey, PreviousVersion] = {
            (one.kind, str(one.name), one.version): PreviousVersion(official=one.official, digest=one.digest)
            for one in known.versions
        }
        resolved = resolve_part(self.site, snapshot, previous=previous, now=self.clock())
        return Candidates(resolved.versions, resolved.latest_claims)

    def _note_urls(self, registry: str, kind: Kind, name: EntryName, standing: Standing) -> None:
        if kind == "server" and registry in self.urls:
            self.urls[registry].put(str(name), standing.entry.versions if standing.entry else ())

    def take_back(self, standings: Mapping[tuple[str, EntryKey], Standing], earlier: Desk) -> None:
        """Return to an earlier state, of which *earlier* is a copy."""
        touched = self.standings.keys() | standings.keys()
        self.standings, self.candidates, self.changed = earlier.standings, earlier.candidates, earlier.changed
        for registry, (kind, name) in touched:
            parsed = EntryName(*name.split("/"))
            self._note_urls(registry, kind, parsed, self.standing(registry, kind, parsed))

    def copy(self) -> Desk:
        """Return a copy of the state."""
        return replace(
            self, standings=dict(self.standings), candidates=dict(self.candidates), changed=list(self.changed)
        )


def _stated(version: EntryVersion, statuses: Mapping[str, Status]) -> EntryVersion:
    status = statuses.get(version.version)
    return version if status is None else restated(version, status)


class Publisher:
    """The writer of one site; only one thread at a time runs `run`, any may prepare writes."""

    def __init__(
        self,
        site: Site,
        live: LiveSite,
        store: ContentStore,
        log: AuditLog,
        *,
        repository: ContentRepository | None,
        clock: Callable[[], str],
        unique_remotes: bool = True,
    ) -> None:
        """Take a site and where its writes go.

        Args:
            site: the site.
            live: what is served.
            store: its content folder.
            log: where writes are noted.
            repository: where they are committed; None for a site that is in none.
            clock: returns the time, RFC 3339.
            unique_remotes: whether a remote URL belongs to one server name.
        """
        self._site = site
        self.live = live
        self._store = store
        self._log = log
        self._repository = repository
        self._clock = clock
        self._unique_remotes = unique_remotes
        managed = next((site.sources[source.name] for source in site.config.sources if source.managed), None)
        self._managed = managed if isinstance(managed, ManagedSource) else None
        self._urls: dict[str, RemoteUrls] = {}

    # What is asked for

    def publish(self, registry: str, value: Any, principal: Principal, *, adopt: bool = False) -> Write:
        """Return the write that adds a version.

        Args:
            registry: whose address was used.
            value: the parsed document, which passed the body rules.
            principal: who asks.
            adopt: whether to copy the versions of a name that another source supplies.

        Raises:
            ForbiddenError: the caller may not publish the name.
            InvalidDocumentError: the document breaks rules.
            RefusedWriteError: its metadata is too large.
            NotOfferedError: the registry takes no publications.
        """
        self._check_offered(registry)
        name = str(value["name"])
        if not principal.may("publish", name):
            raise ForbiddenError(_publish_refusal(principal, name))
        self._check_document(value, f"{_PUBLISH_FAILED}, invalid schema: call /validate for details")
        _check_metadata(value)
        parsed = parse_server_name(name)
        version = str(value["version"])

        def run(desk: Desk) -> bytes:
            return self._add(desk, registry, parsed, value, adopt=adopt)

        return Write(summary=f"Publish {name} {version}", paths=_paths(parsed, version), run=run)

    def edit(self, registry: str, name: str, version: str, value: Any, principal: Principal) -> Write:
        """Return the write that replaces the content of a version.

        Raises:
            UnknownEntryError: there is no such version, or it is deleted.
            ForbiddenError: the caller may not edit it.
            RefusedWriteError: the document is about another version.
            InvalidDocumentError: it breaks rules.
            NotOfferedError: the registry takes no edits.
        """
        self._check_offered(registry)
        parsed = self._known(registry, name, version, "Server not found", deleted=False)
        if not principal.may("edit", name):
            raise ForbiddenError("You do not have edit permissions for this server")
        if value["name"] != name:
            raise RefusedWriteError("Cannot rename server")
        if value["version"] != version:
            raise RefusedWriteError("Version in request body must match URL path parameter")
        self._check_document(value, f"{_EDIT_FAILED}, invalid schema: call /validate for details")

        def run(desk: Desk) -> bytes:
            return self._replace(desk, registry, parsed, value)

        return Write(summary=f"Edit {name} {version}", paths=_paths(parsed, version), run=run)

    def delete(self, registry: str, name: str, version: str, principal: Principal) -> Write:
        """Return the write that makes the status of a version ``deleted``.

        Raises:
            UnknownEntryError: there is no such version, or it is deleted already.
            ForbiddenError: the caller may neither publish nor edit it.
            NotOfferedError: the registry takes no such writes.
        """
        self._check_offered(registry)
        parsed = self._known(registry, name, version, "Server not found", deleted=False)
        _check_status_rights(principal, name)
        change = StatusChange(status="deleted")

        def run(desk: Desk) -> bytes:
            found = desk.standing(registry, "server", parsed).find(version)
            if found is None or found.official.status == "deleted":
                raise UnknownEntryError("Server not found")
            return self._restate(desk, registry, parsed, [found], change)[0]

        return Write(summary=f"Delete {name} {version}", paths=_paths(parsed, version), run=run)

    def set_status(self, registry: str, name: str, version: str, change: StatusChange, principal: Principal) -> Write:
        """Return the write that changes the status of one version.

        Raises:
            UnknownEntryError: there is no such version.
            ForbiddenError: the caller may neither publish nor edit it.
            RefusedWriteError: an active version has no message.
            NotOfferedError: the registry takes no such writes.
        """
        self._check_offered(registry)
        unknown = "Server version not found"
        parsed = self._known(registry, name, version, unknown, deleted=True)
        _check_status_rights(principal, name)
        _check_message(change)

        def run(desk: Desk) -> bytes:
            found = desk.standing(registry, "server", parsed).find(version)
            if found is None:
                raise UnknownEntryError(unknown)
            if _is_in(found, change):
                raise RefusedWriteError(
                    "No changes to apply: status and message are already set to the provided values"
                )
            return self._restate(desk, registry, parsed, [found], change)[0]

        return Write(summary=f"Set {name} {version} {change.status}", paths=_paths(parsed, version), run=run)

    def set_all_statuses(self, registry: str, name: str, change: StatusChange, principal: Principal) -> Write:
        """Return the write that changes the status of all versions of a server, or of none.

        Raises:
            UnknownEntryError: there is no such server.
            ForbiddenError: the caller may neither publish nor edit it.
            RefusedWriteError: an active version has no message.
            NotOfferedError: the registry takes no such writes.
        """
        self._check_offered(registry)
        parsed = self._known(registry, name, "", "Server not found", deleted=True)
        _check_status_rights(principal, name)
        _check_message(change)

        def run(desk: Desk) -> bytes:
            versions = desk.standing(registry, "server", parsed).versions
            if not versions:
                raise UnknownEntryError("Server not found")
            todo = [version for version in versions if not _is_in(version, change)]
            if not todo:
                raise RefusedWriteError(
                    "No changes to apply: all versions already have the requested status and message"
                )
            bodies = self._restate(desk, registry, parsed, todo, change)
            return b'{"updatedCount":%d,"servers":[%s]}' % (len(bodies), b",".join(bodies))

        return Write(summary=f"Set all versions of {name} {change.status}", paths=_paths(parsed), run=run)

    def issues(self, value: Any) -> tuple[Issue, ...]:
        """Return what validation says about a server document, as the official service would take it."""
        return check_entry(
            "server", plain_value(value), level="official", overrides=self._site.config.site.policy.rules
        )

    def _check_offered(self, registry: str) -> None:
        plan = self.live.registries[registry].plan
        if self._managed is None or self._managed.name not in plan.sources:
            raise NotOfferedError(
                "This registry takes no publications", f"registry {registry} has no source of the type 'managed'"
            )

    def _known(self, registry: str, name: str, version: str, unknown: str, *, deleted: bool) -> EntryName:
        """Return the parsed name of an entry that has a version, or any version where none is named."""
        standing = self.live.registries[registry].standing("server", name)
        found = standing.find(version) if version and version != "latest" else None
        if not standing.versions or (version and found is None):
            raise UnknownEntryError(unknown)
        if found is not None and found.official.status == "deleted" and not deleted:
            raise UnknownEntryError(unknown)
        return standing.versions[0].name

    def _check_document(self, value: Any, detail: str) -> None:
        errors = [
            issue for issue in self.issues(value) if issue.severity == "error" and issue.reference not in _ELSEWHERE
        ]
        if errors:
            raise InvalidDocumentError(detail, *(f"{issue.path}: {issue.message}" for issue in errors[:20]))

    # What is done

    def _add(self, desk: Desk, registry: str, name: EntryName, value: Any, *, adopt: bool) -> bytes:
        version = str(value["version"])
        standing = desk.standing(registry, "server", name)
        self._check_urls(registry, value, str(name), _PUBLISH_FAILED)
        if len(standing.versions) >= MAX_VERSIONS:
            raise RefusedWriteError(
                _PUBLISH_FAILED,
                f"maximum number of versions for this server reached ({MAX_VERSIONS}): {name} has "
                f"{len(standing.versions)}",
            )
        duplicate = RefusedWriteError(
            _PUBLISH_FAILED, f"invalid version: cannot publish duplicate version: {name}@{version} already exists"
        )
        if standing.find(version) is not None:
            raise duplicate
        now = desk.moment(standing.versions)
        data = _file(value, {"publishedAt": now, "updatedAt": now})
        try:
            if standing.versions and standing.supplier != desk.managed.name:
                self._adopt(desk, registry, name, standing, {f"{version}.json": data}, asked=adopt)
            else:
                desk.change("server", name, [FileChange(_version_path(name, version), data, is_new=True)])
        except ConflictError as error:
            raise duplicate from error
        return self._answer(desk, registry, name, version, _PUBLISH_FAILED)

    def _adopt(
        self, desk: Desk, registry: str, name: EntryName, standing: Standing, files: Mapping[str, bytes], *, asked: bool
    ) -> None:
        supplier = standing.supplier
        plan = self.live.registries[registry].plan
        if plan.sources.index(desk.managed.name) > plan.sources.index(supplier):
            raise RefusedWriteError(
                _PUBLISH_FAILED,
                f"{name} is supplied by the source {supplier!r}, which comes before {desk.managed.name!r} in this "
                "registry",
            )
        if not asked:
            raise RefusedWriteError(
                _PUBLISH_FAILED,
                f"{name} is supplied by the source {supplier!r} of this registry; publish with ?adopt=true to copy "
                "its versions and go on with them here",
            )
        copies = {f"{one.version}.json": _copy(one) for one in standing.versions}
        folder = _folder(name)
        desk.store.place_folder(folder, {**copies, **files})
        desk.changed += [f"{folder}/{file}" for file in (*copies, *files)]
        desk.renew("server", name)

    def _replace(self, desk: Desk, registry: str, name: EntryName, value: Any) -> bytes:
        version = str(value["version"])
        standing = desk.standing(registry, "server", name)
        found = standing.find(version)
        if found is None or found.official.status == "deleted":
            raise UnknownEntryError("Server not found")
        if found.source != desk.managed.name:
            raise RefusedWriteError(_EDIT_FAILED, f"{name} is supplied by the source {found.source!r}")
        self._check_urls(registry, value, str(name), _EDIT_FAILED)
        path = _version_path(name, version)
        before = desk.store.read(path)
        if before is None:
            raise RefusedWriteError(_EDIT_FAILED, f"{path} is not where it was")
        block = {"publishedAt": found.official.published_at, "updatedAt": desk.moment([found])}
        data = _file(value, block, kept=_kept_members(before))
        desk.change("server", name, [FileChange(path, data)])
        return self._answer(desk, registry, name, version, _EDIT_FAILED)

    def _restate(
        self, desk: Desk, registry: str, name: EntryName, versions: Sequence[EntryVersion], change: StatusChange
    ) -> list[bytes]:
        """Return the bodies of *versions* after a change of their status, which is one file."""
        if change.status == "active":
            for version in versions:
                if version.official.status == "deleted":
                    self._check_urls(registry, version.value, str(name), _STATUS_FAILED)
        path = f"{STATUS_FOLDER}/{_folder(name)}.json"
        raw = RawFile(path=path, data=desk.store.read(path) or b"{}")
        statuses = dict(read_statuses(raw, "server", str(name))[0])
        now = desk.moment(versions)
        for version in versions:
            same = version.official.status == change.status
            changed_at = version.official.status_changed_at if same else now
            statuses[version.version] = Status(
                status=change.status, message=change.text, changed_at=changed_at, updated_at=now if same else ""
            )
        desk.change("server", name, [FileChange(path, status_file(statuses))])
        standing = desk.standing(registry, "server", name)
        wanted = {version.version for version in versions}
        return [api.response(version) for version in standing.versions if version.version in wanted]

    def _answer(self, desk: Desk, registry: str, name: EntryName, version: str, failed: str) -> bytes:
        """Return the body of what was written, read back as everybody reads it."""
        standing = desk.standing(registry, "server", name)
        found = standing.find(version)
        if found is None or found.source != desk.managed.name:
            raise RefusedWriteError(failed, f"the configuration of source {desk.managed.name!r} leaves {name} out")
        return api.response(found)

    def _check_urls(self, registry: str, document: Any, name: str, detail: str) -> None:
        if self._unique_remotes and (holder := self._urls_of(registry).holder(document, name)):
            raise RefusedWriteError(detail, f"remote URL {holder[0]} is already used by server {holder[1]}")

    def _urls_of(self, registry: str) -> RemoteUrls:
        found = self._urls.get(registry)
        if found is None:
            found = RemoteUrls()
            for (kind, name), standing in self.live.registries[registry].standings.items():
                if kind == "server" and standing.entry:
                    found.put(name, standing.entry.versions)
            self._urls[registry] = found
        return found

    def forget(self) -> None:
        """Forget what was derived from the live site, because it was loaded anew."""
        self._urls.clear()

    # Together

    def run(self, jobs: Sequence[Job]) -> tuple[list[bytes | Exception], Desk | None]:
        """Do some writes and make them durable.

        Returns:
            For each the body of its answer or why it failed, and what to show from now on (`show`).
        """
        assert self._managed is not None
        # Before anything is changed: an index made later would not know what to take back.
        for registry in self.live.registries if self._unique_remotes else ():
            self._urls_of(registry)
        paths = [path for job in jobs for path in job.write.paths]
        try:
            self._store.begin({"events": [job.event for job in jobs]}, paths)
        except StorageError as error:
            return [error] * len(jobs), None
        desk = Desk(self._site, self.live, self._store, self._managed, self._clock, self._urls)
        outcomes = [self._attempt(desk, job.write) for job in jobs]
        done = [job for job, outcome in zip(jobs, outcomes, strict=True) if isinstance(outcome, bytes)]
        if not done:
            self._store.end()
            return outcomes, None
        try:
            self._store.sync()
            self._log.append([{**job.event, "outcome": "success"} for job in done])
            if self._repository is not None:
                self._repository.commit(desk.changed, _commit_message(done))
        except RegistryError as error:
            self._undo_all(desk)
            failed = StorageError(getattr(error, "path", ""), "the write could not be made durable")
            failed.__cause__ = error
            return [failed if isinstance(outcome, bytes) else outcome for outcome in outcomes], None
        self._store.end()
        return outcomes, desk

    def _attempt(self, desk: Desk, write: Write) -> bytes | Exception:
        mark, earlier = self._store.mark(), desk.copy()
        try:
            return write.run(desk)
        except Exception as error:  # whatever happens to one write, the others are not concerned
            self._store.roll_back(mark)
            desk.take_back({}, earlier)
            return error

    def _undo_all(self, desk: Desk) -> None:
        self._store.roll_back()
        self._store.sync()
        desk.take_back(desk.standings, replace(desk, standings={}, candidates={}, changed=[]))
        self._store.end()

    def show(self, desk: Desk) -> None:
        """Let everybody see what *desk* holds; to be called where requests are answered."""
        for (kind, name), made in desk.candidates.items():
            parsed = EntryName(*name.split("/"))
            for source, candidates in made.items():
                self.live.keep(source, kind, parsed, candidates)
        for (registry, (kind, name)), standing in desk.standings.items():
            self.live.registries[registry].put(kind, EntryName(*name.split("/")), standing)


def recover(store: ContentStore, log: AuditLog, repository: ContentRepository | None) -> tuple[str, ...]:
    """Finish what an interrupted run began; returns the files that it had changed.

    Every file that is there counts, though nobody was told so: it is noted in the log and committed.

    Raises:
        StorageError: the disk or the repository failed.
    """
    store.clean()
    about, paths = store.pending()
    if not paths:
        return ()
    found = tuple(path for path in dict.fromkeys(paths) if store.read(path) is not None)
    log.append([{**event, "outcome": "unknown", "recovered": True} for event in about.get("events", ())])
    if repository is not None and (changed := repository.changed(paths)):
        repository.commit(changed, "Recover writes of an interrupted run")
    store.end()
    return found


def _publish_refusal(principal: Principal, name: str) -> str:
    patterns = principal.patterns("publish")
    have = f"You have permission to publish: {', '.join(patterns)}" if patterns else "You have no publish permissions"
    hint = ""
    if name.startswith("io.github."):
        hint = ". To publish for a GitHub organization you may need to make your membership of it public"
    return f"You do not have permission to publish this server. {have}. Attempting to publish: {name}{hint}"


def _check_metadata(value: Mapping[str, Any]) -> None:
    meta = value.get("_meta")
    block = meta.get(PUBLISHER_META) if isinstance(meta, dict) else None
    if block and (size := len(compact_text(block))) > MAX_PUBLISHER_BYTES:
        raise RefusedWriteError(_PUBLISH_FAILED, f"_meta.{PUBLISHER_META} extension exceeds 4KB limit ({size} bytes)")


def _check_status_rights(principal: Principal, name: str) -> None:
    if not principal.may("publish", name) and not principal.may("edit", name):
        raise ForbiddenError("You do not have publish or edit permissions for this server")


def _check_message(change: StatusChange) -> None:
    if change.status == "active" and change.message is not None:
        raise RefusedWriteError(_ACTIVE_MESSAGE)


def _is_in(version: EntryVersion, change: StatusChange) -> bool:
    return (version.official.status, version.official.status_message) == (change.status, change.text)


def _folder(name: EntryName) -> str:
    plural = next(plural for plural, kind in COLLECTIONS.items() if kind == "server")
    return f"{plural}/{name.namespace}/{name.name}"


def _version_path(name: EntryName, version: str) -> str:
    return f"{_folder(name)}/{version}.json"


def _paths(name: EntryName, *versions: str) -> tuple[str, ...]:
    return (*(_version_path(name, version) for version in versions), f"{STATUS_FOLDER}/{_folder(name)}.json")


def _file(value: Any, block: Mapping[str, str], *, kept: Mapping[str, Any] | None = None) -> bytes:
    """Return a version file.

    Args:
        value: the document.
        block: what the registry knows about it.
        kept: further members of the file and of its ``_meta``.
    """
    others = dict(kept or {})
    meta = others.pop("_meta", {})
    return canonical_text({**others, "server": value, "_meta": {**meta, OFFICIAL_META: dict(block)}})


def _kept_members(before: bytes) -> dict[str, Any]:
    """Return what stands beside the document in a version file: claims, and metadata that is not the registry's own."""
    value = parse_json(before)
    if not isinstance(value, dict) or "server" not in value:
        return {}
    meta = value.get("_meta")
    others = {key: item for key, item in meta.items() if key != OFFICIAL_META} if isinstance(meta, dict) else {}
    return {**{key: item for key, item in value.items() if key not in {"server", "_meta"}}, "_meta": others}


def _copy(version: EntryVersion) -> bytes:
    """Return the version file of a version of another source; which one is the latest follows from the others."""
    value = parse_json(api.response(version))
    block = {key: item for key, item in value["_meta"][OFFICIAL_META].items() if key != "isLatest"}
    return canonical_text({**value, "_meta": {**value["_meta"], OFFICIAL_META: block}})


def _commit_message(jobs: Sequence[Job]) -> str:
    first = jobs[0].write.summary if len(jobs) == 1 else f"{jobs[0].write.summary} and {len(jobs) - 1} more"
    lines = [f"{job.write.summary} (by {_actor(job.event)}, request {_request(job.event)})" for job in jobs]
    return "\n".join((first, "", *lines))


def _actor(event: Event) -> str:
    subjects = event.get("subjects") or {}
    return str(subjects.get("sub") or subjects.get("identity") or "unknown")


def _request(event: Event) -> str:
    extra = (event.get("metadata") or {}).get("extra") or {}
    return str(extra.get("request_id", "unknown"))
