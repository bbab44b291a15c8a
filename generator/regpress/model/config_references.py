"""Names in a configuration to problems with them: given twice, or standing for nothing.

These checks read unchecked values, so that a wrong type elsewhere does not hide them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from regpress.model.config_checks import shorten
from regpress.model.flaws import Flaw, choice_flaw, empty_lists

_NO_CLUSTER: Final = (
    "an 'api' source with the address of a registry server inside the cluster, or a 'file' or 'git' source with "
    "a registry document exported from it"
)


def reference_flaws(given: Mapping[str, Any]) -> Iterator[Flaw]:
    """Return what is wrong with names, and with sources taken together."""
    yield from empty_lists(given, "sources", "registries")
    sources, registries = _names(given, "sources"), _names(given, "registries")
    yield from _twice("sources", sources)
    yield from _twice("registries", registries)
    yield from _source_types(_list(given, "sources"))
    known = dict.fromkeys(sources.values())
    for index, registry in enumerate(_list(given, "registries")):
        yield from _members(index, registry, known)
    chosen = _get(given.get("site"), "defaultRegistry", "default_registry")
    if isinstance(chosen, str) and registries and chosen not in registries.values():
        what = f"there is no registry {shorten(chosen)!r}"
        yield choice_flaw(what, chosen, dict.fromkeys(registries.values()), at=("site", "defaultRegistry"))


def _twice(section: str, names: Mapping[int, str]) -> Iterator[Flaw]:
    first: dict[str, int] = {}
    for index, name in names.items():
        if name in first:
            what = f"the name {shorten(name)!r} is already that of {section}[{first[name]}]"
            yield Flaw(at=(section, index, "name"), what=what, expected="each name once")
        first.setdefault(name, index)


def _source_types(sources: tuple[Any, ...]) -> Iterator[Flaw]:
    managed = [index for index, source in enumerate(sources) if _get(source, "managed") is not None]
    for index in managed[1:]:
        what = f"at most one managed source is allowed, found {len(managed)}"
        yield Flaw(at=("sources", index, "managed"), what=what, expected=f"only sources[{managed[0]}]")
    for index, source in enumerate(sources):
        if _get(source, "kubernetes") is not None:
            what = "a static registry cannot watch a cluster"
            yield Flaw(at=("sources", index, "kubernetes"), what=what, expected=_NO_CLUSTER)


def _members(index: int, registry: Any, known: Collection[str]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for place, name in enumerate(_list(registry, "sources")):
        at = ("registries", index, "sources", place)
        if not isinstance(name, str):
            continue
        if name in seen:
            yield Flaw(at=at, what=f"names the source {shorten(name)!r} again", expected="each source once")
        elif name not in known:
            yield choice_flaw(f"there is no source {shorten(name)!r}", name, known, at=at)
        seen.add(name)


def _names(given: Mapping[str, Any], section: str) -> dict[int, str]:
    named = ((index, _get(item, "name")) for index, item in enumerate(_list(given, section)))
    return {index: name for index, name in named if isinstance(name, str)}


def _list(given: Any, key: str) -> tuple[Any, ...]:
    value = _get(given, key)
    return tuple(value) if isinstance(value, list | tuple) else ()


def _get(item: Any, *keys: str) -> Any:
    """Return the first value that *item*, a mapping or a finished record, has under one of *keys*."""
    for key in keys:
        value = item.get(key) if isinstance(item, Mapping) else getattr(item, key, None)
        if value is not None:
            return value
    return None
