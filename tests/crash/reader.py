"""An output folder to what a reader would trip over: half files, and links to files that are not there.

The reader starts where people and clients do, at the home page, the lists and the indexes, and follows everything. A
link is dead when its target is missing while the document that has it, and those on the way to it, are the same as
before: a reader beside a running build looks at them once more before it complains.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

STAGING: Final = ".regpress-staging"

_LINK: Final = re.compile(r"""\s(?:href|src)="([^"]*)\"""")
_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
#: A list of a kind, or a page of one: the registry's prefix, the folder of stored pages, and the kind.
_LIST: Final = re.compile(
    r"(.*?)v0\.1/(?:x/dev\.toolhive/)?(?:_pages/)?(servers|skills|plugins)(?:/(?:latest|all|[la][\w-]{16}))?\.json"
)
_VERSIONS: Final = re.compile(r"(.*/versions)\.json")
_LATEST: Final = re.compile(r"(.*/versions)/latest\.json")
#: Where readers begin, in the root and below each registry.
_STARTS: Final = (
    "index.html",
    "registry.json",
    "v0.1/servers.json",
    "v0.1/x/dev.toolhive/skills.json",
    "v0.1/_pages/servers.json",
    "v0.1/_pages/skills.json",
    "v0.1/_pages/servers/latest.json",
    "v0.1/_pages/servers/all.json",
    "v0.1/x/dev.regpress/versions.json",
    "v0.1/x/dev.regpress/names/servers.json",
)


class HalfFileError(Exception):
    """A file that is not a whole document."""


@dataclass(slots=True)
class Findings:
    """What a walk found.

    Attributes:
        problems: one line each.
        visited: number of documents read.
    """

    problems: list[str] = field(default_factory=list)
    visited: int = 0


def walk(root: Path) -> Findings:
    """Return what a reader of the tree in *root* trips over, following links from its entrances."""
    findings = Findings()
    waiting = [f"{prefix}{start}" for prefix in _prefixes(root) for start in _STARTS]
    waiting += ["404.html", "build.json", "manifest.json"]
    waiting = [file for file in waiting if (root / file).is_file()]
    came_from: dict[str, str] = dict.fromkeys(waiting, "")
    digests: dict[str, bytes] = {}
    while waiting:
        file = waiting.pop()
        data = _read(root / file)
        if data is None:
            continue
        digests[file] = _digest(data)
        try:
            targets = list(_targets(file, data))
        except HalfFileError as error:
            findings.problems.append(f"{file}: {error}")
            continue
        for names in targets:
            found = _found(root, names)
            if found is None and _still_leads(root, file, came_from, digests) and _found(root, names) is None:
                findings.problems.append(f"{file}: nothing at {names[0]}")
            elif found is not None and found not in came_from:
                came_from[found] = file
                waiting.append(found)
    findings.visited = len(digests)
    return findings


def _still_leads(root: Path, file: str, came_from: Mapping[str, str], digests: Mapping[str, bytes]) -> bool:
    """Return whether a file, and every one on the way to it, is still what the reader saw."""
    while file:
        data = _read(root / file)
        if data is None or _digest(data) != digests[file]:
            return False
        file = came_from[file]
    return True


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def half_files(root: Path) -> list[str]:
    """Return one line for every file of a tree at rest that is no whole document, whether linked or not."""
    problems = []
    for file in files_of(root):
        try:
            list(_targets(file, (root / file).read_bytes()))
        except HalfFileError as error:
            problems.append(f"{file}: {error}")
    return problems


def files_of(root: Path) -> list[str]:
    """Return the paths of all files of a tree but those on their way, sorted."""
    found = []
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if name != STAGING]
        relative = os.path.relpath(folder, root)
        found += [name if relative == "." else f"{relative}/{name}" for name in names]
    return sorted(found)


def content(root: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a tree, staged ones too, and an entry for each empty folder."""
    found: dict[str, bytes] = {}
    for folder, inner, names in os.walk(root):
        relative = os.path.relpath(folder, root)
        for name in names:
            found[f"{relative}/{name}".removeprefix("./")] = Path(folder, name).read_bytes()
        if not names and not inner:
            found[f"{relative}/"] = b""
    return found


def settled(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Return a tree as a build from nothing would have made it: without the old pages that its manifest marks as kept.

    Raises:
        AssertionError: one of them is no page of a list, or is not there as the manifest has it.
    """
    if "manifest.json" not in tree:
        return tree
    manifest = json.loads(tree["manifest.json"])
    kept = manifest.pop("kept", [])
    for row in kept:
        assert "/_pages/" in f"/{row['file']}", f"{row['file']} is kept and no page of a list"
        assert row["file"] in tree, f"{row['file']} is kept and not there"
        assert hashlib.sha256(tree[row["file"]]).hexdigest() == row["sha256"], f"{row['file']} is kept and another"
        assert row["age"] in {1, 2}, f"{row['file']} is kept for {row['age']} builds"
    files = {row["file"] for row in kept}
    root = json.dumps(manifest, indent=1).encode()
    return {file: root if file == "manifest.json" else data for file, data in tree.items() if file not in files}


def list_pages(tree: dict[str, bytes]) -> set[str]:
    """Return the pages of lists in a tree, old ones left out."""
    return {file for file in settled(tree) if "/_pages/" in f"/{file}" and not file.endswith("/")}


def _prefixes(root: Path) -> list[str]:
    return ["", *sorted(f"registry/{folder.name}/" for folder in (root / "registry").glob("*"))]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _found(root: Path, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if (root / name).is_file()), None)


def _targets(file: str, data: bytes) -> Iterator[tuple[str, ...]]:
    """Yield for each link of a document the files that it may lead to.

    Raises:
        HalfFileError: it is no whole document.
    """
    if file.endswith(".html"):
        yield from _html_targets(file, data)
    elif file.endswith(".json"):
        try:
            value = json.loads(data)
        except ValueError as error:
            raise HalfFileError(f"is no whole JSON document ({error})") from error
        yield from ((target,) for target in _json_targets(file, value))


def _html_targets(file: str, data: bytes) -> Iterator[tuple[str, ...]]:
    if not data.rstrip().endswith(b"</html>"):
        raise HalfFileError("is no whole page")
    folder = posixpath.dirname(file)
    for link in set(_LINK.findall(data.decode())):
        reference = html.unescape(link)
        if _ELSEWHERE.match(reference):
            continue
        path = unquote(reference.partition("#")[0].partition("?")[0])
        target = posixpath.normpath(posixpath.join(folder, path) if not path.startswith("/") else path[1:] or ".")
        if path.endswith("/") or target == ".":
            yield (posixpath.normpath(f"{target}/index.html"),)
        else:
            yield (target, f"{target}.json", f"{target}/index.html")


def _json_targets(file: str, value: Any) -> Iterator[str]:
    if found := _LIST.fullmatch(file):
        yield from _list_targets(found.group(1), found.group(2), value)
        yield from _page_targets(file, value)
    elif found := _LATEST.fullmatch(file):
        yield f"{found.group(1)}/{_number(value)}.json"
    elif found := _VERSIONS.fullmatch(file):
        if "shards" in value:  # the version index
            yield from (f"{found.group(1)}/{shard['name']}.json" for shard in value["shards"])
        else:
            items = next(item for item in value.values() if isinstance(item, list))
            yield from (f"{found.group(1)}/{_number(item)}.json" for item in items)
    elif file.endswith("registry.json"):
        prefix = file.removesuffix("registry.json")
        for server in value["data"]["servers"]:
            # The default registry's file also lies below /registry/, its documents do not.
            yield from _entry_files("" if prefix == "registry/default/" else prefix, "servers", server)
    elif found := re.fullmatch(r"(.*?)v0\.1/x/dev\.regpress/names/(servers|skills)\.json", file):
        for entry in value["entries"]:
            yield from _entry_files(found.group(1), found.group(2), entry)
    elif file == "manifest.json":
        yield from (shard["file"] for shard in value.get("shards", ()))


def _number(item: Any) -> str:
    return str((item.get("server") or item)["version"])


def _list_targets(prefix: str, plural: str, value: Any) -> Iterator[str]:
    for item in value.get(plural, ()):
        yield from _entry_files(prefix, plural, item.get("server") or item)


def _entry_files(prefix: str, plural: str, document: Any) -> Iterator[str]:
    name = f"{document['namespace']}/{document['name']}" if document.get("namespace") else document["name"]
    base = f"{prefix}v0.1/" + (f"servers/{name}" if plural == "servers" else f"x/dev.toolhive/{plural}/{name}")
    yield f"{base}/versions.json"
    yield f"{base}/versions/latest.json"
    yield f"{base}/versions/{document['version']}.json"
    if plural != "servers":
        yield f"{base}.json"


def _page_targets(file: str, value: Any) -> Iterator[str]:
    """Yield the next page of a page, and all pages of an index of pages."""
    if cursor := value.get("metadata", {}).get("nextCursor"):
        assert "/_pages/" in file, f"{file}: a cursor outside of the pages"
        yield f"{posixpath.dirname(file)}/{cursor}.json"
    for name in ("latest", "all"):
        yield from (f"{file.removesuffix('.json')}/{row['cursor']}.json" for row in value.get(name, ()))
