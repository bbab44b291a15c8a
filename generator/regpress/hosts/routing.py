"""A site to the facts that every host with rules follows: which request is answered with which document.

The profiles put these facts into the language of their host; `regpress.hosts.ruled` follows them itself. Static hosting
specification 8.3 has the order of the rules for lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from regpress import paths
from regpress.hosts.base import SiteAddress
from regpress.names import KINDS, Kind
from regpress.pages import PUBLIC_LISTS, ListName
from regpress.record import record

#: How long answers may be kept, static hosting specification section 11; pages a minute, DESIGN section 5.
FRESH: Final = "public, max-age=60, stale-while-revalidate=300"
EXACT: Final = "public, max-age=300"
ERROR: Final = "public, max-age=60"
HASHED: Final = "public, max-age=31536000, immutable"
PAGE: Final = "no-cache"

#: What a list holds for a request that does not say; ToolHive's contract for skills and plugins is one item each.
FIRST_PAGE: Final[dict[Kind, ListName]] = {"server": "all", "skill": "latest", "plugin": "latest"}
#: Folders of the output that are not served: the rules themselves, and files on their way during a build.
HIDDEN: Final = (paths.CONFIGURATION, ".regpress-staging")
#: The address of an exact version, below the prefix of the API: its document is fixed, its status is not.
EXACT_VERSION: Final = re.compile(
    r"(?:servers|x/dev\.toolhive/(?:skills|plugins))/[^/]+/[^/]+/versions/(?!latest$)[^/]+"
)
#: ``namespace`` and ``name`` in a query or a path, never a step out of a folder.
NAMESPACE: Final = r"[A-Za-z0-9.-]+"
NAME: Final = r"[A-Za-z0-9._-]+"


@record(kw_only=True)
class ListRoutes:
    """How requests for one list are answered: by cursor, then search, then version.

    Attributes:
        kind: what the list is of.
        prefix: what stands before the addresses of its registry.
        address: of the list, which is also that of the complete document.
        whole: whether there is a complete document, the answer to every search. Without one a search for the full name
            of an entry is answered with its versions, and any other is refused.
        first: the page for a request that does not say.
    """

    kind: Kind
    prefix: str
    address: str
    whole: bool
    first: ListName

    def page(self, cursor: str) -> str:
        """Return the address of the page that a cursor leads to; *cursor* may be a variable of the host's language."""
        return paths.stored_page(self.prefix, self.kind, cursor)

    @property
    def by_version(self) -> tuple[ListName, ...]:
        """Return the values of ``version`` that have a first page of their own."""
        return tuple(name for name in PUBLIC_LISTS if name != self.first)


def registries(site: SiteAddress) -> tuple[str, ...]:
    """Return the names of the registries that are served, at least one."""
    return site.registries or (site.default_registry,)


def prefixes(site: SiteAddress) -> tuple[str, ...]:
    """Return what stands before the addresses of each registry, in their order."""
    default = site.default_registry
    return tuple(paths.registry_prefix(registry, default=registry == default) for registry in registries(site))


def aliases(site: SiteAddress) -> tuple[str, ...]:
    """Return further prefixes under which the default registry answers."""
    return (paths.LEGACY_API, f"registry/{site.default_registry}/{paths.API}")


def list_routes(site: SiteAddress) -> Iterator[ListRoutes]:
    """Return how requests for each list of a site are answered."""
    for registry, prefix in zip(registries(site), prefixes(site), strict=True):
        for kind in KINDS:
            yield ListRoutes(
                kind=kind,
                prefix=prefix,
                address=paths.collection(prefix, kind),
                whole=(registry, kind) not in site.paged_only,
                first=FIRST_PAGE[kind],
            )


def served(site: SiteAddress, *, by_rule: bool) -> tuple[tuple[str, str], ...]:
    """Return under which prefixes addresses of the API are served, and under which their documents are stored.

    Args:
        site: the site.
        by_rule: whether the host has the prefixes of `aliases` by rules, not as copies.

    Examples:
        >>> served(SiteAddress(registries=("default", "team")), by_rule=True)[:2]
        (('v0.1', 'v0.1'), ('registry/team/v0.1', 'registry/team/v0.1'))
    """
    own = [(f"{prefix}{paths.API}",) * 2 for prefix in prefixes(site)]
    if by_rule:
        return (*own, *((alias, paths.API) for alias in aliases(site)))
    copies = {"v0": paths.LEGACY_API, "registry": f"registry/{site.default_registry}/{paths.API}"}
    return (*own, *((copies[alias],) * 2 for alias in site.aliases if alias in copies))


def served_lists(site: SiteAddress) -> Iterator[tuple[str, ListRoutes]]:
    """Yield under which path each list is asked for, on a host that has all prefixes by rules, and its routes."""
    for prefix, stored in served(site, by_rule=True):
        for routes in list_routes(site):
            if routes.address.startswith(f"{stored}/"):
                yield f"{site.base_path}/{prefix}{routes.address.removeprefix(stored)}", routes


def hidden(site: SiteAddress, *, by_rule: bool) -> tuple[str, ...]:
    """Return the addresses below which lie documents that no request names: pages, and what is deleted.

    Args:
        site: the site.
        by_rule: as for `served`.
    """
    below = (paths.PAGES.removeprefix(paths.API), paths.DELETED.removeprefix(paths.API))
    return tuple(f"{prefix}{folder}" for prefix, _ in served(site, by_rule=by_rule) for folder in below)
