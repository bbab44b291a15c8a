"""Readings are the same however a file is read: at once, in runs by several processes, or from what was kept."""

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from builders import server, skill
from regpress import readings as module
from regpress.kept import ReadingCache
from regpress.model.entry import RawFile, Snapshot
from regpress.model.issue import Issue
from regpress.model.reading import Reading
from regpress.model.registry import read_candidates as read_file
from regpress.names import Kind, SourceName
from regpress.read import Checker, read_candidates
from regpress.readings import SnapshotReader
from regpress.resolve import FileReadings
from regpress.validate.check import check_entry

OFFICIAL = "io.modelcontextprotocol.registry/official"
PUBLISHER = "io.modelcontextprotocol.registry/publisher-provided"
OLD = "https://static.modelcontextprotocol.io/schemas/2025-07-09/server.schema.json"


def check(documents: Iterable[tuple[Kind, Any]]) -> list[tuple[Issue, ...]]:
    return [check_entry(kind, value) for kind, value in documents]


def at_once(data: bytes) -> FileReadings:
    """Return what a file holds as it is read when it is small."""
    raw = RawFile(path="registry.json", data=data)
    found = read_file(raw, source="team")
    return FileReadings(
        raw=raw,
        readings=read_candidates(found.candidates, check),
        pointers=[candidate.pointer for candidate in found.candidates],
        last_updated=found.last_updated,
        issues=found.issues,
    )


Read = Callable[[bytes], FileReadings]


@pytest.fixture
def in_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Read]:
    """Return a reader for a number of processes that takes every file for a large one, and keeps what it reads."""
    monkeypatch.setattr(module, "LARGE_FILE_BYTES", 1)
    monkeypatch.setattr(module, "LEAST_RUN_BYTES", 1)
    monkeypatch.setattr(module, "FEW", 0)

    def reader(jobs: int) -> Read:
        def read(data: bytes) -> FileReadings:
            opened = SnapshotReader(ReadingCache(tmp_path / str(jobs), b"salt"), check, jobs=jobs)
            raw = RawFile(path="registry.json", data=data)
            (found,) = opened.read(Snapshot(source=SourceName("team"), files=(raw,), revision="r"))
            opened.close()
            return found

        return read

    return reader


def comparable(found: FileReadings) -> Any:
    return list(zip(found.pointers, found.readings, strict=True)), set(found.issues), found.last_updated


DEEP: Any = "x"
for _ in range(150):
    DEEP = [DEEP]

#: Elements of arrays as texts, good and bad; many look like the border between two elements.
ELEMENTS = [
    *(json.dumps(server(version=f"1.0.{number}")) for number in range(3)),
    json.dumps(server(name="com.example/é", title="ü" * 40), ensure_ascii=False),
    json.dumps(server(title="},\n{", description='}, {"$schema": "x')),
    json.dumps(server(title="<b>&amp;", description="  two  spaces ")),
    json.dumps(server(packages=[{"registryType": "npm"}, {"registryType": "npm", "identifier": "a b"}]), indent=2),
    json.dumps(server(packages=[server(), server(), server()], remotes=[server()] * 3)),
    json.dumps(server(packages=[server()] * 9), separators=(",", ":")),
    # Served as many bytes as it has, but others.
    json.dumps(server(title="<"), separators=(",", ":")).replace("{", "{     ", 1),
    json.dumps(skill()),
    json.dumps({"server": server(), "_meta": {OFFICIAL: {"status": "deleted", "publishedAt": "2025-01-01T00:00:00Z"}}}),
    json.dumps({"server": server(), "_meta": {OFFICIAL: {"status": "gone"}, "com.example/x": {"n": 1}}}),
    json.dumps({"server": server(), "_meta": 5, "claims": {"team": ["\ud800"]}}),
    json.dumps({"server": server(), "claims": 3}),
    json.dumps({"skill": skill(), "_meta": {"a": 1}}),
    json.dumps({"plugin": 1}),
    json.dumps({"server": {}, "skill": {}}),
    json.dumps({"$schema": OLD, "name": "com.example/old", "description": "d", "version": "1", "website_url": "x"}),
    json.dumps(server(_meta={PUBLISHER: {"deep": DEEP}})),
    json.dumps(server(title="\ud800")),
    '{"name":"com.example/n","version":"1","description":"d","x":[1.10,1E400,12345678901234567890123,-0,1e5,1.5]}',
    '{"name":"com.example/n","version":"1","description":"\\u00e9\\/\\u003c"}',
    "{}", "[]", "5", "55", "-1.0", '"text"', "null", "[[{}, {}]]", '{"name": 1}',
]  # fmt: skip
GAPS = [",", ", ", ",\n", " ,\n  ", ",\r\n\t"]


def made_file(random_: random.Random, elements: list[str]) -> bytes:
    """Return a file of one of the formats with *elements*, spelled as one writer or as several."""
    gap = random_.choice(GAPS)
    body = "".join(
        (gap if random_.random() < 0.9 else random_.choice(GAPS)) * bool(index) + element
        for index, element in enumerate(elements)
    )
    frame = random_.choice(
        [
            '{{"version":"1.0.0","meta":{{"last_updated":"2026-01-01T00:00:00Z"}},"data":{{"servers":[{0}],"skills":[{0}]}}}}',
            '{{"data":{{"plugins":[{0}],"groups":{{}}}}, "servers":[{0}], "version": 1}}',
            '\ufeff{{ "servers" : [ {0} ] , "metadata" : {{"count": 2, "nextCursor": "x"}} }}',
            '{{"servers":[{0}],"skills":null,"plugins":{{}}}}',
            " [{0}]\n",
            '{{"servers":[{0}],"name":"com.example/one","version":"1","description":"d"}}',
            '{{"servers":[{0}],"remote_servers":{{}}}}',
            '{{"servers":[{0}],"servers":[]}}',
        ]
    )
    return frame.format(body).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("seed", range(25))
def test_runs_of_any_file_read_like_the_file(in_runs: Callable[[int], Read], seed: int, jobs: int) -> None:
    random_ = random.Random(seed)
    data = made_file(random_, random_.choices(ELEMENTS, k=random_.choice((1, 3, 30))))
    assert comparable(in_runs(jobs)(data)) == comparable(at_once(data))


def npm(version: str) -> dict[str, Any]:
    return {"registryType": "npm", "identifier": "x", "version": version, "transport": {"type": "stdio"}}


#: Documents of which others may be the same but for their version.
LIKE = [
    server(),
    server(title="<b>&", description="version 1.0.0, 1.0.0"),
    server(description="1.0.0", packages=[npm("1.0.0")] * 2),
    server(packages=[npm("1.0.1")]),
    {"packages": [npm("1.0.0")] * 2, **server()},
    server(packages=[{"registryType": "oci", "identifier": "ghcr.io/a/b:1.0.0"}], version_detail={"version": "1.0.0"}),
    server(packages=[{"registryType": "npm", "identifier": "a b", "version": "latest"}], remotes=[]),
    server(_meta={PUBLISHER: {"com.example": {"version": "1.0.0", "text": "x" * 4051}}}),
    server(**{"1.0.0": 1, "$schema": OLD, "status": "deprecated", "website_url": "https://example.com"}),
    server(remotes=[{"type": "sse", "url": "https://example.com/x", "variables": {"version": "1.0.0"}}]),
    server(number=1.10, large=12345678901234567890123, title='\u2028\\\\"'),
    {**server(), "packages": [{"version": "1.0.0"}], "version": "1.0.0"},
    {
        "$schema": OLD,
        "name": "com.example/o",
        "description": "d",
        "version": "1.0.0",
        "website_url": "https://a.example",
    },
    {"server": server(), "version": "1.0.0", "name": "com.example/outer"},
    {"version": "1.0.0", **skill()},
    {"name": "com.example/bare", "version": "1.0.0", "x": 1.50},
    {"name": "no name", "version": "1.0.0"},
    {"name": "com.example/deep", "version": "1.0.0", "x": DEEP},
]
SPELLINGS: list[dict[str, Any]] = [{}, {"separators": (",", ":")}, {"indent": 2}, {"separators": (" , ", " : ")}]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("seed", range(15))
def test_documents_that_differ_in_their_version_alone_read_like_the_file(
    in_runs: Callable[[int], Read], seed: int, jobs: int
) -> None:
    random_ = random.Random(seed)
    elements = []
    for _ in range(12):
        text = json.dumps(random_.choice(LIKE), **random_.choice(SPELLINGS))
        versions = random_.choices(["1.0.1", "1.0.0", "10.20.30", "1.0", "v1.0.0", "1.0.0\\n", "latest"], k=4)
        places = random_.choice((-1, -1, 1, 2))
        elements += [f'{version}"'.join(text.rsplit('1.0.0"', places)) for version in versions]
    data = made_file(random_, elements)
    assert comparable(in_runs(jobs)(data)) == comparable(at_once(data))


@pytest.mark.parametrize("key", ['"\\u0076ersion":', '"version" :'])
def test_a_version_that_stands_in_two_spellings_is_not_taken_for_another_one(
    in_runs: Callable[[int], Read], key: str
) -> None:
    text = json.dumps(server(packages=[npm("1.0.0")])).replace('"version":', key, 1)
    data = f'{{"servers":[{text},{"2.0.0".join(text.rsplit("1.0.0", 1))}]}}'.encode()
    found = in_runs(1)(data)
    assert [reading.version for reading in found.readings if isinstance(reading, Reading)] == ["1.0.0", "1.0.0"]
    assert comparable(found) == comparable(at_once(data))


def counting() -> tuple[Checker, list[Any]]:
    """Return a check of documents, and the versions of those that it has checked."""
    seen: list[Any] = []

    def counted(documents: Iterable[tuple[Kind, Any]]) -> list[tuple[Issue, ...]]:
        documents = list(documents)
        seen.extend(value["version"] for _, value in documents)
        return check(documents)

    return counted, seen


def test_documents_that_differ_in_their_version_alone_are_validated_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE_FILE_BYTES", 1)
    counted, seen = counting()

    package = {"registryType": "npm", "identifier": "weather", "transport": {"type": "stdio"}}
    versions = [f"1.{number}.0" for number in range(700)]
    for spelling in SPELLINGS[:3]:
        seen.clear()
        text = ",\n".join(
            json.dumps(server(version=one, packages=[{**package, "version": one}]), **spelling) for one in versions
        )
        raw = RawFile(path="registry.json", data=f'{{"servers":[{text}]}}'.encode())
        cache = tmp_path / str(len(text))
        for _ in range(2):
            reader = SnapshotReader(ReadingCache(cache, b"salt"), counted, jobs=1)
            found = reader.read_file("team", raw)
            reader.close()
            assert len(seen) == 3, "one for each batch, and none when they are known"
            assert [reading.version for reading in found.readings if reading] == versions  # type: ignore[union-attr]
            assert comparable(found) == comparable(at_once(raw.data))
        (kept,) = cache.iterdir()
        # What stands in the file as it is served is not kept once more.
        assert (kept.stat().st_size > len(raw.data) // 2) == (spelling != {"separators": (",", ":")})


@pytest.mark.parametrize("seed", range(25))
def test_what_was_kept_of_a_file_reads_like_the_file_after_any_edit(in_runs: Callable[[int], Read], seed: int) -> None:
    random_ = random.Random(seed)
    read = in_runs(2)
    elements = ["5", *random_.choices(ELEMENTS, k=12)]
    for _ in range(6):
        data = made_file(random.Random(seed), elements)
        assert comparable(read(data)) == comparable(at_once(data))
        at = random_.randrange(len(elements))
        match random_.choice(("insert", "remove", "change", "move", "same", "shuffle")):
            case "insert":
                elements.insert(at, random_.choice(ELEMENTS))
            case "remove" if len(elements) > 1:
                del elements[at]
            case "change":
                elements[at] = random_.choice(ELEMENTS)
            case "move":
                elements.append(elements.pop(at))
            case "shuffle":
                random_.shuffle(elements)


@pytest.mark.parametrize("damage", ["{}]", '{"a":1,"a":2}', '{"title":"\x01"}', "NaN", "{", '{"x":01}', "\udcff"])
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_broken_file_is_reported_as_ever_wherever_it_breaks(
    in_runs: Callable[[int], Read], damage: str, jobs: int
) -> None:
    for place in (0, 7, 19):
        elements = [json.dumps(server(version=f"1.0.{number}")) for number in range(20)]
        elements[place] = damage
        data = ('{"servers":[' + ",\n".join(elements) + "]}").encode("utf-8", "surrogateescape")
        (issue,) = in_runs(jobs)(data).issues
        assert issue.reference == "invalid-json"
        assert comparable(in_runs(jobs)(data)) == comparable(at_once(data))


def test_documents_whose_bytes_are_known_are_not_validated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE_FILE_BYTES", 1)
    counted, seen = counting()

    def read(versions: Iterable[int]) -> FileReadings:
        text = ",\n".join(json.dumps(server(version=f"1.0.{number}", title=f"No. {number}")) for number in versions)
        raw = RawFile(path="registry.json", data=f'{{"servers":[{text}]}}'.encode())
        reader = SnapshotReader(ReadingCache(tmp_path, b"salt"), counted, jobs=1)
        (found,) = reader.read(Snapshot(source=SourceName("team"), files=(raw,), revision="r"))
        reader.close()
        return found

    read(range(20))
    assert len(seen) == 20
    found = read([*range(7), 99, *range(8, 20)])
    assert seen[20:] == ["1.0.99"]
    assert [reading.version for reading in found.readings if reading] == [  # type: ignore[union-attr]
        f"1.0.{number}" for number in (*range(7), 99, *range(8, 20))
    ]
    cut = next(tmp_path.iterdir())
    cut.write_bytes(cut.read_bytes()[:-9])
    read(range(20))
    assert len(seen) == 41


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_objects_in_an_entry_that_look_like_entries_are_none(
    in_runs: Callable[[int], Read], tmp_path: Path, separators: tuple[str, str]
) -> None:
    elements = [server(version=f"1.0.{number}", packages=[server()] * 30) for number in range(3)]
    data = json.dumps({"servers": elements}, separators=separators).encode()
    assert comparable(in_runs(7)(data)) == comparable(at_once(data))
    assert list((tmp_path / "7").iterdir()), "it was read in the ordinary way"
