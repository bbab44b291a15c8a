from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from regpress import paths
from regpress.errors import SourceMalformedError
from regpress.hosts.table import PROFILES
from regpress.previous import Previous, load_previous
from varied import DEPRECATED, HALF_DELETED, SERVERS, TEAM_SERVERS, UPPER, VERSIONS

Files = dict[str, bytes]


@pytest.fixture(params=["generic", "github-pages"])
def files(request: pytest.FixtureRequest, varied: Callable[[str], Path]) -> Files:
    """Return an output by file: what a later build has of this one."""
    folder = varied(request.param)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_says_of_every_version_when_it_was_published_and_how_it_was(files: Files) -> None:
    previous = load_previous(files.get)
    assert previous.found
    found = previous.registries["default"]
    for name, (visible, latest) in SERVERS.items():
        for version in visible:
            state = found["server", name, version]
            assert state.official.published_at
            assert state.official.is_latest is (version == latest)
            assert len(state.digest) == 16
    assert found["server", DEPRECATED, "1.0.0"].official.status == "deprecated"
    assert found["server", VERSIONS, "1.9.1"].official.published_at == "2026-01-03T00:00:00Z"


def test_it_remembers_deleted_versions_of_an_entry_that_is_still_there(files: Files) -> None:
    found = load_previous(files.get).registries["default"]
    assert found["server", HALF_DELETED, "2.0.0"].official.status == "deleted"


def test_every_public_registry_is_read_and_the_default_one_counts_first(files: Files) -> None:
    previous = load_previous(files.get)
    assert previous.registries.keys() == {"default", "team"}
    assert {name for _, name, _ in previous.registries["team"]} == set(TEAM_SERVERS)
    joined = previous.versions
    assert joined["server", UPPER, "0.3.0"] is previous.registries["default"]["server", UPPER, "0.3.0"]
    assert joined.keys() == previous.registries["default"].keys()


def test_a_former_document_can_be_had_again(files: Files) -> None:
    class Asked:
        kind, name, version = "server", paths.EntryName(*UPPER.split("/")), "0.3.0"

    for registry in ("default", "team"):
        body = load_previous(files.get).document(registry, Asked())
        assert orjson.loads(body)["server"]["name"] == UPPER
    Asked.version = "9.9.9"
    assert load_previous(files.get).document("default", Asked()) is None


def test_nothing_there_is_no_error_and_says_nothing() -> None:
    previous = load_previous({}.get)
    assert previous == Previous()
    assert (previous.found, previous.versions) == (False, {})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<!doctype html>",
        b"[]",
        b"null",
        b'{"host":"generic"}',
        b'{"host":"no-such","registry":"a","registries":{}}',
    ],
)
def test_a_build_file_of_another_program_is_refused(text: bytes) -> None:
    with pytest.raises(SourceMalformedError, match=r"previous output: build\.json is not one of regpress"):
        load_previous({"build.json": text}.get)


def test_an_index_that_is_missing_or_damaged_is_refused_with_its_file(files: Files) -> None:
    host = PROFILES[orjson.loads(files["build.json"])["host"]]
    file = host.files(paths.version_index(""), "document")[0]
    without = {name: data for name, data in files.items() if name != file}
    with pytest.raises(SourceMalformedError, match="is missing"):
        load_previous(without.get)
    for damaged in (b"", b"[]", b'{"shards":3}', files[file][:20]):
        with pytest.raises(SourceMalformedError, match="index"):
            load_previous({**files, file: damaged}.get)
