import json
import os
import pty
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from builders import server
from regpress import __version__, errors
from regpress.cli.main import EXIT_CODES, cli, exit_code
from sites import PROGRAM, environment, registry_file, run, run_program, write_site

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RegistryError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_an_exit_code_of_the_documented_ones(kind: type[errors.RegistryError]) -> None:
    assert exit_code(kind.__new__(kind)) in {1, 2, 3}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x"), 2),
        (errors.SourceUnavailableError("a", "b"), 3),
        (errors.SourceMalformedError("a", "b"), 3),
        (errors.ConflictError("a", "b"), 3),
        (errors.BuildRefusedError("x"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_of_one_branch_end_with_one_code(error: errors.RegistryError, code: int) -> None:
    assert exit_code(error) == code


def test_the_table_ends_with_the_root_so_that_no_error_is_left_out() -> None:
    assert EXIT_CODES[-1][0] is errors.RegistryError


def test_it_says_its_version_and_its_commands() -> None:
    assert run("--version").out == f"regpress {__version__}\n"
    listed = run("--help").out
    assert all(f"\n  {name} " in listed for name in cli.commands)
    assert run().code == 2


@pytest.mark.parametrize("command", cli.commands)
def test_every_option_of_a_command_is_explained(command: str) -> None:
    for parameter in cli.commands[command].params:
        assert isinstance(parameter, click.Argument) or parameter.help, parameter.name
    assert run(command, "-h").out == run(command, "--help").out


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path, {"list.json": registry_file(server("com.example/bad", "^1"))})


def test_colours_are_left_out_for_those_who_do_not_want_them(site: Path) -> None:
    def output(**variables: str | None) -> str:
        return CliRunner().invoke(cli, ["check", str(site)], color=True, env=variables).stdout

    assert "\x1b[" in output(NO_COLOR=None)
    assert "\x1b[" in output(NO_COLOR="")
    assert "\x1b" not in output(NO_COLOR="1")


def test_progress_is_shown_where_a_person_is_looking_and_nowhere_else(site: Path) -> None:
    terminal, end = pty.openpty()
    try:
        done = subprocess.run(
            [*PROGRAM, "check", "."], cwd=site, env=environment(), stdout=subprocess.PIPE, stderr=end, timeout=60
        )
        shown = os.read(terminal, 65536).decode()
    finally:
        os.close(end)
        os.close(terminal)
    assert done.returncode == 1
    assert "fetching list …" in shown
    assert "reading list …" in shown
    piped = run_program("check", ".", cwd=site)
    assert (piped.code, piped.out) == (1, done.stdout.decode())
    assert len(piped.err.splitlines()) == 1


def test_a_reader_who_has_seen_enough_is_no_error(site: Path) -> None:
    command = [*PROGRAM, "check", ".", "--format", "json"]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stream:
        done = subprocess.run(
            command, cwd=site, env=environment(), stdout=stream, stderr=subprocess.PIPE, timeout=60, text=True
        )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_options_can_come_from_the_environment(site: Path) -> None:
    assert run("check", site, REGPRESS_FORMAT="json").json["counts"]["error"] == 1
    assert run("check", site, REGPRESS_CONFIG="nowhere.yaml").code == 2
    (site / "list.json").write_text(json.dumps(registry_file(server())))
    assert run("build", site, REGPRESS_BUILD_OUT=str(site / "made")).code == 0
    assert (site / "made/build.json").exists()


def test_values_of_the_site_can_come_from_the_environment(tmp_path: Path) -> None:
    site = write_site(tmp_path, {"list.json": registry_file(server())})
    done = run("build", site, REGPRESS_SITE_HOST="github-pages")
    assert done.code == 0
    assert (site / "dist/v0.1/servers.html").exists()
    refused = run("build", site, REGPRESS_SITE_HOST="nowhere")
    assert refused.code == 2
    assert refused.err.startswith("error: REGPRESS_SITE_HOST ")
