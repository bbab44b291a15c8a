import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import candidate, official, read, resolve, server, skill
from regpress import api
from regpress.catalog import Catalog
from regpress.merge import merge
from regpress.model.artifact import groups_in
from regpress.model.document import escape_html_in_json
from regpress.model.entry import OFFICIAL_META, Official

NAME = "com.example/weather"
BLOCK = ["status", "statusChangedAt", "publishedAt", "updatedAt", "isLatest"]
BLOCK_WITH_MESSAGE = ["status", "statusChangedAt", "statusMessage", "publishedAt", "updatedAt", "isLatest"]


def catalog_of(*candidates, registry="default", **options):
    resolved = resolve(read(*candidates), **options)
    return merge(registry, [resolved], is_default=registry == "default", readmes={}).catalog


def documents(catalog: Catalog, aliases: api.Aliases | None = None) -> dict[str, bytes]:
    """Return every document of an entry's groups by address."""
    return {
        artifact.address: artifact.body
        for group in groups_in(api.entry_sections(catalog, aliases or api.Aliases()))
        for artifact in group.render()
    }


def latest(catalog: Catalog):
    return next(iter(catalog)).latest


def test_the_official_block_is_always_complete() -> None:
    value = orjson.loads(api.response(latest(catalog_of(candidate(server())))))
    assert list(value) == ["server", "_meta"]
    assert list(value["_meta"][OFFICIAL_META]) == BLOCK
    assert value["server"] == server()


@pytest.mark.parametrize("message", ["", 'Use "radar" <2> \\ é & \u2028'])
@pytest.mark.parametrize("status", ["active", "deprecated", "deleted"])
def test_the_official_block_is_what_a_json_writer_makes_of_it(status: str, message: str) -> None:
    version = latest(catalog_of(candidate(server())))
    times = {"statusChangedAt": "2026-05-01T06:00:00.25Z", "publishedAt": "2026-05-01T06:00:00+02:00"}
    facts = {"status": status, **times, "updatedAt": "2026-05-02T06:00:00Z"}
    for is_latest in (True, False):
        own = Official(status, facts["statusChangedAt"], message, facts["publishedAt"], facts["updatedAt"], is_latest)
        block = {**facts, **({"statusMessage": message} if message else {}), "isLatest": is_latest}
        expected = escape_html_in_json(orjson.dumps({key: block[key] for key in BLOCK_WITH_MESSAGE if key in block}))
        assert api.official_block(version._replace(official=own)) == b'"%s":%s' % (OFFICIAL_META.encode(), expected)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 101])
def test_the_length_of_the_complete_list_is_known_without_making_it(count: int) -> None:
    names = [f"com.example/s{number}" for number in range(count)]
    servers = [candidate(server(name, description="é<>" * (len(name) % 7 + 1))) for name in names]
    catalog = catalog_of(*servers, candidate(server("com.example/old"), meta=official(status="deprecated")))
    for kind in ("server", "skill"):
        assert api.complete_list_size(catalog, kind) == len(api.complete_list(catalog, kind))


def test_a_message_stands_in_the_block_only_where_there_is_one() -> None:
    deprecated = candidate(server(), meta=official(status="deprecated", statusMessage="Use radar"))
    block = orjson.loads(api.response(latest(catalog_of(deprecated))))["_meta"][OFFICIAL_META]
    assert block["statusMessage"] == "Use radar"
    assert set(block) == {*BLOCK, "statusMessage"}


def test_what_a_registry_wrote_beside_a_server_is_served_beside_ours() -> None:
    meta = {"com.example/audit": {"score": 7}, OFFICIAL_META: {"status": "active"}}
    value = orjson.loads(api.response(latest(catalog_of(candidate(server(), meta=meta)))))
    assert list(value["_meta"]) == [OFFICIAL_META, "com.example/audit"]
    assert value["_meta"]["com.example/audit"] == {"score": 7}


def test_skills_are_served_bare_with_their_own_meta_and_ours() -> None:
    found = latest(catalog_of(candidate(skill(_meta={"com.example/x": 1}), kind="skill")))
    value = orjson.loads(api.response(found))
    assert value["name"] == "review"
    assert list(value["_meta"]) == [OFFICIAL_META, "com.example/x"]
    assert orjson.loads(api.document(found)) == skill(_meta={"com.example/x": 1})


def test_a_version_is_found_under_its_number_and_the_newest_also_under_latest() -> None:
    found = documents(catalog_of(candidate(server()), candidate(server(version="1.10.0"))))
    folder = f"v0.1/servers/{NAME}/versions"
    assert set(found) == {folder, f"{folder}/1.0.0", f"{folder}/1.10.0", f"{folder}/latest"}
    assert found[f"{folder}/latest"] == found[f"{folder}/1.10.0"]
    assert orjson.loads(found[folder])["metadata"] == {"count": 2}


def test_a_skill_has_one_address_more() -> None:
    found = documents(catalog_of(candidate(skill(), kind="skill")))
    base = "v0.1/x/dev.toolhive/skills/com.example/review"
    assert found[base] == found[f"{base}/versions/latest"] == found[f"{base}/versions/1.0.0"]


def test_deleted_versions_have_no_document() -> None:
    gone = candidate(server(version="2.0.0"), meta=official(status="deleted"))
    found = documents(catalog_of(candidate(server()), gone))
    assert not any("2.0.0" in address or b"2.0.0" in body for address, body in found.items())


def test_another_registry_has_the_same_documents_below_its_own_address() -> None:
    default, team = catalog_of(candidate(server())), catalog_of(candidate(server()), registry="team")
    prefixed = {f"registry/team/{address}": body for address, body in documents(default).items()}
    assert documents(team) == prefixed


def test_aliases_are_copies_of_the_same_bytes() -> None:
    aliases = api.Aliases.of(["v0", "registry"], "default")
    catalog = catalog_of(candidate(server()))
    found = documents(catalog, aliases)
    for address, body in documents(catalog).items():
        rest = address.removeprefix("v0.1/")
        assert found[f"v0/{rest}"] == found[f"registry/default/v0.1/{rest}"] == body
    assert len(found) == 3 * len(documents(catalog))


@given(st.lists(st.sampled_from([b'{"a":1}', b"{}", b'{"b":[1,2]}'])), st.sampled_from(["", "abc-_1"]))
def test_a_list_is_its_entries_their_number_and_a_cursor_if_there_is_one(bodies: list[bytes], cursor: str) -> None:
    value = orjson.loads(api.list_body("server", bodies, cursor=cursor))
    assert value["servers"] == [orjson.loads(body) for body in bodies]
    assert value["metadata"] == {"count": len(bodies)} | ({"nextCursor": cursor} if cursor else {})


def test_the_complete_list_has_the_latest_of_every_entry_in_the_order_of_names() -> None:
    names = ["com.example/b", "com.example/B", "com.example/a-1", "com.example/a"]
    catalog = catalog_of(*(candidate(server(name, version)) for name in names for version in ("1.0.0", "2.0.0")))
    entries = orjson.loads(api.complete_list(catalog, "server"))["servers"]
    assert [entry["server"]["name"] for entry in entries] == sorted(names)
    assert {entry["server"]["version"] for entry in entries} == {"2.0.0"}


def test_the_registry_file_is_one_that_can_be_read_again() -> None:
    catalog = catalog_of(candidate(server()), candidate(server(version="2.0.0")), candidate(skill(), kind="skill"))
    value = orjson.loads(api.registry_file(catalog))
    assert value["$schema"] == api.UPSTREAM_SCHEMA
    assert value["data"] == {"servers": [server(version="2.0.0")], "skills": [skill()], "plugins": []}
    assert value["meta"] == {"last_updated": "2026-01-02T00:00:00Z"}


def test_the_registry_file_of_nothing_has_a_time_all_the_same() -> None:
    value = orjson.loads(api.registry_file(catalog_of()))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value["meta"]["last_updated"])
    assert value["data"] == {"servers": [], "skills": [], "plugins": []}


def test_markup_in_documents_is_escaped() -> None:
    catalog = catalog_of(
        candidate(server(description="<b>&\u2028")), candidate(skill(description="</x>"), kind="skill")
    )
    for body in (*documents(catalog).values(), api.complete_list(catalog, "server"), api.registry_file(catalog)):
        assert not re.search(rb"[<>&]|\xe2\x80\xa8", body)


def build_json(*catalogs: Catalog, revisions=None):
    made = api.build_file(catalogs, host="generic", revisions=revisions or {}, list_file="v0.1/servers.json")
    return orjson.loads(made.body)


def test_build_json_counts_each_registry_and_names_the_digest_of_the_list() -> None:
    default = catalog_of(candidate(server()), candidate(server(version="2.0.0")))
    team = catalog_of(candidate(skill(), kind="skill"), registry="team")
    value = build_json(default, team)
    assert value["registry"] == "default"
    assert value["counts"] == value["registries"]["default"]
    assert (value["counts"]["servers"], value["counts"]["serverVersions"]) == (1, 2)
    assert value["registries"]["team"]["skills"] == 1


def test_build_json_names_the_sources_that_supply_something_and_no_others() -> None:
    catalog = catalog_of(candidate(server()), source="team")
    value = build_json(catalog, revisions={"team": "commit 1", "gated": "commit 2"})
    assert value["revision"] == {"team": "commit 1"}


@pytest.mark.parametrize("change", [{"description": "Other"}, {"version": "1.0.1"}, {"title": "Weather"}])
def test_the_digest_of_the_list_changes_with_its_content(change: dict[str, str]) -> None:
    before, after = catalog_of(candidate(server())), catalog_of(candidate(server(**change)))
    assert build_json(before)["list"]["digest"] != build_json(after)["list"]["digest"]
    keys = {group.key: group.recipe for group in groups_in(api.entry_sections(before, api.Aliases()))}
    for group in groups_in(api.entry_sections(after, api.Aliases())):
        assert keys[group.key] != group.recipe
