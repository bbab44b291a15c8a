"""All candidates of a registry to what one caller sees of it: claims first, then precedence by name.

ToolHive registry specification section 9. A *view* is a registry as `regpress.merge` makes it of those versions that a
caller sees. Callers who see the same share one. It is made when somebody first asks, and follows what changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from regpress.live import EntryKey, LiveRegistry, LiveSite, claims_key, settle
from regpress.merge import merge
from regpress.model.entry import EntryVersion
from regpress.names import EntryName
from regpress.resolve import Resolved, VersionKey

#: Views that are kept.
MOST_VIEWS: Final = 16
#: Callers of whom is remembered what they see.
MOST_SIGHTS: Final = 4096

#: Tells whether somebody sees what has these claims.
Sees = Callable[[Mapping[str, Any]], bool]
#: Keys of the maps of claims that somebody sees; the empty one stands for versions without claims.
Sight = frozenset[str]

_PUBLIC: Final[Sight] = frozenset({""})


@dataclass(slots=True)
class View:
    """A registry as some callers see it.

    Attributes:
        registry: it.
        epoch, position: how far it has followed the site's changes.
    """

    registry: LiveRegistry
    epoch: int
    position: int


class Views:
    """The registries of a site as callers see them."""

    def __init__(self, live: LiveSite) -> None:
        """Take the site."""
        self._live = live
        self._views: OrderedDict[tuple[str, Sight], View] = OrderedDict()
        self._sights: OrderedDict[tuple[str, bool], Sight] = OrderedDict()
        self._known = (-1, 0)
        self._keys: tuple[str, ...] = ()

    def sight(self, sees: Sees, *, claims: Mapping[str, Any] | None, unclaimed: bool) -> Sight:
        """Return what somebody sees.

        Args:
            sees: tells whether they see what has some claims.
            claims: theirs, by which alone *sees* differs; None for those who see everything.
            unclaimed: whether they also see what has no claims.
        """
        live = self._live
        if (live.epoch, len(live.claims)) != self._known:
            self._known = (live.epoch, len(live.claims))
            self._keys = tuple(sorted({key for known in live.claims.values() for key in known}))
            self._sights.clear()
        # A token also holds what differs with each: its times, its number.
        asker = "*" if claims is None else claims_key({key: claims[key] for key in self._keys if key in claims})
        sight = self._sights.get((asker, unclaimed))
        if sight is None:
            seen = frozenset(text for text, known in live.claims.items() if sees(known))
            sight = self._sights[asker, unclaimed] = seen | _PUBLIC if unclaimed else seen
            while len(self._sights) > MOST_SIGHTS:
                self._sights.popitem(last=False)
        return sight

    def find(self, name: str, sight: Sight) -> LiveRegistry | None:
        """Return a registry as it is for those with a sight, None where it would have to be made."""
        live = self._live
        if sight == _PUBLIC or (live.claims.keys() <= _PUBLIC <= sight):
            return live.registries[name]
        key = (name, sight)
        view = self._views.get(key)
        if view is None or view.epoch != live.epoch:
            return None
        self._views.move_to_end(key)
        if view.position < len(live.touched):
            self._follow(view, sight, live.touched[view.position :])
            view.position = len(live.touched)
        return view.registry

    def make(self, name: str, sight: Sight) -> View:
        """Return a registry as those with a sight see it; any thread may do so, while nothing changes."""
        return View(self._made(name, sight), self._live.epoch, len(self._live.touched))

    def keep(self, name: str, sight: Sight, view: View) -> LiveRegistry:
        """Keep a view that was made for others with its sight."""
        self._views[name, sight] = view
        self._views.move_to_end((name, sight))
        while len(self._views) > MOST_VIEWS:
            self._views.popitem(last=False)
        return view.registry

    def _made(self, name: str, sight: Sight) -> LiveRegistry:
        live = self._live
        plan = live.registries[name].plan
        sources = [_shown(live, source, sight) for source in plan.sources]
        made = LiveRegistry(plan)
        catalog = merge(name, sources, is_default=plan.is_default, readmes={}, shows=lambda _: True).catalog
        made.load(catalog, live)
        return made

    def _follow(self, view: View, sight: Sight, touched: Iterable[EntryKey]) -> None:
        registry, shows = view.registry, _shows(sight)
        for kind, name in dict.fromkeys(touched):
            parsed = EntryName(*name.split("/"))
            found = {source: self._live.candidates(source, kind, parsed) for source in registry.plan.sources}
            registry.put(kind, parsed, settle(registry.plan, kind, parsed, found, shows=shows))


def _shows(sight: Sight) -> Callable[[EntryVersion], bool]:
    # Nearly all versions share the map of their source, which lives as long as they do.
    known: dict[int, tuple[Mapping[str, Any], bool]] = {}

    def shows(version: EntryVersion) -> bool:
        claims = version.claims
        found = known.get(id(claims))
        if found is None:
            found = known[id(claims)] = (claims, claims_key(claims) in sight)
        return found[1]

    return shows


def _shown(live: LiveSite, source: str, sight: Sight) -> Resolved:
    """Return what somebody sees of a source."""
    shows = _shows(sight)
    latest: dict[VersionKey, bool] = {}

    def versions() -> Iterator[EntryVersion]:
        for candidates in live.entries(source).values(with_text=False):
            found = [version for version in candidates.versions if shows(version)]
            if found:
                latest.update(candidates.latest_claims)
            yield from found

    return Resolved(source=source, versions=tuple(versions()), latest_claims=latest, issues=(), hidden=())
