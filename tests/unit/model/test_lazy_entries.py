from __future__ import annotations

from collections.abc import Sequence

import pytest

from fakes_catalog import make_entry, make_server
from regpress.model.entry import Entry, EntryVersion, Outline
from regpress.model.lazy_entries import LazyEntries

ENTRIES = [make_entry(make_server(f"com.example/{letter}")) for letter in "abcdef"]


class Counting:
    """Makes entries and notes their numbers."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.versions: list[int] = []

    def entries(self, numbers: Sequence[int]) -> list[Entry]:
        self.made += numbers
        return [ENTRIES[number] for number in numbers]

    def latest(self, numbers: Sequence[int]) -> list[EntryVersion]:
        self.versions += numbers
        return [ENTRIES[number].latest for number in numbers]

    def outlines(self, numbers: Sequence[int]) -> list[Outline]:
        return [_outline(ENTRIES[number].latest) for number in numbers]

    def texts(self, numbers: Sequence[int]) -> list[tuple[memoryview, bytes]]:
        return [(memoryview(ENTRIES[number].latest.text), b"") for number in numbers]


def _outline(version: EntryVersion) -> Outline:
    return Outline(*(getattr(version, member) for member in Outline._fields))


@pytest.fixture
def maker() -> Counting:
    return Counting()


def test_an_entry_is_made_when_it_is_asked_for_and_once(maker: Counting) -> None:
    entries = LazyEntries([0, 1, ENTRIES[2], 3], maker)
    assert len(entries) == 4
    assert maker.made == []
    assert entries[3] is entries[-1] is ENTRIES[3]
    assert entries[2] is ENTRIES[2]
    assert maker.made == [3]
    assert list(entries) == ENTRIES[:4]
    assert maker.made == [3, 0, 1]


def test_several_entries_are_made_at_once(maker: Counting) -> None:
    entries = LazyEntries(range(6), maker)
    assert entries[1:4] == tuple(ENTRIES[1:4])
    assert entries.some((0, 1, 5)) == (ENTRIES[0], ENTRIES[1], ENTRIES[5])
    assert maker.made == [1, 2, 3, 0, 5]


def test_latest_versions_are_made_without_their_entries(maker: Counting) -> None:
    entries = LazyEntries([0, ENTRIES[1], 2, 3], maker)
    assert entries.latest_of((1, 2)) == [ENTRIES[1].latest, ENTRIES[2].latest]
    assert list(entries.latest()) == list(entries.latest()) == [entry.latest for entry in ENTRIES[:4]]
    assert entries.latest_of((0, 3)) == [ENTRIES[0].latest, ENTRIES[3].latest]
    assert maker.made == []
    assert maker.versions == [2, 0, 2, 3]


def test_entries_equal_those_that_are_the_same(maker: Counting) -> None:
    entries = LazyEntries(range(2), maker)
    assert entries == tuple(ENTRIES[:2])
    assert entries == LazyEntries(ENTRIES[:2], maker)
    assert entries != tuple(ENTRIES[:3])
    assert entries != 2


def test_what_lists_say_is_known_without_any_version(maker: Counting) -> None:
    entries = LazyEntries([0, ENTRIES[1], 2], maker)
    assert [_outline(one) for one in entries.outlines_of((0, 1, 2))] == [
        _outline(entry.latest) for entry in ENTRIES[:3]
    ]
    assert [(bytes(text), meta) for text, meta in entries.texts_of((0, 1, 2))] == [
        (e.latest.text, b"") for e in ENTRIES[:3]
    ]
    assert maker.made == maker.versions == []
