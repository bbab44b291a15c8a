"""YAML as people write it: right lines, and its traps named."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regpress.errors import ConfigError
from regpress.model.config import load_config
from regpress.model.config_text import MAX_BYTES, YamlTextError, parse_yaml
from regpress.model.config_tree import line_of, value_of

GOOD = "sources:\n  - name: a\n    file: {path: registry.json}\nregistries:\n  - {name: default, sources: [a]}\n"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "the file is empty"),
        ("# nothing\n", 1, "the file is empty"),
        ("---\n", 1, "the file is empty"),
        ("- a\n", 1, "the file is not keys and values"),
        ("\nhello\n", 2, "the file is not keys and values"),
        ("sources:\n\t- a\n", 2, "a tab is used for indentation (expected spaces)"),
        ("sources: a: b\n", 1, "a ': ' where no key can stand"),
        ("site:\n  title: 'x\n", 2, "a quote is not closed"),
        ("sources: [a\nsite: {}\n", 1, "a bracket is not closed"),
        ("site:\n  title: @x\n", 2, "a text begins with '@' (expected quotes around it)"),
        ("site:\n  title: x\n   host: y\n", 3, "a ': ' where no key can stand"),
        ("sources:\n  - a\n - b\n", 3, "a line does not fit to the ones before it"),
        ("site:\n  title\n  host: y\n", 3, "a ': ' where no key can stand"),
        ("site: {}\n--- \nsite: {}\n", 2, "a second YAML document begins"),
        ("site: *x\n", 1, "'*x' stands for no '&x' before it"),
        ("site: [a,\n", 1, "a value is missing"),
        ("site: &x [*x]\n", 1, "'*x' stands for no '&x' before it"),
        (
            "site: !!python/object/apply:os.system [x]\n",
            1,
            "the YAML tag '!!python/object/apply:os.system' is not allowed",
        ),
        ("site:\n  title: !secret x\n", 2, "the YAML tag '!secret' is not allowed"),
        ("site: !!set {a, b}\n", 1, "the YAML tag '!!set' is not allowed"),
        ("? [a]\n: b\n", 1, "a key is not a text"),
        ("site:\n  title: a\x07b\n", 2, "the character U+0007 is not allowed in YAML"),
        ("<<: 5\n", 1, "'<<' merges something that is not a mapping"),
        ("site: " + "9" * 5000, 1, "'9999999999999999999999999999999999999999' is not a number that can be read"),
        ("site: " + "[" * 500, 1, "nested too deeply (expected at most 100 levels)"),
        ("a" * (MAX_BYTES + 1), 1, "the file is larger than 1 MiB"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_line(text: str, line: int, what: str) -> None:
    (found,) = problems(text)
    assert found.startswith(f"config.yaml:{line}: {what}")


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    text = GOOD + "site:\n  title: a\n  host: generic\n  title: b\nsources: []\n"
    assert problems(text) == (
        "config.yaml:1: sources: the key stands again on line 10 (expected each key once)",
        "config.yaml:7: site.title: the key stands again on line 9 (expected each key once)",
    )


@pytest.mark.parametrize(
    ("block", "key", "spelt", "meaning"),
    [
        ("site: {title: 1.10}", "site.title", "1.10", "a number"),
        ("site: {title: 2026}", "site.title", "2026", "a number"),
        ("site: {title: true}", "site.title", "true", "true or false"),
        ("site: {title: No}", "site.title", "No", "true or false"),
        ("site: {title: 2026-01-31}", "site.title", "2026-01-31", "a date"),
        ("site: {description: 2026-01-31 10:00:00}", "site.description", "2026-01-31 10:00:00", "a date"),
        ("site: {catalog: {pages: [on]}}", "site.catalog.pages[0]", "on", "true or false"),
    ],
)
def test_a_text_that_lost_its_quotes_is_named_as_it_was_spelt(block: str, key: str, spelt: str, meaning: str) -> None:
    (found,) = problems(GOOD + block)
    assert (
        found
        == f"config.yaml:6: {key}: {spelt} without quotes is {meaning} in YAML (expected text in quotes: '{spelt}')"
    )


@pytest.mark.parametrize("ref", ["tag: 1.10", "branch: on", "commit: 1234567", "tag: 2026-01-31"])
def test_a_git_ref_needs_its_quotes(ref: str) -> None:
    text = GOOD.replace("file: {path: registry.json}", f"git: {{repository: 'https://e.io/x', {ref}}}")
    (found,) = problems(text)
    key, spelt = ref.split(": ")
    assert found.startswith(f"config.yaml:3: sources[0].git.{key}: {spelt} without quotes is ")
    assert found.endswith(f"(expected text in quotes: '{spelt}')")


def test_inline_documents_keep_their_texts_or_say_which_lost_its_quotes() -> None:
    text = GOOD.replace(
        "file: {path: registry.json}",
        "file:\n      data:\n        version: 1.10\n        date: 2026-01-31\n        odd: 0x10\n        whole: 3\n"
        "        half: 0.5\n        text: '1.10'\n        none: null",
    )
    assert [line.split(" without")[0] for line in problems(text)] == [
        "config.yaml:5: sources[0].file.data.version: 1.10",
        "config.yaml:6: sources[0].file.data.date: 2026-01-31",
        "config.yaml:7: sources[0].file.data.odd: 0x10",
    ]


def test_quoted_words_numbers_and_dates_are_texts() -> None:
    text = GOOD.replace("a\n", "'1'\n").replace("[a]", "['1']") + "site: {title: 'no', description: \"2026-01-31\"}\n"
    config, _ = load_config(text)
    assert (config.site.title, config.site.description) == ("no", "2026-01-31")
    assert config.sources[0].name == "1"


def test_a_severity_may_be_off_without_quotes() -> None:
    config, _ = load_config(GOOD + "site: {policy: {rules: {a: off, b: 'off'}}}\n")
    assert config.site.policy.rules == {"a": "off", "b": "off"}


def test_keys_are_texts_whatever_they_look_like() -> None:
    config, _ = load_config(GOOD.replace("    file:", "    claims: {on: x, 404: y, 1.10: z}\n    file:"))
    assert config.sources[0].claims == {"on": "x", "404": "y", "1.10": "z"}


def test_anchors_aliases_and_merge_keys_work() -> None:
    text = (
        "sources:\n"
        "  - &base\n    name: a\n    file: &file {path: one.json}\n    onInvalid: skip\n"
        "  - <<: *base\n    name: b\n"
        "  - {name: c, file: *file}\n"
        "registries: [{name: r, sources: [a, b, c]}]\n"
    )
    config, _ = load_config(text)
    assert [(s.name, s.on_invalid, s.file and s.file.path) for s in config.sources] == [
        ("a", "skip", "one.json"),
        ("b", "skip", "one.json"),
        ("c", None, "one.json"),
    ]


def test_a_problem_behind_an_alias_is_reported_where_the_text_stands() -> None:
    text = (
        "sources:\n  - name: a\n    file: &f\n      pth: x\n  - {name: b, file: *f}\n"
        "registries: [{name: r, sources: [a]}]\n"
    )
    found = problems(text)
    assert "config.yaml:4: sources[0].file.pth: is not a known key; did you mean 'path'?" in found
    assert "config.yaml:4: sources[1].file.pth: is not a known key; did you mean 'path'?" in found


@pytest.mark.parametrize(
    "step",
    ["&b{0} [{1}]", "&b{0} {{{2}}}"],
    ids=["lists", "mappings"],
)
def test_aliases_that_grow_without_end_are_refused(step: str) -> None:
    lines = ["a0: &b0 [x, x]"]
    for level in range(1, 40):
        items = ", ".join([f"*b{level - 1}"] * 9)
        keys = ", ".join(f"k{key}: *b{level - 1}" for key in range(9))
        lines.append(f"a{level}: " + step.format(level, items, keys))
    (found,) = problems("\n".join(lines))
    assert "aliases grow to more than a configuration can need" in found


def test_aliases_that_nest_without_end_are_refused() -> None:
    lines = ["a0: &b0 x", *(f"a{level}: &b{level} [*b{level - 1}]" for level in range(1, 1000))]
    (found,) = problems("\n".join(lines))
    assert "aliases grow to more than a configuration can need" in found


def test_merge_keys_that_grow_without_end_are_refused() -> None:
    base = "a: &a {" + ", ".join(f"k{index}: 1" for index in range(2000)) + "}\n"
    (found,) = problems(base + "b:\n" + "- <<: *a\n" * 5000)
    place, what = found.split(": ")
    assert what == "aliases grow to more than a configuration can need"
    # Refused on the way, not after all of them have been merged.
    assert 100 < int(place.removeprefix("config.yaml:")) < 2000


def test_json_byte_order_marks_and_other_line_ends_are_fine() -> None:
    text = '{"sources": [{"name": "a", "managed": {}}], "registries": [{"name": "r", "sources": ["a"]}]}'
    assert load_config(text)[0].default_registry == "r"
    assert load_config("\ufeff" + GOOD.replace("\n", "\r\n"))[0].default_registry == "default"
    found = problems("\ufeff" + GOOD.replace("\n", "\r\n") + "zzz: 1\r\n")
    assert found == ("config.yaml:6: zzz: is not a known key (expected one of sources, registries, auth, site)",)


def outcome(text: str) -> tuple[str, ...]:
    """Return the problems of *text*; any other exception than a configuration error is a defect."""
    try:
        load_config(text)
    except ConfigError as error:
        return error.problems or ("refused without a word",)
    return ()


def block_yaml(value: object, indent: int, seed: random.Random) -> list[str]:
    """Return *value* as block YAML with blank lines and comments strewn in."""
    lines: list[str] = []
    pad = " " * indent
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)  # type: ignore[attr-defined]
    for key, item in pairs:
        lines += [[], [""], [f"{pad}# a comment"], ["", "   # another"]][seed.randrange(4)]
        start = f"{pad}- " if key is None else f"{pad}{key}: "
        if isinstance(item, dict | list):
            lines += [start.rstrip(), *block_yaml(item, indent + 2, seed)]
        else:
            lines.append(f"{start}{item}")
    return lines


def marked(depth: int, seed: random.Random) -> object:
    """Return a random tree whose leaves all differ."""
    if depth == 0:
        return f"leaf-{seed.randrange(10**12)}"
    size = seed.randrange(1, 4)
    if seed.random() < 0.4:
        return [marked(depth - 1, seed) for _ in range(size)]
    return {f"key{index}": marked(seed.randrange(depth), seed) for index in range(size)}


@pytest.mark.parametrize("number", range(40))
def test_every_leaf_of_a_random_file_is_found_on_its_line(number: int) -> None:
    seed = random.Random(number)
    value = {f"top{index}": marked(4, seed) for index in range(3)}
    text = "\n".join(block_yaml(value, 0, seed)) + "\n"
    root = parse_yaml(text)
    assert root is not None
    assert value_of(root) == value
    lines = text.splitlines()

    def leaves(node: object, at: tuple[str | int, ...]) -> None:
        if isinstance(node, str):
            assert node in lines[line_of(root, at) - 1]
            return
        pairs = node.items() if isinstance(node, dict) else enumerate(node)  # type: ignore[arg-type]
        for step, item in pairs:
            leaves(item, (*at, step))

    leaves(value, ())


@given(st.text(alphabet="ab:-[]{}&*!?|>'\"%@`#,. \n\t0123456789~<", max_size=80))
def test_any_text_is_a_configuration_or_a_configuration_error(text: str) -> None:
    assert all(line.startswith("config.yaml:") and "\n" not in line for line in outcome(text))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "sources",
                        "registries",
                        "auth",
                        "site",
                        "name",
                        "git",
                        "file",
                        "managed",
                        "path",
                        "data",
                        "claims",
                        "mode",
                        "oauth",
                        "filter",
                        "names",
                        "include",
                        "catalog",
                        "policy",
                        "rules",
                        "baseUrl",
                        "defaultRegistry",
                        "x",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_shape_of_values_is_answered_in_plain_words(value: object) -> None:
    text = yaml_of(
        {"sources": [value, {"name": "a", "file": value}], "registries": value, "auth": value, "site": value}
    )
    try:
        load_config(text)
    except ConfigError as error:
        words = "\n".join(error.problems)
        assert not any(phrase in words for phrase in ("Input ", "input_", "pydantic", "Extra inputs", "type="))


def yaml_of(value: object) -> str:
    """Return JSON, which is YAML but for three numbers."""
    return json.dumps(value).replace("NaN", ".nan").replace("Infinity", ".inf")


def test_the_parser_says_which_line_it_does_not_understand() -> None:
    with pytest.raises(YamlTextError) as caught:
        parse_yaml("a: 1\nb: [\n")
    assert caught.value.line == 2
