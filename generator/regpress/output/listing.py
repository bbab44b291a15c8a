"""The groups of a finished tree to its manifest; shards whose groups did not change stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from regpress.model import manifest
from regpress.model.artifact import Artifact
from regpress.output.keeping import kept_rows
from regpress.output.rows import split, unpack
from regpress.output.state import UNKNOWN, Group, Stored
from regpress.output.writer import Rendered, Writer

ROOT_KEY: Final = "manifest"
_SHARD_KEYS: Final = "manifest/"


class Listed(NamedTuple):
    """The manifest of a tree.

    Attributes:
        sections: its own, by key.
        shards, root: its files; the root comes after everything else.
    """

    sections: dict[str, Stored]
    shards: list[Rendered]
    root: Rendered


def is_manifest(key: str) -> bool:
    """Return whether a group is part of the manifest."""
    return key == ROOT_KEY or key.startswith(_SHARD_KEYS)


def list_tree(
    sections: Mapping[str, Stored],
    kept: Mapping[str, Group],
    earlier: Mapping[str, Stored],
    changed: Collection[str],
    writer: Writer,
) -> Listed:
    """Return the manifest of *sections*.

    Args:
        sections: all sections of the tree but those of the manifest and of kept files.
        kept: the groups of kept files.
        earlier: the shards of the last build that are sound, by key.
        changed: the shards of which a group changed, came or went.
        writer: takes the manifest's files.
    """
    older = kept_rows(kept)
    if sum(one.files for one in sections.values()) <= manifest.SHARD_FROM:
        rows = [row.public for one in sections.values() for row in unpack(one.rows)]
        root = writer.write([manifest.root_artifact(rows, kept=older)])
        return Listed({ROOT_KEY: _section(ROOT_KEY, root)}, [], root)
    members: dict[str, list[Stored]] = {}
    for one in sections.values():
        members.setdefault(one.shard, []).append(one)
    made: dict[str, Stored] = {}
    written: list[Rendered] = []
    shards = []
    for name, some in sorted(members.items()):
        key = f"{_SHARD_KEYS}{name}"
        if name not in changed and key in earlier:
            made[key] = earlier[key]
        else:
            done = writer.write([_shard(name, some)])
            made[key] = _section(key, done)
            written.append(done)
        (row,) = unpack(made[key].rows)
        shards.append((row.public, sum(one.files for one in some)))
    root = writer.write([manifest.root_artifact((), shards, kept=older)])
    return Listed({**made, ROOT_KEY: _section(ROOT_KEY, root)}, written, root)


def _section(key: str, done: Rendered) -> Stored:
    return Stored.of(UNKNOWN, "", {key: Group.of(UNKNOWN, done.rows)})


def _shard(name: str, sections: Sequence[Stored]) -> Artifact:
    records = b"".join([one.rows for one in sections])
    return manifest.shard_artifact(name, ((file, line) for file, _, _, line in split(records)))
