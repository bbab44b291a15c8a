import json
import os
import shutil
from pathlib import Path

import pytest

from edges.gitrepos import Repo, day, entry, registry
from regpress.model.entry import Times
from regpress.sources import entryindex
from regpress.sources.entryindex import index_of
from regpress.sources.entrytimes import EntryTimes, entry_times, local_entry_times
from regpress.sources.gitcommand import GitFailedError, printable
from regpress.sources.gitrepository import GitRepository, parse_seconds
from regpress.sources.history import file_times, local_history


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "site")


def days(added: int, changed: int) -> Times:
    return Times(added=day(added), changed=day(changed))


def key(name: str, version: str = "1.0.0", kind: str = "server") -> tuple[str, str, str]:
    return (kind, f"com.example/{name}", version)


def walk(repo: Repo, *wanted: tuple[str, str, str], revision: str = "HEAD", **options: object) -> EntryTimes:
    repository = GitRepository(repo.path / ".git")
    return entry_times(repository, revision, "registry.json", wanted, **options)  # type: ignore[arg-type]


# Files of a work tree


def test_a_file_has_the_committers_times_of_its_first_and_last_commit(repo: Repo) -> None:
    repo.commit({"a.json": "1", "b.json": "1"}, 1)
    repo.commit({"a.json": "2"}, 2)
    repo.commit({"a.json": "3"}, 3)
    repo.commit({"c.json": "1"}, 4)
    found = local_history(repo.path, ["a.json", "b.json", "c.json"])
    assert dict(found) == {"a.json": days(1, 3), "b.json": days(1, 1), "c.json": days(4, 4)}
    assert not found.shallow
    assert not found.problem


def test_times_are_in_utc_whatever_the_committers_time_zone(repo: Repo) -> None:
    repo.write({"a.json": "1"})
    repo.git("add", ".")
    repo.git("commit", "-qm", "x", time="2026-05-02T01:30:00+0530")
    assert local_history(repo.path, ["a.json"])["a.json"].added == "2026-05-01T20:00:00Z"


def test_paths_are_relative_to_the_folder_that_is_asked_about(repo: Repo) -> None:
    repo.commit({"content/servers/a.json": "1", "a.json": "1"}, 1)
    repo.commit({"a.json": "2"}, 2)
    folder = repo.path / "content"
    assert dict(local_history(folder, ["servers/a.json"])) == {"servers/a.json": days(1, 1)}


def test_a_folder_reached_through_a_link_has_its_times(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"content/a.json": "1"}, 3)
    (tmp_path / "elsewhere").symlink_to(repo.path / "content")
    assert dict(local_history(tmp_path / "elsewhere", ["a.json"])) == {"a.json": days(3, 3)}


def test_many_files_are_told_as_few_are(repo: Repo) -> None:
    names = [f"c/{number}.json" for number in range(120)]
    repo.commit(dict.fromkeys(names[:60], "1"), 1)
    repo.commit(dict.fromkeys(names[60:], "1") | {names[0]: "2", "other": "1"}, 2)
    few = dict(local_history(repo.path, names[:2] + names[-2:]))
    many = local_history(repo.path, names)
    assert few == {names[0]: days(1, 2), names[1]: days(1, 1), names[-2]: days(2, 2), names[-1]: days(2, 2)}
    assert len(many) == 120
    assert few == {name: many[name] for name in few}
    below = local_history(repo.path / "c", [name.removeprefix("c/") for name in names])
    assert {f"c/{name}": times for name, times in below.items()} == dict(many)


def test_a_file_that_was_removed_and_came_back_counts_from_its_return(repo: Repo) -> None:
    repo.commit({"a.json": "1", "b": ""}, 1)
    repo.commit({"a.json": None}, 2)
    repo.commit({"a.json": "1"}, 3)
    assert local_history(repo.path, ["a.json"])["a.json"] == days(3, 3)


def test_a_renamed_file_is_a_new_file(repo: Repo) -> None:
    repo.commit({"a.json": "the same long content\n" * 20}, 1)
    repo.commit({"a.json": None, "b.json": "the same long content\n" * 20}, 2)
    assert dict(local_history(repo.path, ["a.json", "b.json"])) == {"b.json": days(2, 2)}


def test_a_change_of_permissions_is_no_change(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 1)
    (repo.path / "a.json").chmod(0o755)
    repo.commit({}, 2)
    assert repo.git("log", "--oneline", "--", "a.json").count("\n") == 1
    assert local_history(repo.path, ["a.json"])["a.json"] == days(1, 1)


def test_a_merge_does_not_move_the_times_of_what_it_brings(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 1)
    repo.git("checkout", "-qb", "work")
    repo.commit({"b.json": "1"}, 2)
    repo.git("checkout", "-q", "main")
    repo.commit({"a.json": "2"}, 3)
    repo.git("merge", "-q", "work", "-m", "m", time=day(9))
    found = local_history(repo.path, ["a.json", "b.json"])
    assert dict(found) == {"a.json": days(1, 3), "b.json": days(2, 2)}


def test_what_only_a_merge_changed_has_the_time_of_the_merge(repo: Repo) -> None:
    repo.commit({"a.json": "1", "b.json": "1"}, 1)
    repo.git("checkout", "-qb", "work")
    repo.commit({"a.json": "2"}, 2)
    repo.git("checkout", "-q", "main")
    repo.commit({"b.json": "2"}, 3)
    repo.git("merge", "-q", "--no-commit", "work", "-m", "m")
    repo.commit({"a.json": "both", "c.json": "only here"}, 4)
    found = local_history(repo.path, ["a.json", "b.json", "c.json"])
    assert dict(found) == {"a.json": days(1, 4), "b.json": days(1, 3), "c.json": days(4, 4)}


def test_a_file_that_another_branch_removed_keeps_its_times_where_the_merge_kept_it(repo: Repo) -> None:
    repo.commit({"a.json": "1", "b.json": "1"}, 1)
    repo.git("checkout", "-qb", "work")
    repo.commit({"a.json": None, "b.json": "2"}, 2)
    repo.git("checkout", "-q", "main")
    repo.commit({"c.json": "1"}, 3)
    repo.git("merge", "-q", "--no-commit", "work", "-m", "m")
    repo.commit({"a.json": "1"}, 4)
    assert local_history(repo.path, ["a.json"])["a.json"] == days(1, 1)


def test_a_file_that_no_commit_has_is_absent(repo: Repo) -> None:
    repo.commit({"a.json": "1", "gone.json": "1"}, 1)
    repo.commit({"gone.json": None}, 2)
    repo.write({"new.json": "1", "staged.json": "1", "gone.json": "again"})
    repo.git("add", "staged.json")
    assert list(local_history(repo.path, ["a.json", "new.json", "staged.json", "gone.json", "none.json"])) == ["a.json"]


@pytest.mark.parametrize("staged", [False, True])
def test_a_file_with_uncommitted_changes_counts_as_changed_when_it_was_written(repo: Repo, staged: bool) -> None:
    repo.commit({"a.json": "1", "b.json": "1"}, 1)
    repo.write({"a.json": "22"})
    os.utime(repo.path / "a.json", (1_780_000_000.75, 1_780_000_000.75))
    if staged:
        repo.git("add", ".")
    found = local_history(repo.path, ["a.json", "b.json"])
    assert found["a.json"] == Times(added=day(1), changed="2026-05-28T20:26:40Z")
    assert found["b.json"] == days(1, 1)


def test_an_old_file_time_does_not_take_a_change_back(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 5)
    repo.write({"a.json": "22"})
    os.utime(repo.path / "a.json", (1_000_000_000, 1_000_000_000))
    assert local_history(repo.path, ["a.json"])["a.json"] == days(5, 5)


def test_a_touched_file_with_the_same_content_is_unchanged(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 1)
    os.utime(repo.path / "a.json", (1_780_000_000, 1_780_000_000))
    assert local_history(repo.path, ["a.json"])["a.json"] == days(1, 1)


NAMES = ["ü.json", "a b.json", 'q"uote.json', ":(top)x.json", "new\nline.json", "-option.json", "[a].json", "\x01.json"]


def test_unusual_file_names_have_their_times(repo: Repo) -> None:
    repo.commit(dict.fromkeys(NAMES, "1") | {"a.json": "1", "x.json": "1"}, 1)
    repo.commit({":(top)x.json": "2", "[a].json": "2"}, 2)
    found = local_history(repo.path, [*NAMES, "a.json", "x.json"])
    expected = {name: days(1, 1) for name in [*NAMES, "a.json", "x.json"]}
    assert dict(found) == expected | {":(top)x.json": days(1, 2), "[a].json": days(1, 2)}
    assert dict(local_history(repo.path, ["[a].json"])) == {"[a].json": days(1, 2)}


def test_a_shallow_clone_says_so_and_tells_only_what_it_knows(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.json": "1", "b.json": "1"}, 1)
    repo.commit({"b.json": "2"}, 2)
    repo.commit({"b.json": "3", "c.json": "1"}, 3)
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth", "2", repo.url, str(clone))
    found = local_history(clone, ["a.json", "b.json", "c.json"])
    assert dict(found) == {"c.json": days(3, 3)}
    assert found.shallow


def test_a_folder_in_no_repository_has_no_times(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1")
    found = local_history(tmp_path, ["a.json"])
    assert not found
    assert not found.problem


def test_a_repository_without_commits_has_no_times(repo: Repo) -> None:
    repo.write({"a.json": "1"})
    assert dict(local_history(repo.path, ["a.json"])) == {}


def test_a_damaged_repository_is_a_problem_and_not_a_crash(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 1)
    shutil.rmtree(repo.path / ".git" / "objects")
    (repo.path / ".git" / "objects").mkdir()
    assert not local_history(repo.path, ["a.json"])


def test_without_the_git_program_there_are_no_times(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a.json": "1"}, 1)
    monkeypatch.setenv("PATH", "/nonexistent")
    found = local_history(repo.path, ["a.json"])
    assert not found
    assert "git" in found.problem


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_is_read_only_where_git_trusts_it(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.json": "1"}, 1)
    for file in (repo.path, *repo.path.rglob("*")):
        os.chown(file, 4242, 4242)
    settings = tmp_path / "settings"
    settings.write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.delenv("SUDO_UID", raising=False)
    found = local_history(repo.path, ["a.json"])
    assert not found
    assert "ownership" in found.problem
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[safe]\n\tdirectory = {repo.path}\n")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert dict(local_history(repo.path, ["a.json"])) == {"a.json": days(1, 1)}


def test_a_linked_work_tree_has_its_own_times(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.json": "1"}, 1)
    repo.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    other = Repo(tmp_path / "other")
    other.commit({"a.json": "2"}, 7)
    assert local_history(other.path, ["a.json"])["a.json"] == days(1, 7)
    assert local_history(repo.path, ["a.json"])["a.json"] == days(1, 1)


def test_settings_of_the_repository_do_not_change_what_is_read(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 1)
    repo.commit({"a.json": "2", "b.json": "1"}, 2)
    marker = repo.path / "ran"
    program = repo.path / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {marker}\n")
    program.chmod(0o755)
    expected = dict(local_history(repo.path, ["a.json", "b.json"]))
    for name, text in {
        "log.showSignature": "true", "log.showRoot": "false", "log.follow": "true", "format.pretty": "oneline",
        "core.quotePath": "true", "diff.renames": "copies", "diff.external": str(program), "core.pager": str(program),
        "core.fsmonitor": str(program), "color.ui": "always", "log.decorate": "full", "log.date": "raw",
        "status.short": "true", "status.branch": "true", "status.showUntrackedFiles": "all",
    }.items():  # fmt: skip
        repo.git("config", name, text)
    assert (
        dict(local_history(repo.path, ["a.json", "b.json"])) == expected == {"a.json": days(1, 2), "b.json": days(2, 2)}
    )
    assert not marker.exists()


def test_a_surrounding_git_command_does_not_change_what_is_read(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.json": "1"}, 1)
    other = Repo(tmp_path / "other")
    other.commit({"a.json": "1"}, 8)
    for name, text in {
        "GIT_DIR": str(other.path / ".git"), "GIT_WORK_TREE": str(other.path), "GIT_INDEX_FILE": "/nonexistent/index",
        "GIT_OBJECT_DIRECTORY": "/nonexistent", "GIT_TRACE": "1", "GIT_CONFIG_PARAMETERS": "'log.follow'='true'",
        "GIT_LITERAL_PATHSPECS": "0", "GIT_GLOB_PATHSPECS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, text)
    assert dict(local_history(repo.path, ["a.json"])) == {"a.json": days(1, 1)}


def test_replaced_commits_do_not_change_the_times(repo: Repo) -> None:
    first = repo.commit({"a.json": "1"}, 1)
    repo.git("checkout", "-q", "--orphan", "fake")
    fake = repo.commit({"a.json": "1"}, 9)
    repo.git("checkout", "-q", "main")
    repo.git("replace", first, fake)
    assert local_history(repo.path, ["a.json"])["a.json"] == days(1, 1)


def test_a_commit_never_comes_before_its_descendants_although_clocks_differ(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 20)
    repo.commit({"a.json": "2"}, 3)
    assert local_history(repo.path, ["a.json"])["a.json"] == days(20, 3)


@pytest.mark.parametrize(("text", "seconds"), [(b"12", 12), (b"-5", 0), (b"99999999999999", 0), (b"x", 0), (b"", 0)])
def test_a_time_outside_of_the_calendar_is_the_beginning_of_time(text: bytes, seconds: int) -> None:
    assert parse_seconds(text) == seconds


def test_a_link_or_submodule_in_place_of_a_file_has_no_times(repo: Repo) -> None:
    repo.commit({"a.json": "1"}, 1)
    (repo.path / "link.json").symlink_to("a.json")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.git("add", "link.json")
    repo.git("commit", "-qm", "links", time=day(2))
    repository = GitRepository(repo.path / ".git")
    assert file_times(repository, "HEAD") == {"a.json": days(1, 1)}


# Entries of a file that holds many


def test_each_entry_has_the_times_of_its_own_commits(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 2)
    repo.commit({"registry.json": registry(entry("a", description="Better"), entry("b"))}, 3)
    repo.commit({"registry.json": registry(entry("b"), entry("a", description="Better"), entry("a", "2.0.0"))}, 4)
    found = walk(repo, key("a"), key("b"), key("a", "2.0.0"))
    assert found.times == {key("a"): days(1, 3), key("b"): days(2, 2), key("a", "2.0.0"): days(4, 4)}
    assert (found.unread, found.shallow) == (0, False)


def test_skills_have_times_as_servers_do(repo: Repo) -> None:
    skill = {"namespace": "com.example", "name": "review", "version": "1.0.0", "description": "x"}
    repo.commit({"registry.json": registry(entry("review"))}, 1)
    repo.commit({"registry.json": registry(entry("review"), skills=(skill,))}, 2)
    found = walk(repo, key("review"), key("review", kind="skill"))
    assert found.times == {key("review"): days(1, 1), key("review", kind="skill"): days(2, 2)}


def test_a_new_layout_of_the_file_changes_no_entry(repo: Repo) -> None:
    text = registry(entry("a"))
    repo.commit({"registry.json": text}, 1)
    repo.commit({"registry.json": json.dumps(json.loads(text))}, 2)
    repo.commit({"registry.json": text.replace("2020-01-01", "2021-01-01")}, 3)
    assert walk(repo, key("a")).times == {key("a"): days(1, 1)}


def test_an_entry_that_was_missing_for_a_while_counts_from_its_return(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 1)
    repo.commit({"registry.json": registry(entry("b"))}, 2)
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 3)
    assert walk(repo, key("a"), key("b")).times == {key("a"): days(3, 3), key("b"): days(1, 1)}


def test_a_file_that_was_missing_for_a_while_brings_all_its_entries_anew(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a")), "x": ""}, 1)
    repo.commit({"registry.json": None}, 2)
    repo.commit({"registry.json": registry(entry("a"))}, 3)
    assert walk(repo, key("a")).times == {key("a"): days(3, 3)}


@pytest.mark.parametrize("broken", ["{", "<<<<<<< HEAD\n", '{"some": "thing"}', ""])
def test_a_commit_whose_file_is_broken_is_passed_over(repo: Repo, broken: str) -> None:
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 1)
    repo.commit({"registry.json": broken}, 2)
    repo.commit({"registry.json": broken + " "}, 3)
    repo.commit({"registry.json": registry(entry("a"), entry("b", description="New"), entry("c"))}, 4)
    found = walk(repo, key("a"), key("b"), key("c"))
    assert found.times == {key("a"): days(1, 1), key("b"): days(1, 4), key("c"): days(4, 4)}


def test_a_file_that_began_broken_counts_from_its_first_good_version(repo: Repo) -> None:
    repo.commit({"registry.json": "{"}, 1)
    repo.commit({"registry.json": registry(entry("a"))}, 2)
    assert walk(repo, key("a")).times == {key("a"): days(2, 2)}


def test_a_merge_does_not_move_the_times_of_the_entries_that_it_brings(repo: Repo) -> None:
    spaced = [entry(name) for name in "abcdefgh"]
    repo.commit({"registry.json": registry(*spaced)}, 1)
    repo.git("checkout", "-qb", "work")
    repo.commit({"registry.json": registry(entry("0"), *spaced)}, 2)
    repo.git("checkout", "-q", "main")
    repo.commit({"registry.json": registry(*spaced, entry("z"))}, 3)
    repo.git("merge", "-q", "work", "-m", "m", time=day(9))
    found = walk(repo, key("a"), key("0"), key("z"))
    assert found.times == {key("a"): days(1, 1), key("0"): days(2, 2), key("z"): days(3, 3)}


def test_an_entry_that_a_merge_made_has_the_time_of_the_merge(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    repo.git("checkout", "-qb", "work")
    repo.commit({"registry.json": registry(entry("a", description="Left"))}, 2)
    repo.git("checkout", "-q", "main")
    repo.commit({"registry.json": registry(entry("a", description="Right"))}, 3)
    repo.git("merge", "-q", "-s", "ours", "--no-commit", "work", "-m", "m")
    repo.commit({"registry.json": registry(entry("a", description="Both"), entry("new"))}, 4)
    assert walk(repo, key("a"), key("new")).times == {key("a"): days(1, 4), key("new"): days(4, 4)}


def test_nothing_is_read_where_nothing_is_wanted(tmp_path: Path) -> None:
    nowhere = GitRepository(tmp_path / "none")
    assert entry_times(nowhere, "HEAD", "registry.json", ()).times == {}
    with pytest.raises(GitFailedError):
        entry_times(nowhere, "HEAD", "registry.json", (key("a"),))


def test_the_walk_ends_when_all_entries_are_dated(repo: Repo) -> None:
    for number in range(1, 6):
        repo.commit({"registry.json": registry(*(entry(str(each)) for each in range(number)))}, number)
    oldest = repo.git("rev-parse", "HEAD~4:registry.json")
    (repo.path / ".git" / "objects" / oldest[:2] / oldest[2:]).unlink()
    found = walk(repo, key("4"), key("2"))
    assert found.times == {key("4"): days(5, 5), key("2"): days(3, 3)}
    assert found.unread == 0


def test_content_that_is_not_here_is_passed_over_and_counted(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 2)
    repo.commit({"registry.json": registry(entry("a"), entry("b"), entry("c"))}, 3)
    middle = repo.git("rev-parse", "HEAD~1:registry.json")
    (repo.path / ".git" / "objects" / middle[:2] / middle[2:]).unlink()
    found = walk(repo, key("a"), key("b"), key("c"))
    assert found.times == {key("a"): days(1, 1), key("b"): days(3, 3), key("c"): days(3, 3)}
    assert found.unread == 1


def test_content_that_is_not_here_is_fetched_in_few_steps(repo: Repo) -> None:
    kept = {}
    for number in range(1, 21):
        repo.commit({"registry.json": registry(entry("a", description=str(number)))}, number)
        blob = repo.git("rev-parse", "HEAD:registry.json")
        file = repo.path / ".git" / "objects" / blob[:2] / blob[2:]
        kept[blob] = (file, file.read_bytes())
    for file, _ in kept.values():
        file.unlink()
    asked = []

    def fetch(blobs: object) -> None:
        asked.append(list(blobs))  # type: ignore[call-overload]
        for blob in asked[-1]:
            kept[blob][0].write_bytes(kept[blob][1])

    assert walk(repo, key("a"), fetch=fetch).times == {key("a"): days(1, 20)}
    assert [len(batch) for batch in asked] == [20]


def test_a_fetch_that_fails_is_not_tried_again(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entryindex, "_BATCH_BLOBS", 2)
    for number in range(1, 8):
        repo.commit({"registry.json": registry(entry("a", description=str(number)))}, number)
        if number < 7:
            blob = repo.git("rev-parse", "HEAD:registry.json")
            (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    asked = []

    def fetch(blobs: object) -> None:
        asked.append(blobs)
        raise GitFailedError("no network")

    found = walk(repo, key("a"), fetch=fetch)
    assert found.times == {key("a"): days(7, 7)}
    assert found.unread == 6
    assert len(asked) == 1


@pytest.mark.parametrize("limits", [{"max_blobs": 3}, {"max_bytes": 700}])
def test_beyond_the_limits_the_oldest_commit_that_was_looked_at_counts(
    repo: Repo, tmp_path: Path, limits: dict[str, int]
) -> None:
    for number in range(1, 7):
        described = [entry("a"), entry("b", description=f"{number:04}")]
        repo.commit({"registry.json": registry(*described)}, number)
    size = len((repo.path / "registry.json").read_bytes())
    assert 2 * size < 700 < 3 * size
    found = walk(repo, key("a"), key("b"), **limits)
    assert found.times == {key("a"): days(4, 4), key("b"): days(4, 6)}
    # What a cache from an unlimited walk knows does not change the answer.
    walk(repo, key("a"), key("b"), cache=tmp_path / "cache")
    assert walk(repo, key("a"), key("b"), cache=tmp_path / "cache", **limits) == found


def test_a_second_walk_reads_no_content_again(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    repo.commit({"registry.json": "broken"}, 2)
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 3)
    first = walk(repo, key("a"), key("b"), cache=tmp_path / "cache")
    monkeypatch.setattr(entryindex, "index_of", lambda _: pytest.fail("read again"))
    assert walk(repo, key("a"), key("b"), cache=tmp_path / "cache") == first
    assert first.times == {key("a"): days(1, 1), key("b"): days(3, 3)}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"reader": "0"}', '{"entries": 5}', "\ud83d", "null"])
def test_a_damaged_cache_changes_nothing(repo: Repo, tmp_path: Path, damage: str) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 2)
    cache = tmp_path / "cache"
    first = walk(repo, key("a"), key("b"), cache=cache)
    files = list(cache.rglob("*.json"))
    assert len(files) == 2
    for file in files:
        kept = file.read_bytes()
        file.write_text(damage, errors="surrogatepass") if damage else file.write_bytes(kept[:30])
    assert walk(repo, key("a"), key("b"), cache=cache) == first


def test_a_cache_that_cannot_be_written_changes_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert walk(repo, key("a"), cache=tmp_path / "cache").times == {key("a"): days(1, 1)}


def test_entries_older_than_a_shallow_clone_have_no_times(repo: Repo, tmp_path: Path) -> None:
    for number in range(1, 4):
        repo.commit({"registry.json": registry(*(entry(str(each)) for each in range(number)))}, number)
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth", "2", repo.url, str(clone))
    found = walk(Repo(clone), key("0"), key("1"), key("2"))
    assert found.times == {key("2"): days(3, 3)}
    assert found.shallow


def test_an_entry_that_the_file_never_had_has_no_times(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    assert key("other") not in walk(repo, key("a"), key("other")).times


def test_entries_without_names_or_versions_disturb_nobody(repo: Repo) -> None:
    odd = [{"version": "1"}, {"name": 5, "version": "1"}, {"name": "x/y"}, {}]
    repo.commit({"registry.json": registry(*odd, entry("a"))}, 1)
    assert walk(repo, key("a")).times == {key("a"): days(1, 1)}
    assert set(index_of((repo.path / "registry.json").read_bytes()) or ()) == {key("a")}


def test_local_entries_have_the_times_of_the_repository_of_their_file(repo: Repo) -> None:
    repo.commit({"data/registry.json": registry(entry("a"))}, 1)
    repo.commit({"data/registry.json": registry(entry("a"), entry("b"))}, 2)
    file = repo.path / "data" / "registry.json"
    found = local_entry_times(file, file.read_bytes(), [key("a"), key("b")], cache=None)
    assert found.times == {key("a"): days(1, 1), key("b"): days(2, 2)}


def test_local_entries_that_are_edited_count_as_changed_when_the_file_was_written(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a"), entry("b"))}, 1)
    file = repo.path / "registry.json"
    edited = registry(entry("a", description="New"), entry("b"), entry("c"))
    file.write_text(edited)
    os.utime(file, (1_780_000_000, 1_780_000_000))
    found = local_entry_times(file, edited.encode(), [key("a"), key("b"), key("c")], cache=None)
    assert found.times == {key("a"): Times(added=day(1), changed="2026-05-28T20:26:40Z"), key("b"): days(1, 1)}


def test_a_local_file_in_no_repository_has_no_entry_times(tmp_path: Path) -> None:
    file = tmp_path / "registry.json"
    file.write_text(registry(entry("a")))
    assert local_entry_times(file, file.read_bytes(), [key("a")], cache=None).times == {}


def test_reading_times_writes_nothing_into_the_repository(repo: Repo) -> None:
    repo.commit({"registry.json": registry(entry("a"))}, 1)
    os.utime(repo.path / "registry.json", (1_780_000_000, 1_780_000_000))

    def state() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in (repo.path / ".git").rglob("*") if file.is_file()}

    before = state()
    local_history(repo.path, ["registry.json"])
    walk(repo, key("a"))
    assert state() == before


def test_text_from_outside_is_printed_as_one_harmless_line() -> None:
    assert printable("a\x1b[31mred\x1b[0m\r\nb\u2028c") == "a red   b c"
    assert printable("x" * 400) == "x" * 299 + "…"


def test_a_folder_in_no_repository_is_told_without_asking_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text("{}")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    times = local_history(tmp_path, ["a.json"])
    assert (dict(times), times.problem) == ({}, "")
    (tmp_path / ".git").mkdir()
    assert local_history(tmp_path, ["a.json"]).problem
