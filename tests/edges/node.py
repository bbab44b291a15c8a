"""Node and what hosts publish of their rule engines, where `make test-hosts` has put it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NODE = shutil.which("node")
TOOLS = Path(__file__).parents[2] / ".venv" / "hosts"
MODULES = TOOLS / "node"

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed here")


def needs_module(name: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where a package of npm is missing."""
    there = NODE is not None and (MODULES / "node_modules" / name).is_dir()
    return pytest.mark.skipif(not there, reason=f"{name} is not installed here (make test-hosts installs it)")


def evaluate(script: str, given: Any, *, folder: Path | None = None) -> Any:
    """Run a script in Node that reads ``given`` and calls ``done(result)``; return the result.

    Args:
        script: JavaScript.
        given: what it gets, as JSON.
        folder: where modules are looked for.
    """
    assert NODE is not None
    whole = (
        "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
        "const done = result => process.stdout.write(JSON.stringify(result));\n"
        f"{script}\n"
    )
    ran = subprocess.run(
        [NODE, "-e", whole], input=json.dumps(given), capture_output=True, text=True, cwd=folder or MODULES, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
