"""Whole sites on disk, and the program that builds them: in a process of its own, or in this one where that will do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

import regpress
from regpress.cli.main import cli
from regpress.model.entry import OFFICIAL_META

PACKAGE_PARENT = Path(regpress.__file__).parents[1]
PROGRAM = (sys.executable, "-c", "from regpress.cli.main import main; main()")
#: Modification time that files of a site get, so that nothing depends on when a test runs: 2026-01-20T00:00:00Z.
MODIFIED = 1_768_867_200
MODIFIED_TEXT = "2026-01-20T00:00:00Z"

_VOLATILE = ("REGPRESS_", "GITHUB_", "GIT_", "SOURCE_DATE_EPOCH", "NO_COLOR", "FORCE_COLOR")


@dataclass(frozen=True)
class Done:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which nothing but *more* says how to build."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_VOLATILE)}
    return {**kept, "PYTHONPATH": str(PACKAGE_PARENT), **more}


def run_program(*arguments: str | Path, cwd: Path, **variables: str) -> Done:
    """Run the program in a process of its own, its output in pipes."""
    command = [*PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment(**variables), capture_output=True, text=True, timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


def run(*arguments: str | Path, **variables: str) -> Done:
    """Run the program in this process."""
    cleared = {name: None for name in os.environ if name.startswith(_VOLATILE)}
    result = CliRunner().invoke(cli, list(map(str, arguments)), env={**cleared, **variables})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def write_site(folder: Path, files: Mapping[str, Any], **site: Any) -> Path:
    """Write a site whose every ``.json`` file of *files* outside ``content/`` is a source named after it.

    Args:
        folder: made if it does not exist.
        files: content by path; mappings and lists become JSON, or YAML for ``config.yaml``.
        site: the ``site`` section of the configuration, unless *files* has one.
    """
    made = dict(files)
    if "config.yaml" not in made:
        names = [Path(name).stem for name in made if name.endswith(".json") and not name.startswith("content/")]
        sources: list[dict[str, Any]] = [{"name": name, "file": {"path": f"{name}.json"}} for name in names]
        if any(name.startswith("content/") for name in made):
            sources.insert(0, {"name": "content", "managed": {}})
        order = [source["name"] for source in sources]
        made["config.yaml"] = config(*sources, registries=[{"name": "default", "sources": order}], **site)
    for name, content in made.items():
        write_file(folder / name, content)
    return folder


def write_file(path: Path, content: Any) -> None:
    """Write one file of a site, dated `MODIFIED`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        data = content
    elif isinstance(content, str):
        data = content.encode()
    elif path.suffix == ".yaml":
        data = yaml.safe_dump(content, sort_keys=False).encode()
    else:
        data = json.dumps(content, indent=1).encode()
    path.write_bytes(data)
    os.utime(path, (MODIFIED, MODIFIED))


def config(
    *sources: Mapping[str, Any], registries: Iterable[Mapping[str, Any]] | None = None, **site: Any
) -> dict[str, Any]:
    """Return a configuration; without *registries* one named ``default`` of all sources."""
    names = [source["name"] for source in sources]
    return {
        "sources": list(sources),
        "registries": list(registries or [{"name": "default", "sources": names}]),
        "site": {"catalog": {"enabled": False}, **site},
    }


def registry_file(*servers: Mapping[str, Any], updated: str = "2026-01-31T00:00:00Z", **others: Any) -> dict[str, Any]:
    """Return a registry document in the upstream format; *others* are ``skills`` and ``plugins``."""
    return {"version": "1.0.0", "meta": {"last_updated": updated}, "data": {"servers": list(servers), **others}}


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below *folder* by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read(folder: Path, address: str) -> Any:
    """Return the document at *address* of a site built for the generic layout."""
    return json.loads((folder / f"{address}.json").read_bytes())


def official_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the registry's block of a response."""
    block: dict[str, Any] = response["_meta"][OFFICIAL_META]
    return block
