import json
from pathlib import Path
from typing import Any

import pytest

from regpress.errors import SourceUnavailableError
from regpress.model.entry import Snapshot, Status, Times
from regpress.model.registry import read_candidates
from regpress.names import SourceName
from regpress.sources import managed
from regpress.sources.local_times import LocalTimes
from regpress.sources.managed import ManagedSource


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    folder.mkdir()
    return folder


def put(folder: Path, path: str, value: Any) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())


def fetch(content: Path, **options: Any) -> Snapshot:
    return ManagedSource(name=SourceName("own"), site_root=content.parent, **options).fetch()


def server(version: str = "1.0.0", name: str = "com.example/weather") -> dict[str, Any]:
    return {"name": name, "description": "Weather", "version": version}


def skill(version: str = "1.0.0") -> dict[str, Any]:
    return {"namespace": "com.example", "name": "forecast", "description": "Clouds", "version": version}


def complaints(snapshot: Snapshot) -> list[tuple[str, str]]:
    assert {issue.source for issue in snapshot.issues} <= {"own"}
    return [(issue.file, f"{issue.severity}: {issue.message} (expected {issue.expected})") for issue in snapshot.issues]


def test_version_files_of_all_kinds_are_read_bare_or_wrapped(content: Path) -> None:
    put(content, "servers/com.example/weather/1.0.0.json", server())
    put(
        content, "servers/com.example/weather/1.1.0+build.json", {"server": server("1.1.0+build"), "claims": {"o": "a"}}
    )
    put(content, "skills/com.example/forecast/1.0.0.json", {"skill": skill(), "_meta": {}})
    put(content, "plugins/com.example/forecast/2.json", {"plugin": skill("2")})
    snapshot = fetch(content, claims={"org": "acme"})
    assert snapshot.issues == ()
    assert snapshot.claims == {"org": "acme"}
    assert [file.path for file in snapshot.files] == [
        "content/plugins/com.example/forecast/2.json",
        "content/servers/com.example/weather/1.0.0.json",
        "content/servers/com.example/weather/1.1.0+build.json",
        "content/skills/com.example/forecast/1.0.0.json",
    ]
    found = [candidate for file in snapshot.files for candidate in read_candidates(file).candidates]
    assert [(c.kind, c.value["version"]) for c in found] == [
        ("plugin", "2"),
        ("server", "1.0.0"),
        ("server", "1.1.0+build"),
        ("skill", "1.0.0"),
    ]


def test_a_site_without_content_has_an_empty_source(tmp_path: Path) -> None:
    snapshot = fetch(tmp_path / "content")
    assert (snapshot.files, snapshot.issues) == ((), ())


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (
            "servers/com.example/weather/1.0.0.json",
            server("1.0.1"),
            "the place says com.example/weather@1.0.0, the document com.example/weather@1.0.1 (expected",
        ),
        (
            "servers/com.example/weather/1.0.0.json",
            {"server": server(name="com.example/other")},
            "the place says com.example/weather@1.0.0, the document com.example/other@1.0.0 (expected",
        ),
        (
            "skills/com.example/other/1.0.0.json",
            {"skill": skill()},
            "the place says skill com.example/other@1.0.0, the document skill com.example/forecast@1.0.0 (expected",
        ),
        (
            "servers/com.example/forecast/1.0.0.json",
            {"skill": skill()},
            "the file holds a skill, its folder is for servers (expected a server)",
        ),
        (
            "servers/com.example/weather/1.0.0.json",
            [server()],
            "the file holds an array (expected one document)",
        ),
        (
            "servers/com.example/weather/1.0.0.json",
            {"servers": [server()]},
            "the file holds an object with the keys 'servers' (expected one document)",
        ),
    ],
)
def test_a_file_whose_place_and_document_disagree_is_an_error_and_is_not_read(
    content: Path, path: str, value: Any, text: str
) -> None:
    put(content, path, value)
    snapshot = fetch(content)
    assert snapshot.files == ()
    ((file, said),) = complaints(snapshot)
    assert file == f"content/{path}"
    assert said.startswith(f"error: {text}")


@pytest.mark.parametrize("data", [b"{", b"", b'"text"', b'{"description": "no name"}', b'{"name": "a/b"}', b"\xff"])
def test_what_the_reader_and_the_validation_will_say_is_not_said_twice(content: Path, data: bytes) -> None:
    put(content, "servers/com.example/weather/1.0.0.json", data)
    snapshot = fetch(content)
    assert [file.data for file in snapshot.files] == [data]
    assert snapshot.issues == ()


def test_a_byte_order_mark_does_not_hide_a_disagreement(content: Path) -> None:
    put(content, "servers/com.example/weather/1.0.0.json", b"\xef\xbb\xbf" + json.dumps(server("2.0.0")).encode())
    assert [issue.reference for issue in fetch(content).issues] == ["managed-place"]


def test_readmes_and_statuses_are_found_by_kind_and_name_also_for_entries_of_other_sources(content: Path) -> None:
    put(content, "servers/com.example/weather/README.md", b"# Weather")
    put(content, "skills/com.example/forecast/README.md", b"# Forecast")
    record = {"1.0.0": {"status": "deprecated", "message": "Use 2.x", "changedAt": "2026-05-01T06:00:00Z"}}
    put(content, "status/servers/com.example/weather.json", record)
    put(content, "status/plugins/com.example/pack.v2.json", {"1": {"status": "deleted"}})
    snapshot = fetch(content)
    assert (snapshot.files, snapshot.issues) == ((), ())
    assert {key: file.data for key, file in snapshot.readmes.items()} == {
        ("server", "com.example/weather"): b"# Weather",
        ("skill", "com.example/forecast"): b"# Forecast",
    }
    assert snapshot.statuses == {
        ("server", "com.example/weather"): {
            "1.0.0": Status(status="deprecated", message="Use 2.x", changed_at="2026-05-01T06:00:00Z")
        },
        ("plugin", "com.example/pack.v2"): {"1": Status(status="deleted")},
    }


def test_a_defective_status_file_is_an_issue_with_its_file_and_place(content: Path) -> None:
    put(content, "status/servers/com.example/weather.json", {"1.0.0": {"status": "gone"}})
    (issue,) = fetch(content).issues
    assert (issue.source, issue.file, issue.pointer, issue.path, issue.entry) == (
        "own",
        "content/status/servers/com.example/weather.json",
        '["1.0.0"]',
        "status",
        "com.example/weather@1.0.0",
    )


@pytest.mark.parametrize(
    ("path", "severity", "expected"),
    [
        ("servers/com.example/weather-1.0.0.json", "error", "content/servers/<namespace>/<name>/<version>.json"),
        ("servers/com.example/weather/old/1.0.0.json", "error", "content/servers/<namespace>/<name>/<version>.json"),
        ("servers/com.example/weather/logo.png", "warning", "content/servers/<namespace>/<name>/<version>.json"),
        ("servers/com.example/weather/readme.md", "warning", "or README.md there"),
        ("server/com.example/weather/1.0.0.json", "error", "content/servers/<namespace>/<name>/<version>.json"),
        ("status/server/com.example/weather.json", "error", "content/status/<servers|skills|plugins>/<namespace>/"),
        ("status/com.example/weather.json", "error", "content/status/<servers|skills|plugins>/<namespace>/<name>.json"),
    ],
)
def test_a_file_at_the_wrong_place_is_an_issue_that_names_the_right_one(
    content: Path, path: str, severity: str, expected: str
) -> None:
    put(content, path, server())
    snapshot = fetch(content)
    assert (snapshot.files, snapshot.statuses) == ((), {})
    (issue,) = snapshot.issues
    assert (issue.file, issue.severity, issue.reference) == (f"content/{path}", severity, "managed-stray-file")
    assert expected in issue.expected


def test_pages_administration_and_editors_leftovers_are_none_of_its_business(content: Path) -> None:
    for path in (
        "pages/about.md",
        "admin/sources/team.json",
        "README.md",
        "servers/com.example/weather/1.0.0.json~",
        "servers/com.example/weather/1.0.0.json.orig",
        "servers/com.example/weather/.1.0.0.json.swp",
        "servers/com.example/weather/#1.0.0.json#",
        "servers/.DS_Store",
    ):
        put(content, path, b"x")
    snapshot = fetch(content)
    assert (snapshot.files, snapshot.issues, snapshot.readmes) == ((), (), {})


def test_links_out_of_the_folder_are_refused(content: Path, tmp_path: Path) -> None:
    put(tmp_path, "secret.json", server())
    put(tmp_path, "elsewhere/com.example/weather/1.0.0.json", server())
    put(content, "servers/com.example/weather/1.0.0.json", server())
    (content / "servers/com.example/weather/1.1.0.json").symlink_to(tmp_path / "secret.json")
    (content / "servers/com.example/weather/README.md").symlink_to("/etc/passwd")
    (content / "skills").symlink_to(tmp_path / "elsewhere")
    (content / "pages").symlink_to(tmp_path / "elsewhere")
    snapshot = fetch(content)
    assert [file.path for file in snapshot.files] == ["content/servers/com.example/weather/1.0.0.json"]
    assert snapshot.readmes == {}
    assert [(issue.file, issue.reference, issue.severity) for issue in snapshot.issues] == [
        ("content/servers/com.example/weather/1.1.0.json", "link-outside", "error"),
        ("content/servers/com.example/weather/README.md", "link-outside", "error"),
        ("content/skills", "link-outside", "error"),
    ]


def test_times_from_version_control_are_asked_for_version_files_only(content: Path) -> None:
    put(content, "servers/com.example/weather/1.0.0.json", server())
    put(content, "servers/com.example/weather/README.md", b"# Weather")
    times = Times(added="2026-01-01T00:00:00Z", changed="2026-02-01T00:00:00Z")
    asked: list[tuple[Path, list[str]]] = []

    def history(folder: Path, paths: Any) -> LocalTimes:
        asked.append((folder, list(paths)))
        return LocalTimes(dict.fromkeys(paths, times))

    (file,) = fetch(content, history=history).files
    assert file.times == times
    assert asked == [(content, ["servers/com.example/weather/1.0.0.json"])]


@pytest.mark.parametrize(
    "path",
    ["servers/com.example/weather/1.0.0.json", "servers/com.example/weather/README.md", "status/skills/a.b/c.json"],
)
def test_the_revision_follows_every_file_that_counts(content: Path, path: str) -> None:
    put(content, "servers/com.example/weather/1.0.0.json", server())
    before = fetch(content).revision
    assert fetch(content).revision == before
    put(content, path, b"{}")
    assert fetch(content).revision != before


def test_what_is_too_large_is_an_issue(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(content, "servers/com.example/weather/1.0.0.json", {**server(), "x": "y" * 200})
    monkeypatch.setattr(managed, "MAX_DOCUMENT_BYTES", 200)
    snapshot = fetch(content)
    assert snapshot.files == ()
    assert [(issue.reference, issue.expected) for issue in snapshot.issues] == [("file-too-large", "at most 200")]


def test_a_content_folder_that_is_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "content").write_text("x")
    with pytest.raises(SourceUnavailableError, match=r"own: .*content: cannot be read \(Not a directory\)"):
        fetch(tmp_path / "content")


def test_a_version_that_stands_twice_is_left_to_the_reader(tmp_path: Path) -> None:
    data = b'{"name": "com.example/x", "version": "1.0.0", "version": "2.0.0"}'
    assert managed.place_problem(data, "server", "com.example/x", "1.0.0") is None
