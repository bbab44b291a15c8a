"""The groups of a finished tree to its manifest; shards whose groups did not change stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from regpress.model import manifest
from regpress.model.artifact import Artifact, ArtifactGroup
from regpress.output.keeping import kept_rows
from regpress.output.rows import joined, lines, unpack
from regpress.output.state import UNKNOWN, Group, Stored
from regpress.output.writer import Staged

ROOT_KEY: Final = "manifest"
_SHARD_KEYS: Final = "manifest/"

#: A group, and those of its files that are to be moved to where they belong.
ListFiles = tuple[Group, list[Staged]]
#: Writes the artifacts of groups.
Write = Callable[[Sequence[ArtifactGroup]], list[ListFiles]]


class Listed(NamedTuple):
    """The manifest of a tree.

    Attributes:
        sections: its own, by key.
        shards, root: those of its files that are to be moved; the root comes after everything else.
    """

    sections: dict[str, Stored]
    shards: list[Staged]
    root: list[Staged]


def is_manifest(key: str) -> bool:
    """Return whether a group is part of the manifest."""
    return key == ROOT_KEY or key.startswith(_SHARD_KEYS)


def list_tree(
    sections: Mapping[str, Stored],
    kept: Mapping[str, Group],
    earlier: Mapping[str, Stored],
    changed: Collection[str],
    write: Write,
) -> Listed:
    """Return the manifest of *sections*.

    Args:
        sections: all sections of the tree but those of the manifest and of kept files.
        kept: the groups of kept files.
        earlier: the shards of the last build that are sound, by key.
        changed: the shards of which a group changed, came or went.
        write: writes the manifest's files.
    """
    older = kept_rows(kept)
    if sum(one.files for one in sections.values()) <= manifest.SHARD_FROM:
        rows = [row.public for one in sections.values() for row in unpack(one.rows)]
        return _with_root({}, [], manifest.root_artifact(rows, kept=older), write)
    members: dict[str, list[Stored]] = {}
    for one in sections.values():
        members.setdefault(one.shard, []).append(one)
    made = {key: earlier[key] for name in members if (key := _SHARD_KEYS + name) in earlier and name not in changed}
    todo = [
        ArtifactGroup(key, UNKNOWN, "root", partial(_shard, name, some))
        for name, some in members.items()
        if (key := _SHARD_KEYS + name) not in made
    ]
    staged: list[Staged] = []
    for shard, (group, files) in zip(todo, write(todo), strict=True):
        made[shard.key] = _section(shard.key, group)
        staged += files
    shards = []
    for name, some in members.items():
        (row,) = unpack(made[_SHARD_KEYS + name].rows)
        shards.append((row.public, sum(one.files for one in some)))
    return _with_root(dict(sorted(made.items())), staged, manifest.root_artifact((), shards, kept=older), write)


def _with_root(shards: dict[str, Stored], staged: list[Staged], root: Artifact, write: Write) -> Listed:
    ((group, files),) = write([ArtifactGroup(ROOT_KEY, UNKNOWN, "root", lambda: (root,))])
    return Listed({**shards, ROOT_KEY: _section(ROOT_KEY, group)}, staged, files)


def _section(key: str, group: Group) -> Stored:
    return Stored.of(UNKNOWN, "", {key: group})


def _shard(name: str, sections: Sequence[Stored]) -> tuple[Artifact, ...]:
    return (manifest.shard_artifact(name, lines(joined([one.rows for one in sections]))),)
