"""docs/commands.md against the program: every command, option and exit code is explained, and nothing else."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest

from builders import server
from regpress.changes import Change
from regpress.cli.main import EXIT_CODES, cli
from regpress.model.issue import SEVERITIES, Hidden, Issue
from sites import registry_file, run, write_site

FILE = Path(__file__).parents[1] / "docs/commands.md"
TEXT = FILE.read_text(encoding="utf-8")
#: Section of each command by its name.
SECTIONS = dict(re.findall(r"^## regpress (\w+)\n(.*?)(?=^## |\Z)", TEXT, flags=re.DOTALL | re.MULTILINE))
OPTIONS = [
    (name, parameter)
    for name, command in cli.commands.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
]
JSON_BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)]


def table_cells(section: str) -> list[str]:
    """Return the first cell of each row."""
    return re.findall(r"^\| (.+?) (?<!\\)\|", section, flags=re.MULTILINE)


def test_every_command_has_a_section_and_a_line_in_the_overview() -> None:
    assert list(SECTIONS) == list(cli.commands)
    for name in cli.commands:
        assert f"| [`{name}`](#regpress-{name}) |" in TEXT


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=str)
def test_every_option_is_explained_where_its_command_is(command: str, option: click.Option) -> None:
    cells = table_cells(SECTIONS[command])
    for spelling in (*option.opts, *option.secondary_opts):
        assert any(f"`{spelling}" in cell for cell in cells), spelling
    if isinstance(option.type, click.Choice):
        assert any("\\|".join(option.type.choices) in cell for cell in cells)


@pytest.mark.parametrize("command", SECTIONS)
def test_no_option_is_explained_that_a_command_does_not_have(command: str) -> None:
    known = {text for name, option in OPTIONS if name == command for text in (*option.opts, *option.secondary_opts)}
    explained = {text for cell in table_cells(SECTIONS[command]) for text in re.findall(r"`(--?[\w-]+)", cell)}
    assert explained == known


@pytest.mark.parametrize("command", SECTIONS)
def test_the_example_of_a_command_is_one_that_it_understands(command: str) -> None:
    (example,) = re.findall(rf"```\n(regpress {command}\b.*)\n```", SECTIONS[command])
    words = shlex.split(example)[1:]
    with cli.make_context("regpress", words) as group:
        context = cli.commands[command].make_context(command, words[1:], parent=group)
        assert context.params


def test_the_exit_codes_are_those_of_the_program() -> None:
    section = TEXT.partition("## Exit codes")[2].partition("\n## ")[0]
    codes = {int(code) for cell in table_cells(section) for code in re.findall(r"\d+", cell)}
    assert codes == {0, 130, 143} | {code for _, code in EXIT_CODES}


def test_the_shown_report_is_the_one_that_the_program_prints(tmp_path: Path) -> None:
    document = registry_file(server("com.example/weather", "^1.2"))
    done = run("check", write_site(tmp_path, {"registry.json": document}), "--format", "json", "-v")
    printed, shown = done.json, JSON_BLOCKS[0]
    printed["issues"] = [issue for issue in printed["issues"] if issue["severity"] == "error"]
    for issue in (*printed["issues"], *shown["issues"]):
        assert issue.pop("line") > 0
        assert issue.pop("source")
    for item in (*printed["hidden"], *shown["hidden"]):
        assert item.pop("source")
    assert printed["issues"] == shown["issues"]
    assert printed["hidden"] == shown["hidden"]
    assert printed.keys() == shown.keys()


def test_every_member_of_a_report_is_explained() -> None:
    section = TEXT.partition("### `--format json`")[2].partition("\n### ")[0]
    explained = {text for cell in table_cells(section) for text in re.findall(r"`(\w+)`", cell)}
    assert explained == {*Issue.__annotations__, *Hidden.__annotations__}
    assert all(f"`{severity}`" in section for severity in SEVERITIES)


def test_a_shown_change_has_the_members_of_one() -> None:
    (change,) = JSON_BLOCKS[1]["changes"]
    assert list(change) == list(Change.__annotations__)


def test_the_variables_of_the_environment_belong_to_options() -> None:
    variables = set(re.findall(r"REGPRESS_[A-Z_]+", TEXT)) - {"REGPRESS_SITE_HOST"}
    known = {f"REGPRESS_{name}_{option.name}".upper() for name, option in OPTIONS}
    known |= {str(option.envvar) for _, option in OPTIONS if option.envvar}
    assert variables <= known
    assert {"REGPRESS_CONFIG", "REGPRESS_FORMAT"} <= variables
