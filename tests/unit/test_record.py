"""A record does all that a frozen dataclass does, but for refusing assignments at run time."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import pytest

from regpress.record import record


@record
class Place:
    name: str
    depth: int = 0
    tags: list[str] = field(default_factory=list)


@record(kw_only=True)
class Berth:
    """A place for one ship."""

    number: int = 1
    place: Place
    secret: str = field(default="", repr=False, compare=False)
    kind: str = field(default="berth", init=False)
    marks: list[str] = field(default_factory=list, init=False, compare=False, repr=False)


@record(slots=False)
class Quay:
    lengths: tuple[int, ...]

    @cached_property
    def total(self) -> int:
        return sum(self.lengths)


@record
class Harbour(Quay):
    name: str = "harbour"


@record
class Nothing:
    pass


@record
class One:
    value: Any


@record
class Named:
    """Has what it compares by, and how it is shown."""

    name: str
    other: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and self.name == other.name

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return f"<{self.name}>"


@record
class Compared:  # noqa: PLW1641  # what the decorator adds is what is tested
    name: str

    def __eq__(self, other: object) -> bool:
        return True


@record
class Checked:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


RECORDS = [
    Place("pier", 3, ["a"]),
    Berth(number=2, place=Place("pier"), secret="x"),
    Quay((1, 2)),
    Harbour((1, 2), "old"),
    Nothing(),
    One(("a",)),
    Checked(1, 2),
]
each_record = pytest.mark.parametrize("one", RECORDS, ids=lambda one: type(one).__name__)


def test_members_are_given_by_place_or_by_name_and_have_defaults() -> None:
    place = Place("pier", tags=["a"])
    assert (place.name, place.depth, place.tags) == ("pier", 0, ["a"])
    assert list(inspect.signature(Place).parameters) == ["name", "depth", "tags"]


def test_each_record_gets_a_default_of_its_own_from_a_factory() -> None:
    first, second = Place("a"), Place("b")
    first.tags.append("x")
    assert second.tags == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (Place, "name"),
        (lambda: Place("a", 1, [], 4), "takes from 2 to 4"),
        (lambda: Place("a", deep=1), "deep"),
        (lambda: Berth(1, Place("a")), "takes 1 positional"),
        (lambda: Berth(number=1), "place"),
        (lambda: Berth(place=Place("a"), kind="x"), "kind"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_with_the_name_of_what_is_wrong(wrong: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        wrong()


def test_members_by_name_only_may_stand_behind_defaults() -> None:
    berth = Berth(place=Place("pier"))
    assert (berth.number, berth.secret, berth.kind, berth.marks) == (1, "", "berth", [])


def test_a_member_without_a_default_may_not_follow_one_with() -> None:
    with pytest.raises((TypeError, SyntaxError)):

        @record
        class Wrong:
            first: int = 1
            second: int


def test_records_are_equal_by_their_members_and_only_in_one_class() -> None:
    assert Place("a", 1, ["x"]) == Place("a", 1, ["x"])
    assert Place("a", 1) != Place("a", 2)
    assert Quay((1,)) != Harbour((1,))
    assert Quay((1,)).__eq__(Harbour((1,))) is NotImplemented
    assert One(1) != (1,)
    assert Nothing() == Nothing()


def test_a_member_may_stay_out_of_comparing_and_showing() -> None:
    one, other = (Berth(place=Place("pier"), secret=secret) for secret in "ab")
    assert one == other
    assert repr(one) == "Berth(number=1, place=Place(name='pier', depth=0, tags=[]), kind='berth')"


def test_equal_records_have_one_hash_if_their_members_have() -> None:
    assert {Quay((1, 2)): "a"}[Quay((1, 2))] == "a"
    assert hash(One("a")) == hash(One("a")) != hash(One("b"))
    assert hash(Nothing()) == hash(Nothing())
    with pytest.raises(TypeError, match="unhashable"):
        hash(Place("a"))


def test_a_member_may_stay_out_of_the_hash() -> None:
    @record
    class Listed:
        name: str
        names: list[str] = field(hash=False)

    assert hash(Listed("a", [])) == hash(Listed("a", ["b"]))
    assert Listed("a", []) != Listed("a", ["b"])


def test_methods_that_a_class_has_itself_are_left_alone() -> None:
    assert Named("a", 1) == Named("a", 2)
    assert hash(Named("a")) == 7
    assert repr(Named("a")) == "<a>"
    assert hash(Compared("a")) == hash(Compared("a")) != hash(Compared("b"))


def test_a_record_that_contains_itself_can_be_shown() -> None:
    values: list[Any] = []
    values.append(One(values))
    assert repr(values[0]) == "One(value=[...])"
    held: dict[str, Any] = {}
    one = One(held)
    held["one"] = one
    assert repr(one) == "One(value={'one': ...})"


@pytest.mark.parametrize("values", [("a", 1, ("x",)), ("", -1, None), ("é\n", 10**20, frozenset({1}))])
def test_a_record_shows_compares_and_hashes_as_a_frozen_dataclass(values: tuple[Any, ...]) -> None:
    class Shape:
        name: str
        depth: int = field(default=1, repr=False)
        more: Any = field(default=None, compare=False)

    ours: Any = record(type("Shape", (), dict(vars(Shape), __module__=__name__)))
    theirs: Any = dataclass(frozen=True)(Shape)
    ours.__qualname__ = theirs.__qualname__
    assert repr(ours(*values)) == repr(theirs(*values))
    assert hash(ours(*values)) == hash(theirs(*values))
    assert (ours(*values) == ours(*values[:2])) == (theirs(*values) == theirs(*values[:2]))
    assert ours.__match_args__ == theirs.__match_args__
    assert [each.name for each in fields(ours)] == [each.name for each in fields(theirs)]
    assert asdict(ours(*values)) == asdict(theirs(*values))


@each_record
def test_a_record_comes_back_equal_from_pickling_and_copying(one: Any) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(one, protocol))
        assert (type(again), again) == (type(one), one)
    assert copy.copy(one) == copy.deepcopy(one) == one


def test_what_does_not_compare_is_pickled_as_well() -> None:
    assert pickle.loads(pickle.dumps(Berth(place=Place("a"), secret="s"))).secret == "s"


def test_members_are_replaced_in_a_copy() -> None:
    place = Place("pier", 1)
    assert replace(place, depth=2) == Place("pier", 2)
    assert place.depth == 1
    assert replace(Berth(place=place, secret="s"), number=4).secret == "s"
    with pytest.raises(TypeError, match="deep"):
        replace(place, deep=2)


def test_what_a_class_checks_when_it_is_made_is_checked() -> None:
    assert Checked(1, 2).high == 2
    with pytest.raises(ValueError, match="above"):
        replace(Checked(1, 2), low=3)


def test_a_record_matches_by_place() -> None:
    match Place("pier", 3):
        case Place(name, depth):
            assert (name, depth) == ("pier", 3)
        case _:
            pytest.fail("no match")


def test_a_record_has_no_more_than_its_members_unless_it_says_so() -> None:
    assert not hasattr(Place("a"), "__dict__")
    quay = Quay((1, 2))
    assert quay.total == 3
    assert vars(quay) == {"lengths": (1, 2), "total": 3}
    assert quay == Quay((1, 2))
    assert Harbour((2, 3)).total == 5


def test_the_description_of_a_class_is_kept() -> None:
    assert Berth.__doc__ == "A place for one ship."
    assert Place.__qualname__ == "Place"
    assert (Place.__init__.__module__, Place.__init__.__qualname__) == (__name__, "Place.__init__")
