import base64
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from edges.githttp import GitServer, git_server
from edges.gitrepos import Repo, clean_environment, day, entry, registry
from regpress.errors import ConfigError, RegistryError, SourceMalformedError, SourceUnavailableError
from regpress.model.config_source import GitAuthSettings, GitSettings, SourceConfig
from regpress.model.config_validation import validated
from regpress.model.entry import Snapshot, Times
from regpress.names import SourceName
from regpress.sources.git import GitSource, open_git_source
from regpress.sources.gitmirror import Mirror

PASSWORD = "s3cret-pass%word"
REGISTRY = registry(entry("weather"))


@pytest.fixture
def remote(tmp_path: Path) -> Repo:
    """A repository with one registry file, that sends parts of itself."""
    repo = Repo(tmp_path / "served" / "remote")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit({"registry.json": REGISTRY, "big.txt": "nobody asks for this"}, 1)
    return repo


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "served") as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def source(cache: Path, repository: str, **settings: Any) -> GitSource:
    own = {"timeout", "max_files", "max_bytes", "claims", "site_root"}
    options = {key: value for key, value in settings.items() if key in own}
    given = {key: value for key, value in settings.items() if key not in own}
    made = GitSettings(repository=repository, **given)
    return GitSource(name=SourceName("team"), settings=made, cache=cache, address_rule=None, **options)


def fetch(cache: Path, repository: str, **settings: Any) -> Snapshot:
    return source(cache, repository, **settings).fetch()


def refusal(cache: Path, repository: str, **settings: Any) -> str:
    with pytest.raises(SourceUnavailableError) as caught:
        fetch(cache, repository, **settings)
    return str(caught.value)


def references(snapshot: Snapshot) -> list[str]:
    return [issue.reference for issue in snapshot.issues]


def auth(tmp_path: Path, password: str = PASSWORD) -> GitAuthSettings:
    file = tmp_path / "password"
    file.write_text(f"{password}\n")
    return GitAuthSettings(username="ro bot@example.com", password_file=str(file))


def everything_below(folder: Path) -> bytes:
    parts = [str(file).encode() + b"\n" + (file.read_bytes() if file.is_file() else b"") for file in folder.rglob("*")]
    return b"\n".join(parts)


def stored_objects(cache: Path) -> str:
    (copy,) = (cache / "git").glob("*.lock")
    listed = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check"],
        env=clean_environment(GIT_DIR=str(copy.with_suffix(""))), capture_output=True, check=True,
    )  # fmt: skip
    return listed.stdout.decode()


# What is read


def test_the_default_branch_is_read_with_its_commit_and_times(remote: Repo, cache: Path) -> None:
    head = remote.commit({"other": "1"}, 2)
    snapshot = fetch(cache, remote.url, claims={"org": "tides"})
    (file,) = snapshot.files
    assert (file.path, file.data.decode()) == ("registry.json", REGISTRY)
    assert file.times == Times(added=day(1), changed=day(1))
    assert snapshot.revision == head
    assert snapshot.entry_times == {("server", "com.example/weather", "1.0.0"): Times(added=day(1), changed=day(1))}
    assert (snapshot.source, snapshot.claims, snapshot.issues) == ("team", {"org": "tides"}, ())


def test_a_later_fetch_brings_what_is_new(remote: Repo, cache: Path) -> None:
    first = fetch(cache, remote.url)
    head = remote.commit({"registry.json": registry(entry("weather"), entry("tides"))}, 5)
    second = fetch(cache, remote.url)
    assert second.revision == head != first.revision
    assert second.entry_times[("server", "com.example/tides", "1.0.0")] == Times(added=day(5), changed=day(5))
    assert fetch(cache, remote.url) == second


def test_a_new_cache_and_an_old_one_give_the_same_answer(remote: Repo, cache: Path, tmp_path: Path) -> None:
    fetch(cache, remote.url)
    for number in range(2, 6):
        remote.commit({"registry.json": registry(*(entry(str(each)) for each in range(number)))}, number)
    assert fetch(cache, remote.url) == fetch(tmp_path / "new", remote.url)


def test_a_branch_a_tag_and_a_commit_can_be_named(remote: Repo, cache: Path) -> None:
    first = remote.git("rev-parse", "HEAD")
    remote.git("tag", "-a", "v1", "-m", "annotated")
    remote.git("tag", "light")
    remote.git("checkout", "-qb", "team/next")
    second = remote.commit({"registry.json": registry(entry("next"))}, 2)
    remote.git("checkout", "-q", "main")
    third = remote.commit({"registry.json": registry(entry("third"))}, 3)
    asked = {"branch": "team/next", "tag": "v1"}
    assert [fetch(cache, remote.url, **{key: text}).revision for key, text in asked.items()] == [second, first]
    assert fetch(cache, remote.url, tag="light").revision == first
    assert fetch(cache, remote.url).revision == third
    for text in (first, first[:9], first.upper()):
        assert fetch(cache, remote.url, commit=text).revision == first


@pytest.mark.parametrize("shortened", [False, True])
def test_a_commit_is_found_on_any_branch_with_an_empty_cache(remote: Repo, cache: Path, shortened: bool) -> None:
    remote.git("checkout", "-qb", "side")
    side = remote.commit({"registry.json": registry(entry("side"))}, 2)
    remote.git("checkout", "-q", "main")
    snapshot = fetch(cache, remote.url, commit=side[:10] if shortened else side)
    assert snapshot.revision == side
    assert b"side" in snapshot.files[0].data


def test_of_several_refs_the_commit_counts_before_the_branch_and_the_branch_before_the_tag(
    remote: Repo, cache: Path
) -> None:
    first = remote.git("rev-parse", "HEAD")
    remote.git("tag", "v1")
    second = remote.commit({"registry.json": registry(entry("next"))}, 2)
    snapshot = fetch(cache, remote.url, branch="main", tag="v1")
    assert snapshot.revision == second
    assert references(snapshot) == ["git-several-refs"]
    assert "branch main counts" in snapshot.issues[0].message
    snapshot = fetch(cache, remote.url, commit=first, branch="main", tag="v1")
    assert snapshot.revision == first
    assert references(snapshot) == ["git-several-refs"]


def test_a_rewritten_branch_is_followed(remote: Repo, cache: Path) -> None:
    fetch(cache, remote.url, branch="main")
    remote.git("commit", "-q", "--amend", "-m", "again", time=day(8))
    snapshot = fetch(cache, remote.url, branch="main")
    assert snapshot.revision == remote.git("rev-parse", "HEAD")
    assert snapshot.files[0].times == Times(added=day(8), changed=day(8))


def test_a_branch_that_becomes_a_folder_of_branches_is_followed(remote: Repo, cache: Path) -> None:
    remote.git("branch", "next")
    fetch(cache, remote.url, branch="next")
    fetch(cache, remote.url, commit=remote.git("rev-parse", "--short=8", "HEAD"))
    remote.git("branch", "-D", "next")
    remote.git("checkout", "-qb", "next/one")
    head = remote.commit({"registry.json": registry(entry("one"))}, 2)
    assert fetch(cache, remote.url, branch="next/one").revision == head
    other = remote.commit({"x": "y"}, 3)
    assert fetch(cache, remote.url, commit=other[:12]).revision == other


def test_a_folder_gives_each_json_file_with_its_own_times(remote: Repo, cache: Path) -> None:
    remote.commit(
        {"s/b.json": "1", "s/deep/a.json": "2", "s/README.md": "x", "s/.hidden.json": "x", "top.json": "x"}, 2
    )
    remote.commit({"s/b.json": "3"}, 3)
    snapshot = fetch(cache, remote.url, path="s/")
    assert [(file.path, file.data, file.times) for file in snapshot.files] == [
        ("s/b.json", b"3", Times(added=day(2), changed=day(3))),
        ("s/deep/a.json", b"2", Times(added=day(2), changed=day(2))),
    ]
    whole = fetch(cache, remote.url, path=".")
    assert [file.path for file in whole.files] == ["registry.json", "s/b.json", "s/deep/a.json", "top.json"]


def test_the_same_content_in_two_files_is_two_files(remote: Repo, cache: Path) -> None:
    remote.commit({"s/a.json": "1", "s/b.json": "1"}, 2)
    assert [file.path for file in fetch(cache, remote.url, path="s").files] == ["s/a.json", "s/b.json"]


def test_a_file_with_many_entries_in_a_folder_has_the_times_of_each(remote: Repo, cache: Path) -> None:
    remote.commit({"s/all.json": "[]", "s/one.json": "{}"}, 2)
    remote.commit({"s/all.json": '[{"name": "com.example/a", "version": "1"}]'}, 3)
    remote.commit(
        {"s/all.json": '[{"name": "com.example/a", "version": "1"}, {"name": "com.example/b", "version": "1"}]'}, 4
    )
    assert fetch(cache, remote.url, path="s").entry_times == {
        ("server", "com.example/a", "1"): Times(added=day(3), changed=day(3)),
        ("server", "com.example/b", "1"): Times(added=day(4), changed=day(4)),
    }


def test_an_empty_folder_is_told(remote: Repo, cache: Path) -> None:
    remote.commit({"docs/a.md": "1"}, 2)
    snapshot = fetch(cache, remote.url, path="docs")
    assert snapshot.files == ()
    assert references(snapshot) == ["empty-folder"]


def test_entries_that_say_when_they_were_published_need_no_history(remote: Repo, cache: Path) -> None:
    block = {"io.modelcontextprotocol.registry/official": {"publishedAt": "2024-01-01T00:00:00Z"}}
    listed = {"servers": [{"server": entry("a"), "_meta": block}]}
    remote.commit({"registry.json": json.dumps(listed)}, 2)
    assert fetch(cache, remote.url).entry_times == {}
    assert not (cache / "entries").exists()


def test_links_and_submodules_are_not_followed(remote: Repo, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("secret")
    remote.write({"s/a.json": "1"})
    (remote.path / "s" / "out.json").symlink_to(tmp_path / "secret.json")
    (remote.path / "s" / "in.json").symlink_to("a.json")
    (remote.path / "linked").symlink_to("s")
    remote.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},s/sub")
    remote.git("add", "s/a.json", "s/out.json", "s/in.json", "linked")
    remote.git("commit", "-qm", "links", time=day(2))
    snapshot = fetch(cache, remote.url, path="s")
    assert [file.path for file in snapshot.files] == ["s/a.json"]
    assert {(issue.file, issue.reference) for issue in snapshot.issues} == {
        ("s/in.json", "git-link"), ("s/out.json", "git-link"), ("s/sub", "git-link"),
    }  # fmt: skip
    for path, what in {"s/out.json": "a symbolic link", "linked": "a symbolic link", "s/sub": "a submodule"}.items():
        with pytest.raises(SourceMalformedError, match=f"is {what}, which is not followed"):
            fetch(cache, remote.url, path=path)
    with pytest.raises(SourceMalformedError, match="does not exist"):
        fetch(cache, remote.url, path="linked/a.json")


def test_a_path_that_is_missing_names_the_ref_and_what_is_near(remote: Repo, cache: Path) -> None:
    remote.commit({"data/registry.json": "1"}, 2)
    with pytest.raises(SourceMalformedError) as caught:
        fetch(cache, remote.url, branch="main", path="data/registri.json")
    assert f"{remote.url}: data/registri.json at branch main: does not exist" in str(caught.value)
    assert "'data/registry.json'" in str(caught.value)


def test_a_ref_that_is_missing_names_what_is_near(remote: Repo, cache: Path) -> None:
    remote.git("branch", "release-2026")
    remote.git("tag", "-a", "v1.2.0", "-m", "x")
    assert "has no branch 'relase-2026' (expected 'release-2026')" in refusal(cache, remote.url, branch="relase-2026")
    assert "has no tag 'v1.2.1' (expected 'v1.2.0')" in refusal(cache, remote.url, tag="v1.2.1")
    assert "there is a tag of that name" in refusal(cache, remote.url, branch="v1.2.0")
    assert "has no commit " + "1" * 40 in refusal(cache, remote.url, commit="1" * 40)
    assert "has no commit abcdef1" in refusal(cache, remote.url, commit="abcdef1")


def test_a_part_of_a_branch_name_or_a_pattern_is_not_the_branch(remote: Repo, cache: Path) -> None:
    remote.git("branch", "team/next")
    assert "has no branch 'next'" in refusal(cache, remote.url, branch="next")
    assert "has no branch 'heads/main'" in refusal(cache, remote.url, branch="heads/main")


def test_a_tag_of_something_else_than_a_commit_is_refused(remote: Repo, cache: Path) -> None:
    remote.git("tag", "file", remote.git("rev-parse", "HEAD:registry.json"))
    with pytest.raises(SourceMalformedError, match="tag 'file': leads to no commit"):
        fetch(cache, remote.url, tag="file")


def test_a_repository_without_commits_is_told(cache: Path, tmp_path: Path) -> None:
    assert "has no commits" in refusal(cache, Repo(tmp_path / "empty").url)


def test_limits_on_files_and_bytes_are_held_with_what_would_be_right(remote: Repo, cache: Path) -> None:
    remote.commit({"s/a.json": "12345", "s/b.json": "12345", "s/c.json": "1"}, 2)
    assert len(fetch(cache, remote.url, path="s", max_files=3, max_bytes=11).files) == 3
    with pytest.raises(SourceMalformedError, match=r"has 3 files \(expected at most 2\)"):
        fetch(cache, remote.url, path="s", max_files=2)
    with pytest.raises(SourceMalformedError, match=r"has 11 bytes \(expected at most 10\)"):
        fetch(cache, remote.url, path="s", max_bytes=10)


def test_a_file_in_lfs_is_named_as_such(remote: Repo, cache: Path) -> None:
    remote.commit({"registry.json": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"}, 2)
    with pytest.raises(SourceMalformedError, match="is stored in Git LFS"):
        fetch(cache, remote.url)


def test_a_local_path_is_relative_to_the_site(remote: Repo, cache: Path, tmp_path: Path) -> None:
    assert (
        fetch(cache, str(remote.path)).revision
        == fetch(cache, "../served/remote", site_root=tmp_path / "site").revision
    )


def test_a_configuration_opens_the_source(remote: Repo, cache: Path) -> None:
    config = validated(SourceConfig, {"name": "team", "git": {"repository": remote.url}, "claims": {"org": "x"}})
    snapshot = open_git_source(config, cache=cache).fetch()
    assert (snapshot.source, snapshot.claims, len(snapshot.files)) == ("team", {"org": "x"}, 1)


@pytest.mark.parametrize("name", ["new\nline.json", "esc\x1b[31m.json"])
def test_odd_file_names_are_printed_harmlessly(remote: Repo, cache: Path, name: str) -> None:
    remote.commit({f"s/{name}": "1"}, 2)
    (file,) = fetch(cache, remote.url, path="s").files
    assert file.path.isprintable()
    assert file.times == Times(added=day(2), changed=day(2))


def test_a_repository_of_the_newer_object_format_is_read(cache: Path, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new", options=("--object-format=sha256",))
    head = repo.commit({"registry.json": REGISTRY}, 4)
    snapshot = fetch(cache, repo.url)
    assert len(head) == 64
    assert (snapshot.revision, snapshot.files[0].times) == (head, Times(added=day(4), changed=day(4)))
    assert fetch(cache / "other", repo.url, commit=head).revision == head


# What is fetched


def test_only_wanted_files_are_fetched_where_the_server_sends_parts(remote: Repo, cache: Path) -> None:
    remote.commit({"registry.json": registry(entry("a"))}, 2)
    fetch(cache, remote.url)
    stored = stored_objects(cache)
    assert remote.git("rev-parse", "HEAD:registry.json") in stored
    assert remote.git("rev-parse", "HEAD~1:registry.json") in stored
    assert remote.git("rev-parse", "HEAD:big.txt") not in stored
    assert stored.count(" commit ") == 2


def test_another_path_of_a_cached_repository_is_fetched_when_it_is_wanted(remote: Repo, cache: Path) -> None:
    head = remote.commit({"other/registry.json": "[]"}, 2)
    fetch(cache, remote.url, commit=head)
    assert fetch(cache, remote.url, commit=head, path="other/registry.json").files[0].data == b"[]"


def test_a_server_that_sends_no_parts_is_read_whole(remote: Repo, cache: Path) -> None:
    remote.git("config", "uploadpack.allowFilter", "false")
    remote.commit({"registry.json": registry(entry("a"))}, 2)
    assert len(fetch(cache, remote.url).files) == 1
    assert remote.git("rev-parse", "HEAD:big.txt") in stored_objects(cache)
    head = remote.commit({"registry.json": registry(entry("b"))}, 3)
    snapshot = fetch(cache, remote.url)
    assert snapshot.revision == head
    assert snapshot.entry_times == {("server", "com.example/b", "1.0.0"): Times(added=day(3), changed=day(3))}


def test_a_server_that_gives_parts_but_no_single_objects_is_read_whole(
    remote: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Protocol 0, as servers without the second version speak it, refuses what it did not announce.
    monkeypatch.setattr("regpress.sources.gitcommand._SETTINGS", ("protocol.version=0", "gc.auto=0"))
    snapshot = fetch(cache, remote.url)
    assert snapshot.files[0].data.decode() == REGISTRY
    assert remote.git("rev-parse", "HEAD:big.txt") in stored_objects(cache)


def test_a_remote_without_its_older_history_is_read_with_a_warning(remote: Repo, cache: Path, tmp_path: Path) -> None:
    remote.commit({"registry.json": registry(entry("weather"), entry("b"))}, 2)
    remote.commit({"registry.json": registry(entry("weather"), entry("b"), entry("c"))}, 3)
    remote.git("clone", "-q", "--depth", "2", remote.url, str(tmp_path / "shallow"))
    snapshot = fetch(cache, (tmp_path / "shallow").as_uri(), timeout=20)
    assert references(snapshot) == ["git-shallow"]
    assert snapshot.entry_times == {("server", "com.example/c", "1.0.0"): Times(added=day(3), changed=day(3))}


# Without the network


def test_a_repository_that_vanished_is_read_from_the_cache_with_a_warning(remote: Repo, cache: Path) -> None:
    online = fetch(cache, remote.url, branch="main")
    remote.path.rename(remote.path.with_name("gone"))
    offline = fetch(cache, remote.url, branch="main")
    assert (offline.revision, offline.files, offline.entry_times) == (online.revision, online.files, online.entry_times)
    (issue,) = offline.issues
    assert (issue.reference, issue.severity) == ("git-offline", "warning")
    assert f"commit {online.revision[:12]} of {day(1)}" in issue.message


def test_the_cache_answers_only_for_refs_that_were_fetched(remote: Repo, cache: Path) -> None:
    remote.git("branch", "other")
    fetch(cache, remote.url, branch="main")
    remote.path.rename(remote.path.with_name("gone"))
    assert "cannot be fetched" in refusal(cache, remote.url, branch="other")
    assert "cannot be fetched" in refusal(cache, remote.url)


def test_without_network_and_cache_the_source_is_unavailable(cache: Path, tmp_path: Path) -> None:
    message = refusal(cache, (tmp_path / "none").as_uri())
    assert message.startswith(f"team: {(tmp_path / 'none').as_uri()}: cannot be fetched: ")


def test_a_pinned_commit_in_the_cache_needs_no_network_and_no_password(
    remote: Repo, cache: Path, tmp_path: Path
) -> None:
    head = remote.git("rev-parse", "HEAD")
    online = fetch(cache, remote.url, commit=head)
    remote.path.rename(remote.path.with_name("gone"))
    missing = GitAuthSettings(username="x", password_file=str(tmp_path / "no-such-file"))
    assert fetch(cache, remote.url, commit=head, auth=missing) == online


def test_a_branch_that_was_removed_is_an_error_although_the_cache_has_it(remote: Repo, cache: Path) -> None:
    remote.git("branch", "next")
    fetch(cache, remote.url, branch="next")
    remote.git("branch", "-D", "next")
    assert "has no branch 'next'" in refusal(cache, remote.url, branch="next")


# The cache folder


def damage_head(copy: Path) -> None:
    (copy / "HEAD").write_bytes(b"\0\0")


def damage_refs(copy: Path) -> None:
    for file in (copy / "refs").rglob("*"):
        if file.is_file():
            file.write_text("1" * 40 + "\n")


def damage_objects(copy: Path) -> None:
    for file in (copy / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(file.read_bytes()[:-30] + b"x" * 30)


def lose_objects(copy: Path) -> None:
    shutil.rmtree(copy / "objects")


def leave_locks(copy: Path) -> None:
    for file in list((copy / "refs").rglob("*")):
        if file.is_file():
            file.with_name(f"{file.name}.lock").touch()
    (copy / "packed-refs.lock").touch()
    (copy / "config.lock").touch()


def replace_by_file(copy: Path) -> None:
    shutil.rmtree(copy)
    copy.write_text("no folder")


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize(
    "damage", [damage_head, damage_refs, damage_objects, lose_objects, leave_locks, replace_by_file]
)
def test_a_damaged_copy_is_made_anew(remote: Repo, cache: Path, damage: Any, changed: bool) -> None:
    fetch(cache, remote.url)
    (lock,) = (cache / "git").glob("*.lock")
    damage(lock.with_suffix(""))
    if changed:
        remote.commit({"registry.json": registry(entry("new"))}, 2)
    snapshot = fetch(cache, remote.url)
    assert snapshot.revision == remote.git("rev-parse", "HEAD")
    assert snapshot.files[0].data == (remote.path / "registry.json").read_bytes()
    assert snapshot.issues == ()
    assert fetch(cache, remote.url) == snapshot


def test_a_copy_that_was_never_finished_does_not_matter(remote: Repo, cache: Path) -> None:
    fetch(cache, remote.url)
    (lock,) = (cache / "git").glob("*.lock")
    copy = lock.with_suffix("")
    copy.rename(copy.with_suffix(".new"))
    shutil.rmtree(copy.with_suffix(".new") / "objects")
    assert len(fetch(cache, remote.url).files) == 1


def test_two_repositories_share_a_cache_folder(remote: Repo, cache: Path, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.commit({"registry.json": "[]"}, 3)
    assert [fetch(cache, repo.url).files[0].data for repo in (remote, other, remote)] == [
        REGISTRY.encode(), b"[]", REGISTRY.encode(),
    ]  # fmt: skip


def test_builds_at_the_same_time_do_not_disturb_each_other(remote: Repo, cache: Path) -> None:
    found: list[Snapshot] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(cache, remote.url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(snapshot == found[0] for snapshot in found)


def test_a_build_that_waits_too_long_for_another_one_says_so(remote: Repo, cache: Path) -> None:
    with Mirror(folder=cache / "git", address=remote.url).locked():
        assert "another build has been using its copy for 0.1 seconds" in refusal(cache, remote.url, timeout=0.1)
    assert len(fetch(cache, remote.url).files) == 1


def test_a_cache_folder_that_cannot_be_used_is_named(remote: Repo, cache: Path) -> None:
    cache.write_text("a file")
    assert f"the cache folder {cache} cannot be used" in refusal(cache, remote.url)


def test_many_small_fetches_end_in_one_new_copy(remote: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regpress.sources.gitmirror._MAX_PACKS", 3)
    for number in range(2, 6):
        remote.commit({"registry.json": registry(entry(str(number)))}, number)
        snapshot = fetch(cache, remote.url)
        assert len(list((cache / "git").rglob("*.pack"))) <= 6
    assert snapshot.revision == remote.git("rev-parse", "HEAD")


# What git must not be given, and what must not reach git


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% /tmp/x", "ssh://git@example.com/x", "git@example.com:x/y.git", "git://example.com/x",
        "--upload-pack=touch", "-x", "https://user:pass@example.com/x", "https://token@example.com/x", "fd::7",
        "https://example.com/a/../b", "https://example.com/x?token=1", "https://example.com/x#y", "https://", "",
        "https://example.com/a\nb", "https://exa mple.com/", "ftp://example.com/x", "file::///x", "file://host/x",
    ],
)  # fmt: skip
def test_hostile_addresses_are_refused_without_starting_git(
    cache: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regpress.sources.gitcommand._start", lambda *_: pytest.fail("git was started"))
    settings = GitSettings(repository=address, path="registry.json")
    with pytest.raises(ConfigError, match=r"^sources: team: git\.repository: ") as caught:
        GitSource(name=SourceName("team"), settings=settings, cache=cache)
    assert "pass@" not in str(caught.value)
    assert not cache.exists()


@pytest.mark.parametrize(
    "text", ["-x", "--output=/tmp/x", "a..b", "a b", "a\nb", "a:b", "^a", "a~1", "a@{1}", "*", "a\\b", ""]
)
@pytest.mark.parametrize("key", ["branch", "tag"])
def test_hostile_refs_are_refused(cache: Path, key: str, text: str) -> None:
    settings = GitSettings(repository="https://example.com/x", path="registry.json", **{key: text})
    with pytest.raises(ConfigError, match=rf"^sources: team: git\.{key}: "):
        GitSource(name=SourceName("team"), settings=settings, cache=cache)


@pytest.mark.parametrize(("key", "text"), [("commit", "HEAD"), ("commit", "--all"), ("commit", "abc"),
                                           ("path", "../x"), ("path", "/etc/passwd"), ("path", "a/../../b"),
                                           ("path", "-r"), ("path", ":(glob)x"), ("path", "a\nb"), ("path", "")]
)  # fmt: skip
def test_hostile_commits_and_paths_are_refused(cache: Path, key: str, text: str) -> None:
    made = {"repository": "https://example.com/x", "path": "registry.json"} | {key: text}
    with pytest.raises(ConfigError, match=rf"^sources: team: git\.{key}: "):
        GitSource(name=SourceName("team"), settings=GitSettings(**made), cache=cache)


def test_a_path_is_never_a_pattern(remote: Repo, cache: Path) -> None:
    remote.commit({"[r]egistry.json": "[]", "a*.json": "{}"}, 2)
    remote.commit({"registry.json": registry(entry("x"))}, 3)
    (file,) = fetch(cache, remote.url, path="[r]egistry.json").files
    assert (file.data, file.times) == (b"[]", Times(added=day(2), changed=day(2)))
    with pytest.raises(SourceMalformedError, match="does not exist"):
        fetch(cache, remote.url, path="*.json")


def test_settings_and_hooks_of_the_user_have_no_part_in_it(
    remote: Repo, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    hooks = home / "templates" / "hooks"
    hooks.mkdir(parents=True)
    marker = tmp_path / "ran"
    for name in ("reference-transaction", "post-checkout", "askpass", "helper", "pack-objects"):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {marker}\n")
        (hooks / name).chmod(0o755)
    (home / ".gitconfig").write_text(
        f'[url "file:///nonexistent/"]\n\tinsteadOf = {remote.url}\n[core]\n\thooksPath = {hooks}\n'
        f"\taskPass = {hooks}/askpass\n[init]\n\ttemplateDir = {home}/templates\n"
        f"[credential]\n\thelper = {hooks}/helper\n"
        f"[uploadpack]\n\tpackObjectsHook = {hooks}/pack-objects\n[protocol]\n\tallow = never\n"
    )
    (home / ".config" / "git").mkdir(parents=True)
    shutil.copy(home / ".gitconfig", home / ".config" / "git" / "config")
    for name, text in {
        "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_SYSTEM": str(home / ".gitconfig"), "GIT_TEMPLATE_DIR": str(home / "templates"),
        "GIT_DIR": str(tmp_path / "elsewhere"), "GIT_WORK_TREE": "/", "GIT_INDEX_FILE": "/nonexistent/index",
        "GIT_OBJECT_DIRECTORY": "/nonexistent", "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nonexistent",
        "GIT_NAMESPACE": "other", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.allow",
        "GIT_CONFIG_VALUE_0": "never", "GIT_CONFIG_PARAMETERS": "'protocol.allow'='never'", "GIT_TRACE": "1",
        "GIT_ASKPASS": str(hooks / "askpass"), "GIT_ALLOW_PROTOCOL": "none", "GIT_SSH_COMMAND": str(hooks / "helper"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, text)
    assert fetch(cache, remote.url).files[0].data.decode() == REGISTRY
    assert not marker.exists()
    assert not list(cache.rglob("hooks"))


def test_without_the_git_program_the_source_is_unavailable(
    remote: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "git" in refusal(cache, remote.url)


def test_a_machine_that_never_had_git_gets_one_clear_line(cache: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from regpress.errors import SourceUnavailableError\n"
        "from regpress.model.config_source import SourceConfig\n"
        "from regpress.model.config_validation import validated\n"
        "from regpress.sources.git import open_git_source\n"
        "config = validated(SourceConfig, {'name': 'team', 'git': {'repository': 'file:///x'}})\n"
        "try:\n"
        f"    open_git_source(config, cache=Path({str(cache)!r})).fetch()\n"
        "except SourceUnavailableError as error:\n"
        "    print(error)\n"
    )
    package = Path(__file__).parents[2] / "generator"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PATH": "/nonexistent", "PYTHONPATH": str(package)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "team: git: the program is not installed (expected git 2.25 or later in PATH)\n"


# Over HTTP


def test_a_public_repository_is_read_over_http(remote: Repo, cache: Path, server: GitServer) -> None:
    remote.commit({"registry.json": registry(entry("weather"), entry("b"))}, 2)
    snapshot = fetch(cache, f"{server.url}/remote/")
    assert (snapshot.files, snapshot.issues) == (fetch(cache, remote.url).files, ())
    assert snapshot.entry_times[("server", "com.example/b", "1.0.0")] == Times(added=day(2), changed=day(2))
    assert set(server.authorizations) == {None}
    head = remote.git("rev-parse", "HEAD")
    assert fetch(cache / "other", f"{server.url}/remote", commit=head).revision == head


def test_a_fetch_without_news_asks_only_for_the_refs(remote: Repo, cache: Path, server: GitServer) -> None:
    first = fetch(cache, f"{server.url}/remote")
    server.authorizations.clear()
    assert fetch(cache, f"{server.url}/remote") == first
    assert len(server.authorizations) == 2


def test_a_password_opens_a_private_repository_and_appears_nowhere(
    remote: Repo, cache: Path, tmp_path: Path, server: GitServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.users["ro bot@example.com"] = PASSWORD
    snapshot = fetch(cache, f"{server.url}/remote", auth=auth(tmp_path))
    assert snapshot.files[0].data.decode() == REGISTRY
    assert references(snapshot) == ["git-plain-http"]
    assert any(header for header in server.authorizations)
    seen = b"\n".join(server.command_lines)
    # What this test looks at is there: git's own command lines, with the address but without the password.
    assert f"{server.url}/remote".encode() in seen
    encoded = next(header for header in server.authorizations if header).removeprefix("Basic ")
    for secret in (PASSWORD, PASSWORD.replace("%", "%25"), encoded):
        assert secret.encode() not in seen
        assert secret.encode() not in everything_below(cache)
        assert secret not in caplog.text
        assert secret not in repr(snapshot)


def test_a_wrong_password_is_told_without_showing_it(
    remote: Repo, cache: Path, tmp_path: Path, server: GitServer
) -> None:
    server.users["ro bot@example.com"] = "another"
    message = refusal(cache, f"{server.url}/remote", auth=auth(tmp_path))
    assert "refuses access" in message
    assert "expected a valid password or token in auth.passwordFile" in message
    assert PASSWORD not in message


def test_a_private_repository_without_a_password_names_the_setting(
    remote: Repo, cache: Path, server: GitServer
) -> None:
    server.users["robot"] = PASSWORD
    message = refusal(cache, f"{server.url}/remote")
    assert "refuses access" in message
    assert "expected auth with username and passwordFile" in message


def test_the_password_file_is_read_at_each_fetch(remote: Repo, cache: Path, tmp_path: Path, server: GitServer) -> None:
    server.users["ro bot@example.com"] = "first"
    private = source(cache, f"{server.url}/remote", auth=auth(tmp_path, "first"))
    private.fetch()
    server.users["ro bot@example.com"] = "second"
    with pytest.raises(SourceUnavailableError, match="refuses access"):
        private.fetch()
    auth(tmp_path, "  second  ")
    assert len(private.fetch().files) == 1


def test_refused_access_is_not_replaced_by_the_cache(
    remote: Repo, cache: Path, tmp_path: Path, server: GitServer
) -> None:
    fetch(cache, f"{server.url}/remote")
    server.users["robot"] = PASSWORD
    assert "refuses access" in refusal(cache, f"{server.url}/remote")
    server.users.clear()
    server.status = 403
    assert "refuses access" in refusal(cache, f"{server.url}/remote")


@pytest.mark.parametrize("content", [None, b"", b" \n", b"two\nlines", b"\xff\xfe", b"a\0b"])
def test_an_unusable_password_file_is_named_without_its_content(
    remote: Repo, cache: Path, tmp_path: Path, server: GitServer, content: bytes | None
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    message = refusal(cache, f"{server.url}/remote", auth=GitAuthSettings(username="x", password_file=str(file)))
    assert f"git.auth.passwordFile: {file}: " in message
    assert "two" not in message
    assert server.authorizations == []


@pytest.mark.parametrize(("before_login", "user"), [(False, ""), (True, ""), (True, "robot@")])
@pytest.mark.usefixtures("remote")
def test_a_password_goes_to_no_other_host_that_a_server_names(
    cache: Path, tmp_path: Path, server: GitServer, before_login: bool, user: str
) -> None:
    server.users["ro bot@example.com"] = PASSWORD
    server.redirects_strangers = before_login
    with git_server(tmp_path / "served") as other:
        other.users["robot"] = PASSWORD
        server.redirects["remote"] = f"{other.url}/remote".replace("//", f"//{user}")
        assert "refuses access" in refusal(cache, f"{server.url}/remote", auth=auth(tmp_path))
        assert other.authorizations
        assert not any(header and server.accepts(header) for header in other.authorizations)
        assert set(other.authorizations) <= {None, f"Basic {base64.b64encode(b'robot:').decode()}"}


def test_a_repository_that_moved_on_its_host_is_found_with_its_password(
    remote: Repo, cache: Path, tmp_path: Path, server: GitServer
) -> None:
    server.users["ro bot@example.com"] = PASSWORD
    server.redirects["old"] = f"{server.url}/remote"
    assert len(fetch(cache, f"{server.url}/old", auth=auth(tmp_path)).files) == 1


def test_a_redirect_to_a_local_repository_is_refused(remote: Repo, cache: Path, server: GitServer) -> None:
    server.redirects["away"] = remote.url
    assert "cannot be fetched" in refusal(cache, f"{server.url}/away")


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_server_in_trouble_is_replaced_by_the_cache(
    remote: Repo, cache: Path, server: GitServer, status: int
) -> None:
    online = fetch(cache, f"{server.url}/remote")
    server.status = status
    offline = fetch(cache, f"{server.url}/remote")
    assert offline.files == online.files
    assert references(offline) == ["git-offline"]
    assert "cannot be fetched" in refusal(cache / "other", f"{server.url}/remote")


def test_a_server_that_does_not_answer_is_given_up(cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        assert "git took longer than 0.3 seconds" in refusal(cache, address, timeout=0.3)


def test_a_server_that_talks_nonsense_is_an_error_in_one_line(cache: Path, tmp_path: Path, server: GitServer) -> None:
    (tmp_path / "served").mkdir(exist_ok=True)
    message = refusal(cache, f"{server.url}/nothing")
    assert "\n" not in message
    assert "cannot be fetched" in message


def test_a_host_in_a_private_network_is_asked_only_where_that_is_allowed(
    remote: Repo, cache: Path, server: GitServer
) -> None:
    config = validated(SourceConfig, {"name": "team", "git": {"repository": f"{server.url}/remote"}})
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1.*site\.trust"):
        open_git_source(config, cache=cache).fetch()
    assert server.authorizations == []
    assert len(open_git_source(config, cache=cache, allow_private_addresses=True).fetch().files) == 1


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that stands in for git, to be written by the test; GitPython has met the real one before."""
    import_module("git")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "git"


def test_a_password_in_what_git_says_is_not_repeated(cache: Path, tmp_path: Path, fake_git: Path) -> None:
    fake_git.write_text("#!/bin/sh\necho \"fatal: cannot use '$REGPRESS_GIT_PASSWORD' there\" >&2\nexit 128\n")
    message = refusal(cache, "http://127.0.0.1:9/x", auth=auth(tmp_path))
    assert message.endswith("cannot be fetched: cannot use '***' there")


def test_what_a_remote_says_cannot_steer_the_terminal(cache: Path, fake_git: Path) -> None:
    fake_git.write_text("#!/bin/sh\nprintf 'remote: x\\nfatal: \\033[2Jgone\\007 %0999d\\n' 1 >&2\nexit 128\n")
    message = refusal(cache, "http://127.0.0.1:9/x")
    assert message.isprintable()
    assert "gone" in message
    assert len(message) < 400


def test_helpers_of_git_end_with_it_when_it_takes_too_long(cache: Path, tmp_path: Path, fake_git: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    fake_git.write_text(f'#!/bin/sh\ncase "$*" in *ls-remote*) sleep 300 > {pipe} & wait ;; *) exit 1 ;; esac\n')
    assert "took longer" in refusal(cache, "http://127.0.0.1:9/x", timeout=0.3)
    ready, _, _ = select.select([reader], [], [], 30)
    # The end of the pipe: nobody holds its other side any more.
    assert ready
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_remote_that_never_stops_talking_is_given_up(cache: Path, fake_git: Path) -> None:
    fake_git.write_text("#!/bin/sh\nexec yes 1111111111111111111111111111111111111111\n")
    assert "git printed more than" in refusal(cache, "http://127.0.0.1:9/x", timeout=60)


def test_every_failure_is_one_of_ours(remote: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regpress.sources.gitcommand._KEPT_MESSAGES", 10)
    for settings in ({"path": "none"}, {"branch": "none"}, {"tag": "none"}, {"commit": "f" * 40}):
        with pytest.raises(RegistryError) as caught:
            fetch(cache, remote.url, **settings)
        assert str(caught.value).startswith("team: ")
        assert os.linesep not in str(caught.value)
