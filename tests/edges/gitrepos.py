"""Real git repositories with fixed times, made by the git program."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: The author's time differs from the committer's, so that a test sees which one counts.
AUTHORED = "2001-01-01T00:00:00Z"


def clean_environment(**more: str) -> dict[str, str]:
    """Return an environment in which neither the user's settings nor a surrounding git command matter."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    names = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "C",
             "GIT_COMMITTER_EMAIL": "c@example.com", "GIT_AUTHOR_DATE": AUTHORED}  # fmt: skip
    return {**kept, **names, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": os.devnull, **more}


def day(number: int) -> str:
    """Return noon of a day in May 2026."""
    return f"2026-05-{number:02}T12:00:00Z"


@dataclass
class Repo:
    """A repository with a work tree."""

    path: Path
    options: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        if not (self.path / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main", *self.options)

    @property
    def url(self) -> str:
        return self.path.as_uri()

    def git(self, *arguments: str, time: str = "2026-05-01T12:00:00Z", **environment: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=clean_environment(GIT_COMMITTER_DATE=time, **environment),
            check=True,
            capture_output=True,
        )
        return done.stdout.decode().strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        for name, content in files.items():
            file = self.path / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes | None], number: int = 1) -> str:
        """Commit *files* (None removes one) on a day of May 2026 and return the commit's id."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"day {number}", time=day(number))
        return self.git("rev-parse", "HEAD")


def registry(*entries: Mapping[str, Any], skills: tuple[Mapping[str, Any], ...] = ()) -> str:
    """Return a registry file in the upstream format."""
    document = {
        "version": "1.0.0",
        "meta": {"last_updated": "2020-01-01T00:00:00Z"},
        "data": {"servers": list(entries), "skills": list(skills)},
    }
    return json.dumps(document, indent=1)


def entry(name: str, version: str = "1.0.0", description: str = "Does a thing") -> dict[str, Any]:
    """Return a small server.json."""
    return {"name": f"com.example/{name}", "version": version, "description": description}
