import hashlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regpress.model.artifact import JSON, Written
from regpress.model.manifest import file_lines, read_manifest, read_shard, root_artifact, shard_artifact, shard_of


def written(file: str, body: bytes = b"{}") -> Written:
    return Written(file, len(body), hashlib.sha256(body).hexdigest(), file.removesuffix(".json"), JSON)


def listed(*rows: Written) -> list[tuple[bytes, bytes]]:
    columns = [[str(fact).encode() for fact in column] for column in zip(*rows, strict=True)] or [[]] * 5
    return list(zip(columns[0], file_lines(*columns), strict=True))


ROWS = st.lists(
    st.builds(written, st.text('abc/+~é"\\\t', min_size=1, max_size=12), st.binary(max_size=4)),
    unique_by=lambda row: row[0],
)


@given(rows=ROWS, older=ROWS)
def test_what_a_manifest_lists_is_read_back(rows: list[Written], older: list[Written]) -> None:
    kept = [(row, age) for age, row in enumerate(older)]
    files, shards, found = read_manifest(root_artifact(rows, kept=kept).body)
    assert files == sorted(rows)
    assert shards == []
    assert found == sorted(kept)


@given(rows=ROWS)
def test_what_a_shard_lists_is_read_back(rows: list[Written]) -> None:
    assert read_shard(shard_artifact("0a", listed(*rows)).body) == sorted(rows)


def test_a_root_names_its_shards_with_count_and_digest() -> None:
    shard = shard_artifact("0a", listed(written("a.json"), written("b.json")))
    row = Written(shard.address, len(shard.body), hashlib.sha256(shard.body).hexdigest(), shard.address, JSON)
    root = root_artifact([], [(row, 2)])
    assert read_manifest(root.body)[1] == [("manifest/0a.json", row.sha256)]
    assert orjson.loads(root.body)["shards"] == [{"count": 2, "file": "manifest/0a.json", "sha256": row.sha256}]


@given(rows=ROWS, data=st.data())
def test_the_order_of_files_changes_no_byte(rows: list[Written], data: st.DataObject) -> None:
    assert root_artifact(data.draw(st.permutations(rows))).body == root_artifact(rows).body


def generation(*rows: Written) -> str:
    return str(orjson.loads(root_artifact(rows).body)["generation"])


def test_the_generation_is_that_of_the_bytes_of_all_files() -> None:
    a, b = written("a.json"), written("b.json")
    assert generation(a, b) == generation(b, a)
    assert len({generation(), generation(a), generation(b), generation(a, b), generation(written("a.json", b"1"))}) == 5


def test_a_manifest_has_a_line_for_each_file() -> None:
    lines = root_artifact([written(f"{letter}.json") for letter in "abc"]).body.splitlines()
    assert [line for line in lines if b'"file":"b.json"' in line] == [orjson.dumps(_public("b.json")) + b","]


def _public(file: str) -> dict[str, object]:
    row = written(file)
    return {"address": row.address, "file": file, "sha256": row.sha256, "size": row.size, "type": row.media_type}


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"null", b'{"generator":"other 1.0","files":[]}', b"<html>"])
def test_what_is_no_manifest_of_ours_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"manifest|line 1"):
        read_manifest(text)


def test_what_is_no_shard_is_refused() -> None:
    for text in (b"[]", b"3", b"<html>"):
        with pytest.raises(ValueError, match=r"shard|line 1"):
            read_shard(text)


@pytest.mark.parametrize("member", ["file", "sha256", "address", "type"])
def test_a_nul_in_a_manifest_is_refused(member: str) -> None:
    row = _public("a.json") | {member: "a\0b"}
    with pytest.raises(ValueError, match="NUL"):
        read_shard(orjson.dumps({"files": [row]}))
    with pytest.raises(ValueError, match="NUL"):
        read_manifest(orjson.dumps({"generator": "regpress 1", "kept": [row | {"age": 1}]}))


def test_entries_are_spread_over_all_shards() -> None:
    names = {shard_of("default", "server", f"com.example/s-{number}") for number in range(4_000)}
    assert names == {f"{number:02x}" for number in range(256)}


def test_an_entry_has_its_own_shard_in_each_registry_and_kind() -> None:
    name = "com.example/weather"
    assert (
        len({shard_of("default", "server", name), shard_of("team", "server", name), shard_of("default", "skill", name)})
        == 3
    )


@given(rows=ROWS)
def test_a_shard_lists_files_as_the_root_does(rows: list[Written]) -> None:
    rows = [*rows, written('a"\\<é>.json')]
    shard, root = shard_artifact("0a", listed(*rows)), root_artifact(rows)
    assert sorted(orjson.loads(shard.body)["files"], key=str) == sorted(orjson.loads(root.body)["files"], key=str)
    assert {part.rstrip(b",") for part in shard.body.splitlines()[1:-1]} <= {
        part.rstrip(b",") for part in root.body.splitlines()
    }
