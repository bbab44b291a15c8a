"""Output folders on full, read-only and other disks, deleted ones, and two builds at once."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crash.conftest import Mount
from crash.driver import PATIENCE, Site, assert_same
from crash.reader import content
from crash.world import World

FULL = "No space left on device"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a small site with its output beside it, not built yet."""
    (tmp_path / "disk").mkdir()
    world = World(tmp_path / "site", 7, servers=6)
    return Site(world=world, out=tmp_path / "disk" / "dist", jobs=2)


def build(site: Site) -> dict[str, bytes]:
    done = site.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return content(site.out)


def refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    """Hold that a build ended with one clear line and the exit code for storage."""
    assert done.returncode == 3, done.stdout + done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert message in errors[0]
    assert "Traceback" not in done.stderr


def test_a_full_disk_leaves_the_last_good_tree_byte_for_byte(site: Site, mount: Mount, tmp_path: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=2m", "none", tmp_path / "disk")
    good = build(site)
    site.world.grow(80)
    refused(site.run(), FULL)
    assert content(site.out) == good
    assert site.staging() == []
    # With room again, the next build goes on as if nothing had been.
    subprocess.run(["mount", "-o", "remount,size=64m", tmp_path / "disk"], check=True)
    assert_same(build(site), site.from_nothing(tmp_path / "fresh"))


def test_a_first_build_on_a_full_disk_leaves_nothing_behind(site: Site, mount: Mount, tmp_path: Path) -> None:
    site.world.grow(80)
    mount("-t", "tmpfs", "-o", "size=512k", "none", tmp_path / "disk")
    refused(site.run(), FULL)
    assert list((tmp_path / "disk").iterdir()) == []


def test_a_full_disk_of_the_state_folder_leaves_a_good_tree(site: Site, mount: Mount, tmp_path: Path) -> None:
    (site.world.root / ".regpress").mkdir()
    mount("-t", "tmpfs", "-o", "size=16k", "none", site.world.root / ".regpress")
    refused(site.run(), FULL)
    subprocess.run(["mount", "-o", "remount,size=64m", site.world.root / ".regpress"], check=True)
    site.world.edit(3)
    assert_same(build(site), site.from_nothing(tmp_path / "fresh"))


def test_a_file_larger_than_allowed_leaves_the_last_good_tree(site: Site) -> None:
    good = build(site)
    site.world.grow(80)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    done = subprocess.run(site.command, capture_output=True, text=True, preexec_fn=limit)
    refused(done, "File too large")
    assert content(site.out) == good


def test_a_read_only_output_is_a_clear_error(site: Site, read_only: Callable[[Path], None], tmp_path: Path) -> None:
    good = build(site)
    site.world.edit(5)
    read_only(tmp_path / "disk")
    refused(site.run(), "Read-only file system")
    assert content(site.out) == good


def test_an_output_on_a_read_only_disk_is_a_clear_error(
    site: Site, read_only: Callable[[Path], None], tmp_path: Path
) -> None:
    read_only(tmp_path / "disk")
    refused(site.run(), "Read-only file system")


def test_a_read_only_state_folder_is_a_clear_error_and_leaves_the_tree(
    site: Site, read_only: Callable[[Path], None]
) -> None:
    good = build(site)
    site.world.edit(5)
    read_only(site.world.root / ".regpress")
    refused(site.run(), "Read-only file system")
    assert content(site.out) == good


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to folders that are read-only for others")
@pytest.mark.parametrize("folder", ["disk/dist", "site/.regpress/state"])
def test_a_folder_without_permission_is_a_clear_error(site: Site, tmp_path: Path, folder: str) -> None:
    good = build(site)
    site.world.edit(5)
    (tmp_path / folder).chmod(0o555)
    try:
        refused(site.run(), "ermission denied")
        assert content(site.out) == good
    finally:
        (tmp_path / folder).chmod(0o755)


@pytest.mark.parametrize("what", ["output", "state", "both", "manifest", "one file"])
def test_what_was_deleted_between_two_builds_is_there_again(site: Site, tmp_path: Path, what: str) -> None:
    build(site)
    gone = {
        "output": [site.out],
        "state": [site.states],
        "both": [site.out, site.states],
        "manifest": [site.manifest],
        "one file": [site.out / "registry.json"],
    }
    for path in gone[what]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    site.world.edit(3)
    assert_same(build(site), site.from_nothing(tmp_path / "fresh"))


def test_an_output_on_another_file_system_is_the_same(site: Site, mount: Mount, tmp_path: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=64m", "none", tmp_path / "disk")
    for _ in range(2):
        assert_same(build(site), site.from_nothing(tmp_path / "fresh"))
        site.world.edit(5)


def test_an_output_that_is_itself_a_mount_can_be_filled(site: Site, mount: Mount, tmp_path: Path) -> None:
    site.out.mkdir()
    mount("-t", "tmpfs", "-o", "size=64m", "none", site.out)
    for _ in range(2):
        assert_same(build(site), site.from_nothing(tmp_path / "fresh"))
        site.world.edit(5)


def test_an_output_that_is_a_link_to_an_empty_folder_is_filled(site: Site, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    site.out.symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        assert_same(build(site), site.from_nothing(tmp_path / "fresh"))
        site.world.edit(5)
    assert site.out.is_symlink()


def test_of_two_builds_at_once_one_ends_with_a_clear_error(site: Site, tmp_path: Path) -> None:
    build(site)
    # A new title: there is enough to write for the first build to be met at it.
    site.world.edit(5, everything=1)
    first = site.start()
    end = time.monotonic() + PATIENCE
    while not site.staging():
        assert first.poll() is None, "the first build ended too soon"
        assert time.monotonic() < end
    os.killpg(first.pid, signal.SIGSTOP)
    try:
        refused(site.run(), "another build is writing the same output")
    finally:
        os.killpg(first.pid, signal.SIGCONT)
    assert first.wait(PATIENCE) == 0
    assert_same(content(site.out), site.from_nothing(tmp_path / "fresh"))
