"""Two registries for hosts with rules, one of them too large for a complete list, and what must be answered about them.

The questions are asked of the real servers and of their emulations alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from fakes_tree import address_of, tree_of
from regpress.hosts.base import HostProfile, SiteAddress

PAGE_SIZE = 7
UPPER, PLUS = "io.github.Octo/Upper", "com.example/plus"
DEEP = "com.example/versions"
PLUS_VERSION = "2.0.0+linux.x64"
MANY = tuple(f"com.example/s{number:03}" for number in range(60))
FRESH = "public, max-age=60, stale-while-revalidate=300"


def default_registry():
    """Return the registry at the root: many servers, some with several versions, a deleted one, a skill, a plugin."""
    servers = [
        make_entry(make_server(name, version="1.1.0"), make_server(name, version="1.0.0", latest=False))
        for name in MANY
    ]
    servers += map(make_entry, (make_server(UPPER), make_server(PLUS, version=PLUS_VERSION), make_server(DEEP)))
    skills = [
        make_entry(make_skill(version="1.1.0"), make_skill(version="1.0.0", latest=False)),
        make_entry(make_skill("com.example/bundle", kind="plugin")),
    ]
    gone = (make_server("com.example/gone", status="deleted"),)
    return replace(make_catalog(*servers, *skills), gone=gone)


def team_registry():
    """Return the registry whose list is written in pages only."""
    names = [f"com.team/t{number:03}" for number in range(30)]
    return make_catalog(*map(make_server, names), registry="team", is_default=False)


CATALOGS = (default_registry(), team_registry())


def site(base_path: str = "") -> SiteAddress:
    """Return where the two are served."""
    return address_of(CATALOGS, base_path=base_path, paged_only=[("team", "server")])


def files(profile: HostProfile, base_path: str = "") -> dict[str, bytes]:
    """Return the whole tree."""
    return tree_of(CATALOGS, profile, site(base_path), size=PAGE_SIZE)


class Question(NamedTuple):
    """A request, and what must come back.

    Attributes:
        target: below the base, as sent.
        status: of the answer.
        file: whose bytes the body has; empty where the body does not matter.
        caching: of the answer; empty where it does not matter.
        method: of the request.
    """

    target: str
    status: int
    file: str = ""
    caching: str = ""
    method: str = "GET"


def _lists(base: str, stored: str) -> list[Question]:
    """Return the rows of static hosting specification 8.3 for a registry with a complete list."""
    page, whole = f"{stored}/_pages/servers", f"{stored}/servers.json"
    return [
        Question(f"{base}/servers", 200, f"{page}/all.json", FRESH),
        Question(f"{base}/servers/", 200, f"{page}/all.json"),
        Question(f"{base}/servers?", 200, f"{page}/all.json"),
        Question(f"{base}/servers?version=latest", 200, f"{page}/latest.json", FRESH),
        Question(f"{base}/servers?limit=1&version=latest", 200, f"{page}/latest.json"),
        Question(f"{base}/servers?version=1.0.0", 200, f"{page}/all.json"),
        Question(f"{base}/servers?version=", 200, f"{page}/all.json"),
        Question(f"{base}/servers?limit=1", 200, f"{page}/all.json"),
        Question(f"{base}/servers?cursor=", 200, f"{page}/all.json"),
        Question(f"{base}/servers?cursor", 200, f"{page}/all.json"),
        Question(f"{base}/servers?cursor=&version=latest", 200, f"{page}/latest.json"),
        Question(f"{base}/servers?cursor=all", 200, f"{page}/all.json"),
        Question(f"{base}/servers?cursor=latest&version=1.0.0", 200, f"{page}/latest.json"),
        Question(f"{base}/servers?updated_since=2026-01-01T00:00:00Z&include_deleted=true", 200, f"{page}/all.json"),
        Question(f"{base}/servers?search=", 200, f"{page}/all.json"),
        Question(f"{base}/servers?search=weather", 200, whole, FRESH),
        Question(f"{base}/servers?search=0", 200, whole),
        Question(f"{base}/servers?search=%2F&version=latest&limit=5", 200, whole),
        Question(f"{base}/servers?version=latest&search=com.example%2Fs059", 200, whole),
        # An unknown cursor is never page one, and a cursor counts before a search.
        Question(f"{base}/servers?cursor=l0000000000000000", 400, "400.json", "public, max-age=60"),
        Question(f"{base}/servers?cursor=a0000000000000000&version=latest", 400, "400.json"),
        Question(f"{base}/servers?cursor=nonsense&search=weather", 400, "400.json"),
        Question(f"{base}/servers?cursor=0", 400, "400.json"),
        Question(f"{base}/servers?cursor=..%2F..%2Fservers", 400, "400.json"),
        Question(f"{base}/servers?cursor=../latest", 400, "400.json"),
        Question(f"{base}/servers?cursor=all%00", 400, "400.json"),
        Question(f"{base}/servers?cursor=all.json", 400, "400.json"),
        Question(f"{base}/servers?cursor=deleted", 400, "400.json"),
        Question(f"{base}/servers?cursor=%E2%98%83", 400, "400.json"),
    ]


def _documents(base: str, stored: str) -> list[Question]:
    upper, plus = f"{stored}/servers/{UPPER}/versions", f"{stored}/servers/{PLUS}/versions/{PLUS_VERSION}.json"
    encoded, twice = UPPER.replace("/", "%2F"), UPPER.replace("/", "%252f")
    exact = "public, max-age=300"
    return [
        Question(f"{base}/servers/{UPPER}/versions/latest", 200, f"{upper}/latest.json", FRESH),
        Question(f"{base}/servers/{encoded}/versions/latest", 200, f"{upper}/latest.json", FRESH),
        Question(f"{base}/servers/{encoded}/versions/latest/", 200, f"{upper}/latest.json"),
        Question(f"{base}/servers/{twice}/versions/latest", 200, f"{upper}/latest.json", FRESH),
        Question(f"{base}/servers/{encoded}/versions", 200, f"{upper}.json", FRESH),
        Question(f"{base}/servers/{twice}/versions/?limit=1", 200, f"{upper}.json"),
        Question(f"{base}/servers/{encoded}/versions/1.0.0", 200, f"{upper}/1.0.0.json", exact),
        Question(f"{base}/servers/{twice}/versions/1.0.0", 200, f"{upper}/1.0.0.json", exact),
        Question(f"{base}/servers/{encoded}/versions/1.0.0?x=y", 200, f"{upper}/1.0.0.json"),
        Question(f"{base}/servers/com.example%2Fplus/versions/{PLUS_VERSION}", 200, plus, exact),
        Question(f"{base}/servers/com.example%2Fplus/versions/2.0.0%2Blinux.x64", 200, plus),
        Question(
            f"{base}/servers/com.example%2fversions/versions", 200, f"{stored}/servers/{DEEP}/versions.json", FRESH
        ),
        Question(f"{base}/servers/{encoded.lower()}/versions/latest", 404, "404.json", "public, max-age=60"),
        Question(f"{base}/servers/com.example%2Fnone/versions/latest", 404, "404.json", "public, max-age=60"),
        Question(f"{base}/servers/com.example%2Fgone/versions/1.0.0", 404, "404.json"),
        Question(f"{base}/servers/{encoded}/versions/9.9.9", 404, "404.json"),
        Question(f"{base}/servers/{encoded}/versions/1.0.0.json", 404, "404.json"),
        Question(f"{base}/servers/{encoded}", 404, "404.json"),
        Question(f"{base}/servers/com.example%252Fa%252Fb/versions/latest", 404, "404.json"),
        # What is a pattern to a server that looks for files is only a name that nothing has.
        Question(f"{base}/servers/com.example%2F*/versions/latest", 404, "404.json"),
        Question(f"{base}/servers/com.example/s00%5B0-9%5D/versions/latest", 404, "404.json"),
        Question(f"{base}/servers/com.example/s00%3F/versions/latest", 404, "404.json"),
        Question(f"{base}/servers.json", 404, "404.json"),
        Question(f"{base}/nothing", 404, "404.json"),
        Question(f"{base}/x/dev.regpress/versions", 200, f"{stored}/x/dev.regpress/versions.json", FRESH),
        Question(f"{base}/x/dev.regpress/versions/first", 200, f"{stored}/x/dev.regpress/versions/first.json", FRESH),
        Question(f"{base}/x/dev.regpress/names/servers", 200, f"{stored}/x/dev.regpress/names/servers.json", FRESH),
        Question(f"{base}/x/dev.regpress/facets", 200, f"{stored}/x/dev.regpress/facets.json", FRESH),
        # Not for clients.
        Question(f"{base}/_pages/servers/all", 404, "404.json"),
        Question(f"{base}/_pages/servers", 404, "404.json"),
        Question(f"{base}/_search/servers/{UPPER}", 404, "404.json"),
        Question(f"{base}/x/dev.regpress/deleted/servers/deleted", 404, "404.json"),
        Question(f"{base}/x/dev.regpress/deleted/servers", 404, "404.json"),
    ]


def _collections(base: str, stored: str) -> list[Question]:
    """Return the rows for skills and plugins, whose list is of the latest unless *all* is asked for."""
    skills, pages = f"{stored}/x/dev.toolhive/skills", f"{stored}/_pages"
    return [
        Question(f"{base}/x/dev.toolhive/skills", 200, f"{pages}/skills/latest.json", FRESH),
        Question(f"{base}/x/dev.toolhive/skills?cursor=&limit=3", 200, f"{pages}/skills/latest.json"),
        Question(f"{base}/x/dev.toolhive/skills?version=all", 200, f"{pages}/skills/all.json"),
        Question(f"{base}/x/dev.toolhive/skills?cursor=all", 200, f"{pages}/skills/all.json"),
        Question(f"{base}/x/dev.toolhive/skills?search=git", 200, f"{skills}.json"),
        Question(f"{base}/x/dev.toolhive/skills?cursor=a0000000000000000", 400, "400.json"),
        Question(f"{base}/x/dev.toolhive/plugins", 200, f"{pages}/plugins/latest.json", FRESH),
        Question(f"{base}/x/dev.toolhive/plugins/", 200, f"{pages}/plugins/latest.json"),
        Question(
            f"{base}/x/dev.toolhive/skills/com.example/git-helper", 200, f"{skills}/com.example/git-helper.json", FRESH
        ),
        Question(
            f"{base}/x/dev.toolhive/skills/com.example/git-helper/versions/1.0.0",
            200,
            f"{skills}/com.example/git-helper/versions/1.0.0.json",
            "public, max-age=300",
        ),
        Question(f"{base}/x/dev.toolhive/skills/com.example/none", 404, "404.json"),
    ]


def _paged_only() -> list[Question]:
    """Return the rows for a registry whose complete list is not written."""
    base = stored = "registry/team/v0.1"
    one = f"{stored}/servers/com.team/t007/versions.json"
    return [
        Question(f"/{base}/servers", 200, f"{stored}/_pages/servers/all.json", FRESH),
        Question(f"/{base}/servers?version=latest&search=", 200, f"{stored}/_pages/servers/latest.json"),
        Question(f"/{base}/servers?search=com.team/t007", 200, one, FRESH),
        Question(f"/{base}/servers?search=com.team%2Ft007&version=latest", 200, one),
        Question(f"/{base}/servers?search=com.team%2ft007", 200, one),
        Question(f"/{base}/servers?search=t007", 400, "400.json", "public, max-age=60"),
        Question(f"/{base}/servers?search=com.team/none", 400, "400.json"),
        Question(f"/{base}/servers?search=COM.TEAM/t007", 400, "400.json"),
        Question(f"/{base}/servers?search=0", 400, "400.json"),
        Question(f"/{base}/servers?search=../..", 400, "400.json"),
        Question(f"/{base}/servers?search=..%2Fservers", 400, "400.json"),
        Question(f"/{base}/servers?search=com.team/..", 400, "400.json"),
        Question(f"/{base}/servers?search=com.team/t007/versions", 400, "400.json"),
        Question(f"/{base}/servers?cursor=nope&search=com.team/t007", 400, "400.json"),
        Question(
            f"/{base}/servers/com.team%2Ft007/versions/latest",
            200,
            f"{stored}/servers/com.team/t007/versions/latest.json",
        ),
        Question(f"/{base}/x/dev.toolhive/skills?search=x", 200, f"{stored}/x/dev.toolhive/skills.json"),
        Question("/registry/other/v0.1/servers", 404, "404.json", "public, max-age=60"),
        Question("/registry/team/v0/servers", 404, "404.json"),
    ]


def _pages() -> list[Question]:
    """Return the rows for people, and for files that are nobody's business."""
    return [
        Question("/", 200, "index.html", "no-cache"),
        Question("/about/", 200, "about/index.html", "no-cache"),
        Question("/servers/com.example/weather/?tab=a", 200, "servers/com.example/weather/index.html"),
        Question("/registry/team/", 200, "registry/team/index.html"),
        Question("/about", 301),
        Question("/servers/com.example/weather?tab=a", 301),
        Question("/registry.json", 200, "registry.json", "no-cache"),
        Question("/registry/team/registry.json", 200, "registry/team/registry.json"),
        Question("/build.json", 200, "build.json", "no-cache"),
        Question("/feed.xml", 200, "feed.xml"),
        Question("/llms.txt", 200, "llms.txt"),
        Question("/assets/style-0a1b2c.css", 200, "assets/style-0a1b2c.css", "public, max-age=31536000, immutable"),
        Question("/assets/none.css", 404, "404.html", "no-cache"),
        Question("/nowhere", 404, "404.html", "no-cache"),
        Question("/nowhere/", 404, "404.html"),
        Question("/registry/other/", 404, "404.html"),
        Question("/_config/nginx.conf", 404, "404.html"),
        Question("/_config/", 404, "404.html"),
        Question("/.regpress-staging/journal.json", 404, "404.html"),
    ]


def _methods() -> list[Question]:
    return [
        Question("/v0.1/servers", 204, method="OPTIONS"),
        Question("/v0.1/servers?cursor=nonsense", 204, method="OPTIONS"),
        Question(f"/v0/servers/{UPPER.replace('/', '%2F')}/versions/latest", 204, method="OPTIONS"),
        Question(f"/v0.1/servers/{UPPER}/versions/1.0.0", 204, method="OPTIONS"),
        Question("/v0.1/nothing", 204, method="OPTIONS"),
        Question("/registry/team/v0.1/servers", 204, method="OPTIONS"),
        Question("/v0.1/servers", 200, method="HEAD"),
        Question("/v0.1/servers?cursor=nonsense", 400, method="HEAD"),
        Question("/v0.1/servers/com.example%2Fnone/versions/latest", 404, method="HEAD"),
        Question("/v0.1/servers", 405, method="POST"),
        Question("/v0.1/servers?version=latest", 405, method="PUT"),
        Question(f"/v0.1/servers/{UPPER}/versions/1.0.0", 405, method="DELETE"),
    ]


DEFAULT_PREFIXES = ("/v0.1", "/v0", "/registry/default/v0.1")

QUESTIONS: tuple[Question, ...] = (
    *(question for prefix in DEFAULT_PREFIXES for question in _lists(prefix, "v0.1")),
    *(question for prefix in DEFAULT_PREFIXES for question in _documents(prefix, "v0.1")),
    *(question for prefix in DEFAULT_PREFIXES for question in _collections(prefix, "v0.1")),
    *_paged_only(),
    *_pages(),
    *_methods(),
)


def is_api(target: str) -> bool:
    """Return whether a target is one of the API, which everybody may read and where errors are problem documents."""
    first, _, rest = target.removeprefix("/").partition("/")
    return first in {"v0", "v0.1"} or (first == "registry" and "/v0" in rest)
