"""docs/configuration.md names every key and variable, and nothing that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from jsonschema import Draft202012Validator

from regpress.model.config import Config, config_json_schema, load_config, site_variables
from regpress.model.config_types import ConfigRecord

PAGE = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")


def records_in(annotation: Any) -> list[type[ConfigRecord]]:
    if isinstance(annotation, type) and issubclass(annotation, ConfigRecord):
        return [annotation]
    return [record for part in get_args(annotation) for record in records_in(part)]


def model_tables(record: type[ConfigRecord], place: str) -> Iterator[tuple[str, dict[str, Field[Any]]]]:
    """Return the keys of each place that has keys of its own: ``sources[].git``."""
    named = {field.name: field for field in fields(record)}
    yield place, {key: named[name] for key, name in record.keys().items()}
    annotations = get_type_hints(record)
    for key, name in record.keys().items():
        for inner in records_in(annotations[name]):
            many = "[]" if "tuple" in str(annotations[name]) else ""
            yield from model_tables(inner, f"{place}.{key}{many}".lstrip("."))


def page_tables() -> dict[str, dict[str, str]]:
    """Return, by place, the keys of the tables below its heading, with their default."""
    tables: dict[str, dict[str, str]] = {}
    places: list[str] = []
    for line in PAGE.splitlines():
        if line.startswith("#"):
            places = [""] if line == "## Top level" else re.findall(r"`([^`]+)`", line)
            tables.update({place: {} for place in places})
        elif row := re.match(r"\| `([A-Za-z]+)` \| (.*?) \|", line.replace("| |", "|  |")):
            for place in places:
                tables[place][row.group(1)] = row.group(2).strip()
    return tables


MODEL = dict(model_tables(Config, ""))


@pytest.mark.parametrize("place", MODEL)
def test_every_key_of_the_model_is_documented_and_no_other(place: str) -> None:
    assert sorted(page_tables()[place]) == sorted(MODEL[place])


def test_every_documented_place_exists() -> None:
    assert sorted(page_tables()) == sorted(MODEL)


@pytest.mark.parametrize("place", MODEL)
def test_documented_defaults_are_those_of_the_model(place: str) -> None:
    for key, field in MODEL[place].items():
        documented = page_tables()[place][key]
        if field.default is MISSING and field.default_factory is MISSING:
            assert documented == "required", key
        elif isinstance(field.default, bool):
            assert documented == f"`{str(field.default).lower()}`", key
        elif isinstance(field.default, float):
            assert documented == f"`{field.default:g}s`", key
        elif isinstance(field.default, str) and field.default:
            assert documented == f"`{field.default}`", key


def test_every_variable_is_documented_with_its_key_and_no_other() -> None:
    documented = dict(re.findall(r"\| `(REGPRESS_[A-Z_]+)` \| `([A-Za-z.]+)` \|", PAGE))
    assert documented == {variable.name: ".".join(map(str, variable.at)) for variable in site_variables()}
    assert set(re.findall(r"REGPRESS_[A-Z]\w+", PAGE)) - {"REGPRESS_SITE_"} == set(documented)


EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_loads_without_a_note_and_satisfies_the_schema(example: str) -> None:
    import yaml  # noqa: PLC0415

    config, notes = load_config(example)
    assert config.registries
    assert notes == ()
    # 'off' is a text to editors, which read YAML 1.2, and false to PyYAML.
    plain = yaml.safe_load(example.replace(": off}", ": 'off'}"))
    assert list(Draft202012Validator(config_json_schema()).iter_errors(plain)) == []


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 4
