"""The size of a tree against what its host accepts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from regpress.hosts.base import HostProfile, Limits


class TreeSize(NamedTuple):
    """What a tree amounts to.

    Attributes:
        files: how many files there are.
        largest: path of the largest one; empty without files.
        largest_bytes: its size.
        total_bytes: the size of all.
        fullest: the folder with most files in it, not counting folders below it; empty for the root.
        fullest_files: how many those are.
    """

    files: int
    largest: str
    largest_bytes: int
    total_bytes: int
    fullest: str = ""
    fullest_files: int = 0

    @classmethod
    def of(cls, sizes: Iterable[tuple[str, int]]) -> TreeSize:
        """Return the size of a tree given as path and size of each file; among equals the first path is named."""
        files, total, largest = 0, 0, ("", 0)
        folders: dict[str, int] = {}
        for path, size in sizes:
            files += 1
            total += size
            folder = path.rpartition("/")[0]
            folders[folder] = folders.get(folder, 0) + 1
            if (-size, path) < (-largest[1], largest[0]) or not largest[0]:
                largest = (path, size)
        fullest = min(folders, key=lambda folder: (-folders[folder], folder), default="")
        return cls(files, largest[0], largest[1], total, fullest, folders.get(fullest, 0))


def limit_summary(profile: HostProfile, size: TreeSize) -> str:
    """Return one line for the end of a build: counts beside the limits that the host sets."""
    limits = profile.limits
    parts = [f"{size.files:,} files{_of_count(limits.files)}"]
    if size.largest:
        parts.append(f"largest {human_bytes(size.largest_bytes)}{_of_bytes(limits.file_bytes)} ({size.largest})")
    parts.append(f"total {human_bytes(size.total_bytes)}{_of_bytes(limits.total_bytes)}")
    return ", ".join(parts)


def limit_findings(profile: HostProfile, size: TreeSize) -> list[str]:
    """Return one line for each limit of the host that the tree exceeds, with both figures."""
    return [f"{profile.title}: {excess}" for excess in _excesses(profile.limits, size)]


def fitting_profiles(profiles: Iterable[HostProfile], size: TreeSize) -> list[str]:
    """Return the names of the profiles that accept a tree of this size; their own layout may need more files."""
    return [profile.name for profile in profiles if not _excesses(profile.limits, size)]


def human_bytes(size: int) -> str:
    """Return a number of bytes for people, in decimal units: ``1.2 MB``."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if amount >= 100 else f"{amount:.1f}".removesuffix(".0") + f" {unit}"


def _excesses(limits: Limits, size: TreeSize) -> list[str]:
    found = []
    if limits.files is not None and size.files > limits.files:
        found.append(
            f"{size.files:,} files are {size.files - limits.files:,} more than the {limits.files:,} that it accepts"
        )
    if limits.folder_files is not None and size.fullest_files > limits.folder_files:
        more = size.fullest_files - limits.folder_files
        found.append(
            f"the folder {size.fullest or '.'} has {size.fullest_files:,} files, {more:,} more than the "
            f"{limits.folder_files:,} that it accepts"
        )
    for what, actual, most in (
        (size.largest, size.largest_bytes, limits.file_bytes),
        ("the whole tree", size.total_bytes, limits.total_bytes),
    ):
        if most is not None and actual > most:
            over = human_bytes(actual - most)
            found.append(f"{what} has {human_bytes(actual)}, {over} more than the {human_bytes(most)} that it accepts")
    return found


def _of_count(most: int | None) -> str:
    return " (no limit)" if most is None else f" of {most:,}"


def _of_bytes(most: int | None) -> str:
    return "" if most is None else f" of {human_bytes(most)}"
