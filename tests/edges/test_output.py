import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regpress.digest import recipe
from regpress.errors import BuildRefusedError, ConflictError, StorageError
from regpress.hosts.layouts import flat, path_conflicts
from regpress.model.artifact import JSON, Artifact, ArtifactGroup, Section, Stage, TreeSize, Written
from regpress.output.keeping import Inherited
from regpress.output.locks import STAGING, locked_folder
from regpress.output.replacement import TreeResult
from regpress.output.tree import OutputTree
from regpress.storage import locked


def group(key: str, files: Mapping[str, bytes], stage: Stage = "leaf") -> ArtifactGroup:
    parts = [part for name, body in files.items() for part in (name.encode(), body)]
    return ArtifactGroup(
        key=key,
        recipe=recipe(parts),
        stage=stage,
        render=lambda: [Artifact(name, "file", JSON, body) for name, body in files.items()],
    )


def put(root: Path, *groups: ArtifactGroup, full: bool = False) -> TreeResult:
    tree = OutputTree(root / "dist", state_file=root / "cache" / "state")
    return tree.replace(groups, flat, accept=lambda size, files: None, full=full)


def content(root: Path) -> dict[str, bytes]:
    dist = root / "dist"
    return {path.relative_to(dist).as_posix(): path.read_bytes() for path in dist.rglob("*") if path.is_file()}


def test_a_new_tree_holds_the_artifacts_and_a_manifest_of_them(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"x/y.json": b"1"}), group("b", {"list.json": b"[1]"}, "list"))
    found = content(tmp_path)
    assert found.keys() == {"x/y.json", "list.json", "manifest.json"}
    manifest = orjson.loads(found["manifest.json"])
    assert {row["file"]: row["sha256"] for row in manifest["files"]} == {
        "x/y.json": hashlib.sha256(b"1").hexdigest(),
        "list.json": hashlib.sha256(b"[1]").hexdigest(),
    }


def test_what_did_not_change_is_not_touched(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"a.json": b"1"}), group("b", {"b.json": b"2"}))
    before = (tmp_path / "dist/a.json").stat()
    result = put(tmp_path, group("a", {"a.json": b"1"}), group("b", {"b.json": b"3"}))
    after = (tmp_path / "dist/a.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert content(tmp_path)["b.json"] == b"3"
    assert result.written == 2  # the file and the manifest


def test_a_group_that_did_not_change_is_not_rendered(tmp_path: Path) -> None:
    made = group("a", {"a.json": b"1"})
    put(tmp_path, made)

    def refuse() -> list[Artifact]:
        raise AssertionError("rendered")

    put(tmp_path, ArtifactGroup(key="a", recipe=made.recipe, stage="leaf", render=refuse))
    with pytest.raises(AssertionError, match="rendered"):
        put(tmp_path, ArtifactGroup(key="a", recipe=b"other", stage="leaf", render=refuse))
    assert content(tmp_path)["a.json"] == b"1"


def test_files_that_are_no_longer_wanted_go_with_their_folders(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"deep/er/a.json": b"1"}), group("b", {"b.json": b"2"}))
    put(tmp_path, group("b", {"b.json": b"2"}))
    assert content(tmp_path).keys() == {"b.json", "manifest.json"}
    assert not (tmp_path / "dist/deep").exists()


@pytest.mark.parametrize("damage", ["delete", "truncate", "overwrite", "link", "folder", "rmtree"])
def test_damaged_output_is_repaired(tmp_path: Path, damage: str) -> None:
    groups = [group("a", {"x/a.json": b"first"}), group("b", {"b.json": b"2"})]
    put(tmp_path, *groups)
    expected = content(tmp_path)
    file = tmp_path / "dist/x/a.json"
    if damage == "truncate":
        file.write_bytes(b"")
    elif damage == "overwrite":
        file.write_bytes(b"other")
    elif damage == "rmtree":
        shutil.rmtree(file.parent)
    else:
        file.unlink()
        if damage == "folder":
            (file / "inside").mkdir(parents=True)
        elif damage == "link":
            file.symlink_to("/etc/hostname")
    put(tmp_path, *groups)
    assert content(tmp_path) == expected
    assert not file.is_symlink()


def test_same_size_and_time_but_other_bytes_is_found_by_a_full_build(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"a.json": b"first"}))
    file = tmp_path / "dist/a.json"
    stat = file.stat()
    file.write_bytes(b"fake!")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    put(tmp_path, group("a", {"a.json": b"first"}), full=True)
    assert file.read_bytes() == b"first"


def test_a_lost_state_costs_time_but_not_correctness(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"a.json": b"1"}), group("old", {"old.json": b"0"}))
    before = (tmp_path / "dist/a.json").stat().st_ino
    shutil.rmtree(tmp_path / "cache")
    put(tmp_path, group("a", {"a.json": b"1"}), group("b", {"b.json": b"2"}))
    assert content(tmp_path).keys() == {"a.json", "b.json", "manifest.json"}
    assert (tmp_path / "dist/a.json").stat().st_ino == before


@pytest.mark.parametrize("state", [b"", b"{}", b"regpress state 2", b"regpress state 2{}\n", b"\xff"])
def test_a_damaged_state_is_ignored(tmp_path: Path, state: bytes) -> None:
    put(tmp_path, group("a", {"a.json": b"1"}))
    (tmp_path / "cache/state").write_bytes(state)
    put(tmp_path, group("a", {"a.json": b"2"}))
    assert content(tmp_path)["a.json"] == b"2"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/thesis.txt").write_text("mine")
    with pytest.raises(BuildRefusedError, match="not empty"):
        put(tmp_path, group("a", {"a.json": b"1"}))
    assert content(tmp_path) == {"thesis.txt": b"mine"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    put(tmp_path, group("a", {"a.json": b"1"}))
    assert content(tmp_path)["a.json"] == b"1"


@pytest.mark.parametrize(("before", "after"), [("x", "x/y"), ("x/y", "x"), ("x/y/z", "x"), ("x", "x/y/z")])
def test_a_file_can_become_a_folder_and_a_folder_a_file(tmp_path: Path, before: str, after: str) -> None:
    put(tmp_path, group("a", {before: b"1"}))
    put(tmp_path, group("a", {after: b"2"}))
    assert content(tmp_path).keys() == {after, "manifest.json"}


@pytest.mark.parametrize("file", ["../escape", "/etc/x", "a/../../b", "a//b", "./a", "a\\b", "a\0b", ""])
def test_nothing_is_written_outside(tmp_path: Path, file: str) -> None:
    with pytest.raises((StorageError, ValueError)):
        put(tmp_path, group("a", {file: b"1"}))
    assert not (tmp_path / "dist").exists()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] in ([], ["state.lock"])


def test_refusing_the_size_leaves_everything_as_it_was(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"a.json": b"1"}))
    before = content(tmp_path)

    def refuse(size: object, files: object) -> None:
        raise BuildRefusedError("too large")

    tree = OutputTree(tmp_path / "dist", state_file=tmp_path / "cache/state")
    with pytest.raises(BuildRefusedError):
        tree.replace([group("a", {"a.json": b"22"})], flat, accept=refuse)
    assert content(tmp_path) == before


def test_two_builds_never_write_one_output_together(tmp_path: Path) -> None:
    with locked(tmp_path / "cache/state.lock"), pytest.raises(ConflictError, match="another build"):
        put(tmp_path, group("a", {"a.json": b"1"}))


@pytest.mark.parametrize("is_there", [False, True])
def test_builds_of_two_sites_never_write_one_output_together(tmp_path: Path, is_there: bool) -> None:
    if is_there:
        put(tmp_path, group("a", {"a.json": b"1"}))
    with locked_folder(tmp_path / "dist"), pytest.raises(ConflictError, match="another build"):
        # The lock that another site's build holds is none that this site's state folder knows of.
        put(tmp_path, group("a", {"a.json": b"2"}))
    put(tmp_path, group("a", {"a.json": b"2"}))
    assert content(tmp_path)["a.json"] == b"2"


def test_an_output_stays_locked_when_it_gets_its_name(tmp_path: Path) -> None:
    with locked_folder(tmp_path / "deep/dist"):
        (tmp_path / "deep/dist.regpress-new").rename(tmp_path / "deep/dist")
        with pytest.raises(ConflictError), locked_folder(tmp_path / "deep/dist"):
            pass
    with locked_folder(tmp_path / "deep/dist"):
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["dist"]


def test_a_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    with locked_folder(tmp_path / "not/there"):
        assert (tmp_path / "not").is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("file", ["x/y", "x/y/z", "x"])
def test_two_documents_with_one_path_are_refused(tmp_path: Path, is_there: bool, file: str) -> None:
    if is_there:
        put(tmp_path, group("a", {"x/y": b"1"}))
    tree = OutputTree(tmp_path / "dist", state_file=tmp_path / "cache" / "state")
    groups = [group("a", {"x/y": b"1"}), group("b", {file: b"2"})]

    def accept(size: object, files: Iterable[str]) -> None:
        if conflicts := path_conflicts(files):
            raise BuildRefusedError("; ".join(conflicts))

    with pytest.raises(BuildRefusedError):
        tree.replace(groups, flat, accept=accept)
    assert (tmp_path / "dist").exists() is is_there


def test_of_a_tree_that_is_there_only_disputed_paths_are_looked_at(tmp_path: Path) -> None:
    put(tmp_path, *(group(name, {f"{name}/1": b"1"}) for name in "abc"))
    seen: list[set[str]] = []
    tree = OutputTree(tmp_path / "dist", state_file=tmp_path / "cache" / "state")
    groups = [group("a", {"a/1": b"1"}), group("b", {"b/1": b"2", "b/2": b"2"}), group("c", {"c/1": b"1"})]
    tree.replace(groups, flat, accept=lambda size, files: seen.append(set(files)))
    assert seen == [{"b/1", "b/2"}]


def test_the_size_that_is_accepted_is_that_of_the_whole_tree(tmp_path: Path) -> None:
    sizes: list[TreeSize] = []
    for bodies in ({"a": b"1", "b": b"333"}, {"a": b"1", "b": b"22"}, {"a": b"22", "b": b"22"}, {"a": b"", "b": b"22"}):
        tree = OutputTree(tmp_path / "dist", state_file=tmp_path / "cache" / "state")
        groups = [group(name, {name: body}) for name, body in bodies.items()]
        tree.replace(groups, flat, accept=lambda size, files: sizes.append(size))
    assert sizes == [TreeSize(2, "b", 3, 4), TreeSize(2, "b", 2, 3), TreeSize(2, "a", 2, 4), TreeSize(2, "b", 2, 2)]


def test_several_processes_render_what_one_does(tmp_path: Path) -> None:
    groups = [group(str(number), {f"{number % 7}/{number}": b"%d" % number}) for number in range(300)]
    for jobs in (1, 3):
        tree = OutputTree(tmp_path / str(jobs) / "dist", state_file=tmp_path / "cache" / str(jobs), jobs=jobs)
        for made in (groups[:200], groups):
            tree.replace(made, flat, accept=lambda size, files: None)
    assert content(tmp_path / "1") == content(tmp_path / "3")
    assert len(content(tmp_path / "3")) == 301


def test_several_processes_make_a_new_tree_of_many_shards_as_one_does(tmp_path: Path) -> None:
    def section(number: int) -> Section:
        groups = [group(f"{number}/{one}", {f"{number}/{one}": b"%d" % one}) for one in range(30)]
        return Section(str(number), b"recipe", f"{number:02x}", lambda: groups)

    results = []
    for jobs in (1, 2, 3):
        tree = OutputTree(tmp_path / str(jobs) / "dist", state_file=tmp_path / "cache" / str(jobs), jobs=jobs)
        results.append(tree.replace(map(section, range(80)), flat, accept=lambda size, files: None))
    assert {result.written for result in results} == {80 * 30 + 80 + 1}
    assert content(tmp_path / "1") == content(tmp_path / "2") == content(tmp_path / "3")


def test_what_a_process_cannot_render_leaves_nothing_behind(tmp_path: Path) -> None:
    def refuse() -> list[Artifact]:
        raise BuildRefusedError("no")

    groups = [group(str(number), {str(number): b"1"}) for number in range(300)]
    bad = ArtifactGroup(key="bad", recipe=b"bad", stage="leaf", render=refuse)
    for position in (0, 150, 300):
        tree = OutputTree(tmp_path / "dist", state_file=tmp_path / "cache" / "state", jobs=3)
        with pytest.raises(BuildRefusedError, match="no"):
            tree.replace([*groups[:position], bad, *groups[position:]], flat, accept=lambda size, files: None)
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only folders")
def test_a_read_only_output_is_a_clear_error(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"a.json": b"1"}))
    (tmp_path / "dist").chmod(0o555)
    try:
        with pytest.raises(StorageError, match="ermission"):
            put(tmp_path, group("a", {"a.json": b"2"}))
    finally:
        (tmp_path / "dist").chmod(0o755)
    assert content(tmp_path)["a.json"] == b"1"


def test_what_an_interrupted_build_left_is_cleaned_up(tmp_path: Path) -> None:
    put(tmp_path, group("a", {"a.json": b"1"}))
    # As after a kill between moving files and saving the state: a new file, a replaced one, and the journal.
    dist = tmp_path / "dist"
    (dist / STAGING).mkdir()
    (dist / STAGING / "journal.json").write_bytes(orjson.dumps(["new/n.json", "../../outside", "a.json"]))
    (dist / "new").mkdir()
    (dist / "new/n.json").write_bytes(b"half")
    (dist / "a.json").write_bytes(b"changed")
    put(tmp_path, group("a", {"a.json": b"1"}))
    assert content(tmp_path).keys() == {"a.json", "manifest.json"}
    assert content(tmp_path)["a.json"] == b"1"
    assert not (dist / STAGING).exists()


@pytest.mark.parametrize("made", ["new", "new/deep", "new/deep/er"])
def test_folders_that_an_interrupted_build_made_for_a_file_that_never_came_go_too(tmp_path: Path, made: str) -> None:
    put(tmp_path, group("a", {"a.json": b"1"}))
    dist = tmp_path / "dist"
    (dist / STAGING).mkdir()
    (dist / STAGING / "journal.json").write_bytes(orjson.dumps(["new/deep/er/n.json"]))
    (dist / made).mkdir(parents=True)
    put(tmp_path, group("a", {"a.json": b"1"}))
    assert sorted(path.name for path in dist.iterdir()) == ["a.json", "manifest.json"]


STATES = st.lists(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]),
        st.dictionaries(
            st.sampled_from(["1", "2", "3", "sub/1", "sub/2"]), st.sampled_from([b"x", b"y", b"zz"]), max_size=3
        ),
        max_size=4,
    ),
    min_size=2,
    max_size=5,
)


@given(STATES)
@settings(max_examples=60, deadline=None)
def test_any_history_of_builds_ends_like_a_build_from_nothing(
    tmp_path_factory: pytest.TempPathFactory, states: list[dict[str, dict[str, bytes]]]
) -> None:
    one, other = tmp_path_factory.mktemp("history"), tmp_path_factory.mktemp("fresh")
    for state in states:
        groups = [group(key, {f"{key}/{name}": body for name, body in files.items()}) for key, files in state.items()]
        put(one, *groups)
    put(other, *groups)
    assert content(one) == content(other)


def section_of(key: str, files: Mapping[str, bytes]) -> Section:
    groups = [group(f"{key}/{name}", {f"{key}/{name}": body}) for name, body in files.items()]
    parts = [part for one in groups for part in (one.key.encode(), one.recipe)]
    return Section(key, recipe(parts), f"{len(key):02x}", lambda: groups)


@pytest.mark.parametrize("jobs", [1, 3])
@given(states=STATES)
@settings(max_examples=30, deadline=None)
def test_any_history_of_sections_that_two_processes_look_through_ends_like_a_build_from_nothing(
    tmp_path_factory: pytest.TempPathFactory, states: list[dict[str, dict[str, bytes]]], jobs: int
) -> None:
    def build(root: Path, state: dict[str, dict[str, bytes]]) -> None:
        tree = OutputTree(root / "dist", state_file=root / "cache" / "state", jobs=jobs)
        # One half has sections and groups without one; what is in it moves from build to build.
        parts = [section_of(key, files) if "sub/1" in files else group(key, {}) for key, files in state.items()]
        others = [section_of(key, files) for key, files in state.items() if "sub/1" not in files]
        tree.replace(parts, flat, others=others, accept=lambda size, files: None)

    one, other = tmp_path_factory.mktemp("history"), tmp_path_factory.mktemp("fresh")
    for state in states:
        build(one, state)
    build(other, states[-1])
    assert content(one) == content(other)


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("jobs", [1, 2])
def test_two_sections_or_groups_of_one_name_are_refused(tmp_path: Path, is_there: bool, jobs: int) -> None:
    if is_there:
        put(tmp_path, group("z", {"z": b"1"}))
    before = content(tmp_path) if is_there else {}
    one, other = section_of("a", {"1": b"1"}), section_of("a", {"2": b"2"})
    twice = Section("b", b"recipe", "00", lambda: [group("b", {"3": b"3"}), group("b", {"4": b"4"})])
    some = group("c", {"5": b"5"})
    for parts, others in (([one, other], []), ([one], [other]), ([], [one, other]), ([twice], []), ([some, some], [])):
        tree = OutputTree(tmp_path / "dist", state_file=tmp_path / "cache" / "state", jobs=jobs)
        with pytest.raises(BuildRefusedError, match="are called"):
            tree.replace(parts, flat, others=others, accept=lambda size, files: None)
    assert (content(tmp_path) if is_there else {}) == before
    assert (tmp_path / "dist").exists() is is_there


def put_pages(root: Path, *names: str, inherited: tuple[Inherited, ...] = ()) -> dict[str, bytes]:
    groups = [group(name, {f"_pages/{name}": name.encode()}, "page") for name in names]
    tree = OutputTree(root / "dist", state_file=root / "cache" / "state")
    tree.replace(
        groups,
        flat,
        accept=lambda size, files: None,
        keeps=lambda row: row.address.startswith("_pages/"),
        inherited=inherited,
    )
    return {name: body for name, body in content(root).items() if name.startswith("_pages/")}


def test_an_old_page_stays_readable_for_two_generations(tmp_path: Path) -> None:
    put_pages(tmp_path, "a", "b")
    assert put_pages(tmp_path, "a") == {"_pages/a": b"a", "_pages/b": b"b"}
    assert put_pages(tmp_path, "a", "c").keys() == {"_pages/a", "_pages/b", "_pages/c"}
    kept = orjson.loads(content(tmp_path)["manifest.json"])["kept"]
    assert [(row["file"], row["age"]) for row in kept] == [("_pages/b", 2)]
    assert put_pages(tmp_path, "a", "d").keys() == {"_pages/a", "_pages/c", "_pages/d"}


def test_a_kept_page_that_is_made_again_is_an_ordinary_one(tmp_path: Path) -> None:
    put_pages(tmp_path, "a", "b")
    put_pages(tmp_path, "a")
    put_pages(tmp_path, "a", "b")
    assert "kept" not in orjson.loads(content(tmp_path)["manifest.json"])


def test_an_old_page_that_an_interrupted_build_changed_stays_too(tmp_path: Path) -> None:
    put_pages(tmp_path, "a", "b")
    # As after a kill between moving files and saving the state.
    dist = tmp_path / "dist"
    (dist / "_pages/b").write_bytes(b"changed")
    (dist / STAGING).mkdir()
    (dist / STAGING / "journal.json").write_bytes(b"[]")
    assert put_pages(tmp_path, "a") == {"_pages/a": b"a", "_pages/b": b"changed"}
    (kept,) = orjson.loads(content(tmp_path)["manifest.json"])["kept"]
    assert (kept["age"], kept["size"], kept["sha256"]) == (1, 7, hashlib.sha256(b"changed").hexdigest())


def test_an_old_page_that_somebody_changed_is_not_kept(tmp_path: Path) -> None:
    put_pages(tmp_path, "a", "b")
    (tmp_path / "dist/_pages/b").write_bytes(b"changed")
    assert put_pages(tmp_path, "a") == {"_pages/a": b"a"}


def test_kept_pages_survive_a_lost_state(tmp_path: Path) -> None:
    put_pages(tmp_path, "a", "b")
    put_pages(tmp_path, "a")
    shutil.rmtree(tmp_path / "cache")
    assert put_pages(tmp_path, "a").keys() == {"_pages/a", "_pages/b"}


def test_a_fresh_folder_continues_what_is_deployed(tmp_path: Path) -> None:
    def page(name: str, age: int, body: bytes | None) -> Inherited:
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        return Inherited(Written(f"_pages/{name}", 1, sha256, f"_pages/{name}", JSON), age, lambda: body)

    deployed = (page("a", 0, b"a"), page("b", 0, b"b"), page("c", 1, b"c"), page("d", 2, b"d"), page("e", 0, b"forged"))
    found = put_pages(tmp_path, "a", inherited=(*deployed, page("f", 0, None)))
    assert found == {"_pages/a": b"a", "_pages/b": b"b", "_pages/c": b"c"}
    kept = orjson.loads(content(tmp_path)["manifest.json"])["kept"]
    assert {row["file"]: row["age"] for row in kept} == {"_pages/b": 1, "_pages/c": 2}


def test_building_the_same_again_is_no_new_generation(tmp_path: Path) -> None:
    put_pages(tmp_path, "a", "b")
    put_pages(tmp_path, "a")
    for _ in range(3):
        assert put_pages(tmp_path, "a").keys() == {"_pages/a", "_pages/b"}
