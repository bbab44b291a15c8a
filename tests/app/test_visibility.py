"""Who is served from which source: section 9 of the ToolHive registry specification, for every caller by every route.

Three sources have the same names with versions of their own. There is a registry for each order of them, and a caller
for each choice of what is seen. What is expected is worked out here anew: the first source of the registry's order
that the caller sees supplies a name, all of its versions and nothing but them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app_server import AppServer, Reply, encoded
from builders import official, server, skill
from forked_app import Forker, forking
from identity_servers import Issuer, issuer
from regpress.model.entry import OFFICIAL_META
from sites import config, registry_file, write_site

LAYERS = "abc"
ORDERS = tuple("".join(order) for order in itertools.permutations(LAYERS))
CHOICES = tuple("".join(some) for size in range(4) for some in itertools.combinations(LAYERS, size))
#: What each source has of the name that all have, oldest first: one version that all have, and others; the highest is
#: in the second source, and one of the third is deleted.
VERSIONS = {"a": ("1.0.0", "1.5.0"), "b": ("1.0.0", "9.0.0"), "c": ("1.0.0", "2.0.0", "3.0.0")}
DELETED = {("c", "3.0.0")}
EVERY = sorted({version for versions in VERSIONS.values() for version in versions})
SHARED = "com.example/shared"
ROLES = {"superAdmin": [{"role": "root"}]}


@dataclass
class Caller:
    """Somebody with claims; without any, nobody."""

    server: AppServer
    token: str

    def get(self, path: str) -> Reply:
        return self.server.get(path, **({"Authorization": f"Bearer {self.token}"} if self.token else {}))

    def walk(self, path: str, member: str) -> list[Any]:
        """Return what a list holds, page by page."""
        found: list[Any] = []
        cursor = ""
        while True:
            more = f"&cursor={cursor}" if cursor else ""
            answer = self.get(f"{path}{'&' if '?' in path else '?'}limit=1{more}").json
            assert len(answer[member]) <= 1
            found += answer[member]
            cursor = answer["metadata"].get("nextCursor", "")
            if not cursor:
                return found


@pytest.fixture(scope="module")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    with forking(tmp_path_factory.mktemp("forked")) as made:
        yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, forker: Forker) -> Iterator[tuple[AppServer, Issuer]]:
    with issuer() as provider:
        site = site_with(tmp_path_factory.mktemp("visibility") / "site", oauth(provider, authz={"roles": ROLES}))
        with forker.serving(site, "--write-rate", "0") as running:
            yield running, provider


def oauth(provider: Issuer, **more: Any) -> dict[str, Any]:
    providers = [{"name": "id", "issuerUrl": provider.url, "audience": "mcp-registry"}]
    return {"mode": "oauth", "oauth": {"providers": providers}, **more}


def site_with(folder: Path, auth: dict[str, Any]) -> Path:
    """Write a site of three sources and a registry for each order of them; the first is the default one."""
    registries = [{"name": order, "sources": list(order), "claims": {"org": "tides"}} for order in ORDERS]
    registries[0]["name"] = "default"
    sources = [{"name": one, "file": {"path": f"{one}.json"}, "claims": {"layer": one}} for one in LAYERS]
    sources.append({"name": "own", "managed": {}})  # so that statuses can be changed
    made = config(*sources, registries=registries) | {"auth": auth}
    return write_site(folder, {"config.yaml": made, **{f"{one}.json": layer_file(one) for one in LAYERS}})


def layer_file(layer: str) -> dict[str, Any]:
    """Return a source: the name that all have, as server, skill and plugin, and one of its own."""
    text = f"From {layer}"
    servers = [
        {
            "server": server(SHARED, version, description=text),
            "_meta": official(
                status="deleted" if (layer, version) in DELETED else "active",
                publishedAt=f"2026-0{number}-01T00:00:00Z",
                updatedAt=f"2026-0{number}-01T00:00:00Z",
            ),
        }
        for number, version in enumerate(VERSIONS[layer], start=1)
    ]
    # A server does not shadow a skill of its name: the last source alone has this one as a server.
    others = [server(f"com.example/only-{layer}"), *([server("com.example/alone")] if layer == "c" else [])]
    bare = [skill(SHARED, version, description=text) for version in VERSIONS[layer]]
    skills = [*bare, *([skill("com.example/alone")] if layer == "a" else [])]
    made = registry_file(skills=skills, plugins=bare)
    made["data"]["servers"] = [*servers, *others]
    return made


def visible(layer: str, kind: str) -> list[str]:
    """Return the versions of a source that lists show, oldest first."""
    return [one for one in VERSIONS[layer] if kind != "server" or (layer, one) not in DELETED]


def supplier_of(order: str, seen: str) -> str:
    return next((layer for layer in order if layer in seen), "")


def callers(world: tuple[AppServer, Issuer], seen: str) -> Iterator[Caller]:
    """Yield those who see some layers: by a list of claims, and, of all of them, by their role."""
    running, provider = world
    yield Caller(running, provider.token("one", sub="x", org="tides", layer=list(seen)))
    if seen == LAYERS:
        yield Caller(running, provider.token("one", sub="r", role="root"))


def server_rows(supplier: str, items: list[Any]) -> list[tuple[str, str]]:
    """Return names and versions; what all sources have is the supplier's."""
    shared = [one["server"]["description"] for one in items if one["server"]["name"] == SHARED]
    assert set(shared) <= {f"From {supplier}"}
    return [(one["server"]["name"], one["server"]["version"]) for one in items]


def listed_rows(caller: Caller, base: str, supplier: str, query: str) -> list[tuple[str, str]]:
    return server_rows(supplier, caller.get(f"{base}/servers?limit=50&{query}").json["servers"])


def bare_rows(items: list[Any]) -> list[tuple[str, str, str]]:
    return [(one["name"], one["version"], one["description"]) for one in items if one["name"] == "shared"]


def bases(order: str) -> Sequence[str]:
    """Return the addresses of a registry: the first is the default one."""
    return ("/registry/default/v0.1", "/v0.1", "/v0") if order == ORDERS[0] else (f"/registry/{order}/v0.1",)


@pytest.mark.parametrize("seen", CHOICES)
@pytest.mark.parametrize("order", ORDERS)
def test_servers_come_from_the_first_source_that_the_caller_sees(
    order: str, seen: str, world: tuple[AppServer, Issuer]
) -> None:
    supplier = supplier_of(order, seen)
    kept = visible(supplier, "server") if supplier else []
    everything = list(VERSIONS.get(supplier, ()))
    others = [f"com.example/only-{layer}" for layer in LAYERS if layer in seen]
    alone = ["com.example/alone"] if "c" in seen else []
    all_rows = [
        *((name, "1.0.0") for name in (*alone, *others)),
        *((SHARED, version) for version in sorted(kept)),
    ]
    for caller, base in itertools.product(callers(world, seen), bases(order)):
        path = f"{base}/servers/{encoded(SHARED)}/versions"
        rows = partial(server_rows, supplier)
        listed = partial(listed_rows, caller, base, supplier)
        assert listed("") == all_rows
        assert rows(caller.walk(f"{base}/servers", "servers")) == all_rows
        assert listed("search=SHARED") == [row for row in all_rows if row[0] == SHARED]
        assert listed("version=1.0.0") == [row for row in all_rows if row[1] == "1.0.0"]
        latest = [(SHARED, kept[-1])] if kept else []
        assert listed("version=latest") == [row for row in all_rows if row[0] != SHARED] + latest
        assert listed("search=shared&include_deleted=true") == [(SHARED, one) for one in sorted(everything)]
        since = listed("search=shared&updated_since=2026-01-15T00:00:00Z")
        assert since == [(SHARED, one) for one in sorted(everything[1:])]

        answer = caller.get(path)
        assert answer.status == (200 if kept else 404)
        if kept:
            assert rows(answer.json["servers"]) == [(SHARED, one) for one in reversed(kept)]
            whole = caller.get(f"{path}?include_deleted=true").json["servers"]
            assert rows(whole) == [(SHARED, one) for one in reversed(everything)]
        for version in (*EVERY, "latest"):
            answer = caller.get(f"{path}/{version}")
            there = version in kept or (version == "latest" and bool(kept))
            assert answer.status == (200 if there else 404), version
            if there:
                assert rows([answer.json]) == [(SHARED, kept[-1] if version == "latest" else version)]
        for layer in LAYERS:
            own = caller.get(f"{base}/servers/com.example%2Fonly-{layer}/versions")
            assert own.status == (200 if layer in seen else 404)


@pytest.mark.parametrize("seen", CHOICES)
@pytest.mark.parametrize("order", ORDERS)
def test_skills_and_plugins_come_from_the_first_source_that_the_caller_sees(
    order: str, seen: str, world: tuple[AppServer, Issuer]
) -> None:
    supplier = supplier_of(order, seen)
    kept = visible(supplier, "skill") if supplier else []
    for caller, base, kind in itertools.product(callers(world, seen), bases(order), ("skills", "plugins")):
        collection = f"{base}/x/dev.toolhive/{kind}"
        rows = bare_rows
        expected = [("shared", version, f"From {supplier}") for version in kept]
        # Of the sources only the first has this skill, and only the last the server of its name.
        alone = kind == "skills" and "a" in seen
        names = [one["name"] for one in caller.get(collection).json[kind]]
        assert names == [*(["alone"] if alone else []), *(["shared"] if kept else [])]
        assert caller.get(f"{collection}/com.example/alone").status == (200 if alone else 404)
        assert rows(caller.get(collection).json[kind]) == expected[-1:]
        assert rows(caller.walk(collection, kind)) == expected[-1:]
        assert rows(caller.get(f"{collection}?search=SHARED").json[kind]) == expected[-1:]
        answer = caller.get(f"{collection}/com.example/shared/versions")
        assert answer.status == (200 if kept else 404)
        if kept:
            assert sorted(rows(answer.json[kind])) == sorted(expected)
        for tail in ("", "/versions/latest"):
            answer = caller.get(f"{collection}/com.example/shared{tail}")
            assert answer.status == (200 if kept else 404)
            assert not kept or rows([answer.json]) == expected[-1:]
        for version in EVERY:
            answer = caller.get(f"{collection}/com.example/shared/versions/{version}")
            assert answer.status == (200 if version in kept else 404), version
            assert version not in kept or rows([answer.json]) == [("shared", version, f"From {supplier}")]


@pytest.mark.parametrize("kind", ["server", "skill"])
@pytest.mark.parametrize("order", ORDERS)
def test_what_changes_while_people_look_goes_on_coming_from_the_same_source(
    order: str, kind: str, world: tuple[AppServer, Issuer]
) -> None:
    running, provider = world
    path = f"/v1/x/dev.regpress/entries/{kind}/{encoded(SHARED)}/versions/1.0.0/status"
    head = {"Authorization": f"Bearer {provider.token('one', sub='r', role='root')}"}
    entry = f"servers/{encoded(SHARED)}" if kind == "server" else "x/dev.toolhive/skills/com.example/shared"
    # Nobody's view of the registry is made anew: what was made for the first look follows.
    for change in (None, ("deprecated", "Old"), ("active", None)):
        if change:
            body = {"status": change[0], **({"statusMessage": change[1]} if change[1] else {})}
            assert running.ask("PATCH", path, body, headers=head).status == 200
        for seen in CHOICES:
            supplier = supplier_of(order, seen)
            for caller in callers(world, seen):
                answer = caller.get(f"{bases(order)[0]}/{entry}/versions/1.0.0")
                assert answer.status == (200 if supplier else 404)
                if supplier:
                    assert answer.json.get("server", answer.json)["description"] == f"From {supplier}"
                    block = answer.json["_meta"][OFFICIAL_META]
                    assert (block["status"], block.get("statusMessage")) == (change or ("active", None))


def test_who_has_no_token_or_not_the_registrys_claims_is_told_so_by_every_route(
    world: tuple[AppServer, Issuer],
) -> None:
    running, provider = world
    stranger = Caller(running, provider.token("one", sub="x", org="other", layer=list(LAYERS)))
    for base in itertools.chain.from_iterable(map(bases, ORDERS)):
        shared = f"servers/{encoded(SHARED)}/versions"
        skills = "x/dev.toolhive/skills"
        for path in ("servers", shared, f"{shared}/latest", skills, f"{skills}/com.example/shared/versions"):
            assert Caller(running, "").get(f"{base}/{path}").status == 401
            assert stranger.get(f"{base}/{path}").status == 403


@pytest.mark.parametrize("mode", ["oauth", "anonymous"])
def test_where_there_are_no_roles_the_first_source_of_all_supplies(mode: str, forker: Forker, tmp_path: Path) -> None:
    with issuer() as provider:
        auth = oauth(provider) if mode == "oauth" else {"mode": "anonymous"}
        with forker.serving(site_with(tmp_path / "site", auth)) as running:
            token = provider.token("one", sub="x", layer="c") if mode == "oauth" else ""
            for order in ORDERS:
                caller, base = Caller(running, token), bases(order)[0]
                kept = visible(order[0], "server")
                latest = listed_rows(caller, base, order[0], "search=shared&version=latest")
                assert latest == [(SHARED, kept[-1])]
                found = caller.get(f"{base}/servers/{encoded(SHARED)}/versions").json["servers"]
                assert server_rows(order[0], found) == [(SHARED, one) for one in reversed(kept)]


def test_sources_and_registries_show_by_the_same_claims(world: tuple[AppServer, Issuer]) -> None:
    running, provider = world
    for seen in CHOICES:
        caller = Caller(running, provider.token("one", sub="x", org="tides", layer=list(seen)))
        assert len(caller.get("/v1/registries").json["registries"]) == len(ORDERS)
        assert caller.get("/v1/sources").status == 403
    root = Caller(running, provider.token("one", sub="r", role="root"))
    for order in ORDERS:
        name = "default" if order == ORDERS[0] else order
        listed = root.get(f"/v1/registries/{name}/entries").json["entries"]
        # The one place where nothing is shadowed.
        rows = [(one["version"], one["sourceName"], one["position"]) for one in listed
                if one["name"] == SHARED and one["entryType"] == "MCP"]  # fmt: skip
        every = [(version, layer, order.index(layer)) for layer in LAYERS for version in VERSIONS[layer]]
        assert sorted(rows) == sorted(every)
