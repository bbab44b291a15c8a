"""Publish, edit and change status: rules and files of the managed source, official registry specification 7.

A write is checked against what stands now, becomes files in ``content/``, is read back by the same code that builds
read, and shows once it is durable. Writes that come together are made durable together; each of them counts or fails
on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from regpress import api
from regpress.batches import Batches
from regpress.content_store import FileChange
from regpress.desk import Desk, Job, Write
from regpress.errors import (
    ConflictError,
    ForbiddenError,
    InvalidDocumentError,
    NotOfferedError,
    RefusedWriteError,
    UnknownEntryError,
)
from regpress.live import LiveSite, Standing
from regpress.model.document import compact_text, plain_value
from regpress.model.entry import PUBLISHER_META, EntryVersion
from regpress.model.issue import Issue
from regpress.names import EntryName, parse_server_name
from regpress.principal import Principal
from regpress.remote_urls import RemoteUrls
from regpress.site import Site
from regpress.sources.managed import ManagedSource
from regpress.statuses import StatusChange, check_message, restate
from regpress.validate.check import check_entry
from regpress.version_files import (
    entry_folder,
    kept_members,
    paths_of,
    version_copy,
    version_file,
    version_path,
)

#: Official registry specification 16.
MAX_VERSIONS: Final = 10_000
MAX_PUBLISHER_BYTES: Final = 4096
#: Rules of validation that are checks of their own here, or the body's.
_ELSEWHERE: Final = frozenset({"publisher-metadata-too-large", "unexpected-member"})
_PUBLISH_FAILED: Final = "Failed to publish server"
_EDIT_FAILED: Final = "Failed to edit server"
_STATUS_FAILED: Final = "Failed to update server status"


class Publisher:
    """The writer of one site; only one thread at a time runs `run`, any may prepare writes."""

    def __init__(
        self,
        site: Site,
        live: LiveSite,
        batches: Batches,
        *,
        clock: Callable[[], str],
        unique_remotes: bool = True,
    ) -> None:
        """Take a site and where its writes go.

        Args:
            site: the site.
            live: what is served.
            batches: what makes writes durable.
            clock: returns the time, RFC 3339.
            unique_remotes: whether a remote URL belongs to one server name.
        """
        self._site = site
        self.live = live
        self._batches = batches
        self._clock = clock
        self._unique_remotes = unique_remotes
        managed = next((site.sources[source.name] for source in site.config.sources if source.managed), None)
        self._managed = managed if isinstance(managed, ManagedSource) else None
        self._urls: dict[str, RemoteUrls] = {}

    def moved(self, site: Site, live: LiveSite) -> Publisher:
        """Return what writes to a site that took the place of this one."""
        return Publisher(site, live, self._batches, clock=self._clock, unique_remotes=self._unique_remotes)

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

        copied = self.live.registries[registry].standing("server", name).versions if adopt else ()
        paths = paths_of(parsed, version, *(one.version for one in copied))
        return Write(summary=f"Publish {name} {version}", paths=paths, run=run)

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

        return Write(summary=f"Edit {name} {version}", paths=paths_of(parsed, version), run=run)

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

        return Write(summary=f"Delete {name} {version}", paths=paths_of(parsed, version), run=run)

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
        check_message(change)

        def run(desk: Desk) -> bytes:
            found = desk.standing(registry, "server", parsed).find(version)
            if found is None:
                raise UnknownEntryError(unknown)
            if change.is_in(found):
                raise RefusedWriteError(
                    "No changes to apply: status and message are already set to the provided values"
                )
            return self._restate(desk, registry, parsed, [found], change)[0]

        return Write(summary=f"Set {name} {version} {change.status}", paths=paths_of(parsed, version), run=run)

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
        check_message(change)

        def run(desk: Desk) -> bytes:
            versions = desk.standing(registry, "server", parsed).versions
            if not versions:
                raise UnknownEntryError("Server not found")
            todo = [version for version in versions if not change.is_in(version)]
            if not todo:
                raise RefusedWriteError(
                    "No changes to apply: all versions already have the requested status and message"
                )
            bodies = self._restate(desk, registry, parsed, todo, change)
            return b'{"updatedCount":%d,"servers":[%s]}' % (len(bodies), b",".join(bodies))

        return Write(summary=f"Set all versions of {name} {change.status}", paths=paths_of(parsed), run=run)

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
        _check_urls(desk, registry, value, str(name), _PUBLISH_FAILED)
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
        data = version_file(value, {"publishedAt": now, "updatedAt": now})
        try:
            if standing.versions and standing.supplier != desk.managed.name:
                self._adopt(desk, registry, name, standing, {f"{version}.json": data}, asked=adopt)
            else:
                desk.change("server", name, [FileChange(version_path(name, version), data, is_new=True)])
        except ConflictError as error:
            raise duplicate from error
        return self._answer(desk, registry, name, version, _PUBLISH_FAILED)

    def _adopt(
        self, desk: Desk, registry: str, name: EntryName, standing: Standing, files: Mapping[str, bytes], *, asked: bool
    ) -> None:
        supplier = standing.supplier
        plan = desk.live.registries[registry].plan
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
        copies = {f"{one.version}.json": version_copy(one) for one in standing.versions}
        folder = entry_folder(name)
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
        _check_urls(desk, registry, value, str(name), _EDIT_FAILED)
        path = version_path(name, version)
        before = desk.store.read(path)
        if before is None:
            raise RefusedWriteError(_EDIT_FAILED, f"{path} is not where it was")
        block = {"publishedAt": found.official.published_at, "updatedAt": desk.moment([found])}
        data = version_file(value, block, kept=kept_members(before))
        desk.change("server", name, [FileChange(path, data)])
        return self._answer(desk, registry, name, version, _EDIT_FAILED)

    def _restate(
        self, desk: Desk, registry: str, name: EntryName, versions: Sequence[EntryVersion], change: StatusChange
    ) -> list[bytes]:
        """Return the bodies of *versions* after a change of their status, which is one file."""
        if change.status == "active":
            for version in versions:
                if version.official.status == "deleted":
                    _check_urls(desk, registry, version.value, str(name), _STATUS_FAILED)
        restate(desk, "server", name, versions, change)
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

    def _urls_of(self, registry: str) -> RemoteUrls:
        found = self._urls.get(registry)
        if found is None:
            found = self._urls[registry] = RemoteUrls(self.live.registries[registry])
        return found

    def forget(self) -> None:
        """Forget what was derived from the live site, because it was loaded anew."""
        self._urls.clear()

    def run(self, jobs: Sequence[Job]) -> tuple[list[bytes | Exception], Desk | None]:
        """Do some writes and make them durable.

        Returns:
            As `regpress.batches.Batches.run`.
        """
        # Before anything is changed: an index made later would not know what to take back.
        for registry in self.live.registries if self._unique_remotes else ():
            self._urls_of(registry)
        desk = Desk(self._site, self.live, self._batches.store, self._managed, self._clock, self._urls)
        return self._batches.run(desk, jobs)


def _check_urls(desk: Desk, registry: str, document: Any, name: str, detail: str) -> None:
    # Where remotes need not be unique, nobody has an index of them.
    urls = desk.urls.get(registry)
    if urls is not None and (holder := urls.holder(document, name)):
        raise RefusedWriteError(detail, f"remote URL {holder[0]} is already used by server {holder[1]}")


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
