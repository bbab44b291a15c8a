import pytest
from hypothesis import given
from hypothesis import strategies as st

from regpress.errors import InvalidNameError
from regpress.names import (
    EntryName,
    parse_collection_name,
    parse_entry_name,
    parse_registry_name,
    parse_server_name,
    parse_version,
    segment_problem,
    segment_warning,
)


@pytest.mark.parametrize(
    "name", ["com.example/weather", "io.github.Octo/Upper_Case", "a/b", "-x/y", "com.example/a.json", "x.y/v1.2.3"]
)
def test_a_server_name_is_namespace_and_name(name: str) -> None:
    parsed = parse_server_name(name)
    assert str(parsed) == name
    assert parsed == EntryName(*name.split("/"))


@pytest.mark.parametrize(
    "name",
    ["", "a", "noslash", "a/b/c", "../etc", "com.example/..", "./x", "a/", "/b", "a b/c", "a/b\n", "a/b%2f", "ä/b",
     "a\\b/c", "com.example/index.html", "com.example/index.json", "com.example/index", "x" * 150 + "/" + "y" * 60],
)  # fmt: skip
def test_what_is_no_server_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidNameError):
        parse_server_name(name)


@pytest.mark.parametrize(
    "version",
    ["latest", "", ".", "..", "1/2", "1\\2", "50%", "a?b", "a#b", "1\n", " 1", "1 ", "\x00", "1\u2028", "index",
     "index.html", "index.json", "Index.HTML", "v" * 256, "ü" * 125],
)  # fmt: skip
def test_what_cannot_be_an_address_is_no_version(version: str) -> None:
    with pytest.raises(InvalidNameError):
        parse_version(version)


@pytest.mark.parametrize("version", ["1.0.0", "1.2.3+build", "v1", "2025-06-18", "a b", "1.0.0-rc.1", "ü", "0" * 240])
def test_other_texts_are_versions(version: str) -> None:
    assert parse_version(version) == version


@given(st.text(max_size=12))
def test_a_safe_segment_is_one_path_step(segment: str) -> None:
    if segment_problem(segment) is None:
        assert "/" not in segment
        assert "\\" not in segment
        assert segment not in {"", ".", ".."}
        assert not any(ord(character) < 32 for character in segment)
        segment.encode()


@pytest.mark.parametrize("segment", ["CON", "nul.json", "a:b", "end.", "COM1"])
def test_what_windows_cannot_store_is_a_warning(segment: str) -> None:
    assert segment_problem(segment) is None
    assert segment_warning(segment)


def test_skill_names_follow_their_own_rules() -> None:
    assert str(parse_collection_name("io.example", "chart-reading")) == "io.example/chart-reading"
    for namespace, name in (("io", "x"), ("io.example", "Upper"), ("io.example", "-x"), ("a/b", "x"), ("...", "..")):
        with pytest.raises(InvalidNameError):
            parse_collection_name(namespace, name)
    assert parse_entry_name("skill", "io.example/x") == EntryName("io.example", "x")


@pytest.mark.parametrize(("name", "fine"), [("default", True), ("a-1", True), ("A", False), ("-a", False), ("", False)])
def test_registry_names_are_labels(name: str, fine: bool) -> None:
    if fine:
        assert parse_registry_name(name) == name
    else:
        with pytest.raises(InvalidNameError):
            parse_registry_name(name)
