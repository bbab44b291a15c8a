from __future__ import annotations

from typing import Any

import pytest

from regpress.install.derive import launches_of
from regpress.install.launch import Input, Launch
from regpress.install.plain import plain_server
from regpress.names import EntryName


def remote(**members: Any) -> Launch:
    document = {"remotes": [{"type": "streamable-http", "url": "https://tides.example/mcp", **members}]}
    (launch,) = launches_of(document, EntryName("com.example", "tides"))
    return launch


def headers(*items: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a remote in the plain form."""
    return dict(plain_server(remote(headers=list(items))).get("headers", {}))


def environment(*items: dict[str, Any]) -> Launch:
    package = {"registryType": "npm", "identifier": "a", "transport": {"type": "stdio"}}
    (launch,) = launches_of(
        {"packages": [{**package, "environmentVariables": list(items)}]}, EntryName("com.example", "tides")
    )
    return launch


def test_braces_that_name_a_variable_are_replaced_and_others_stay() -> None:
    launch = remote(
        url="https://{area}.tides.example/{year}/mcp",
        variables={"area": {"default": "north", "choices": ["north", "south"], "description": "Which sea"}},
    )
    assert launch.url == ("https://", 0, ".tides.example/{year}/mcp")
    assert launch.inputs == (
        Input("area", "TIDES_AREA", "Which sea", required=True, default="north", choices=("north", "south")),
    )
    assert plain_server(launch)["url"] == "https://north.tides.example/{year}/mcp"


def test_a_secret_is_never_written_down() -> None:
    secret = {"isSecret": True, "default": "hunter2", "placeholder": "hunter2", "choices": ["hunter2"]}
    launch = environment(
        {"name": "A", **secret, "isRequired": True},
        {"name": "B", "isSecret": True, "value": "hunter2"},
        {"name": "C", "value": "x{c}y", "variables": {"c": secret}},
        {"name": "D", "isSecret": True, "value": "x{d}y", "variables": {"d": {"default": "hunter2"}}},
        {"name": "E", "isSecret": True, "value": "x{e}y"},
        {"name": "F", "isSecret": True, "value": "{f}", "variables": {"f": {"value": "hunter2"}}},
    )
    assert "hunter2" not in repr(launch)
    assert all(found.secret for found in launch.inputs)
    assert plain_server(launch)["env"] == {"A": "<A>", "B": "<B>", "C": "x<c>y", "D": "x<d>y", "E": "x<e>y", "F": "<f>"}


def test_a_variable_beside_a_secret_one_may_be_shown() -> None:
    variables = {"user": {"default": "me"}, "password": {"isSecret": True}}
    value = {"name": "LOGIN", "isSecret": True, "value": "{user}:{password}", "variables": variables}
    launch = environment(value)
    assert [found.secret for found in launch.inputs] == [False, True]
    assert plain_server(launch)["env"] == {"LOGIN": "me:<password>"}


def test_a_variable_with_a_fixed_value_needs_nobody() -> None:
    launch = environment({"name": "URL", "value": "https://{host}/", "variables": {"host": {"value": "tides.example"}}})
    assert launch.inputs == ()
    assert plain_server(launch)["env"] == {"URL": "https://tides.example/"}


def test_blanks_of_a_header_that_nobody_declared_are_secrets() -> None:
    launch = remote(headers=[{"name": "Authorization", "value": "Bearer {harbour_api_key}"}])
    assert launch.headers[0].value == ("Bearer ", 0)
    (found,) = launch.inputs
    assert (found.name, found.variable, found.secret, found.required) == (
        "harbour_api_key",
        "HARBOUR_API_KEY",
        True,
        True,
    )


def test_what_is_optional_and_has_no_value_is_left_out() -> None:
    items = [
        {"name": "A"},
        {"name": "B", "default": "b"},
        {"name": "C", "isRequired": True},
        {"name": "D", "value": "d"},
    ]
    assert headers(*items) == {"B": "b", "C": "<C>", "D": "d"}
    assert plain_server(environment(*items))["env"] == {"B": "b", "C": "<C>", "D": "d"}


@pytest.mark.parametrize("name", ["", "A B", "A=B", "A\nB", "-e", 7, None, "1A"])
def test_what_cannot_be_the_name_of_a_variable_is_left_out(name: Any) -> None:
    assert environment({"name": name, "value": "x"}).env == ()


@pytest.mark.parametrize("name", ["", "A B", "A:B", "A\r\nB", "--header", "é", 7])
def test_what_cannot_be_the_name_of_a_header_is_left_out(name: Any) -> None:
    assert headers({"name": name, "value": "x"}) == {}


def test_equal_inputs_are_one_and_different_ones_of_a_name_are_two() -> None:
    token = {"token": {"isSecret": True}}
    launch = remote(
        headers=[
            {"name": "A", "value": "{token}", "variables": token},
            {"name": "B", "value": "{token}", "variables": token},
            {"name": "C", "value": "{token}", "variables": {"token": {"isSecret": True, "description": "Another"}}},
        ]
    )
    assert [found.variable for found in launch.inputs] == ["TIDES_TOKEN", "TIDES_TOKEN_2"]


def test_a_long_description_is_shortened() -> None:
    (found,) = environment({"name": "A", "isRequired": True, "description": "word\n" * 100}).inputs
    assert len(found.description) <= 160
    assert found.description.endswith("word…")


def test_numbers_and_truth_values_are_texts() -> None:
    launch = environment({"name": "A", "value": 8080}, {"name": "B", "default": True})
    assert plain_server(launch)["env"] == {"A": "8080", "B": "true"}
