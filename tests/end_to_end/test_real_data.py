"""Real registries, built and read again: every entry is found by list, versions, version and latest, field by field.

The collected data lies beside this repository; without it these tests are skipped. The same properties hold for small
data of our own in the golden cases and in the contract suite.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from regpress.model.entry import OFFICIAL_META, PUBLISHER_META
from sites import Done, config, official_of, run

DATA = Path(__file__).parents[2] / "../shared/data"
UPSTREAM = ("upstream-registry-real", "upstream-registry-enriched-real", "upstream-registry-toolhive-example",
            "upstream-registry-docs-examples")  # fmt: skip
LISTED = "server-list-real"
NATIVE = "toolhive-native-real"
BLOCK = {"status", "statusChangedAt", "publishedAt", "updatedAt", "isLatest"}

#: Documents by name and version.
Documents = dict[tuple[str, str], dict[str, Any]]


def load(data: bytes) -> Any:
    """Return JSON with numbers as they are spelled."""
    return json.loads(data, parse_float=str, parse_int=str)


@dataclass(frozen=True)
class Built:
    """A built site and what it was built from."""

    source: Any
    dist: Path
    done: Done

    def read(self, address: str) -> Any:
        return load((self.dist / f"{address}.json").read_bytes())

    def exists(self, address: str) -> bool:
        return (self.dist / f"{address}.json").exists()

    @property
    def servers(self) -> dict[str, Any]:
        """Return the list's entries by name."""
        listed = self.read("v0.1/servers")
        assert set(listed) == {"servers", "metadata"}
        assert listed["metadata"] == {"count": str(len(listed["servers"]))}
        names = [entry["server"]["name"] for entry in listed["servers"]]
        assert names == sorted(set(names))
        return dict(zip(names, listed["servers"], strict=True))


def build_from(name: str, folder: Path, on_invalid: str = "fail") -> Built:
    path = DATA / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path.name} is not beside this repository")
    source = {"name": "real", "onInvalid": on_invalid, "file": {"path": str(path.resolve())}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(json.dumps(config(source)))
    done = run("build", folder, "--format", "json")
    return Built(source=load(path.read_bytes()), dist=folder / "dist", done=done)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Built]:
    """Return a function that builds one of the files, each only once."""
    known: dict[tuple[str, str], Built] = {}

    def build(name: str, on_invalid: str = "fail") -> Built:
        key = (name, on_invalid)
        if key not in known:
            known[key] = build_from(name, tmp_path_factory.mktemp(name), on_invalid)
        return known[key]

    return build


def holds_every_server(site: Built, expected: Documents) -> None:
    """Assert that the site has these servers and no others, by each of the four ways."""
    versions: dict[str, set[str]] = {}
    for name, version in expected:
        versions.setdefault(name, set()).add(version)
    listed = site.servers
    assert listed.keys() == versions.keys()
    for name, numbers in versions.items():
        folder = f"v0.1/servers/{name}/versions"
        every = site.read(folder)
        assert every["metadata"] == {"count": str(len(numbers))}
        by_version = {entry["server"]["version"]: entry for entry in every["servers"]}
        assert by_version.keys() == numbers
        latest = site.read(f"{folder}/latest")
        assert latest == listed[name] == by_version[latest["server"]["version"]]
        flags = [official_of(entry)["isLatest"] for entry in every["servers"]]
        assert flags.count(True) == 1
        assert official_of(latest)["isLatest"] is True
        for version in numbers:
            entry = site.read(f"{folder}/{version}")
            assert entry == by_version[version]
            assert entry["server"] == expected[name, version]
            assert official_of(entry).keys() >= BLOCK


def upstream_servers(document: Mapping[str, Any]) -> Documents:
    return {(server["name"], server["version"]): server for server in document["data"]["servers"]}


@pytest.mark.parametrize("name", UPSTREAM)
def test_every_server_of_an_upstream_registry_is_served_as_it_was_written(
    name: str, built: Callable[..., Built]
) -> None:
    site = built(name)
    assert site.done.code == 0, site.done.err
    expected = upstream_servers(site.source)
    assert len(expected) == len(site.source["data"]["servers"])
    holds_every_server(site, expected)


@pytest.mark.parametrize("name", UPSTREAM)
def test_the_registry_file_holds_the_latest_version_of_every_entry(name: str, built: Callable[..., Built]) -> None:
    site = built(name)
    made = load((site.dist / "registry.json").read_bytes())
    assert made["data"]["servers"] == [entry["server"] for entry in site.servers.values()]
    skills = site.source["data"].get("skills", [])
    assert {f"{s['namespace']}/{s['name']}" for s in made["data"]["skills"]} == {
        f"{s['namespace']}/{s['name']}" for s in skills
    }
    assert all(skill in skills for skill in made["data"]["skills"])


def test_every_skill_is_found_by_list_entry_versions_version_and_latest(built: Callable[..., Built]) -> None:
    site = built("upstream-registry-real")
    skills = site.source["data"]["skills"]
    assert len(skills) > 900
    base = "v0.1/x/dev.toolhive/skills"
    listed = {f"{s['namespace']}/{s['name']}": s for s in site.read(base)["skills"]}
    counts = Counter(f"{s['namespace']}/{s['name']}" for s in skills)
    assert listed.keys() == counts.keys()
    for skill in skills:
        name = f"{skill['namespace']}/{skill['name']}"
        served = site.read(f"{base}/{name}/versions/{skill['version']}")
        assert official_of(served).keys() >= BLOCK
        assert {key: item for key, item in served.items() if key != "_meta"} == {
            key: item for key, item in skill.items() if key != "_meta"
        }
        assert {**served["_meta"], OFFICIAL_META: None} == {**skill.get("_meta", {}), OFFICIAL_META: None}
        every = site.read(f"{base}/{name}/versions")
        assert every["metadata"] == {"count": str(counts[name])}
        assert served in every["skills"]
        assert site.read(f"{base}/{name}") == site.read(f"{base}/{name}/versions/latest") == listed[name]


def entries_of(site: Built) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for entry in site.source["servers"]:
        yield (entry["server"]["name"], entry["server"]["version"]), entry


def is_defective(entry: Mapping[str, Any]) -> bool:
    return entry["server"].get("repository") == {}


def test_a_list_response_is_refused_for_its_empty_repositories_when_a_source_must_be_right(
    built: Callable[..., Built],
) -> None:
    site = built(LISTED, "fail")
    defective = {f"{name}@{version}" for (name, version), entry in entries_of(site) if is_defective(entry)}
    errors = [issue for issue in site.done.json["issues"] if issue["severity"] == "error"]
    assert len(defective) == 208
    assert {issue["entry"] for issue in errors} == defective
    assert {(issue["path"], issue["reference"]) for issue in errors} == {("repository", "schema:required")}
    assert (site.done.code, site.dist.exists()) == (1, False)


def test_kept_entries_with_an_empty_repository_are_served_as_they_are(built: Callable[..., Built]) -> None:
    site = built(LISTED, "keep")
    assert site.done.code == 0
    assert site.done.json["counts"]["error"] == 0
    expected = {key: entry["server"] for key, entry in entries_of(site)}
    assert len(expected) == 1762
    holds_every_server(site, expected)
    kept = [issue for issue in site.done.json["issues"] if issue["message"].endswith("; the entry is kept")]
    assert len({issue["entry"] for issue in kept}) == 208


def test_skipped_entries_are_left_out_and_reported(built: Callable[..., Built]) -> None:
    site = built(LISTED, "skip")
    assert site.done.code == 0
    expected = {key: entry["server"] for key, entry in entries_of(site) if not is_defective(entry)}
    holds_every_server(site, expected)
    hidden = site.done.json["hidden"]
    assert {item["reason"] for item in hidden} == {"invalid"}
    assert sum(item["versions"] for item in hidden) == 208


def test_what_a_list_response_says_about_versions_is_kept(built: Callable[..., Built]) -> None:
    site = built(LISTED, "keep")
    compared = 0
    for (name, version), entry in entries_of(site):
        theirs, ours = entry["_meta"], site.read(f"v0.1/servers/{name}/versions/{version}")["_meta"]
        for key, item in theirs.items():
            if key == OFFICIAL_META:
                assert {member: ours[key][member] for member in item} == item, name
                compared += 1
            else:
                assert ours[key] == item, name
    assert compared == 1762


def test_the_latest_version_is_the_one_that_the_official_registry_flagged(built: Callable[..., Built]) -> None:
    site = built(LISTED, "keep")
    flagged = {name: version for (name, version), entry in entries_of(site) if official_of(entry)["isLatest"]}
    served = {name: entry["server"]["version"] for name, entry in site.servers.items()}
    assert {name: served[name] for name in flagged} == flagged
    assert len(flagged) > 700


def test_every_native_server_is_served_with_its_image_address_and_extension(built: Callable[..., Built]) -> None:
    site = built(NATIVE)
    assert site.done.code == 0, site.done.err
    listed = site.servers
    natives = {
        native.get("name") or (key if "/" in key else f"io.github.stacklok/{key}"): native
        for group in ("servers", "remote_servers")
        for key, native in site.source.get(group, {}).items()
    }
    assert listed.keys() == natives.keys()
    for name, native in natives.items():
        server = listed[name]["server"]
        assert site.read(f"v0.1/servers/{name}/versions/1.0.0") == site.read(f"v0.1/servers/{name}/versions/latest")
        assert (server["version"], server["description"]) == ("1.0.0", native["description"])
        place = native.get("image") or native["url"]
        extension = server["_meta"][PUBLISHER_META]["io.github.stacklok"][place]
        for member in ("tools", "tags", "tier", "metadata", "overview", "tool_definitions", "permissions"):
            assert extension.get(member) == native.get(member), f"{name}: {member}"
        if "image" in native:
            (package,) = server["packages"]
            assert (package["registryType"], package["identifier"]) == ("oci", place)
            assert package["transport"]["type"] == native.get("transport", "stdio")
            variables = [variable["name"] for variable in native.get("env_vars", ())]
            assert [variable["name"] for variable in package.get("environmentVariables", ())] == variables
        else:
            assert (server["remotes"][0]["type"], server["remotes"][0]["url"]) == (native["transport"], place)
