"""Create, change and delete sources and registries: checks of ToolHive registry specification 6 and 7, in their order.

What passes is a `Change`: the records as they will be, and the write that makes them files. Nothing is done here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, TypeVar

from regpress.admin_entries import entry_file
from regpress.callers import check_cover, check_stamp
from regpress.claims import Caller
from regpress.content_store import FileChange
from regpress.created_files import record_path
from regpress.desk import Desk, Write
from regpress.errors import (
    ConflictError,
    ForbiddenError,
    InvalidNameError,
    RefusedWriteError,
    SourceError,
    TakenError,
    UnknownEntryError,
)
from regpress.gathering import resolve_source
from regpress.live import LiveSite
from regpress.model.config_checks import parse_duration, shorten
from regpress.model.config_source import SOURCE_TYPES, SourceConfig
from regpress.model.created import (
    CONTENT_FOLDER,
    REGISTRIES,
    SOURCES,
    Created,
    CreatedRegistry,
    CreatedSource,
    Times,
    flaw_text,
    record_file,
    registry_config,
    source_config,
)
from regpress.model.flaws import FlawsError
from regpress.names import SourceName
from regpress.record import record
from regpress.site import Site
from regpress.sources.file import InlineSource
from regpress.times import time_key

T = TypeVar("T")
Section = Literal["sources", "registries"]

_OTHER_TYPE: Final = (
    "changing source type is not allowed: cannot change from '{}' to '{}', delete and recreate the source instead"
)
_NOT_A_NAME: Final = "name '{}' must be a valid DNS subdomain (lowercase alphanumeric and hyphens, max 63 chars)"
_SYNCED: Final = frozenset({"git", "api", "file"})
#: The fields of a request that are read, and those of the objects in it; others are ignored, as everywhere below /v1.
_FIELDS: Final[Mapping[str, Any]] = {
    "git": {"repository": str, "branch": str, "tag": str, "commit": str, "path": str,
            "auth": {"username": str, "passwordFile": str}},
    "api": {"endpoint": str, "timeout": str},
    "file": {"path": str, "url": str, "data": (str, dict, list), "timeout": str},
    "managed": {},
    "kubernetes": {},
    "syncPolicy": {"interval": str},
    "filter": {"names": {"include": list, "exclude": list}, "tags": {"include": list, "exclude": list}},
    "claims": dict,
}  # fmt: skip


@record(kw_only=True)
class Change:
    """A change of what was created, which has passed all checks.

    Attributes:
        section: ``sources`` or ``registries``.
        name: of what is changed.
        is_new: whether it was not there.
        created: everything that was created, as it will be.
        write: makes it files.
    """

    section: Section
    name: str
    is_new: bool
    created: Created
    write: Write

    @property
    def label(self) -> str:
        """Return what messages call it."""
        return _label(self.section)


def put_source(site: Site, name: str, body: Mapping[str, Any], caller: Caller, *, now: str) -> Change:
    """Return the change that creates a source, or replaces its settings.

    Raises:
        RefusedWriteError: the settings are malformed, or of another type than those that stand.
        ForbiddenError: the source is the configuration's, or the caller's claims do not suffice.
        TakenError: there is a managed source.
    """
    settings = _source_settings(body)
    config = _source_config(site, name, settings)
    check_stamp(caller, config.claims)
    known = next((one for one in site.config.sources if one.name == name), None)
    if known is None:
        path = _checked_path(SOURCES, name, "invalid source configuration")
        if config.managed is not None and any(one.managed is not None for one in site.config.sources):
            raise TakenError("at most one managed source is allowed")
        times = Times(now, now)
    else:
        earlier = _own(site.created.sources, SOURCES, name)
        check_cover(caller, known.claims)
        _check_same_type(known, config)
        path, times = record_path(SOURCES, name), Times(earlier.times.created, _later(now, earlier.times))
    made = {**site.created.sources, name: CreatedSource(config, times)}
    created = replace(site.created, sources=dict(sorted(made.items())))
    return _put(SOURCES, name, path, record_file(settings, times), created, is_new=known is None)


def delete_source(site: Site, live: LiveSite, name: str, caller: Caller) -> Change:
    """Return the change that deletes a source, with its entries.

    Raises:
        UnknownEntryError: there is none.
        ForbiddenError: it is the configuration's, or the caller does not cover its claims.
        TakenError: a registry has it.
    """
    known = next((one for one in site.config.sources if one.name == name), None)
    if known is None:
        raise UnknownEntryError(f"source not found: {name}")
    _own(site.created.sources, SOURCES, name)
    check_cover(caller, known.claims)
    if count := sum(name in registry.sources for registry in site.config.registries):
        raise TakenError(
            f"source is referenced by one or more registries: {name} is referenced by {count} registry(ies)"
        )
    created = replace(site.created, sources={key: one for key, one in site.created.sources.items() if key != name})
    entries = _entry_files(live, name) if known.managed is not None else []
    return _delete(SOURCES, name, created, entries)


def put_registry(site: Site, name: str, body: Mapping[str, Any], caller: Caller, *, now: str) -> Change:
    """Return the change that creates a registry, or replaces its sources and claims.

    Raises:
        RefusedWriteError: they are malformed, or there is no such source.
        ForbiddenError: the registry is the configuration's, or the caller's claims do not suffice.
    """
    sources, claims = _strings(body, "sources"), _object(body, "claims")
    _check_registry(sources)
    try:
        # Names of sources are looked up below; here they may be anything.
        claimed = registry_config("any", {"sources": ["any"], "claims": claims}).claims
    except FlawsError as error:
        _refuse_flaws("registry", error)
    check_stamp(caller, claimed)
    known = next((one for one in site.config.registries if one.name == name), None)
    if known is None:
        path, times = _checked_path(REGISTRIES, name, "invalid registry configuration"), Times(now, now)
    else:
        earlier = _own(site.created.registries, REGISTRIES, name)
        check_cover(caller, known.claims)
        path, times = record_path(REGISTRIES, name), Times(earlier.times.created, _later(now, earlier.times))
    by_name = {one.name: one for one in site.config.sources}
    for source in sources:
        if source not in by_name:
            raise RefusedWriteError(f"source not found: {source}")
    for source in sources:
        check_cover(caller, by_name[source].claims)
    settings = {"sources": sources, **({"claims": claims} if claims else {})}
    made = {**site.created.registries, name: CreatedRegistry(registry_config(name, settings), times)}
    created = replace(site.created, registries=dict(sorted(made.items())))
    return _put(REGISTRIES, name, path, record_file(settings, times), created, is_new=known is None)


def delete_registry(site: Site, name: str, caller: Caller) -> Change:
    """Return the change that deletes a registry; its sources stay.

    Raises:
        UnknownEntryError: there is none.
        ForbiddenError: it is the configuration's, or the caller does not cover its claims.
    """
    known = next((one for one in site.config.registries if one.name == name), None)
    if known is None:
        raise UnknownEntryError(f"registry not found: {name}")
    _own(site.created.registries, REGISTRIES, name)
    check_cover(caller, known.claims)
    left = {key: one for key, one in site.created.registries.items() if key != name}
    return _delete(REGISTRIES, name, replace(site.created, registries=left), [])


# Records


def _put(section: Section, name: str, path: str, data: bytes, created: Created, *, is_new: bool) -> Change:
    def run(desk: Desk) -> bytes:
        try:
            desk.put_files([FileChange(path, data, is_new=is_new)])
        except ConflictError as error:
            # Somebody else put it there, and it counts from the next start on.
            raise TakenError(f"{_label(section)} already exists: {name}", f"{CONTENT_FOLDER}/{path}") from error
        return b""

    word = f"{'Create' if is_new else 'Change'} {_label(section)} {name}"
    return Change(
        section=section, name=name, is_new=is_new, created=created, write=Write(summary=word, paths=(path,), run=run)
    )


def _delete(section: Section, name: str, created: Created, others: list[str]) -> Change:
    paths = (record_path(section, name), *others)

    def run(desk: Desk) -> bytes:
        desk.put_files([FileChange(path, None) for path in paths])
        return b""

    word = f"Delete {_label(section)} {name}"
    return Change(
        section=section, name=name, is_new=False, created=created, write=Write(summary=word, paths=paths, run=run)
    )


def _label(section: Section) -> str:
    return "source" if section == SOURCES else "registry"


def _own(created: Mapping[str, T], section: Section, name: str) -> T:
    """Return the record of what the API made, which alone it may change."""
    if name not in created:
        raise ForbiddenError(f"cannot modify config-created {_label(section)} via API: {name}")
    return created[name]


def _checked_path(section: Section, name: str, refusal: str) -> str:
    try:
        return record_path(section, name)
    except InvalidNameError as error:
        raise RefusedWriteError(f"{refusal}: {_NOT_A_NAME.format(shorten(name))}") from error


def _later(now: str, times: Times) -> str:
    """Return the time, never before the last change, whatever the clock says."""
    return max(now, times.updated, key=time_key)


def _entry_files(live: LiveSite, source: str) -> list[str]:
    """Return the files of all entries of the managed source, below the content folder."""
    return [
        entry_file(version.kind, version.name, version.version)
        for candidates in live.entries(source).values()
        for version in candidates.versions
    ]


# Settings of a source


def _source_settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request says of a source, without what is empty or unknown."""
    given = {key: _fields(key, body[key], kind) for key, kind in _FIELDS.items() if body.get(key) is not None}
    # A policy or filter without members says nothing; the block of a type says which type it is.
    return {key: value for key, value in given.items() if value or key in SOURCE_TYPES}


def _fields(at: str, value: Any, kind: Any) -> Any:
    if not isinstance(kind, Mapping):
        if not isinstance(value, kind):
            expected = {str: "a string", list: "a list", dict: "an object"}.get(kind, "a string of JSON")
            raise RefusedWriteError(f"invalid request body: {at} must be {expected}")
        return value
    if not isinstance(value, Mapping):
        raise RefusedWriteError(f"invalid request body: {at} must be an object")
    found = {key: _fields(f"{at}.{key}", value[key], one) for key, one in kind.items() if value.get(key) is not None}
    return {key: item for key, item in found.items() if item not in ("", [], {})}


def _source_config(site: Site, name: str, settings: Mapping[str, Any]) -> SourceConfig:
    """Return the source that settings describe."""
    if reason := _type_problem(settings) or _interval_problem(settings) or _block_problem(site, settings):
        _refuse(reason)
    try:
        config = source_config(name if _is_name(name) else "any", settings)
    except FlawsError as error:
        _refuse_flaws("source", error)
    if config.file is not None and config.file.data is not None and (reason := _data_problem(site, config)):
        _refuse(f"file.data: {reason}")
    return config


def _is_name(name: str) -> bool:
    try:
        record_path(SOURCES, name)
    except InvalidNameError:
        return False
    return True


def _refuse(reason: str) -> NoReturn:
    raise RefusedWriteError(f"invalid source configuration: {reason}")


def _refuse_flaws(label: str, error: FlawsError) -> NoReturn:
    found = [flaw_text(flaw) for flaw in error.flaws]
    raise RefusedWriteError(f"invalid {label} configuration: {found[0]}", *found) from error


def _type_problem(settings: Mapping[str, Any]) -> str:
    types = [kind for kind in SOURCE_TYPES if kind in settings]
    if not types:
        return "one of git, api, file, managed, or kubernetes must be specified"
    if len(types) > 1:
        return "only one source type may be specified"
    return "kubernetes sources cannot be watched by this registry" if types == ["kubernetes"] else ""


def _interval_problem(settings: Mapping[str, Any]) -> str:
    kind = _type(settings)
    interval = settings.get("syncPolicy", {}).get("interval", "")
    if not interval:
        is_needed = kind in _SYNCED and "data" not in settings.get("file", {})
        return f"syncPolicy.interval is required for {kind} registries" if is_needed else ""
    try:
        seconds = parse_duration(interval)
    except ValueError as error:
        return f"invalid sync interval: {error}"
    return "" if seconds >= 0 else f"invalid sync interval: {shorten(interval)!r} is negative"


def _type(settings: Mapping[str, Any]) -> str:
    return next(kind for kind in SOURCE_TYPES if kind in settings)


def _block_problem(site: Site, settings: Mapping[str, Any]) -> str:
    check: Callable[[Site, Mapping[str, Any]], str] | None = _BLOCKS.get(_type(settings))
    return check(site, settings[_type(settings)]) if check else ""


def _git_problem(_: Site, git: Mapping[str, Any]) -> str:
    if "repository" not in git:
        return "git.repository is required"
    if sum(key in git for key in ("branch", "tag", "commit")) > 1:
        return "git.branch, git.tag, and git.commit are mutually exclusive"
    # What the configuration may name, programs of others may not: repositories on this machine.
    if not git["repository"].lower().startswith(("https://", "http://")):
        return "git.repository must be an http or https address"
    auth = git.get("auth")
    if auth is None:
        return ""
    if auth.keys() != {"username", "passwordFile"}:
        return "git.auth.username and git.auth.passwordFile must both be specified"
    if not auth["passwordFile"].startswith("/"):
        return "git.auth.passwordFile must be an absolute path"
    found = "\0" not in auth["passwordFile"] and Path(auth["passwordFile"]).is_file()
    return "" if found else "git.auth.passwordFile is not the path of a file"


def _api_problem(_: Site, api: Mapping[str, Any]) -> str:
    return "" if "endpoint" in api else "api.endpoint is required"


def _file_problem(site: Site, file: Mapping[str, Any]) -> str:
    places = [key for key in ("path", "url", "data") if key in file]
    if not places:
        return "file.path, file.url, or file.data is required"
    if len(places) > 1:
        return "file.path, file.url, and file.data are mutually exclusive"
    if "timeout" in file and places != ["url"]:
        return "file.timeout is only applicable when file.url is specified"
    if "timeout" in file:
        try:
            parse_duration(file["timeout"])
        except ValueError as error:
            return f"invalid file.timeout: {error}"
    return _path_problem(site, file["path"]) if places == ["path"] else ""


def _path_problem(site: Site, path: str) -> str:
    """Return why a path cannot be read by a source: below it lies what has claims of its own."""
    if "\0" in path:
        return "file.path contains a NUL"
    real = os.path.realpath(site.root / path)
    for own in (site.root / CONTENT_FOLDER, site.cache):
        inside = os.path.realpath(own)
        if os.path.commonpath((real, inside)) in {real, inside}:
            return f"file.path must not lead to {own.name} of the site"
    return ""


_BLOCKS: Final[Mapping[str, Callable[[Site, Mapping[str, Any]], str]]] = {
    "git": _git_problem,
    "api": _api_problem,
    "file": _file_problem,
}


def _data_problem(site: Site, config: SourceConfig) -> str:
    """Return what is wrong with the document of an inline source, of which nothing may be."""
    assert config.file is not None
    source = InlineSource(name=SourceName(config.name), data=config.file.data)
    strict = replace(config, on_invalid="fail")
    try:
        found = resolve_source(site, strict, source.fetch(), previous={}, now="1970-01-01T00:00:00Z")
    except SourceError as error:
        return str(error)
    errors = [issue for issue in found.issues if issue.severity == "error"]
    where = (errors[0].entry or errors[0].pointer, errors[0].path) if errors else ()
    return ": ".join(filter(None, (*where, errors[0].message))) if errors else ""


def _check_same_type(known: SourceConfig, config: SourceConfig) -> None:
    before, now = _kind(known), _kind(config)
    if known.type != config.type:
        raise RefusedWriteError(_OTHER_TYPE.format(known.type, config.type))
    if before != now:
        raise RefusedWriteError(_OTHER_TYPE.format(before, now))


def _kind(config: SourceConfig) -> str:
    if config.file is None:
        return config.type
    return next(f"file.{key}" for key in ("path", "url", "data") if getattr(config.file, key) is not None)


# Settings of a registry


def _check_registry(sources: list[str]) -> None:
    if not sources:
        raise RefusedWriteError("invalid registry configuration: at least one source is required")
    seen: set[str] = set()
    for source in sources:
        if source in seen:
            raise RefusedWriteError(f"invalid registry configuration: duplicate source: {source}")
        seen.add(source)


def _strings(body: Mapping[str, Any], key: str) -> list[str]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RefusedWriteError(f"invalid request body: {key} must be a list of strings")
    return value


def _object(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise RefusedWriteError(f"invalid request body: {key} must be an object")
    return value
