"""Output before it is written: `Artifact`, `ArtifactGroup`, `Section`; and after: `Written`, `TreeSize`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

#: How an address becomes a file. ``document``: an API address without extension, placed by the host's layout;
#: ``page``: an address that ends in ``/`` (or is empty), an ``index.html``; ``file``: its own path.
Form = Literal["document", "page", "file"]

JSON = "application/json"
HTML = "text/html; charset=utf-8"

#: Order of writing: what links to something comes after it (DESIGN: leaves, pages, lists, then the manifest).
Stage = Literal["leaf", "page", "list", "root"]
STAGES: tuple[Stage, ...] = ("leaf", "page", "list", "root")


class Artifact(NamedTuple):
    """One document of the output.

    Attributes:
        address: the public address below the site's base, without a leading slash: ``v0.1/servers``.
        form: how the address becomes a file.
        media_type: what a server should call it.
        body: its bytes.
    """

    address: str
    form: Form
    media_type: str
    body: bytes


class ArtifactGroup(NamedTuple):
    """Artifacts that depend on the same things and are rendered together.

    Attributes:
        key: stable identity of the group, among those of its section or those without one: ``default/server/ns/name``.
        recipe: fingerprint of everything that the bytes depend on, `regpress.digest.recipe`.
        stage: when it is written.
        render: returns the artifacts; pure.
    """

    key: str
    recipe: bytes
    stage: Stage
    render: Callable[[], Iterable[Artifact]]


class Section(NamedTuple):
    """Groups of artifacts that are looked at one by one only where something about one of them changed.

    Attributes:
        key: stable identity among all sections of a build.
        recipe: fingerprint of everything that the groups depend on: their keys, recipes, stages, and which there are.
        shard: the shard of the manifest that lists their files.
        groups: returns them; pure.
    """

    key: str
    recipe: bytes
    shard: str
    groups: Callable[[], Iterable[ArtifactGroup]]


def groups_in(parts: Iterable[ArtifactGroup | Section]) -> Iterator[ArtifactGroup]:
    """Yield all groups, those of sections too."""
    for part in parts:
        if isinstance(part, Section):
            yield from part.groups()
        else:
            yield part


class Written(NamedTuple):
    """One file of a finished build.

    Attributes:
        file: path below the output folder, with slashes.
        size: bytes.
        sha256: 64 hexadecimal digits.
        address: the public address.
        media_type: what a server should call it.
    """

    file: str
    size: int
    sha256: str
    address: str
    media_type: str


class TreeSize(NamedTuple):
    """What a tree amounts to.

    Attributes:
        files: how many files there are.
        largest: path of the largest one; empty without files.
        largest_bytes: its size.
        total_bytes: the size of all.
        fullest: the folder with most files in it, not counting folders below it; only where its host limits that.
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
        for path, size in sizes:
            files += 1
            total += size
            if (-size, path) < (-largest[1], largest[0]) or not largest[0]:
                largest = (path, size)
        return cls(files, largest[0], largest[1], total)
