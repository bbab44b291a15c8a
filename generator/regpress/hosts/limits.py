"""The size of a tree against what its host accepts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, Literal, cast

from regpress.hosts.base import HostProfile, Limits
from regpress.model.artifact import TreeSize

#: Sizes of one list document at which real clients begin to fail; static hosting specification 7, rule 8.
LIST_WARN_BYTES: Final = 5 * 1024 * 1024
_LIST_WARN_ENTRIES: Final = 5_000
_LIST_MOST_BYTES: Final = 10 * 1024 * 1024
_LIST_MOST_ENTRIES: Final = 10_000
#: The most that clients read, in words.
LIST_MOST: Final = f"{_LIST_MOST_ENTRIES:,} entries or {_LIST_MOST_BYTES // 2**20} MiB"


def list_grade(entries: int, size: int) -> Literal["fine", "large", "too large"]:
    """Return what clients make of a list document of so many entries and bytes."""
    if entries > _LIST_MOST_ENTRIES or size > _LIST_MOST_BYTES:
        return "too large"
    return "large" if entries > _LIST_WARN_ENTRIES or size > LIST_WARN_BYTES else "fine"


def with_most_files(profile: HostProfile, files: int | None) -> HostProfile:
    """Return *profile* with another limit of files, where one is given."""
    if files is None:
        return profile
    other: HostProfile = replace(cast("Any", profile), limits=replace(profile.limits, files=files))
    return other


def with_fullest_folder(size: TreeSize, files: Iterable[str]) -> TreeSize:
    """Return *size* with the folder of *files* that holds most of them; among equals the first."""
    folders: dict[str, int] = {}
    for file in files:
        folder = file.rpartition("/")[0]
        folders[folder] = folders.get(folder, 0) + 1
    fullest = min(folders, key=lambda folder: (-folders[folder], folder), default="")
    return size._replace(fullest=fullest, fullest_files=folders.get(fullest, 0))


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
            + (f" ({limits.larger_plan})" if limits.larger_plan else "")
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
