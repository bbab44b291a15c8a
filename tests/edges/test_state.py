"""What a build knows about its output, to files and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from regpress.output import state
from regpress.output.rows import Row, pack
from regpress.output.state import Group, State, Stored, load_state, save_state


def section(number: int, text: str = "") -> Stored:
    rows = pack([Row(f"{number}/{text}.json", 1, "0" * 64, f"{number}/{text}", "text/html", 5)])
    return Stored.of(bytes([number]) * 16, f"{number:02x}", {f"key {number}": Group.of(b"r" * 16, rows)})


def save(root: Path, sections: Mapping[str, Stored], before: State | None = None, inputs: str = "") -> None:
    base = (before or State()).base
    save_state(root / "state", root / "dist", sections, inputs=inputs, summary={"said": inputs}, base=base)


def load(root: Path) -> State:
    return load_state(root / "state", root / "dist")


def files(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in root.iterdir()}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every state for a large one."""
    monkeypatch.setattr(state, "_LARGE", 1)


@pytest.mark.parametrize("least", [1, 2**20])
def test_what_is_kept_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    monkeypatch.setattr(state, "_LARGE", least)
    sections = {str(number): section(number) for number in range(9)}
    save(tmp_path, sections, inputs="some")
    found = load(tmp_path)
    assert found.sections == sections
    assert found.inputs == "some"
    assert found.summary == {"said": "some"}
    assert found.sections["3"].groups() == sections["3"].groups()
    assert len(files(tmp_path)) == (2 if least == 1 else 1)


@pytest.mark.usefixtures("large")
def test_a_small_change_leaves_the_large_file_as_it_is(tmp_path: Path) -> None:
    sections = {str(number): section(number) for number in range(40)}
    save(tmp_path, sections)
    before, size = files(tmp_path), (tmp_path / "state").stat().st_size
    known = load(tmp_path)
    changed = {**known.sections, "7": section(7, "new"), "more": section(90)}
    del changed["8"]
    save(tmp_path, changed, known, "second")
    after = files(tmp_path)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"state"}
    assert (tmp_path / "state").stat().st_size < size + 1_000
    found = load(tmp_path)
    assert found.sections == changed
    assert list(found.sections) == list(changed)
    assert (found.inputs, found.summary) == ("second", {"said": "second"})
    assert all(one.is_sound for one in found.sections.values())


@pytest.mark.usefixtures("large")
def test_any_history_is_kept_right_and_in_two_files(tmp_path: Path) -> None:
    random = Random(5)
    sections: dict[str, Stored] = {str(number): section(number) for number in range(30)}
    bases, known = set(), State()
    for step in range(60):
        save(tmp_path, sections, known)
        known = load(tmp_path)
        assert known.sections == sections
        assert len(files(tmp_path)) == 2
        bases.add(known.base.label)
        sections = dict(known.sections)
        for _ in range(random.choice([1, 1, 1, 12])):
            number = random.randrange(40)
            if random.random() < 0.2:
                sections.pop(str(number), None)
            else:
                sections[str(number)] = section(number, str(step))
    assert 2 < len(bases) < 30


@pytest.mark.usefixtures("large")
def test_what_a_killed_build_left_goes_with_the_next_one(tmp_path: Path) -> None:
    save(tmp_path, {"a": section(1)})
    for name in ("state.00.base", ".state.00.base.999999.tmp"):
        (tmp_path / name).write_bytes(b"left over")
    (tmp_path / "another.00.base").write_bytes(b"not ours")
    known = load(tmp_path)
    save(tmp_path, known.sections, known)
    assert files(tmp_path).keys() == {"state", f"state.{known.base.label}.base", "another.00.base"}
    assert load(tmp_path).sections == {"a": section(1)}


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("damage", ["gone", "empty", "short", "other"])
def test_without_its_large_file_a_state_is_none_or_unsound(tmp_path: Path, damage: str) -> None:
    save(tmp_path, {"a": section(1), "b": section(2)})
    (base,) = tmp_path.glob("state.*.base")
    data = base.read_bytes()
    base.unlink()
    if damage != "gone":
        base.write_bytes({"empty": b"", "short": data[:-1], "other": data[:-1] + b"?"}[damage])
    found = load(tmp_path)
    assert not found.sections or not found.sections["b"].is_sound


@pytest.mark.usefixtures("large")
def test_without_its_small_file_there_is_no_state(tmp_path: Path) -> None:
    save(tmp_path, {"a": section(1)})
    (tmp_path / "state").unlink()
    assert load(tmp_path).sections == {}
