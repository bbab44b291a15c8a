"""The groups of a finished tree to its manifest; shards whose groups did not change stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from regpress.model import manifest
from regpress.model.artifact import Artifact
from regpress.output.keeping import kept_rows
from regpress.output.rows import split, unpack
from regpress.output.state import UNKNOWN, Group
from regpress.output.writer import Rendered, Writer

ROOT_KEY: Final = "manifest"
_SHARD_KEYS: Final = "manifest/"


class Listed(NamedTuple):
    """The manifest of a tree.

    Attributes:
        groups: its own groups by key.
        shards, root: its files; the root comes after everything else.
    """

    groups: dict[str, Group]
    shards: list[Rendered]
    root: Rendered


def is_manifest(key: str) -> bool:
    """Return whether a group is part of the manifest."""
    return key == ROOT_KEY or key.startswith(_SHARD_KEYS)


def list_tree(
    groups: Mapping[str, Group], earlier: Mapping[str, Group], changed: Collection[str], writer: Writer
) -> Listed:
    """Return the manifest of *groups*.

    Args:
        groups: all groups of the tree but those of the manifest.
        earlier: the shards of the last build that are sound, by key.
        changed: the shards of which a group changed, came or went.
        writer: takes the manifest's files.
    """
    kept = kept_rows(groups)
    if sum(group.files for group in groups.values() if group.shard) <= manifest.SHARD_FROM:
        rows = [row.public for group in groups.values() if group.shard for row in unpack(group.rows)]
        root = writer.write([manifest.root_artifact(rows, kept=kept)])
        return Listed({ROOT_KEY: Group.of(UNKNOWN, "", root.rows)}, [], root)
    members: dict[str, list[Group]] = {}
    for group in groups.values():
        if group.shard:
            members.setdefault(group.shard, []).append(group)
    made: dict[str, Group] = {}
    written: list[Rendered] = []
    shards = []
    for name, some in sorted(members.items()):
        key = f"{_SHARD_KEYS}{name}"
        if name not in changed and key in earlier:
            made[key] = earlier[key]
        else:
            done = writer.write([_shard(name, some)])
            made[key] = Group.of(UNKNOWN, "", done.rows)
            written.append(done)
        (row,) = unpack(made[key].rows)
        shards.append((row.public, sum(group.files for group in some)))
    root = writer.write([manifest.root_artifact((), shards, kept=kept)])
    return Listed({**made, ROOT_KEY: Group.of(UNKNOWN, "", root.rows)}, written, root)


def _shard(name: str, groups: Sequence[Group]) -> Artifact:
    records = b"".join([group.rows for group in groups])
    return manifest.shard_artifact(name, ((file, line) for file, _, _, line in split(records)))
