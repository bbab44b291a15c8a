"""Disks that are full or read-only, where the test may mount them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: Mounts with the options of `mount` at a folder; read-only ones are of the folder itself.
Mount = Callable[..., None]


def _may_mount(folder: Path) -> bool:
    """Return whether a tmpfs can be mounted; root in a container often cannot."""
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "none", folder], capture_output=True).returncode:
        return False
    subprocess.run(["umount", folder], check=True)
    return True


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Give a function that mounts; everything is unmounted after the test."""
    if not _may_mount(tmp_path / "probe"):
        pytest.skip("only root may mount a file system of its own, and not in every container")
    (tmp_path / "probe").rmdir()
    mounted: list[Path] = []

    def run(*arguments: str | Path) -> None:
        subprocess.run(["mount", *arguments], check=True)
        mounted.append(Path(arguments[-1]))

    yield run
    for folder in reversed(mounted):
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def read_only(mount: Mount) -> Callable[[Path], None]:
    """Give a function that makes a folder read-only, for root too, until the test ends."""

    def make(folder: Path) -> None:
        mount("--bind", folder, folder)
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)

    return make
