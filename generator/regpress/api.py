"""A catalog to the JSON documents of the registry API.

Bodies are put together from stored bytes: a list is the concatenation of its entries, and an entry is serialised
once, when it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final

import orjson

from regpress import __version__, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.entry_columns import own_length
from regpress.fingerprints import fold
from regpress.model.artifact import JSON, Artifact, ArtifactGroup, Section
from regpress.model.document import escape_html_in_json
from regpress.model.entry import OFFICIAL_META, EntryVersion, Official
from regpress.names import KINDS, EntryName, Kind
from regpress.record import record

#: Address of the file format that ``registry.json`` has.
UPSTREAM_SCHEMA = (
    "https://raw.githubusercontent.com/stacklok/toolhive-core/main/registry/types/data/upstream-registry.schema.json"
)
#: ``meta.last_updated`` of a registry without entries.
_NEVER = "1970-01-01T00:00:00Z"
_OFFICIAL: Final = OFFICIAL_META.encode()


def official_block(version: EntryVersion) -> bytes:
    """Return the registry's block of a version as a JSON member, official registry specification 4.2."""
    return _block(version.official)


@lru_cache(maxsize=1_000)
def _block(official: Official) -> bytes:
    """Return the block that says so; most versions of a registry share a few, and each is written several times."""
    status, changed, message, published, updated, is_latest = official
    # All but the message are words and times, which JSON has as they are.
    said = b'"statusMessage":%s,' % escape_html_in_json(orjson.dumps(message)) if message else b""
    return b'"%s":{"status":"%s","statusChangedAt":"%s",%s"publishedAt":"%s","updatedAt":"%s","isLatest":%s}' % (
        _OFFICIAL,
        status.encode(),
        changed.encode(),
        said,
        published.encode(),
        updated.encode(),
        b"true" if is_latest else b"false",
    )


def response(version: EntryVersion) -> bytes:
    """Return the body that answers for one version: ``{"server", "_meta"}``, or a bare skill or plugin."""
    meta = official_block(version)
    if version.other_meta:
        meta += b"," + version.other_meta
    if version.kind == "server":
        return b'{"server":%s,"_meta":{%s}}' % (version.text, meta)
    return b'%s,"_meta":{%s}}' % (version.text[:-1], meta)


def response_parts(version: EntryVersion) -> tuple[bytes, bytes]:
    """Return what stands before and behind the value of ``isLatest`` in `response`."""
    block = official_block(version)
    meta = block[: block.rindex(b":") + 1]
    tail = b"}," + version.other_meta + b"}}" if version.other_meta else b"}}}"
    if version.kind == "server":
        return b'{"server":%s,"_meta":{%s' % (version.text, meta), tail
    return b'%s,"_meta":{%s' % (version.text[:-1], meta), tail


def response_size(version: EntryVersion) -> int:
    """Return the length of `response`, without making it."""
    return own_length(version) + _AROUND[version.kind]


def document(version: EntryVersion) -> bytes:
    """Return what the publisher wrote, as it stands in a registry file."""
    if version.kind == "server" or not version.other_meta:
        return version.text
    return _with_meta(version.text, version.other_meta)


def _with_meta(text: bytes | memoryview, other_meta: bytes) -> bytes:
    return b'%s,"_meta":{%s}}' % (text[:-1], other_meta)


def list_body(kind: Kind, bodies: Sequence[bytes], *, cursor: str = "") -> bytes:
    """Return a list document; ``nextCursor`` only where there is one."""
    tail = b',"nextCursor":"%s"' % cursor.encode() if cursor else b""
    return b'{"%s":[%s],"metadata":{"count":%d%s}}' % (
        paths.ENTRY_PLURAL[kind].encode(),
        b",".join(bodies),
        len(bodies),
        tail,
    )


def _around(kind: Kind) -> int:
    """Return the length of what bodies of a kind have in common."""
    official = Official("active", "", "", "", "", is_latest=True)
    empty = EntryVersion(kind=kind, name=EntryName("a", "b"), version="", text=b"{}", official=official)
    return len(response(empty)) - own_length(empty)


_AROUND: Final = {kind: _around(kind) for kind in KINDS}


@record(kw_only=True)
class Aliases:
    """Further prefixes that hold copies of the default registry's documents, for hosts without rules.

    Attributes:
        prefixes: what replaces ``v0.1`` at the start of an address: ``v0``, ``registry/<default>/v0.1``.
    """

    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str], default_registry: str) -> Aliases:
        """Return the prefixes for the values of ``site.aliases``."""
        known = {"v0": paths.LEGACY_API, "registry": f"registry/{default_registry}/{paths.API}"}
        return cls(prefixes=tuple(known[name] for name in names))

    def copies(self, address: str) -> Iterator[str]:
        """Return *address* and the same below each prefix, if it is an API address of the default registry."""
        yield address
        head, slash, rest = address.partition("/")
        if head == paths.API and slash:
            for prefix in self.prefixes:
                yield f"{prefix}/{rest}"


def entry_sections(catalog: Catalog, aliases: Aliases) -> Iterator[Section]:
    """Return one group for each entry: its versions, the latest, and the list of versions."""
    salt = recipe((b"entry", _salt(catalog, aliases)))
    labels, whole = catalog.labels, list(catalog.columns.whole)
    for shard, members in catalog.shards.items():
        names = "\n".join([labels[at] for at in members]).encode()
        prints = b"".join([whole[at] for at in members])
        yield Section(
            f"{catalog.registry}/api/{shard}",
            recipe((salt, names, prints)),
            shard,
            partial(_entry_groups, catalog, aliases, salt, members),
        )


def _entry_groups(catalog: Catalog, aliases: Aliases, salt: bytes, members: Sequence[int]) -> Iterator[ArtifactGroup]:
    labels, whole = catalog.labels, catalog.columns.whole
    for at in members:
        key = f"{catalog.registry}/api/{labels[at]}"
        yield ArtifactGroup(key, fold(salt + whole[at]), "leaf", partial(_render_entry, catalog, at, aliases))


def _render_entry(catalog: Catalog, at: int, aliases: Aliases) -> list[Artifact]:
    entry, prefix = catalog.entry_at(at), catalog.prefix
    kind, name = entry.kind, entry.name
    bodies = [response(version) for version in entry.versions]
    made = [
        Artifact(paths.version(prefix, kind, name, version.version), "document", JSON, body)
        for version, body in zip(entry.versions, bodies, strict=True)
    ]
    latest = bodies[entry.versions.index(entry.latest)] if len(bodies) > 1 else bodies[0]
    made += (
        Artifact(paths.version(prefix, kind, name, "latest"), "document", JSON, latest),
        Artifact(paths.versions(prefix, kind, name), "document", JSON, list_body(kind, bodies)),
    )
    if kind != "server":
        made.append(Artifact(paths.entry(prefix, kind, name), "document", JSON, latest))
    return list(_copies(made, aliases)) if aliases.prefixes else made


def _copies(artifacts: Iterable[Artifact], aliases: Aliases) -> Iterator[Artifact]:
    """Yield each artifact, and the same below each prefix."""
    for artifact in artifacts:
        for address in aliases.copies(artifact.address):
            yield artifact._replace(address=address)


def complete_list(catalog: Catalog, kind: Kind) -> bytes:
    """Return the list of the latest visible version of every entry, without a cursor."""
    return list_body(kind, [response(version) for version in catalog.latest(kind)])


def complete_list_size(catalog: Catalog, kind: Kind) -> int:
    """Return the length of `complete_list`, without making it."""
    own = catalog.ranges[kind]
    count = len(own)
    size = sum(catalog.columns.lengths[own.start : own.stop]) + count * _AROUND[kind]
    return len(list_body(kind, ())) + len(str(count)) - 1 + size + max(count - 1, 0)


def list_groups(catalog: Catalog, aliases: Aliases, complete: Mapping[Kind, bool]) -> Iterator[ArtifactGroup]:
    """Return the complete lists and the registry file.

    Args:
        catalog: the registry.
        aliases: prefixes for copies.
        complete: whether the complete list of a kind is written.
    """
    prints = catalog.latest_prints
    salt = _salt(catalog, aliases)
    for kind in KINDS:
        if complete[kind]:
            yield ArtifactGroup(
                key=f"{catalog.registry}/list/{kind}",
                recipe=recipe((b"list", salt, prints[kind])),
                stage="list",
                render=partial(_render_list, catalog, kind, aliases),
            )
    yield ArtifactGroup(
        key=f"{catalog.registry}/registry-file",
        recipe=recipe((b"registry", salt, catalog.last_updated.encode(), *prints.values())),
        stage="list",
        render=partial(_render_registry_file, catalog),
    )


def _salt(catalog: Catalog, aliases: Aliases) -> bytes:
    return "\0".join((__version__, catalog.prefix, *aliases.prefixes)).encode()


def _render_list(catalog: Catalog, kind: Kind, aliases: Aliases) -> Iterator[Artifact]:
    artifact = Artifact(paths.collection(catalog.prefix, kind), "document", JSON, complete_list(catalog, kind))
    return _copies((artifact,), aliases)


def _render_registry_file(catalog: Catalog) -> Iterator[Artifact]:
    address = catalog.prefix + paths.REGISTRY_FILE
    body = registry_file(catalog)
    yield Artifact(address, "file", JSON, body)
    if catalog.is_default:
        yield Artifact(f"registry/{catalog.registry}/{paths.REGISTRY_FILE}", "file", JSON, body)


def registry_file(catalog: Catalog) -> bytes:
    """Return a whole public registry, latest versions, in the upstream file format."""
    # Put together in one go: to copy so many bytes takes longer than to find them.
    pieces: list[bytes | memoryview] = [
        b'{"$schema":"%s","version":"1.0.0","meta":{"last_updated":"%s"},"data":{'
        % (UPSTREAM_SCHEMA.encode(), (catalog.last_updated or _NEVER).encode())
    ]
    for number, kind in enumerate(KINDS):
        listed = [_with_meta(text, meta) if meta and kind != "server" else text for text, meta in catalog.texts(kind)]
        pieces.append(b'%s"%s":[' % (b"," if number else b"", paths.ENTRY_PLURAL[kind].encode()))
        pieces += _with_commas(listed)
        pieces.append(b"]")
    return b"".join((*pieces, b"}}"))


def _with_commas(items: Sequence[bytes | memoryview]) -> list[bytes | memoryview]:
    spread: list[bytes | memoryview] = [b","] * max(2 * len(items) - 1, 0)
    spread[::2] = items
    return spread


def build_file(catalogs: Sequence[Catalog], *, host: str, revisions: Mapping[str, str], list_file: str) -> Artifact:
    """Return ``build.json``: what was built from what, for the check after a deploy; no times, no machine.

    Args:
        catalogs: the registries, the default one among them.
        host: name of the host profile.
        revisions: source name to what identifies its content. Those that supply nothing public are left out: even
            their names are nobody's business.
        list_file: where the default registry's list of servers lies below the site's base, empty where it has none.
    """
    default = next(catalog for catalog in catalogs if catalog.is_default)
    suppliers = set[str]().union(*(catalog.columns.sources for catalog in catalogs))
    digest = default.latest_prints["server"].hex()
    listed: dict[str, str] = {"digest": digest}
    if list_file:
        listed |= {"file": list_file, "sha256": hashlib.sha256(complete_list(default, "server")).hexdigest()}
    body = {
        "counts": default.counts(),
        "generator": f"regpress {__version__}",
        "host": host,
        "list": listed,
        "registries": {catalog.registry: catalog.counts() for catalog in catalogs},
        "registry": default.registry,
        "revision": {source: revisions[source] for source in sorted(suppliers & revisions.keys())},
    }
    text = escape_html_in_json(orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)) + b"\n"
    return Artifact(paths.BUILD_FILE, "file", JSON, text)
