"""Workflows, Makefile and scripts: what CI runs can be run by hand, is pinned, and may do no more than it must."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from regpress.cli.main import cli

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github/workflows"
NAMES = ("pages", "test", "validate")
TEXTS = {name: (FOLDER / f"{name}.yml").read_text(encoding="utf-8") for name in NAMES}
#: YAML 1.1 reads the key "on" as true, GitHub does not.
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [(name, job, spec) for name, flow in WORKFLOWS.items() for job, spec in flow["jobs"].items()]
STEPS = [(f"{name}/{job}", step) for name, job, spec in JOBS for step in spec["steps"]]
RUNS = [(where, step) for where, step in STEPS if "run" in step]

_PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def _run_id(value: Any) -> str | None:
    return value["run"] if isinstance(value, dict) else None


def test_there_are_just_the_three_workflows() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == [f"{name}.yml" for name in NAMES]


# Steps


@pytest.mark.parametrize(("where", "step"), RUNS, ids=_run_id)
def test_a_run_step_is_one_make_or_regpress_call(where: str, step: dict[str, Any]) -> None:
    command = step["run"]
    assert "\n" not in command.strip(), where
    assert not re.search(r"[;&|<>`]|\$\(|\$\{", command), where
    assert shlex.split(command)[0] in {"make", "regpress"}, where
    assert "shell" not in step, where
    variables = set(re.findall(r"\$(\w+)", command))
    assert variables == set(step.get("env", {})), where
    assert all(f'"${variable}"' in command for variable in variables), where


@pytest.mark.parametrize(("where", "step"), RUNS, ids=_run_id)
def test_the_program_or_the_makefile_understands_a_run_step(where: str, step: dict[str, Any]) -> None:
    program, *words = shlex.split(step["run"])
    if program == "make":
        assert set(words) <= _targets()
        return
    command = cli.commands[words[0]]
    arguments = [re.sub(r"\$\w+", "https://registry.example.org", word) for word in words[1:]]
    # Parses names and values of options as the program does, and runs nothing.
    context = command.make_context(words[0], arguments, parent=click.Context(cli))
    assert context.params


def test_every_command_of_a_deployment_is_used() -> None:
    used = {shlex.split(step["run"])[1] for _, step in RUNS if step["run"].startswith("regpress ")}
    assert used == {"build", "check", "diff", "probe"}


# Actions


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(name: str) -> None:
    lines = [line.strip().removeprefix("- ") for line in TEXTS[name].splitlines() if re.search(r"\buses:", line)]
    assert lines
    assert [line for line in lines if not _PINNED.fullmatch(line)] == []
    assert all(line.startswith("uses: actions/") for line in lines)


def test_an_action_has_the_same_pin_in_all_workflows() -> None:
    pins: dict[str, set[str]] = {}
    for text in TEXTS.values():
        for action, pin in re.findall(r"uses: (\S+)@(.+)", text):
            pins.setdefault(action, set()).add(pin)
    assert {action: pin for action, pin in pins.items() if len(pin) != 1} == {}


def test_a_checkout_leaves_no_credentials_behind_and_fetches_history_where_times_are_needed() -> None:
    checkouts = [(where, step["with"]) for where, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert all(options["persist-credentials"] is False for _, options in checkouts)
    complete = {where for where, options in checkouts if options.get("fetch-depth") == 0}
    assert complete == {"pages/build", "test/test", "validate/validate"}


# Permissions, triggers, limits


def test_workflows_may_only_read_unless_a_job_says_otherwise() -> None:
    assert all(flow["permissions"] == {"contents": "read"} for flow in WORKFLOWS.values())
    more = {(name, job): spec["permissions"] for name, job, spec in JOBS if "permissions" in spec}
    assert more == {
        ("pages", "build"): {"contents": "read", "pages": "read"},
        ("pages", "deploy"): {"pages": "write", "id-token": "write"},
    }


def test_the_job_that_may_deploy_runs_none_of_our_code() -> None:
    assert [step for where, step in RUNS if where == "pages/deploy"] == []


def test_pull_requests_from_forks_get_no_secret_and_no_right_to_write() -> None:
    for name, flow in WORKFLOWS.items():
        assert "pull_request_target" not in flow[True]
        assert "workflow_run" not in flow[True]
        assert not re.search(r"\$\{\{[^}]*\b(secrets|github\.token|vars)\b", TEXTS[name])
    assert "pull_request" in WORKFLOWS["validate"][True]
    assert "pull_request" not in WORKFLOWS["pages"][True]


def test_nothing_of_a_pull_request_is_put_into_a_command() -> None:
    # Expressions are replaced before the shell reads the line; a branch name could become a command there.
    assert [where for where, step in RUNS if "${{" in step["run"]] == []


def test_runs_of_one_workflow_do_not_pile_up() -> None:
    for flow in WORKFLOWS.values():
        assert flow["concurrency"]["group"]
    assert WORKFLOWS["pages"]["concurrency"]["cancel-in-progress"] is False
    assert all("timeout-minutes" in spec for _, _, spec in JOBS)


def test_tests_run_on_every_supported_python_and_on_macos() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    matrix = WORKFLOWS["test"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == supported
    assert matrix["system"] == ["ubuntu-latest"]
    assert [job["system"] for job in matrix["include"]] == ["macos-latest"]


def test_a_deployment_keeps_history_and_is_probed_against_what_was_built() -> None:
    jobs = WORKFLOWS["pages"]["jobs"]
    build = next(step for step in jobs["build"]["steps"] if step.get("run", "").startswith("regpress build"))
    assert '--previous "$BASE_URL"' in build["run"]
    probe = jobs["probe"]
    assert set(probe["needs"]) == {"build", "deploy"}
    assert "--build dist" in probe["steps"][-1]["run"]


# Makefile and scripts


def _make(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("make"):
        pytest.skip("there is no make")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key != "GITHUB_PATH"}
    return subprocess.run(
        ["make", "-C", str(ROOT), *words], env=kept | environment, capture_output=True, text=True, timeout=60
    )


def _targets() -> set[str]:
    return set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_help_names_every_target() -> None:
    shown = set(re.findall(r"^  make (\S+)", _make("help").stdout, flags=re.MULTILINE))
    assert shown == _targets() >= {"build", "test", "check", "serve", "test-slow", "bench", "clean", "help"}


@pytest.mark.parametrize("target", sorted(_targets()))
def test_a_target_knows_all_that_it_depends_on(target: str) -> None:
    done = _make("--dry-run", target)
    assert done.returncode == 0, done.stderr


def test_make_build_passes_the_deployed_address_on() -> None:
    done = _make("--dry-run", "build", BASE_URL="https://registry.example.org/r", PREVIOUS="old")
    assert '--base-url "https://registry.example.org/r" --previous "old"' in done.stdout


def test_requirements_are_those_of_the_dependency_groups() -> None:
    script = [sys.executable, str(ROOT / "scripts/requirements.py"), "test", "check"]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout.splitlines()
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert printed == groups["test"] + groups["check"]


def _system_packages(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script as somebody who may not install anything."""
    for name, code in {"id": "echo 1000", "sudo": "exit 1", "apt-get": "exit 99"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHON": sys.executable}
    script = str(ROOT / "scripts/system-packages.sh")
    return subprocess.run(["bash", script, *words], env=environment, capture_output=True, text=True, timeout=60)


def test_a_missing_required_program_stops_with_the_line_to_run(tmp_path: Path) -> None:
    done = _system_packages(tmp_path, "required", "sh", "no-such-program")
    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y no-such-program\n" in done.stderr


def test_a_missing_optional_program_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    done = _system_packages(tmp_path, "optional", "no-such-program")
    assert done.returncode == 0
    assert "Tests that need them are skipped" in done.stderr


def test_nothing_is_said_where_every_program_is_there(tmp_path: Path) -> None:
    done = _system_packages(tmp_path, "required", "sh")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_python_that_is_too_old_is_refused_by_its_version(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2"\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    environment = os.environ | {"PYTHON": str(old), "VENV": str(tmp_path / "venv")}
    script = str(ROOT / "scripts/setup.sh")
    done = subprocess.run(["bash", script, "run"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.9.2" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("script", [".ci/run", "scripts/setup.sh", "scripts/system-packages.sh"])
def test_a_script_is_executable_and_stops_at_the_first_failure(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    assert "\nset -euo pipefail\n" in path.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(path)], capture_output=True).returncode == 0


PASSED, FAILED = (0, "== 12 passed in 3.40s =="), (2, "== 1 failed in 0.02s ==")


@pytest.mark.parametrize("test", [PASSED, FAILED])
@pytest.mark.parametrize("hosts", [PASSED, FAILED])
def test_ci_prints_the_closing_lines_of_pytest_last_and_fails_when_either_does(
    tmp_path: Path, test: tuple[int, str], hosts: tuple[int, str]
) -> None:
    fake = tmp_path / "make"
    cases = "".join(
        f'{target}) echo "{outcome}"; echo "make: done" >&2; exit {status};;\n'
        for target, (status, outcome) in (("test", test), ("test-hosts", hosts))
    )
    fake.write_text(f'#!/bin/sh\ncase "$1" in\n{cases}esac\nexit 9\n', encoding="utf-8")
    fake.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([str(ROOT / ".ci/run")], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == max(test[0], hosts[0])
    assert done.stdout.splitlines()[-4:] == ["make test:", test[1], "make test-hosts:", hosts[1]]
