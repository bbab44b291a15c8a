"""The real Caddy, as a fixture: one process of it, on a loopback port, with everything it writes in a folder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edges.web_server import Server, running

CADDY = shutil.which("caddy")


def configuration(folder: Path, port: int, *, root: Path, rules: Path) -> Path:
    """Write a Caddyfile with the rules in one site, which manages no certificates and opens no other port."""
    made = folder / "Caddyfile"
    lines = [
        "{",
        "\tadmin off",
        "\tauto_https off",
        "}",
        f"http://:{port} {{",
        "\tbind 127.0.0.1",
        f"\troot * {root}",
        f"\timport {rules}",
        "}",
    ]
    made.write_text("\n".join(lines) + "\n")
    return made


def check(folder: Path, port: int, *, root: Path, rules: Path) -> subprocess.CompletedProcess[str]:
    """Return what ``caddy validate`` says about the rules."""
    assert CADDY is not None
    made = configuration(folder, port, root=root, rules=rules)
    command = [CADDY, "validate", "--adapter", "caddyfile", "--config", str(made)]
    return subprocess.run(command, capture_output=True, text=True, env={"HOME": str(folder)})


@contextmanager
def serving(folder: Path, *, root: Path, rules: Path) -> Iterator[Server]:
    """Serve *root* by *rules* as long as the context lasts."""
    assert CADDY is not None

    def command(port: int) -> list[str]:
        made = configuration(folder, port, root=root, rules=rules)
        return [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(made)]

    with running(command, folder, HOME=str(folder)) as server:
        yield server
