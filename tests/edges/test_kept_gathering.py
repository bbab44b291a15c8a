"""What was gathered comes back from the cache as it went in, its numbers as views of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from regpress.kept import Gathering, GatheringCache

NUMBERS = st.integers(-(2**33), 2**33)
FACTS = st.dictionaries(
    st.sampled_from(["places", "numbers", "names"]),
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=3) | NUMBERS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)), max_size=2), inner, max_size=3
            )
        ),
        max_leaves=6,
    )
    | st.lists(st.integers(-1, 70_000), min_size=60, max_size=90)
    | st.lists(NUMBERS, min_size=60, max_size=70)
    | st.lists(st.text(max_size=2), min_size=64, max_size=66)
    | st.tuples(st.lists(st.integers(0, 9), min_size=64, max_size=70), st.lists(st.text(max_size=2), max_size=3)),
)


def plain(value: Any) -> Any:
    if isinstance(value, memoryview):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


@given(FACTS, st.lists(st.binary(max_size=9), max_size=3), st.lists(st.binary(max_size=9), max_size=2))
def test_what_was_gathered_comes_back(
    tmp_path_factory: Any, facts: dict[str, Any], blobs: list[bytes], files: list[bytes]
) -> None:
    cache = GatheringCache(tmp_path_factory.mktemp("kept") / "gathered.bin", b"salt")
    cache.save(Gathering(facts, blobs, files))
    found = cache.load()
    assert found is not None
    assert plain(found.facts) == plain(facts)
    assert list(found.blobs) == blobs
    assert [found.data[at : at + len(file)] for at, file in zip(found.files, files, strict=True)] == files


def test_many_numbers_are_not_read_before_they_are_looked_at(tmp_path: Path) -> None:
    cache = GatheringCache(tmp_path / "gathered.bin", b"salt")
    cache.save(Gathering({"starts": list(range(1_000)), "few": [1, 2], "texts": ["a"] * 1_000}, [], []))
    found = cache.load()
    assert found is not None
    assert isinstance(found.facts["starts"], memoryview)
    assert found.facts["starts"][999] == 999
    assert found.facts["few"] == [1, 2]
    assert found.facts["texts"] == ["a"] * 1_000
