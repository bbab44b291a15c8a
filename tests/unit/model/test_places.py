import json
import random
from typing import Any

import pytest

from regpress.model.places import LineFinder, item_place, line_of, member_place

TEXT = b"""{
  "version": "1.0.0",
  "data": {
    "servers": [
      {
        "name": "a/b",
        "packages": [{"identifier": "x"}, {
          "identifier": "y"
        }],
        "_meta": {
          "io.modelcontextprotocol.registry/publisher-provided": {
            "io": 1,
            "io.github.stacklok": {
              "ghcr.io/x:1": {"tags": ["a",
                "b"]}
            }
          }
        }
      },
      {"name": "c/d",

       "version": "\\"}]\\u0041", "title": "t"}
    ]
  }
}
"""


@pytest.mark.parametrize(
    ("pointer", "path", "line"),
    [
        ("", "", 1),
        ("", "version", 2),
        ("data", "", 3),
        ("data.servers[0]", "", 5),
        ("data.servers[0]", "name", 6),
        ("data.servers[0]", "packages[1].identifier", 8),
        ("data.servers[0]", "_meta.io.modelcontextprotocol.registry/publisher-provided", 11),
        ("data.servers[0]", "_meta.io.modelcontextprotocol.registry/publisher-provided.io.github.stacklok", 13),
        (
            "data.servers[0]",
            '_meta["io.modelcontextprotocol.registry/publisher-provided"]["io.github.stacklok"]["ghcr.io/x:1"].tags[1]',
            15,
        ),
        (
            "data.servers[0]",
            "_meta.io.modelcontextprotocol.registry/publisher-provided.io.github.stacklok.ghcr.io/x:1.tags[1]",
            15,
        ),
        ("data.servers[1]", "version", 22),
        ("data.servers[1]", "title", 22),
        ("data.servers[1]", "description", 20),
        ("data.servers[1]", "packages[3].name", 20),
        ("data.servers[9]", "name", 4),
        ("nothing", "here", 1),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_place_is_found_on_its_line(pointer: str, path: str, line: int, mark: bytes, end: bytes) -> None:
    assert line_of(mark + TEXT.replace(b"\n", end), pointer, path) == line


def test_one_finder_answers_in_any_order() -> None:
    finder = LineFinder(TEXT)
    places = [("data.servers[1].version", 22), ("data.servers[0].name", 6), ("version", 2), ("data.servers[1]", 20)]
    assert [finder.line_of(place) for place, _ in places * 2] == [line for _, line in places * 2]


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[", b'{"a"', b'{"a": [1,', b'{"a": [tru]}', b"\xff\xfe", b"[" * 5000, b'{"a": }']
)
def test_a_text_that_is_no_json_has_a_line_all_the_same(text: bytes) -> None:
    assert line_of(text, "a[3].b", "c") == 1


def test_a_number_of_any_length_is_passed_over() -> None:
    assert line_of(b'{"n": ' + b"1" * 10_000 + b',\n"m": 1}', "m") == 2


def test_places_are_spelled_so_that_they_are_found_again() -> None:
    assert member_place("", "data") == "data"
    assert item_place(member_place("data", "servers"), 3) == "data.servers[3]"
    assert member_place("servers", "a.b") == 'servers["a.b"]'
    assert line_of(b'{"servers":\n{"a": {"b": 1},\n"a.b": 2, "":\n3}}', member_place("servers", "a.b")) == 3
    assert line_of(b'{"servers":\n{"a": {"b": 1},\n"a.b": 2, "":\n3}}', member_place("servers", "")) == 3


@pytest.mark.parametrize("seed", range(20))
def test_every_place_of_a_random_document_is_found(seed: int) -> None:
    chance = random.Random(seed)
    value = _value(chance, 4)
    text = json.dumps(value, indent=1, ensure_ascii=chance.random() < 0.5).encode()
    lines = text.decode().split("\n")
    finder = LineFinder(text)
    for place, written in _places(value, ""):
        assert lines[finder.line_of(place) - 1].strip().startswith(written), place


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.choice(["object", "array", "leaf"]) if depth else "leaf"
    if kind == "object":
        keys = chance.sample(["a", "b.c", "é\n", "x y", 'q"', "[0]", "b", "", "\\", "d/e"], chance.randrange(5))
        return {key: _value(chance, depth - 1) for key in keys}
    if kind == "array":
        return [_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return chance.choice([1, 2.5, "}", "]", '"', "\\", "a\r\nb", None, True, "\u2028", "é"])


def _places(value: Any, place: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return each place below *place* with the texts that its line may begin with."""
    found = []
    if isinstance(value, dict):
        for key, item in value.items():
            at = member_place(place, key)
            found += [(at, tuple(f"{text}: " for text in _spellings(key))), *_places(item, at)]
    elif isinstance(value, list):
        for index, item in enumerate(value):
            at = item_place(place, index)
            begins = _spellings(item) if not isinstance(item, dict | list) else (json.dumps(item)[0],)
            found += [(at, begins), *_places(item, at)]
    return found


def _spellings(value: Any) -> tuple[str, ...]:
    return json.dumps(value), json.dumps(value, ensure_ascii=False)
