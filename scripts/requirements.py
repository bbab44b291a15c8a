"""Dependency groups of ``pyproject.toml`` to a requirements file on standard output, for any version of pip."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def main(groups: list[str]) -> None:
    """Print the requirements of *groups*, one a line."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    for group in groups:
        sys.stdout.writelines(f"{requirement}\n" for requirement in project["dependency-groups"][group])


if __name__ == "__main__":
    main(sys.argv[1:])
