"""Sources and registries as the admin API shows them: ToolHive registry specification 6 and 7, what reads.

They are shown to those whose claims cover theirs. `regpress.admin_changes` changes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from regpress.claims import Caller, Claims
from regpress.errors import UnknownEntryError
from regpress.live import LiveSite
from regpress.model.config import Config
from regpress.model.config_packing import written
from regpress.model.config_site import RegistryConfig
from regpress.model.config_source import SourceConfig
from regpress.model.created import Created, Times
from regpress.model.entry import EntryVersion
from regpress.names import KINDS, Kind
from regpress.record import record
from regpress.times import time_key

#: What ToolHive calls the kinds.
ENTRY_TYPES: Final[Mapping[Kind, str]] = {"server": "MCP", "skill": "SKILL", "plugin": "PLUGIN"}
_BY_API: Final = "API"
_BY_CONFIG: Final = "CONFIG"

#: The state of a source to its members of ``syncStatus``; None for a source that is not fetched.
States = Callable[[str], Mapping[str, Any] | None]


@record(kw_only=True)
class Sources:
    """The sources and registries of a site.

    Attributes:
        config: the configuration, with what was created through the API.
        created: that alone.
        live: what is served.
        states: what came of the last look at each source.
        started: RFC 3339 time since when those of the configuration are what they are.
        unclaimed: whether what has no claims is shown to everybody who is recognised.
    """

    config: Config
    created: Created
    live: LiveSite
    states: States
    started: str
    unclaimed: bool

    def sources(self, caller: Caller) -> dict[str, Any]:
        """Return the sources that a caller sees, the oldest first, those of one time by name."""
        seen = [self._source(one) for one in self.config.sources if self._sees(caller, one.claims)]
        return {"sources": sorted(seen, key=lambda one: (time_key(one["createdAt"]), one["name"]))}

    def source(self, name: str, caller: Caller) -> dict[str, Any]:
        """Return one source.

        Raises:
            UnknownEntryError: there is none that the caller sees.
        """
        return self._source(self._seen_source(name, caller))

    def source_entries(self, name: str, caller: Caller) -> dict[str, Any]:
        """Return what a source holds, whatever the claims of single entries.

        Raises:
            UnknownEntryError: there is no such source that the caller sees.
        """
        source = self._seen_source(name, caller)
        groups = groupby(self._versions((source.name,)), key=lambda item: (item[1].kind, str(item[1].name)))
        return {"entries": [_entry([version for _, version in group]) for _, group in groups]}

    def registries(self, caller: Caller) -> dict[str, Any]:
        """Return the registries that a caller sees, by name."""
        seen = [one for one in self.config.registries if self._sees(caller, one.claims)]
        return {"registries": [self._registry(one) for one in sorted(seen, key=lambda one: one.name)]}

    def registry(self, name: str, caller: Caller) -> dict[str, Any]:
        """Return one registry.

        Raises:
            UnknownEntryError: there is none that the caller sees.
        """
        return self._registry(self._seen_registry(name, caller))

    def registry_entries(self, name: str, caller: Caller) -> dict[str, Any]:
        """Return what the sources of a registry hold, one row for each version, nothing shadowed.

        Raises:
            UnknownEntryError: there is no such registry that the caller sees.
        """
        sources = self._seen_registry(name, caller).sources
        rows = [
            {
                "entryType": ENTRY_TYPES[version.kind],
                "name": str(version.name),
                "version": version.version,
                **_texts(version),
                **_times(version),
                "sourceName": version.source,
                "position": position,
            }
            for position, version in self._versions(sources)
        ]
        return {"entries": rows}

    def _sees(self, caller: Caller, claims: Claims) -> bool:
        return caller.may_read(claims) or (self.unclaimed and not claims)

    def _seen_source(self, name: str, caller: Caller) -> SourceConfig:
        for source in self.config.sources:
            if source.name == name and self._sees(caller, source.claims):
                return source
        raise UnknownEntryError(f"source not found: {name}")

    def _seen_registry(self, name: str, caller: Caller) -> RegistryConfig:
        for registry in self.config.registries:
            if registry.name == name and self._sees(caller, registry.claims):
                return registry
        raise UnknownEntryError(f"registry not found: {name}")

    def changed_source(self, name: str) -> dict[str, Any]:
        """Return a source as the answer to a change of it shows it: without what came of looks at it."""
        found = self._source(next(one for one in self.config.sources if one.name == name))
        return {key: item for key, item in found.items() if key != "syncStatus"}

    def changed_registry(self, name: str) -> dict[str, Any]:
        """Return a registry as the answer to a change of it shows it."""
        return self._registry(next(one for one in self.config.registries if one.name == name))

    def _source(self, source: SourceConfig) -> dict[str, Any]:
        made = self.created.sources.get(source.name)
        interval = source.sync_policy.interval if source.sync_policy else None
        filters = written(source.filter) if source.filter else {}
        status = self.states(source.name)
        return {
            "name": source.name,
            "type": source.type,
            "creationType": _BY_API if made else _BY_CONFIG,
            "sourceType": source.type,
            "sourceConfig": _settings(source),
            **({"filterConfig": shown} if (shown := _without_empty(filters)) else {}),
            **({"syncSchedule": go_duration(interval)} if interval else {}),
            **({"claims": dict(source.claims)} if source.claims else {}),
            **({"syncStatus": {**status, **self._counts(source.name)}} if status is not None else {}),
            **self._dated(made.times if made else None),
        }

    def _counts(self, source: str) -> dict[str, int]:
        names = [kind for (kind, _), found in self.live.entries(source).items() if found.versions]
        return {f"{kind}Count": names.count(kind) for kind in KINDS}

    def _dated(self, times: Times | None) -> dict[str, str]:
        created, updated = times or (self.started, self.started)
        return {"createdAt": created, "updatedAt": updated}

    def _registry(self, registry: RegistryConfig) -> dict[str, Any]:
        made = self.created.registries.get(registry.name)
        return {
            "name": registry.name,
            **({"claims": dict(registry.claims)} if registry.claims else {}),
            "creationType": _BY_API if made else _BY_CONFIG,
            "sources": list(registry.sources),
            **self._dated(made.times if made else None),
        }

    def _versions(self, sources: Iterable[str]) -> list[tuple[int, EntryVersion]]:
        """Return all versions of some sources with the place of their source, by name, version and place."""
        found = [
            (position, version)
            for position, source in enumerate(sources)
            for candidates in self.live.entries(source).values()
            for version in candidates.versions
        ]
        found.sort(key=lambda item: (str(item[1].name), item[1].kind, item[1].version, item[0]))
        return found


def go_duration(seconds: float) -> str:
    """Return a duration as Go writes it.

    Examples:
        >>> go_duration(1800), go_duration(3600), go_duration(1.5), go_duration(0.25)
        ('30m0s', '1h0m0s', '1.5s', '250ms')
    """
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(round(seconds, 9), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:.9f}".rstrip("0").rstrip(".") + "s"
    return f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}" if minutes else text


def _settings(source: SourceConfig) -> dict[str, Any]:
    """Return the block of a source's type, with what was given for it."""
    block = getattr(source, source.type)
    settings: dict[str, Any] = written(block, defaults=False)
    if "timeout" in settings:
        settings["timeout"] = go_duration(block.timeout)
    return settings


def _entry(versions: list[EntryVersion]) -> dict[str, Any]:
    first = versions[0]
    return {
        "entryType": ENTRY_TYPES[first.kind],
        "name": str(first.name),
        **({"claims": dict(first.claims)} if first.claims else {}),
        "versions": [{"version": one.version, **_texts(one), **_times(one)} for one in versions],
    }


def _texts(version: EntryVersion) -> dict[str, str]:
    texts = {"title": version.title, "description": version.description}
    return {key: text for key, text in texts.items() if text}


def _times(version: EntryVersion) -> dict[str, str]:
    return {"createdAt": version.official.published_at, "updatedAt": version.official.updated_at}


def _without_empty(members: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: _without_empty(item) if isinstance(item, Mapping) else item for key, item in members.items()}
    return {key: item for key, item in kept.items() if item}
