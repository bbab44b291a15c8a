"""Sources and registries that were created through the admin API: their records, and the configuration with them.

A record is a JSON file. Its name is that of the source or registry, its keys are those of ``config.yaml``, and it says
when it was made and changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from regpress.errors import ConfigError
from regpress.model.config import Config
from regpress.model.config_checks import shorten
from regpress.model.config_problems import spell
from regpress.model.config_references import reference_flaws
from regpress.model.config_site import RegistryConfig
from regpress.model.config_source import SourceConfig
from regpress.model.document import DocumentError, canonical_text, compact_text, parse_json
from regpress.model.flaws import Flaw, FlawsError
from regpress.record import record

R = TypeVar("R", SourceConfig, RegistryConfig)

#: Folder of a site that the app writes, its folder with the records, and the two parts of that.
CONTENT_FOLDER: Final = "content"
ADMIN_FOLDER: Final = "admin"
SOURCES: Final = "sources"
REGISTRIES: Final = "registries"

_TIMES: Final = ("createdAt", "updatedAt")
#: What a registry's record may hold: nothing in it can make a registry with claims public.
_REGISTRY_KEYS: Final = frozenset({"sources", "claims"})
_SOURCE_KEYS: Final = frozenset({"git", "api", "file", "managed", "kubernetes", "syncPolicy", "filter", "claims"})


class Times(NamedTuple):
    """When something was made and changed, RFC 3339."""

    created: str
    updated: str


class CreatedSource(NamedTuple):
    """A source that was created through the API."""

    config: SourceConfig
    times: Times


class CreatedRegistry(NamedTuple):
    """A registry that was created through the API."""

    config: RegistryConfig
    times: Times


@record(kw_only=True)
class Created:
    """All that was created through the API, by name."""

    sources: Mapping[str, CreatedSource] = field(default_factory=lambda: MappingProxyType({}))
    registries: Mapping[str, CreatedRegistry] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def managed(self) -> str:
        """Return the name of the managed source, empty where none of these is one."""
        return next((name for name, one in self.sources.items() if one.config.managed is not None), "")


NOTHING_CREATED: Final = Created()


def source_config(name: str, settings: Mapping[str, Any]) -> SourceConfig:
    """Return the source that a record's keys describe.

    Raises:
        FlawsError: they describe none.
    """
    given = {key: _inline(value) if key == "file" else value for key, value in settings.items()}
    # A document that somebody else offers must not stop the build of all the others.
    lenient = {} if "managed" in given else {"onInvalid": "skip"}
    return _validated(SourceConfig, {**given, **lenient, "name": name})


def _inline(value: Any) -> Any:
    """Return the settings of a file, a document in them as a text: numbers keep their spelling."""
    if not isinstance(value, Mapping) or not isinstance(value.get("data"), Mapping | list):
        return value
    return {**value, "data": compact_text(value["data"]).decode()}


def registry_config(name: str, settings: Mapping[str, Any]) -> RegistryConfig:
    """Return the registry that a record's keys describe.

    Raises:
        FlawsError: they describe none.
    """
    return _validated(RegistryConfig, {**settings, "name": name})


def _validated(kind: type[R], settings: Mapping[str, Any]) -> R:
    from regpress.model.config_validation import validated  # noqa: PLC0415 - needs pydantic, most sites have no records

    return validated(kind, settings, written=True)


def record_file(settings: Mapping[str, Any], times: Times) -> bytes:
    """Return the file of a record.

    Raises:
        DocumentError: the settings cannot be written.
    """
    return canonical_text({**settings, **dict(zip(_TIMES, times, strict=True))})


def read_source(path: str, name: str, data: bytes) -> CreatedSource:
    """Return the source of a record's file.

    Raises:
        ConfigError: it is none; with every problem.
    """
    settings, times = _read(path, data, _SOURCE_KEYS)
    try:
        return CreatedSource(source_config(name, settings), times)
    except FlawsError as error:
        raise _refused(path, error) from error


def read_registry(path: str, name: str, data: bytes) -> CreatedRegistry:
    """Return the registry of a record's file.

    Raises:
        ConfigError: it is none; with every problem.
    """
    settings, times = _read(path, data, _REGISTRY_KEYS)
    try:
        return CreatedRegistry(registry_config(name, settings), times)
    except FlawsError as error:
        raise _refused(path, error) from error


def _read(path: str, data: bytes, known: frozenset[str]) -> tuple[Mapping[str, Any], Times]:
    try:
        value = parse_json(data)
    except DocumentError as error:
        raise ConfigError(f"{path}: {error} (expected a record that `regpress serve` wrote)") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: is no object (expected a record that `regpress serve` wrote)")
    if unknown := sorted(value.keys() - known - set(_TIMES)):
        raise ConfigError(f"{path}: {shorten(unknown[0])!r} is not a known key (expected {', '.join(sorted(known))})")
    texts = [value.pop(key, None) for key in _TIMES]
    if not all(isinstance(text, str) for text in texts):
        raise ConfigError(f"{path}: has no times (expected the texts {' and '.join(_TIMES)})")
    return value, Times(*map(str, texts))


def _refused(path: str, error: FlawsError) -> ConfigError:
    return ConfigError(*(f"{path}: {flaw_text(flaw)}" for flaw in error.flaws))


def flaw_text(flaw: Flaw) -> str:
    """Return one line about a flaw of a record."""
    return f"{spell(flaw.at)}: {flaw.words}" if flaw.at else flaw.words


def with_created(config: Config, created: Created) -> Config:
    """Return a configuration with what was created beside it, behind what it says itself.

    Raises:
        ConfigError: both have something of one name or a managed source, or a registry has a source that is nowhere.
    """
    if not created.sources and not created.registries:
        return config
    if flaws := list(_conflicts(config, created)):
        raise ConfigError(*flaws)
    return replace(
        config,
        sources=(*config.sources, *(one.config for one in created.sources.values())),
        registries=(*config.registries, *(one.config for one in created.registries.values())),
        # Whatever somebody creates, the registry at the root stays the one of the file.
        site=replace(config.site, default_registry=config.default_registry),
    )


def _conflicts(config: Config, created: Created) -> Iterator[str]:
    for section, own, others in (
        (SOURCES, config.sources, created.sources),
        (REGISTRIES, config.registries, created.registries),
    ):
        if taken := sorted({one.name for one in own} & others.keys()):
            yield (
                f"cannot overwrite API-created {section}: [{', '.join(taken)}] (expected other names in the "
                f"configuration, or no files of these names in {CONTENT_FOLDER}/{ADMIN_FOLDER}/{section})"
            )
    managed = [repr(one.name) for one in config.sources if one.managed is not None]
    managed += [_place(SOURCES, name) for name, one in created.sources.items() if one.config.managed is not None]
    if len(managed) > 1:
        yield f"at most one managed source is allowed, found {len(managed)}: {', '.join(managed)}"
    known = {one.name for one in config.sources} | created.sources.keys()
    for name, registry in created.registries.items():
        given = {"sources": [{"name": source} for source in sorted(known)], "registries": [registry.config]}
        for flaw in reference_flaws(given):
            yield f"{_place(REGISTRIES, name)}: {flaw_text(replace(flaw, at=flaw.at[2:]))}"
    for name, source in created.sources.items():
        for flaw in reference_flaws({"sources": [source.config]}):
            yield f"{_place(SOURCES, name)}: {flaw_text(replace(flaw, at=flaw.at[2:]))}"


def _place(section: str, name: str) -> str:
    return f"{CONTENT_FOLDER}/{ADMIN_FOLDER}/{section}/{name}.json"
