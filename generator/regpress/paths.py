"""Names to addresses, and addresses to links: the only place that spells either.

An *address* is the public path of a document below the site's base, decoded and without a leading slash. How it
becomes a file is the host profile's business (`regpress.hosts`). A server's name has a slash, so its address has
two folders; clients that send ``%2F`` reach the same one wherever the host decodes paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from regpress.names import EntryName, Kind

API: Final = "v0.1"
#: Further prefixes under which clients look for the default registry's documents.
LEGACY_API: Final = "v0"
TOOLHIVE: Final = f"{API}/x/dev.toolhive"
OURS: Final = f"{API}/x/dev.regpress"

#: Below it lie the pages of deleted versions.
DELETED: Final = f"{OURS}/deleted"
#: Below it lie the versions of entries where code at the edge answers for them.
ENTRIES: Final = f"{OURS}/entries"
#: Below it lies what code at the edge answers queries from, deleted versions included.
QUERIES: Final = f"{OURS}/query"
#: Below it lie the pages of lists.
PAGES: Final = f"{API}/_pages"
#: Below it lies what configures a host and is not to be served.
CONFIGURATION: Final = "_config"

ENTRY_PLURAL: Final[dict[Kind, str]] = {"server": "servers", "skill": "skills", "plugin": "plugins"}

#: Addresses of which `link` has nothing to encode.
_PLAIN: Final = re.compile(r"[A-Za-z0-9/@:+~!$'()*,;=._-]*")

_SERVER: Final = re.compile(rf"(.*{re.escape(API)}/servers/)([^/]+)/([^/]+)/(versions.*)")
_PAGE: Final = re.compile(rf"(.*){re.escape(PAGES)}/(servers|skills|plugins)/([^/]+)")

REGISTRY_FILE: Final = "registry.json"
BUILD_FILE: Final = "build.json"
NOT_FOUND_PAGE: Final = "404.html"
GUIDE_FOR_MODELS: Final = "llms.txt"
SITEMAP: Final = "sitemap.xml"
ROBOTS: Final = "robots.txt"


def registry_prefix(registry: str, *, default: bool) -> str:
    """Return what stands before all addresses of a registry: nothing for the default one, else ``registry/R/``."""
    return "" if default else f"registry/{registry}/"


def other_registry(path: str) -> str:
    """Return the registry that a path below ``registry/`` is about; empty for all other paths."""
    head, _, rest = path.removeprefix("/").partition("/")
    return rest.partition("/")[0] if head == "registry" else ""


def collection(prefix: str, kind: Kind) -> str:
    """Return the address of the list of a kind: ``v0.1/servers``, ``v0.1/x/dev.toolhive/skills``."""
    return f"{prefix}{API}/servers" if kind == "server" else f"{prefix}{TOOLHIVE}/{ENTRY_PLURAL[kind]}"


def entry(prefix: str, kind: Kind, name: EntryName) -> str:
    """Return the address below which an entry's documents lie; for skills and plugins also its latest version."""
    return f"{collection(prefix, kind)}/{name.namespace}/{name.name}"


def versions(prefix: str, kind: Kind, name: EntryName) -> str:
    """Return the address of the list of an entry's versions."""
    return versions_below(collection(prefix, kind), f"{name.namespace}/{name.name}")


def version(prefix: str, kind: Kind, name: EntryName, number: str) -> str:
    """Return the address of one version; *number* may be ``latest``."""
    return f"{entry(prefix, kind, name)}/versions/{number}"


def stored_pages(prefix: str, kind: Kind) -> str:
    """Return the address of the index of a kind's pages: ``v0.1/_pages/servers``; the pages lie below it."""
    return f"{prefix}{PAGES}/{ENTRY_PLURAL[kind]}"


def stored_page(prefix: str, kind: Kind, cursor: str) -> str:
    """Return the address of a page of a list by the cursor that leads to it."""
    return f"{stored_pages(prefix, kind)}/{cursor}"


def deleted_pages(prefix: str, kind: Kind) -> str:
    """Return the address of the index of the pages of a kind's deleted versions; the pages lie below it."""
    return f"{prefix}{DELETED}/{ENTRY_PLURAL[kind]}"


def deleted_page(prefix: str, kind: Kind, cursor: str) -> str:
    """Return the address of a page of deleted versions."""
    return f"{deleted_pages(prefix, kind)}/{cursor}"


def version_index(prefix: str) -> str:
    """Return the address of the root of the version index."""
    return f"{prefix}{OURS}/versions"


def version_index_shard(prefix: str, shard: str) -> str:
    """Return the address of a shard of the version index."""
    return f"{version_index(prefix)}/{shard}"


def removal_index(prefix: str) -> str:
    """Return the address of the root of the index of removed versions."""
    return f"{prefix}{OURS}/removed"


def removal_index_shard(prefix: str, shard: str) -> str:
    """Return the address of a shard of the index of removed versions."""
    return f"{removal_index(prefix)}/{shard}"


def name_index(prefix: str, kind: Kind) -> str:
    """Return the address of the name index of a kind."""
    return f"{prefix}{OURS}/names/{ENTRY_PLURAL[kind]}"


def entry_shards(prefix: str, kind: Kind) -> str:
    """Return the address of the list of a kind's entry shards; they lie below it."""
    return f"{prefix}{ENTRIES}/{ENTRY_PLURAL[kind]}"


def entry_shard(prefix: str, kind: Kind, shard: str) -> str:
    """Return the address of a shard of entries."""
    return f"{entry_shards(prefix, kind)}/{shard}"


def query_index(prefix: str, kind: Kind) -> str:
    """Return the address of the query index of a kind; the shards of bodies lie below it."""
    return f"{prefix}{QUERIES}/{ENTRY_PLURAL[kind]}"


def query_shard(prefix: str, kind: Kind, part: str, shard: str) -> str:
    """Return the address of a shard of bodies; *part* is ``latest`` or ``all``."""
    return f"{query_index(prefix, kind)}/{part}/{shard}"


def facets(prefix: str) -> str:
    """Return the address of the numbers of entries by facet."""
    return f"{prefix}{OURS}/facets"


def entry_page(prefix: str, kind: Kind, name: EntryName) -> str:
    """Return the address of an entry's HTML page: ``servers/ns/name/``."""
    return entry_page_below(index_page(prefix, kind), f"{name.namespace}/{name.name}")


def entry_pages(prefix: str, kind: Kind, names: Iterable[str]) -> list[str]:
    """Return the `entry_page` of each of some names."""
    index = index_page(prefix, kind)
    return [entry_page_below(index, name) for name in names]


def entry_page_below(index: str, name: str) -> str:
    """Return the `entry_page` of a name below the `index_page` of its kind, or below a link to that."""
    return f"{index}{name}/"


def versions_below(collected: str, name: str) -> str:
    """Return the address of the list of an entry's versions below its `collection`, or below a link to that."""
    return f"{collected}/{name}/versions"


def index_page(prefix: str, kind: Kind) -> str:
    """Return the address of the HTML list of a kind: ``servers/``."""
    return f"{prefix}{ENTRY_PLURAL[kind]}/"


def later_page(base: str, name: str) -> str:
    """Return the address of a further page of an HTML list: ``servers/_pages/m/``.

    No namespace has an underscore, so that no entry's page can lie there.

    Args:
        base: address of the list.
        name: a letter, or the token of the key before the page.
    """
    return f"{base}_pages/{name}/"


def tag_index(prefix: str) -> str:
    """Return the address of the HTML list of tags: ``tags/``."""
    return f"{prefix}tags/"


def tag_page(prefix: str, slug: str) -> str:
    """Return the address of the HTML list of the entries with a tag; *slug* as `regpress.html.tags` makes it."""
    return f"{prefix}tags/{slug}/"


def namespace_index(prefix: str) -> str:
    """Return the address of the HTML list of namespaces: ``namespaces/``."""
    return f"{prefix}namespaces/"


def namespace_page(prefix: str, namespace: str) -> str:
    """Return the address of the HTML list of the entries of a namespace: ``namespaces/com.example/``.

    Spellings that differ in case are one list, since on some disks they are one folder.
    """
    return f"{prefix}namespaces/{namespace.lower()}/"


def search_index(prefix: str) -> str:
    """Return the address of the root of the search index; its parts lie in the same folder."""
    return f"{prefix}search/index.json"


def search_names(prefix: str, shard: str) -> str:
    """Return the address of a part of the search index that has names, titles and facets."""
    return f"{prefix}search/names-{shard}.json"


def search_texts(prefix: str, shard: str) -> str:
    """Return the address of a part of the search index that has descriptions, tags and tools."""
    return f"{prefix}search/texts-{shard}.json"


def content_page(slug: str) -> str:
    """Return the address of a Markdown page of the site: ``about/``."""
    return f"{slug}/"


def use_page(prefix: str) -> str:
    """Return the address of the page that says how programs use a registry."""
    return f"{prefix}use/"


def asset_file(name: str) -> str:
    """Return the address of a stylesheet or script of the pages; *name* carries a digest of its bytes."""
    return f"assets/{name}"


def feed_file(prefix: str) -> str:
    """Return the address of a registry's Atom feed: ``feed.xml``."""
    return f"{prefix}feed.xml"


def entry_file(prefix: str, kind: Kind, name: EntryName, file: str) -> str:
    """Return the address of a further file beside an entry's page: ``servers/ns/name/badge.svg``."""
    return entry_page(prefix, kind, name) + file


def sitemap_part(token: str) -> str:
    """Return the address of a part of a large sitemap."""
    return f"sitemap/{token}.xml"


def is_list_page(address: str) -> bool:
    """Return whether an address is one of the pages of a list, whose names come and go as entries do.

    A compressed sibling is none: kept beside a page that changed, it would be served in its place.
    """
    return "/_pages/" in f"/{address}" and not address.endswith((".br", ".gz"))


def requests_for(address: str) -> tuple[str, ...]:
    """Return what clients send to get the document at an address: paths below the site's base, without a leading slash.

    A name may be sent with ``%2F``, the default registry below ``v0`` too, and a page of a list is asked for by its
    cursor. Shared caches keep an answer for each.

    Examples:
        >>> requests_for("v0.1/servers")
        ('v0.1/servers', 'v0/servers')
    """
    forms = [encoded(address)]
    if found := _PAGE.fullmatch(address):
        prefix, kind, cursor = found.groups()
        collected = f"{prefix}{API}/servers" if kind == "servers" else f"{prefix}{TOOLHIVE}/{kind}"
        forms.append(f"{collected}?cursor={cursor}")
    if found := _SERVER.fullmatch(address):
        prefix, namespace, name, rest = map(encoded, found.groups())
        forms.append(f"{prefix}{namespace}%2F{name}/{rest}")
    old = [LEGACY_API + form.removeprefix(API) for form in forms if form.startswith(f"{API}/servers")]
    return (*forms, *old)


def schema_file(name: str) -> str:
    """Return the address of a published JSON Schema."""
    return f"schemas/{name}"


def link(from_page: str, to: str) -> str:
    """Return the relative reference from one address to another, percent-encoded for ``href``.

    Relative, so that the same bytes work at the root of a host and below any path of it.

    Examples:
        >>> link("servers/com.example/weather/", "v0.1/servers")
        '../../../v0.1/servers'
        >>> link("", "about/")
        'about/'
    """
    if not to:
        return root(from_page) or "./"
    return root(from_page) + encoded(to)


def encoded(address: str) -> str:
    """Return an address, or a part of one, percent-encoded for ``href``."""
    # Nearly all addresses are plain, and `quote` costs ten times the look.
    return address if _PLAIN.fullmatch(address) else quote(address, safe="/@:+~!$'()*,;=-._")


def root(page: str) -> str:
    """Return the relative reference from an address to the site's base: one ``../`` for each slash."""
    return "../" * page.count("/")
