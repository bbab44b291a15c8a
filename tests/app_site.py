"""A small site that the app can write, and documents to publish there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from builders import server
from sites import config, registry_file, write_site

#: What the second source supplies.
UPSTREAM = "org.upstream/tool"


def own_site(folder: Path, *, order: tuple[str, ...] = ("content", "list"), **more: Any) -> Path:
    """Write a site of a managed source and a file; *more* are further keys of its configuration."""
    sources = ({"name": "content", "managed": {}}, {"name": "list", "file": {"path": "list.json"}})
    files = {
        "config.yaml": config(*sources, registries=[{"name": "default", "sources": list(order)}]) | more,
        "list.json": registry_file(server(UPSTREAM, "1.0.0"), server(UPSTREAM, "1.1.0")),
        "content/pages/about.md": "# About\n",
    }
    return write_site(folder, files)


def document(name: str, version: str = "1.0.0", **members: Any) -> dict[str, Any]:
    """Return a valid server.json with a remote of its own."""
    return server(name, version, remotes=[{"type": "streamable-http", "url": f"https://{name}/mcp"}], **members)


def git(site: Path, *arguments: str) -> str:
    """Return what git prints."""
    return subprocess.run(
        ["git", "-C", str(site), "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def in_repository(site: Path) -> Path:
    """Make a site a git repository of one commit."""
    (site / ".gitignore").write_text("dist/\n.regpress/\naudit.jsonl\n")
    git(site.parent, "init", "-q", "-b", "main", str(site))
    git(site, "add", "--all")
    git(site, "commit", "-qm", "Begin")
    return site


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what happens in the background, however slow the machine."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
