"""Who may see and change what: the tables of ToolHive specification section 11."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regpress.claims import ROLES, UNGATED, Role, caller_of, can_read, can_write, claims_problem, same_claims

TABLE: list[tuple[dict[str, Any], dict[str, Any], bool, bool]] = [
    ({"org": "tides"}, {"org": "tides", "team": "a"}, True, True),
    ({"org": "tides", "team": "b"}, {"org": "tides", "team": "a"}, False, False),
    ({"team": ["a", "b"]}, {"team": "a"}, True, False),
    ({"team": ["a", "b"]}, {"team": ["a", "b", "c"]}, True, True),
    ({"org": "tides"}, {"team": "a"}, False, False),
    ({}, {"team": "a"}, False, False),
    ({"team": []}, {"team": "x"}, True, True),
    ({"team": []}, {}, False, False),
]

ODD = [None, 1, True, {"a": "b"}, ["a", 1], [["a"]], "A"]


@pytest.mark.parametrize(("resource", "caller", "read", "write"), TABLE)
def test_the_table_of_both_rules(resource: dict[str, Any], caller: dict[str, Any], read: bool, write: bool) -> None:
    assert can_read(resource, caller) is read
    assert can_write(resource, caller) is write


@pytest.mark.parametrize("odd", ODD)
def test_a_resource_of_another_form_never_matches(odd: Any) -> None:
    assert not can_read({"team": odd}, {"team": ["a", "1", "True"]})
    assert not can_write({"team": odd}, {"team": ["a", "1", "True"]})


def test_what_a_token_holds_besides_texts_is_passed_over() -> None:
    assert can_read({"team": "a"}, {"team": [1, "a", None]})
    assert not can_read({"team": "1"}, {"team": 1})


def test_a_role_is_held_when_any_map_matches_with_all_its_keys() -> None:
    roles: dict[Role, list[dict[str, Any]]] = {
        "superAdmin": [{"role": "registry-root"}],
        "manageSources": [{"org": "tides", "role": ["ops", "lead"]}, {"team": "x"}],
        "manageEntries": [{}, {"role": []}],
    }
    assert caller_of({"org": "tides", "role": "lead"}, roles).roles == {"manageSources"}
    assert caller_of({"org": "other", "role": "lead"}, roles).roles == frozenset()
    assert caller_of({"team": ["x"]}, roles).has("manageSources")
    root = caller_of({"role": ["registry-root"]}, roles)
    assert all(root.has(role) for role in ROLES)
    assert root.may_read({})
    assert root.may_stamp({"any": "thing"})


def test_nothing_is_asked_of_the_ungated() -> None:
    assert UNGATED.may_read({})
    assert UNGATED.may_read({"": "unreadable"})
    assert all(UNGATED.has(role) for role in ROLES)


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"org": "a", "team": ["b", "c"], "x": []}, ""),
        ({}, ""),
        ([], "claims must be an object"),
        ({"org": 1}, "claim 'org' must be a string or a list of strings"),
        ({"org": [1]}, "claim 'org' must be a string or a list of strings"),
        ({"org": {"a": "b"}}, "claim 'org' must be a string or a list of strings"),
    ],
)
def test_claims_are_a_flat_map(claims: Any, problem: str) -> None:
    assert claims_problem(claims) == problem


TEXT = st.sampled_from("abc")
MAPS = st.dictionaries(TEXT, TEXT | st.lists(TEXT, max_size=3), max_size=3)


@given(MAPS, MAPS)
def test_who_may_stamp_claims_may_also_read_what_has_them(resource: dict[str, Any], caller: dict[str, Any]) -> None:
    if can_write(resource, caller):
        assert can_read(resource, caller)


@given(MAPS, MAPS, MAPS)
def test_more_claims_never_show_less(resource: dict[str, Any], caller: dict[str, Any], more: dict[str, Any]) -> None:
    def values(value: Any) -> list[str]:
        return [value] if isinstance(value, str) else list(value)

    keys = {*caller, *more}
    richer = {key: values(caller.get(key, [])) + values(more.get(key, [])) for key in keys}
    if can_read(resource, caller):
        assert can_read(resource, richer)


@given(MAPS)
def test_form_and_order_of_a_list_say_nothing(claims: dict[str, Any]) -> None:
    other = {key: [value] if isinstance(value, str) else list(reversed(value)) for key, value in claims.items()}
    assert same_claims(claims, other)
