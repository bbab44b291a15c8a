"""Publish, delete and claim entries of the managed source: ToolHive registry specification 8, of which the contract.

A write is checked in the order of the specification, becomes files in ``content/``, and shows once it is durable, as
`regpress.publish` does it for the official routes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from regpress import api
from regpress.callers import ROLE_REFUSED, Callers, check_cover, check_stamp
from regpress.claims import Caller, Claims, claims_problem, same_claims
from regpress.content_store import FileChange
from regpress.desk import Desk, Write
from regpress.errors import (
    ConflictError,
    ForbiddenError,
    InvalidNameError,
    NotOfferedError,
    RefusedWriteError,
    TakenError,
    UnknownEntryError,
)
from regpress.gathering import is_public
from regpress.live import LiveSite, RegistryPlan, settle
from regpress.model.config_source import SourceConfig
from regpress.model.document import canonical_text, compact_text, escape_html_in_json, parse_json, plain_value
from regpress.model.entry import OFFICIAL_META, PUBLISHER_META, EntryVersion, RawFile
from regpress.model.issue import Issue
from regpress.model.native import SERVER_SCHEMA
from regpress.model.removal import TOMBSTONES, removal_record
from regpress.model.status import read_statuses, status_file
from regpress.names import KINDS, EntryName, Kind, parse_entry_name, parse_server_name, parse_version, version_problem
from regpress.paths import ENTRY_PLURAL
from regpress.principal import Principal
from regpress.record import record
from regpress.site import Site
from regpress.statuses import StatusChange, check_message, restate, status_path
from regpress.validate.check import check_entry

ONE_PAYLOAD: Final = "exactly one of 'server', 'skill', or 'plugin' must be provided"
#: A check of its own here, with a limit that can be configured.
_ELSEWHERE: Final = frozenset({"publisher-metadata-too-large"})
_MOST_REASONS: Final = 20


@record
class Managed:
    """The entries of the managed source of a site.

    Attributes:
        site: the site.
        live: what is served.
    """

    site: Site
    live: LiveSite

    # What is asked for

    def publish(self, body: Mapping[str, Any], caller: Caller, *, claims_needed: bool) -> Write:
        """Return the write that adds a version.

        Args:
            body: ``server``, ``skill`` or ``plugin``, and perhaps ``claims``.
            caller: who asks; may manage entries.
            claims_needed: whether there are roles.

        Raises:
            RefusedWriteError: the body is malformed, or breaks rules.
            ForbiddenError: the caller may not give these claims, or not publish here.
            NotOfferedError: there is no managed source.
        """
        kind, value = _payload(body)
        claims = body.get("claims") or {}
        if problem := claims_problem(claims):
            raise RefusedWriteError(f"invalid request body: {problem}")
        if claims_needed and not claims:
            raise RefusedWriteError("claims are required when authorization is enabled")
        name, version, document = self._checked(kind, value)
        check_stamp(caller, claims)
        source = self._source("no managed source available for publishing")
        check_cover(caller, source.claims)

        def run(desk: Desk) -> bytes:
            return _Work(desk, source, kind, name).add(version, document, claims)

        return Write(
            summary=f"Publish {_label(kind, name)} {version}", paths=(entry_file(kind, name, version),), run=run
        )

    def delete(self, kind: Kind, given: str, version: str, caller: Caller) -> Write:
        """Return the write that removes a version for good.

        Raises:
            UnknownEntryError: there is none.
            TakenError: the name is one of several.
            NotOfferedError: there is no managed source.
        """
        source = self._source("no managed source available for deletion")
        name = self.named(kind, given, caller, missing=f"{given}@{version}")
        if version_problem(version):
            raise UnknownEntryError(f"not found: {given}@{version}")

        def run(desk: Desk) -> bytes:
            return _Work(desk, source, kind, name).remove(version, caller)

        paths = (entry_file(kind, name, version), status_path(kind, name), _tombstone_file(kind, name))
        return Write(summary=f"Remove {_label(kind, name)} {version}", paths=paths, run=run)

    def claims(self, kind: Kind, given: str, caller: Caller) -> Claims:
        """Return the claims of an entry.

        Raises:
            UnknownEntryError: there is none.
            ForbiddenError: the caller does not cover them.
            TakenError: the name is one of several.
            NotOfferedError: there is no managed source.
        """
        source = self._source("no managed source available")
        name = self.named(kind, given, caller, missing=given)
        versions = self.live.candidates(source.name, kind, name).versions
        if not versions:
            raise UnknownEntryError(f"not found: {given}")
        _check_all_covered(caller, versions)
        return versions[0].claims

    def set_claims(self, kind: Kind, given: str, claims: Claims, caller: Caller) -> Write:
        """Return the write that gives an entry, which is all versions of it, other claims.

        Raises:
            RefusedWriteError: the claims are malformed.
            ForbiddenError: the caller may not give these.
            UnknownEntryError: there is no such entry.
            TakenError: the name is one of several.
            NotOfferedError: there is no managed source.
        """
        if problem := claims_problem(claims):
            raise RefusedWriteError(f"invalid request body: {problem}")
        check_stamp(caller, claims)
        source = self._source("no managed source available for updating claims")
        name = self.named(kind, given, caller, missing=given)

        def run(desk: Desk) -> bytes:
            return _Work(desk, source, kind, name).claim(claims, caller)

        versions = self.live.candidates(source.name, kind, name).versions
        paths = tuple(entry_file(kind, name, one.version) for one in versions)
        return Write(summary=f"Change claims of {_label(kind, name)}", paths=paths, run=run)

    def set_status(self, kind: Kind, given: str, version: str, change: StatusChange, caller: Caller) -> Write:
        """Return the write that changes the status of a version, or of all where none is named, in whatever source.

        Raises:
            RefusedWriteError: an active version has no message.
            UnknownEntryError: there is no such entry.
            ForbiddenError: the caller does not cover its claims.
            TakenError: the name is one of several.
            NotOfferedError: there is no managed source.
        """
        self._source("no managed source available for changing a status")
        label = f"{given}@{version}" if version else given
        name = self.named(kind, given, caller, missing=label)
        check_message(change)

        def run(desk: Desk) -> bytes:
            found = [one for one in desk.everywhere(kind, name) if version in {"", one.version}]
            if not found:
                raise UnknownEntryError(f"not found: {label}")
            # One file says it for all sources: nobody changes what others see and they do not.
            _check_all_covered(caller, found)
            todo = [one for one in found if not change.is_in(one)]
            if not todo:
                raise RefusedWriteError("No changes to apply: status and message are what they should be")
            restate(desk, kind, name, todo, change)
            return orjson.dumps({"status": change.status, "versions": sorted({one.version for one in todo})})

        summary = f"Set {_label(kind, name)} {version or 'all versions'} {change.status}"
        return Write(summary=summary, paths=(status_path(kind, name),), run=run)

    def issues(self, body: Mapping[str, Any], caller: Caller) -> tuple[Issue, ...]:
        """Return what is to be said about the document of a publication; with an error, `publish` refuses it.

        Args:
            body: of the publication.
            caller: who asks; is not told of what they do not see.

        Raises:
            RefusedWriteError: there is none, or more than one.
        """
        kind, value = _payload(body)
        policy = self.site.config.site.policy
        found = [
            issue
            for issue in check_entry(
                kind, plain_value(_completed(kind, value)), level=policy.level, overrides=policy.rules
            )
            if issue.reference not in _ELSEWHERE
        ]
        if any(issue.severity == "error" for issue in found):
            return tuple(found)
        try:
            name, version, _ = self._checked(kind, value)
        except RefusedWriteError as error:
            return (*found, _refusal(error.detail))
        for source in self.site.config.sources:
            held = self.live.candidates(source.name, kind, name).versions
            if source.managed is None and any(caller.may_read(one.claims) for one in held):
                found.append(_shared(name, source.name))
            if source.managed is not None and any(one.version == version for one in held):
                found.append(_refusal(f"version {version} is published already", path="version"))
        return tuple(found)

    def named(self, kind: Kind, given: str, caller: Caller, *, missing: str) -> EntryName:
        """Return the name that a path means: a bare one of a skill or plugin is right where there is only one.

        Raises:
            UnknownEntryError: there is none.
            TakenError: there are several.
        """
        source = self._source("no managed source available")
        unknown = UnknownEntryError(f"not found: {missing}")
        if kind == "server" or "/" in given:
            try:
                return parse_entry_name(kind, given)
            except InvalidNameError as error:
                raise unknown from error
        fitting = {
            name: found
            for (one, name), found in self.live.entries(source.name).items()
            if one == kind and found.versions and name.partition("/")[2] == given
        }
        if len(fitting) > 1:
            seen = sorted(n for n, found in fitting.items() if any(caller.may_read(v.claims) for v in found.versions))
            fitting = {name: fitting[name] for name in seen} or fitting
            if len(seen) > 1:
                raise TakenError(f"{given} is the name of several {kind}s: {', '.join(seen)}")
        if not fitting:
            raise unknown
        return parse_entry_name(kind, next(iter(fitting)))

    @property
    def source_name(self) -> str:
        """Return the name of the managed source, empty where there is none."""
        return next((one.name for one in self.site.config.sources if one.managed is not None), "")

    def is_claimed(self, name: str) -> bool:
        """Return whether a server of the managed source has claims."""
        source = next((one for one in self.site.config.sources if one.managed is not None), None)
        found = self.live.entries(source.name).get(("server", name)) if source else None
        return found is not None and any(version.claims for version in found.versions)

    # How it is checked

    def _source(self, missing: str) -> SourceConfig:
        source = next((one for one in self.site.config.sources if one.managed is not None), None)
        if source is None:
            raise NotOfferedError(missing)
        return source

    def _checked(self, kind: Kind, value: Any) -> tuple[EntryName, str, Any]:
        """Return name, version and document of a payload that keeps all rules."""
        if not isinstance(value, dict):
            raise RefusedWriteError(f"invalid request body: '{kind}' must be an object")
        if kind == "server":
            try:
                parse_server_name(str(value.get("name")))
            except InvalidNameError as error:
                raise RefusedWriteError(f"invalid server name: {str(value.get('name'))[:200]}") from error
            if not value.get("packages") and not value.get("remotes"):
                raise RefusedWriteError("invalid server: packages or remotes are required")
        value = _completed(kind, value)
        self._check_metadata(value)
        policy = self.site.config.site.policy
        plain = plain_value(value)
        errors = [
            issue
            for issue in check_entry(kind, plain, level=policy.level, overrides=policy.rules)
            if issue.severity == "error" and issue.reference not in _ELSEWHERE
        ]
        if errors:
            found = [f"{issue.path}: {issue.message}".removeprefix(": ") for issue in errors[:_MOST_REASONS]]
            raise RefusedWriteError(f"invalid {kind}: {found[0]}", *found)
        full = str(value["name"]) if kind == "server" else f"{value['namespace']}/{value['name']}"
        try:
            return parse_entry_name(kind, full), parse_version(str(value["version"])), value
        except InvalidNameError as error:
            raise RefusedWriteError(f"invalid {kind}: {error}") from error

    def _check_metadata(self, value: Mapping[str, Any]) -> None:
        meta, most = value.get("_meta"), self.site.config.site.policy.max_meta_size
        block = meta.get(PUBLISHER_META) if isinstance(meta, dict) else None
        if block is not None and (size := len(compact_text(block))) > most:
            raise RefusedWriteError(f"invalid request body: _meta.{PUBLISHER_META} has {size} bytes, more than {most}")


def official_guard(managed: Managed, callers: Callers, principal: Principal, name: str) -> None:
    """Hold that the official write routes may change a server: they know no claims, and must not get around them.

    Raises:
        RefusedWriteError: it has claims, or needs some.
        ForbiddenError: the caller lacks the role.
    """
    caller = callers.caller(principal)
    if callers.roles is not None and not caller.has("manageEntries"):
        raise ForbiddenError(ROLE_REFUSED)
    if managed.is_claimed(name):
        raise RefusedWriteError("This server is managed with its claims: use /v1/entries")
    if callers.roles is not None and not caller.bypasses:
        raise RefusedWriteError("claims are required when authorization is enabled: use /v1/entries")


@record
class _Work:
    """What is done to one entry while nobody else writes."""

    desk: Desk
    source: SourceConfig
    kind: Kind
    name: EntryName

    def add(self, version: str, document: Any, claims: Claims) -> bytes:
        versions = self._versions()
        wanted = claims or self.source.claims
        if any(not same_claims(one.claims, wanted) for one in versions):
            raise TakenError("claims mismatch: claims do not match existing entry")
        full = self.name if self.kind == "server" else self.name.name
        taken = TakenError(f"version already exists: {full}@{version}")
        if any(one.version == version for one in versions):
            raise taken
        now = self.desk.moment(versions)
        block = {"publishedAt": now, "updatedAt": now}
        file = {self.kind: document, "_meta": {OFFICIAL_META: block}, **({"claims": claims} if claims else {})}
        change = FileChange(entry_file(self.kind, self.name, version), canonical_text(file), is_new=True)
        try:
            self.desk.change(self.kind, self.name, [change])
        except ConflictError as error:
            raise taken from error
        return self._answer(version)

    def remove(self, version: str, caller: Caller) -> bytes:
        versions = self._versions()
        found = next((one for one in versions if one.version == version), None)
        full = self.name if self.kind == "server" else self.name.name
        if found is None:
            raise UnknownEntryError(f"not found: {full}@{version}")
        check_cover(caller, found.claims)
        moment = self.desk.moment(versions)
        changes = [FileChange(entry_file(self.kind, self.name, version), None), self._tombstone(found, moment)]
        path = status_path(self.kind, self.name)
        if data := self.desk.store.read(path):
            statuses = dict(read_statuses(RawFile(path=path, data=data), self.kind, str(self.name))[0])
            if statuses.pop(version, None):
                changes.append(FileChange(path, status_file(statuses) if statuses else None))
        self.desk.change(self.kind, self.name, changes)
        return b""

    def claim(self, claims: Claims, caller: Caller) -> bytes:
        versions = self._versions()
        if not versions:
            full = self.name if self.kind == "server" else self.name.name
            raise UnknownEntryError(f"not found: {full}")
        _check_all_covered(caller, versions)
        self.desk.change(self.kind, self.name, [self._claimed(version, claims) for version in versions])
        return b""

    def _versions(self) -> tuple[EntryVersion, ...]:
        return self.desk.held(self.kind, self.name).versions

    def _claimed(self, version: EntryVersion, claims: Claims) -> FileChange:
        path = entry_file(self.kind, self.name, version.version)
        before = self.desk.store.read(path)
        if before is None:
            raise RefusedWriteError(f"{path} is not where it was")
        value = parse_json(before)
        file = value if isinstance(value.get(self.kind), dict) and "name" not in value else {self.kind: value}
        meta = file.get("_meta") or {}
        official = version.official
        # What history alone dates must not become younger by this.
        block = {"publishedAt": official.published_at, "updatedAt": official.updated_at} | meta.get(OFFICIAL_META, {})
        file = {**file, "_meta": {**meta, OFFICIAL_META: block}}
        file.pop("claims", None)
        return FileChange(path, canonical_text({**file, **({"claims": claims} if claims else {})}))

    def _tombstone(self, version: EntryVersion, moment: str) -> FileChange:
        path = _tombstone_file(self.kind, self.name)
        known = parse_json(self.desk.store.read(path) or b"{}")
        note = removal_record(moment, self._public_registries(version.version), version.claims)
        return FileChange(path, canonical_text({**known, version.version: note}))

    def _public_registries(self, version: str) -> list[str]:
        """Return the registries in which everybody sees a version: they will tell that it is gone."""
        shown = []
        for registry in self.desk.site.config.registries:
            if registry.name in self.desk.live.registries and is_public(registry, self.desk.site.config):
                standing = self.desk.standing(registry.name, self.kind, self.name)
                if standing.supplier == self.source.name and standing.find(version) is not None:
                    shown.append(registry.name)
        return shown

    def _answer(self, version: str) -> bytes:
        held = self.desk.held(self.kind, self.name)
        plan = RegistryPlan("", (self.source.name,), is_default=False)
        standing = settle(plan, self.kind, self.name, {self.source.name: held}, shows=lambda _: True)
        found = standing.find(version)
        if found is None:
            raise RefusedWriteError(f"the configuration of source {self.source.name!r} leaves {self.name} out")
        if self.kind == "server":
            return found.text
        official = found.official
        known = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.kind}/{self.name}@{version}")
        more: dict[str, Any] = {
            "id": str(known),
            **({"isLatest": True} if official.is_latest else {}),
            "createdAt": official.published_at,
            "updatedAt": official.updated_at,
        }
        return b"%s,%s" % (api.document(found)[:-1], escape_html_in_json(orjson.dumps(more))[1:])


def _payload(body: Mapping[str, Any]) -> tuple[Kind, Any]:
    given = [kind for kind in KINDS if body.get(kind) is not None]
    if len(given) != 1:
        raise RefusedWriteError(ONE_PAYLOAD)
    return given[0], body[given[0]]


def _completed(kind: Kind, value: Any) -> Any:
    """Return a document with what may be left out or written otherwise here."""
    if not isinstance(value, dict):
        return value
    if kind == "server":
        return {"$schema": SERVER_SCHEMA, **value}
    return {**value, "status": value["status"].lower()} if isinstance(value.get("status"), str) else value


def _shared(name: EntryName, source: str) -> Issue:
    message = (
        f"the source {source!r} has {name} as well: in each registry the first of its sources supplies all versions"
    )
    return Issue(type="semantic", severity="warning", message=message, reference="publish", path="name")


def _refusal(message: str, *, path: str = "") -> Issue:
    return Issue(type="semantic", severity="error", message=message, reference="publish", path=path)


def _check_all_covered(caller: Caller, versions: Sequence[EntryVersion]) -> None:
    for version in versions:
        check_cover(caller, version.claims)


def _label(kind: Kind, name: EntryName) -> str:
    return str(name) if kind == "server" else f"{kind} {name}"


def _folder(kind: Kind, name: EntryName) -> str:
    return f"{ENTRY_PLURAL[kind]}/{name.namespace}/{name.name}"


def entry_file(kind: Kind, name: EntryName, version: str) -> str:
    """Return the file of a version, below the content folder."""
    return f"{_folder(kind, name)}/{version}.json"


def _tombstone_file(kind: Kind, name: EntryName) -> str:
    return f"{TOMBSTONES}/{_folder(kind, name)}.json"
