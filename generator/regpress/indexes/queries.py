"""Catalog to the query index: what code at the edge answers searches and filters from, in a few reads.

One document of each kind says of every entry what queries look at: a line of folded text to search in, and a line with
the times and states of its versions and the places of their bodies. Bodies lie in shards, one on a line, in the order
of lists: those of the latest versions apart, because nearly all queries ask for them. Borders of shards depend on keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final, Literal

from regpress import __version__, api, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.fingerprints import fold as fold_print
from regpress.fingerprints import version_part
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import EntryVersion
from regpress.names import KINDS, Kind
from regpress.pages import shards, token
from regpress.query import fold, shown_status
from regpress.record import record
from regpress.times import from_epoch, parse_time, time_key

Part = Literal["latest", "all"]

#: Least and most bytes of a shard: so large that few of them hold what a rare word finds, and read in a millisecond.
BOUNDS: Final = (1024 * 1024, 3 * 1024 * 1024)
#: What the first shard is called; the others are called after the key before them.
FIRST: Final = "first"
#: States as the index writes them.
STATES: Final[Mapping[str, int]] = {"active": 0, "deprecated": 1, "archived": 2, "deleted": 3}

#: JSON without a character above ASCII, which readers take for text faster than any other.
_ascii: Final = json.JSONEncoder(separators=(",", ":")).encode
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Enough until the year 4453.
_TIME_DIGITS: Final = 7
_SALT: Final = f"query index {__version__}".encode()
#: What a body is in a shard besides its document.
_AROUND: Final = 420


@record(kw_only=True)
class _Name:
    """All that a registry has under one name.

    Attributes:
        key: ``namespace/name``.
        versions: every one, deleted ones included, by version as text.
        latest: the position of the latest one, or -1.
        print: what stands for the bytes of them all.
    """

    key: str
    versions: Sequence[EntryVersion]
    latest: int
    print: bytes


@record(kw_only=True)
class _Shard:
    """Names whose bodies lie together; those of the part ``latest`` have one body, if any."""

    name: str
    address: str
    names: Sequence[_Name]


def query_index_groups(catalog: Catalog, *, bounds: tuple[int, int] = BOUNDS) -> Iterator[ArtifactGroup]:
    """Return the shards and the index of each kind; the index comes after what it leads to.

    Args:
        catalog: the registry.
        bounds: least and most bytes of a shard.
    """
    for kind in KINDS:
        names = _names(catalog, kind)
        parts: dict[Part, list[_Shard]] = {
            "latest": _shards(catalog, kind, "latest", names, bounds),
            "all": _shards(catalog, kind, "all", names, bounds),
        }
        for part, made in parts.items():
            for shard in made:
                yield ArtifactGroup(
                    key=f"{catalog.registry}/query/{kind}/{part}/{shard.name}",
                    recipe=recipe((_SALT, shard.address.encode(), _prints(shard.names))),
                    stage="leaf",
                    render=partial(_render_shard, kind, part, shard),
                )
        yield ArtifactGroup(
            key=f"{catalog.registry}/query/{kind}",
            recipe=recipe((_SALT, catalog.prefix.encode(), kind.encode(), _prints(names))),
            stage="page",
            render=partial(_render_index, catalog, kind, names, parts),
        )


def _names(catalog: Catalog, kind: Kind) -> list[_Name]:
    made = []
    own, columns = catalog.ranges[kind], catalog.columns
    inside = slice(own.start, own.stop)
    for entry, key, whole in zip(catalog.of(kind), columns.names[inside], columns.whole[inside], strict=True):
        if len(entry.versions) == 1 and not entry.deleted:
            made.append(_Name(key=key, versions=entry.versions, latest=0, print=whole))
            continue
        versions = sorted((*entry.versions, *entry.deleted), key=_by_text)
        latest = next(place for place, version in enumerate(versions) if version is entry.latest)
        stands = fold_print(b"".join((whole, *map(version_part, entry.deleted))))
        made.append(_Name(key=key, versions=versions, latest=latest, print=stands))
    gone: dict[str, list[EntryVersion]] = {}
    for version in catalog.gone:
        if version.kind == kind:
            gone.setdefault(str(version.name), []).append(version)
    for key, deleted in gone.items():
        deleted.sort(key=_by_text)
        made.append(_Name(key=key, versions=deleted, latest=-1, print=fold_print(b"".join(map(version_part, deleted)))))
    made.sort(key=lambda name: name.key)
    return made


def _prints(names: Sequence[_Name]) -> bytes:
    return b"".join([name.print for name in names])


def _by_text(version: EntryVersion) -> str:
    return version.version


def _shards(catalog: Catalog, kind: Kind, part: Part, names: Sequence[_Name], bounds: tuple[int, int]) -> list[_Shard]:
    keys = [name.key for name in names]
    sizes = [sum(map(_size, _bodies(name, part))) for name in names]
    made = []
    for cut in shards(keys, sizes, bounds=bounds):
        name = token(keys[cut.start - 1]) if cut.start else FIRST
        address = paths.query_shard(catalog.prefix, kind, part, name)
        made.append(_Shard(name=name, address=address, names=names[cut.start : cut.stop]))
    return made


def _bodies(name: _Name, part: Part) -> Sequence[EntryVersion]:
    if part == "all":
        return name.versions
    return name.versions[name.latest : name.latest + 1] if name.latest >= 0 else ()


def _size(version: EntryVersion) -> int:
    return len(version.text) + len(version.other_meta) + _AROUND


def _render_shard(kind: Kind, part: Part, shard: _Shard) -> Iterator[Artifact]:
    bodies = [api.response(version) for name in shard.names for version in _bodies(name, part)]
    body = b"%s%s\n]}" % (_head(kind), b",\n".join(bodies))
    yield Artifact(shard.address, "document", JSON, body)


def _head(kind: Kind) -> bytes:
    return b'{"%s":[\n' % paths.ENTRY_PLURAL[kind].encode()


def _render_index(
    catalog: Catalog, kind: Kind, names: Sequence[_Name], parts: Mapping[Part, Sequence[_Shard]]
) -> Iterator[Artifact]:
    sizes = [[api.response_size(version) + len(b",\n") for version in name.versions] for name in names]
    places = {part: _places(kind, part, sizes, made) for part, made in parts.items()}
    lines = []
    for name, latest, every in zip(names, places["latest"], places["all"], strict=True):
        texts, numbers = _texts(name)
        times = [compact_time(version.official.updated_at) for version in name.versions]
        changed = max(times)
        spelt = 0 if texts.startswith(f"{name.key}\t") else name.key
        rows = [_row(*parts, changed) for parts in zip(name.versions, times, numbers, strict=True)]
        row = [changed, spelt, *latest, *every, name.latest, rows]
        lines.append(f"{_ascii(texts)},\n{_ascii(row)}")
    head: dict[str, Any] = {"kind": kind}
    head |= {part: [shard.name for shard in made] for part, made in parts.items()}
    body = f'{_ascii(head)[:-1]},\n"entries":[\n' + ",\n".join(lines) + "\n]}"
    yield Artifact(paths.query_index(catalog.prefix, kind), "document", JSON, escape_html_in_json(body.encode()))


def _places(
    kind: Kind, part: Part, sizes: Sequence[Sequence[int]], made: Sequence[_Shard]
) -> Iterator[tuple[int, int]]:
    """Yield, for each name, which shard has its bodies, and where in the shard they begin."""
    position = 0
    for number, shard in enumerate(made):
        place = len(_head(kind))
        for name in shard.names:
            yield number, place
            own = sizes[position]
            place += sum(own) if part == "all" else own[name.latest] if name.latest >= 0 else 0
            position += 1


def _texts(name: _Name) -> tuple[str, list[int]]:
    """Return the line to search in, and for each version which of the texts in it is its own.

    The line has what is common, then the different titles and descriptions; a tab ends each field and a line feed
    each text, since no folded text holds either.
    """
    found: dict[tuple[str, str], int] = {}
    numbers = [found.setdefault((version.title, version.description), len(found)) for version in name.versions]
    kind = name.versions[0].kind
    own = name.key if kind == "server" else name.key.partition("/")[2]
    texts = "\n".join(f"{fold(title)}\t{fold(description)}" for title, description in found)
    return f"{fold(own)}\t{texts}", numbers


def _row(version: EntryVersion, time: str, text: int, changed: str) -> str | list[str | int]:
    """Return what the index says of a version, without what it would only repeat."""
    state = STATES[shown_status(version)]
    other = "" if time == changed else time
    if text:
        return [version.version, other, state, text]
    if state:
        return [version.version, other, state]
    return [version.version, other] if other else version.version


@lru_cache(maxsize=100_000)
def compact_time(text: str) -> str:
    """Return an RFC 3339 time as seconds in 36 digits and its fraction, which sorts as the instants do."""
    key = time_key(text)
    seconds = int(parse_time(key[:19] + "Z").timestamp())
    if seconds < 0:
        return "0" * _TIME_DIGITS
    digits = ""
    for _ in range(_TIME_DIGITS):
        seconds, digit = divmod(seconds, 36)
        digits = _DIGITS[digit] + digits
    return digits + key[20:]


def read_time(code: str) -> str:
    """Return what `compact_time` wrote as `regpress.times.time_key`."""
    return f"{from_epoch(int(code[:_TIME_DIGITS], 36))[:19]}.{code[_TIME_DIGITS:]}"
