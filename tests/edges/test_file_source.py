import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeSource
from regpress.errors import ConfigError, SourceMalformedError, SourceUnavailableError
from regpress.model.config_source import SourceConfig
from regpress.model.config_validation import validated
from regpress.model.entry import Snapshot, Times
from regpress.model.registry import read_candidates
from regpress.names import SourceName
from regpress.sources.api import ApiSource
from regpress.sources.base import Source
from regpress.sources.factory import open_source
from regpress.sources.file import FileSource, InlineSource
from regpress.sources.local_times import LocalTimes
from regpress.sources.managed import ManagedSource
from regpress.sources.url import UrlSource

TEAM = SourceName("team")


def source(site: Path, path: str, **options: Any) -> FileSource:
    return FileSource(name=TEAM, path=path, site_root=site, **options)


def messages(snapshot: Snapshot) -> list[str]:
    return [f"{issue.severity} {issue.reference} {issue}" for issue in snapshot.issues]


def test_a_file_is_read_relative_to_the_site(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_bytes(b'\xef\xbb\xbf{"servers": []}')
    os.utime(tmp_path / "registry.json", (1_767_225_600, 1_767_225_600.25))
    snapshot = source(tmp_path, "registry.json", claims={"org": "acme"}).fetch()
    (file,) = snapshot.files
    assert (file.path, file.data) == ("registry.json", b'\xef\xbb\xbf{"servers": []}')
    assert (file.modified, file.times) == ("2026-01-01T00:00:00Z", None)
    assert (snapshot.source, snapshot.claims, snapshot.issues) == ("team", {"org": "acme"}, ())
    assert snapshot.revision.startswith("sha256:")


@pytest.mark.parametrize("absolute", [False, True])
def test_a_file_outside_the_site_is_called_as_it_was_configured(tmp_path: Path, absolute: bool) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "shared.json").write_text("[]")
    path = str(tmp_path / "shared.json") if absolute else "../shared.json"
    assert [file.path for file in source(site, path).fetch().files] == [path]


def test_an_absolute_path_below_the_site_is_called_by_its_relative_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.json").write_text("[]")
    snapshot = source(tmp_path, str(tmp_path / "data/../data/a.json")).fetch()
    assert [file.path for file in snapshot.files] == ["data/a.json"]


def test_a_folder_gives_its_json_files_sorted_without_hidden_ones_and_leftovers(tmp_path: Path) -> None:
    for path in ("b.json", "a/z.json", "a/b/c.json", "a.json", ".hidden.json", ".git/x.json", "notes.txt", "c.json~"):
        file = tmp_path / "servers" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"name": path}))
    snapshot = source(tmp_path, "servers").fetch()
    assert [file.path for file in snapshot.files] == [
        "servers/a.json",
        "servers/a/b/c.json",
        "servers/a/z.json",
        "servers/b.json",
    ]
    assert [json.loads(file.data)["name"] for file in snapshot.files] == ["a.json", "a/b/c.json", "a/z.json", "b.json"]
    assert snapshot.issues == ()


def test_the_revision_follows_names_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "servers"
    folder.mkdir()
    (folder / "a.json").write_text("1")
    first = source(tmp_path, "servers").fetch().revision
    os.utime(folder / "a.json", (0, 0))
    assert source(tmp_path, "servers").fetch().revision == first
    (folder / "a.json").rename(folder / "b.json")
    renamed = source(tmp_path, "servers").fetch().revision
    (folder / "b.json").write_text("2")
    assert len({first, renamed, source(tmp_path, "servers").fetch().revision}) == 3


def test_links_that_leave_the_folder_are_refused_and_those_inside_are_files(tmp_path: Path) -> None:
    folder = tmp_path / "servers"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.json").write_text('{"name": "secret"}')
    (tmp_path / "servers-private").mkdir()
    (tmp_path / "servers-private/a.json").write_text("{}")
    (folder / "sub/real.json").write_text('{"name": "real"}')
    (folder / "inside.json").symlink_to("sub/real.json")
    (folder / "outside.json").symlink_to("../secret.json")
    (folder / "sibling.json").symlink_to(tmp_path / "servers-private/a.json")
    (folder / "broken.json").symlink_to("nowhere.json")
    (folder / "loop").symlink_to(".")
    (folder / "away").symlink_to(tmp_path)
    (folder / "notes.txt").symlink_to("/etc/hostname")
    snapshot = source(tmp_path, "servers").fetch()
    assert [file.path for file in snapshot.files] == ["servers/inside.json", "servers/sub/real.json"]
    assert {(issue.file, issue.severity, issue.reference) for issue in snapshot.issues} == {
        ("servers/outside.json", "error", "link-outside"),
        ("servers/sibling.json", "error", "link-outside"),
        ("servers/away", "error", "link-outside"),
        ("servers/broken.json", "error", "link-broken"),
        ("servers/loop", "error", "link-to-folder"),
    }


def test_folders_may_be_nested_deeper_than_python_recurses(tmp_path: Path) -> None:
    top = tmp_path / "servers"
    top.mkdir()
    folder = os.open(top, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("deep.json", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    try:
        (file,) = source(tmp_path, "servers").fetch().files
        assert file.path == "servers/" + "d/" * 1200 + "deep.json"
    finally:
        subprocess.run(["rm", "-r", top], check=True)  # Python's own way of clearing up recurses


def test_a_folder_without_documents_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    snapshot = source(tmp_path, "servers").fetch()
    assert snapshot.files == ()
    assert messages(snapshot) == ["warning empty-folder team: servers: the folder has no file that ends in .json"]


def test_times_from_version_control_are_those_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers/a.json").write_text('{"name": "com.example/a"}')
    (tmp_path / "servers/many.json").write_text('[{"name": "com.example/b"}]')
    (tmp_path / "servers/new.json").write_text('{"name": "com.example/c"}')
    known = Times(added="2026-01-01T00:00:00Z", changed="2026-02-01T00:00:00Z")

    def history(folder: Path, paths: Any) -> LocalTimes:
        assert folder == tmp_path / "servers"
        return LocalTimes(dict.fromkeys({"a.json", "many.json"} & set(paths), known))

    snapshot = source(tmp_path, "servers", history=history).fetch()
    assert {file.path: file.times for file in snapshot.files} == {
        "servers/a.json": known,
        "servers/many.json": None,
        "servers/new.json": None,
    }
    assert source(tmp_path, "servers/a.json", history=history).fetch().files[0].times == known
    assert source(tmp_path, "servers/many.json", history=history).fetch().files[0].times is None


def test_a_history_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    broken = LocalTimes({}, problem="git is broken")
    snapshot = source(tmp_path, "a.json", history=lambda *_: broken).fetch()
    assert messages(snapshot) == [
        "warning no-history team: a.json: git cannot tell when the files came (git is broken)"
    ]


def entry(name: str, version: str = "1.0.0", text: str = "x") -> dict[str, str]:
    return {"name": f"com.example/{name}", "version": version, "description": text}


def commit(folder: Path, day: int) -> str:
    """Commit everything in *folder* and return the time that the commit has."""
    when = f"2026-01-{day:02}T03:04:05Z"
    environment = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "a commit"]):
        subprocess.run(["git", *command], cwd=folder, env=environment, check=True)
    return when


def test_a_document_in_a_git_work_tree_has_the_time_of_its_commit(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers/a.json").write_text(json.dumps(entry("a")))
    first = commit(tmp_path, 1)
    (tmp_path / "servers/b.json").write_text(json.dumps({"server": entry("b")}))
    (tmp_path / "servers/a.json").write_text(json.dumps(entry("a", text="changed")))
    second = commit(tmp_path, 2)
    (tmp_path / "servers/new.json").write_text(json.dumps(entry("new")))
    files = opened(tmp_path, file={"path": "servers"}).fetch().files
    assert {file.path: file.times for file in files} == {
        "servers/a.json": Times(added=first, changed=second),
        "servers/b.json": Times(added=second, changed=second),
        "servers/new.json": None,
    }
    assert all(file.modified for file in files)


@pytest.mark.parametrize("path", ["data/registry.json", "data"])
def test_entries_that_share_a_file_in_a_git_work_tree_have_the_times_of_their_own_commits(
    tmp_path: Path, path: str
) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data/registry.json"
    file.write_text(json.dumps([entry("a")]))
    first = commit(tmp_path, 1)
    file.write_text(json.dumps([entry("a"), entry("a", "1.1.0")]))
    second = commit(tmp_path, 2)
    snapshot = opened(tmp_path, file={"path": path}).fetch()
    assert snapshot.entry_times == {
        ("server", "com.example/a", "1.0.0"): Times(added=first, changed=first),
        ("server", "com.example/a", "1.1.0"): Times(added=second, changed=second),
    }
    assert [file.times for file in snapshot.files] == [None]


def test_in_a_shallow_clone_the_time_of_the_checkout_is_not_taken_for_that_of_the_entry(tmp_path: Path) -> None:
    (tmp_path / "full/data").mkdir(parents=True)
    (tmp_path / "full/data/one.json").write_text(json.dumps(entry("one")))
    (tmp_path / "full/data/many.json").write_text(json.dumps([entry("a"), entry("b")]))
    commit(tmp_path / "full", 1)
    origin = f"file://{tmp_path}/full"
    subprocess.run(["git", "clone", "-q", "--depth", "1", origin, tmp_path / "shallow"], check=True)
    snapshot = opened(tmp_path / "shallow", file={"path": "data"}).fetch()
    assert [(file.path, file.times, file.modified) for file in snapshot.files] == [
        ("data/many.json", None, ""),
        ("data/one.json", None, ""),
    ]
    (issue,) = snapshot.issues
    assert (issue.severity, issue.reference, issue.file) == ("warning", "shallow-history", "data")
    assert issue.message == "the clone is shallow, so that the times of 3 entries are not known"
    assert "fetch-depth: 0" in issue.expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("missing.json", "team: missing.json: does not exist (expected a file or folder; paths are relative to "),
        ("file.json/below.json", "team: file.json/below.json: cannot be read (Not a directory)"),
        ("pipe", "team: pipe: is neither a file nor a folder"),
        ("zero\0byte", "team: zero\0byte: cannot be read ("),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_why(tmp_path: Path, path: str, text: str) -> None:
    (tmp_path / "file.json").write_text("{}")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceUnavailableError) as caught:
        source(tmp_path, path).fetch()
    assert str(caught.value).startswith(text)


def test_a_file_over_the_limit_is_refused_alone_or_among_others(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers/small.json").write_text("{}")
    (tmp_path / "servers/large.json").write_text("x" * 101)
    with pytest.raises(SourceMalformedError, match=r"team: servers/large.json: has 101 bytes \(expected at most 100\)"):
        source(tmp_path, "servers/large.json", limit=100).fetch()
    snapshot = source(tmp_path, "servers", limit=100).fetch()
    assert [file.path for file in snapshot.files] == ["servers/small.json"]
    assert messages(snapshot) == ["error file-too-large team: servers/large.json: has 101 bytes (expected at most 100)"]


def test_a_file_name_that_is_not_utf8_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/servers/\xff.json")).write_text("{}")
    (file,) = source(tmp_path, "servers").fetch().files
    assert file.path.encode() == "servers/\N{REPLACEMENT CHARACTER}.json".encode()


def test_inline_data_is_read_like_a_file() -> None:
    document = {"name": "com.example/é", "description": "x", "version": "1.0.0"}
    for data in ([document], (document,), json.dumps([document])):
        (file,) = InlineSource(name=TEAM, data=data).fetch().files
        assert file.path == "inline data of team"
        assert [candidate.value for candidate in read_candidates(file).candidates] == [document]


def test_inline_data_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(SourceMalformedError, match=r"team: file\.data: cannot be written as JSON"):
        InlineSource(name=TEAM, data={"a": object()}).fetch()


# The factory


def opened(tmp_path: Path, **config: Any) -> Source:
    settings = validated(SourceConfig, {"name": "team", "claims": {"org": "acme"}, **config})
    return open_source(settings, site_root=tmp_path, cache=tmp_path / "cache")


def test_each_configuration_opens_its_source(tmp_path: Path) -> None:
    of_path = opened(tmp_path, file={"path": "registry.json"})
    of_url = opened(tmp_path, file={"url": "https://example.com/r.json", "timeout": "5s"})
    of_api = opened(tmp_path, api={"endpoint": "https://example.com/registry/", "timeout": "5s"})
    of_data = opened(tmp_path, file={"data": []})
    managed = opened(tmp_path, managed={})
    assert isinstance(of_path, FileSource)
    assert (of_path.path, of_path.site_root) == ("registry.json", tmp_path)
    assert isinstance(of_url, UrlSource)
    assert (of_url.url, of_url.timeout, of_url.cache) == ("https://example.com/r.json", 5.0, tmp_path / "cache")
    assert isinstance(of_api, ApiSource)
    assert (of_api.endpoint, of_api.timeout, of_api.cache) == ("https://example.com/registry/", 5.0, tmp_path / "cache")
    assert isinstance(of_data, InlineSource)
    assert isinstance(managed, ManagedSource)
    for each in (of_path, of_url, of_api, of_data, managed):
        assert (each.name, each.claims) == ("team", {"org": "acme"})


def test_private_addresses_are_refused_unless_the_site_allows_them(tmp_path: Path) -> None:
    for block in ({"file": {"url": "http://127.0.0.1/r.json"}}, {"api": {"endpoint": "http://127.0.0.1"}}):
        settings = validated(SourceConfig, {"name": "team", **block})
        strict = open_source(settings, site_root=tmp_path, cache=tmp_path)
        with pytest.raises(SourceUnavailableError, match="allowPrivateAddresses"):
            strict.fetch()
        trusting = open_source(settings, site_root=tmp_path, cache=tmp_path, allow_private_addresses=True)
        assert isinstance(trusting, UrlSource | ApiSource)
        assert trusting.address_rule is None


def test_a_source_type_that_cannot_be_read_names_what_to_do_instead(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sources: team: .*cannot watch a cluster.*'file: "):
        opened(tmp_path, kubernetes={})


def test_a_fake_source_gives_what_it_was_made_with() -> None:
    snapshot = Snapshot(source=TEAM, files=(), revision="1")
    fake: Source = FakeSource(snapshot)
    assert (fake.name, fake.fetch()) == ("team", snapshot)
    with pytest.raises(SourceUnavailableError):
        FakeSource(snapshot, failure=SourceUnavailableError("team", "gone")).fetch()
