from collections.abc import Callable
from itertools import permutations
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regpress.versions import compare, is_newer, newest_first, pick_latest, precedence, ranked


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.0.0", "2.0.0"),
        ("1.9.0", "1.10.0"),
        ("1.0.0-alpha", "1.0.0-alpha.1"),
        ("1.0.0-alpha.1", "1.0.0-alpha.beta"),
        ("1.0.0-alpha.beta", "1.0.0-beta"),
        ("1.0.0-beta.2", "1.0.0-beta.11"),
        ("1.0.0-rc.1", "1.0.0"),
        ("1", "1.0.1"),
        ("1.2", "v1.3"),
        ("v1.0.0", "v2.0.0"),
        ("snapshot", "0.0.1"),
        ("2021.03.05", "1.0.0"),
        ("1.0.0.0", "0.1.0"),
    ],
)
def test_order(lower: str, higher: str) -> None:
    assert is_newer(higher, lower)
    assert not is_newer(lower, higher)


@pytest.mark.parametrize(("left", "right"), [("1.0.0", "1.0.0+b2"), ("1", "1.0.0"), ("v1.2", "1.2.0")])
def test_equal_is_not_newer(left: str, right: str) -> None:
    assert compare(left, right) == 0
    assert not is_newer(left, right)
    assert not is_newer(right, left)


def test_two_texts_go_by_publication_time_first() -> None:
    assert is_newer("alpha", "beta", time="2026-01-02", than_time="2026-01-01")


def test_two_texts_of_one_time_go_by_pep_440_where_both_parse() -> None:
    assert is_newer("2021.03.10", "2021.03.9")
    assert is_newer("1.0.0.10", "1.0.0.9")
    assert is_newer("zeta", "alpha")


@pytest.mark.parametrize(
    "text", ["", "1.0.0-", "1.0.0-alpha@1", "01.0.0", "1.0.0-01", "a.0.0", "1..0", "1.0.0+", "\uff11.0.0"]
)
def test_not_semantic(text: str) -> None:
    assert precedence(text) is None


SEMANTIC = st.from_regex(r"\A[0-9]{1,2}\.[0-9]{1,2}\.[0-9](-(a|b|[0-9]|rc)(\.[0-9]{1,2})?)?\Z")
TIMES = st.sampled_from(["2026-01-01", "2026-01-02"])
ANY = SEMANTIC | st.sampled_from(["main", "1.0.0.1", "2025-01-01", "v1", "r12"])


@given(ANY, ANY)
def test_comparison_is_antisymmetric(left: str, right: str) -> None:
    assert compare(left, right) == -compare(right, left)


@given(SEMANTIC, SEMANTIC, SEMANTIC)
def test_semantic_order_is_transitive(a: str, b: str, c: str) -> None:
    if compare(a, b) >= 0 and compare(b, c) >= 0:
        assert compare(a, c) >= 0


@given(st.lists(st.tuples(ANY, TIMES), min_size=1, max_size=5, unique=True))
def test_latest_and_order_do_not_depend_on_the_order_of_input(items: list[tuple[str, str]]) -> None:
    options = [list(order) for order in permutations(items)][:24]
    latest = {pick_latest(order, version=lambda i: i[0], time=lambda i: i[1]) for order in options}
    assert len(latest) == 1
    best = latest.pop()
    assert not any(is_newer(v, best[0], time=t, than_time=best[1]) for v, t in items if precedence(best[0]))
    orders = {tuple(newest_first(order, version=lambda i: i[0], time=lambda i: i[1])) for order in options}
    assert len(orders) == 1
    times = [time for _, time in orders.pop()]
    assert times == sorted(times, reverse=True)


def test_among_equal_versions_the_first_published_keeps_the_flag() -> None:
    items = [("1.0.0+b2", "2026-02-01"), ("1.0.0+b1", "2026-01-01")]
    assert pick_latest(items, version=lambda i: i[0], time=lambda i: i[1])[0] == "1.0.0+b1"


@given(
    st.lists(
        st.tuples(ANY | st.sampled_from(["1.0.0+a", "1.0.0+b"]), TIMES),
        min_size=1,
        max_size=6,
        unique_by=lambda item: item[0],
    )
)
def test_versions_are_ranked_in_their_order_and_by_the_rule_for_the_latest(items: list[tuple[str, str]]) -> None:
    versions, times = [version for version, _ in items], [time for _, time in items]
    by: dict[str, Callable[[tuple[str, str]], str]] = {"version": itemgetter(0), "time": itemgetter(1)}
    assert ranked(items, versions, times) == (newest_first(items, **by), pick_latest(items, **by))
