"""This repository's own registry: large enough, varied, valid, and in the form that the project asks of others."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regpress.digest import canonical_json
from regpress.model.config import load_config
from regpress.model.document import parse_json
from regpress.model.entry import RawFile
from regpress.model.registry import read_candidates
from regpress.names import Kind, parse_entry_name
from regpress.validate.check import check_entry
from regpress.versions import pick_latest

ROOT = Path(__file__).parents[1]
CONTENT = ROOT / "content"
SHARED = ROOT / "../shared/data"

Entry = tuple[Kind, dict[str, Any]]


def _listed() -> list[Entry]:
    data = json.loads((ROOT / "registry.json").read_bytes())["data"]
    return [("server", entry) for entry in data["servers"]] + [("skill", entry) for entry in data["skills"]]


def _managed_files() -> Iterator[tuple[Kind, Path]]:
    kinds: dict[str, Kind] = {"servers": "server", "skills": "skill"}
    for folder, kind in kinds.items():
        for path in sorted((CONTENT / folder).rglob("*.json")):
            yield kind, path


def _managed() -> list[Entry]:
    documents = [(kind, json.loads(path.read_bytes())) for kind, path in _managed_files()]
    return [(kind, document.get(kind, document)) for kind, document in documents]


def _name(kind: Kind, entry: dict[str, Any]) -> str:
    return str(entry["name"]) if kind == "server" else f"{entry['namespace']}/{entry['name']}"


LISTED, MANAGED = _listed(), _managed()
SERVERS = [entry for kind, entry in LISTED if kind == "server"]


def _id(entry: Entry) -> str:
    return f"{_name(*entry)}@{entry[1]['version']}"


# What is in it


def test_the_list_has_at_least_twenty_five_servers_and_six_skills() -> None:
    names = {kind: {_name(k, entry) for k, entry in LISTED if k == kind} for kind in ("server", "skill")}
    assert len(names["server"]) >= 25
    assert len(names["skill"]) >= 6


def test_the_list_has_every_type_of_package_and_remotes() -> None:
    types = {package["registryType"] for server in SERVERS for package in server.get("packages", ())}
    assert types == {"npm", "pypi", "oci", "mcpb", "nuget"}
    assert sum(1 for server in SERVERS if server.get("remotes")) >= 5
    assert all(server.get("packages") or server.get("remotes") for server in SERVERS)


def test_at_least_five_servers_have_several_versions() -> None:
    versions = Counter(server["name"] for server in SERVERS)
    assert sum(1 for count in versions.values() if count > 1) >= 5


def test_some_servers_have_the_toolhive_extension_with_tags_tier_and_tools() -> None:
    found = [
        extension
        for server in SERVERS
        for extension in server.get("_meta", {})
        .get("io.modelcontextprotocol.registry/publisher-provided", {})
        .get("io.github.stacklok", {})
        .values()
    ]
    assert len(found) >= 3
    assert all(extension["tags"] and extension["tier"] and extension["tools"] for extension in found)


def test_content_has_three_managed_entries_one_of_them_a_skill_and_a_readme_beside_one() -> None:
    assert len({_name(kind, entry) for kind, entry in MANAGED}) >= 3
    assert any(kind == "skill" for kind, _ in MANAGED)
    readmes = list(CONTENT.glob("*/*/*/README.md"))
    assert readmes
    assert all(any(path.parent.glob("*.json")) for path in readmes)


def test_no_version_is_published_twice_and_no_name_by_two_sources() -> None:
    versions = Counter((kind, _name(kind, entry), entry["version"]) for kind, entry in LISTED + MANAGED)
    assert [key for key, count in versions.items() if count > 1] == []
    shadowed = {(k, _name(k, e)) for k, e in LISTED} & {(k, _name(k, e)) for k, e in MANAGED}
    assert shadowed == set()


# Whether it is right


@pytest.mark.parametrize("entry", LISTED + MANAGED, ids=_id)
def test_an_entry_has_no_error_and_no_warning_even_under_the_official_policy(entry: Entry) -> None:
    issues = check_entry(*entry, level="official")
    assert [issue for issue in issues if issue.severity != "info"] == []


@pytest.mark.parametrize("entry", LISTED + MANAGED, ids=_id)
def test_an_entry_describes_itself_in_one_short_line_with_a_title(entry: Entry) -> None:
    description = entry[1]["description"]
    assert entry[1]["title"].strip() == entry[1]["title"] != ""
    assert len(description) <= (100 if entry[0] == "server" else 1024)
    assert description.strip() == description
    assert "\n" not in description


def test_the_list_is_read_as_the_upstream_format_without_a_finding() -> None:
    data = (ROOT / "registry.json").read_bytes()
    found = read_candidates(RawFile(path="registry.json", data=data))
    assert found.issues == ()
    assert len(found.candidates) == len(LISTED)
    assert not any(candidate.converted for candidate in found.candidates)


def test_every_file_is_canonical_json() -> None:
    files = [ROOT / "registry.json", *CONTENT.rglob("*.json")]
    assert [str(path) for path in files if canonical_json(parse_json(path.read_bytes())) != path.read_bytes()] == []


def test_a_managed_file_lies_where_its_name_and_version_say() -> None:
    for (kind, path), (_, entry) in zip(_managed_files(), MANAGED, strict=True):
        name = parse_entry_name(kind, _name(kind, entry))
        assert path.parts[-3:] == (name.namespace, name.name, f"{entry['version']}.json")


def test_a_deprecated_version_exists_and_is_not_the_latest() -> None:
    deprecated = 0
    for path in sorted((CONTENT / "status").rglob("*.json")):
        kind = "server" if path.parts[-3] == "servers" else "skill"
        name = f"{path.parts[-2]}/{path.stem}"
        versions = [entry["version"] for k, entry in LISTED + MANAGED if k == kind and _name(k, entry) == name]
        for version, status in json.loads(path.read_bytes()).items():
            assert version in versions
            assert status["message"]
            assert version != pick_latest(versions, version=str, time=lambda _: "")
            deprecated += status["status"] == "deprecated"
    assert deprecated >= 1


# Configuration and texts


def test_the_configuration_loads_without_notes_and_has_two_public_registries() -> None:
    config, notes = load_config((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert notes == ()
    assert config.default_registry == "default"
    assert len(config.registries) == 2
    assert config.auth.reads_are_public
    assert not any(registry.claims for registry in config.registries)
    for source in config.sources:
        assert source.file is None or (ROOT / str(source.file.path)).is_file()


def test_the_vendors_filter_takes_some_servers_and_leaves_some_out() -> None:
    config, _ = load_config((ROOT / "config.yaml").read_text(encoding="utf-8"))
    patterns = next(source.filter.names for source in config.sources if source.filter and source.filter.names)
    assert patterns.include
    assert patterns.exclude == ("io.github.*",)
    own_domain = {server["name"] for server in SERVERS if not server["name"].startswith("io.github.")}
    assert 5 <= len(own_domain) < len({server["name"] for server in SERVERS})
    assert all(any(name.startswith(pattern.rstrip("*")) for pattern in patterns.include) for name in own_domain)


def test_the_menu_names_every_page_and_each_begins_with_its_title() -> None:
    config, _ = load_config((ROOT / "config.yaml").read_text(encoding="utf-8"))
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (CONTENT / "pages").glob("*.md")}
    assert sorted(config.site.catalog.pages or ()) == sorted(pages)
    assert set(pages) >= {"guide", "about", "policy"}
    assert all(re.match(r"# \S.*\n\n\S", text) for text in pages.values())


def test_the_guide_shows_an_example_that_is_a_valid_entry() -> None:
    guide = (CONTENT / "pages/guide.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^( *)```json\n(.*?)^\1```", guide, flags=re.DOTALL | re.MULTILINE)
    documents = [json.loads(block) for _, block in blocks]
    servers = [document for document in documents if "$schema" in document]
    assert servers
    for server in servers:
        assert [issue for issue in check_entry("server", server) if issue.severity != "info"] == []
        namespace, name = server["name"].split("/")
        assert f"content/servers/{namespace}/{name}/{server['version']}.json" in guide


def _texts() -> list[Path]:
    folders = (ROOT, ROOT / ".github", ROOT / "docs", ROOT / "docs/decisions", CONTENT / "pages")
    return sorted(path for folder in folders for path in folder.glob("*.md"))


@pytest.mark.parametrize("path", _texts(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_relative_link_of_a_text_leads_to_a_file(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    relative = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in relative if not (path.parent / target).exists()] == []


def test_the_index_of_decisions_lists_every_decision_under_its_own_title() -> None:
    folder = ROOT / "docs/decisions"
    index = dict(re.findall(r"\]\((\d{4}-[^)]+)\) \| (.+?) \|", (folder / "README.md").read_text(encoding="utf-8")))
    titles = {}
    for path in folder.glob("[0-9]*.md"):
        text = path.read_text(encoding="utf-8")
        titles[path.name] = text.splitlines()[0].partition(". ")[2]
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert index == titles


# Against the entries that publishers registered, where those are at hand


def _published() -> dict[tuple[str, str], dict[str, Any]]:
    file = SHARED / "upstream-registry-real.json"
    if not file.is_file():
        pytest.skip("the collected entries of publishers are not beside this repository")
    servers = json.loads(file.read_bytes())["data"]["servers"]
    return {(server["name"], server["version"]): server for server in servers}


def test_packages_addresses_and_checksums_are_those_that_publishers_registered() -> None:
    def facts(server: dict[str, Any]) -> set[tuple[str, ...]]:
        packages = {
            (p["registryType"], p["identifier"], p.get("version", ""), p.get("fileSha256", ""))
            for p in server.get("packages", ())
        }
        return packages | {(remote["type"], remote["url"]) for remote in server.get("remotes", ())}

    published = _published()
    compared = 0
    for kind, entry in LISTED + MANAGED:
        theirs = published.get((_name(kind, entry), entry["version"]))
        if theirs is not None:
            compared += 1
            assert facts(entry) <= facts(theirs), _id((kind, entry))
    assert compared >= 50


def test_descriptions_are_written_for_this_registry() -> None:
    theirs = {server["description"].casefold().strip(" .") for server in _published().values()}
    ours = {entry["description"].casefold().strip(" .") for _, entry in LISTED + MANAGED}
    assert ours & theirs == set()
