"""Records between sources and output: what a source held, and the versions that are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from regpress.model.document import read_plain
from regpress.model.facets import NO_FACETS, Facets
from regpress.model.issue import Issue
from regpress.names import EntryName, Kind, SourceName
from regpress.record import record

StatusValue = Literal["active", "deprecated", "deleted"]
STATUS_VALUES: tuple[StatusValue, ...] = ("active", "deprecated", "deleted")

#: Keys of the two ``_meta`` objects, official registry specification 4.1.
OFFICIAL_META = "io.modelcontextprotocol.registry/official"
PUBLISHER_META = "io.modelcontextprotocol.registry/publisher-provided"
#: ToolHive's publisher namespace inside the publisher-provided block.
TOOLHIVE_META = "io.github.stacklok"


@record(kw_only=True)
class Times:
    """When a version came and last changed, as RFC 3339 texts.

    Attributes:
        added: time of the commit that brought it.
        changed: time of the last commit that changed it.
    """

    added: str
    changed: str


@record(kw_only=True)
class RawFile:
    """One file of a source, unread.

    Attributes:
        path: as the user knows it: relative to the site or to the repository, or a URL.
        data: its bytes.
        times: from version control, for a file that holds one version.
        modified: RFC 3339 time for content that version control does not know: a local file's modification
            time, a response's ``Last-Modified``; empty where there is none.
    """

    path: str
    data: bytes
    times: Times | None = None
    modified: str = ""


class Removal(NamedTuple):
    """A version that was removed for good.

    Attributes:
        kind, name, version: which; the name is ``namespace/name``.
        removed_at: when, RFC 3339.
        registries: where everybody saw it until then.
        had_claims: whether it was for some callers only.
    """

    kind: Kind
    name: str
    version: str
    removed_at: str
    registries: tuple[str, ...] = ()
    had_claims: bool = False


@record(kw_only=True)
class Snapshot:
    """What one source held at one moment.

    Attributes:
        source: the source's name in the configuration.
        files: registry documents, sorted by path.
        revision: what identifies the content, a commit or a digest of the bytes: the same one means the same files.
        entry_times: times of single entries inside files that hold many, by ``(kind, name, version)``.
        statuses: contents of status files, by ``(kind, name)``: version to status record.
        readmes: long texts, by ``(kind, name)``.
        claims: claims of the source as a whole.
        issues: what went less than well while fetching (an offline rebuild, several git refs).
        removals: versions that were removed for good.
    """

    source: SourceName
    files: tuple[RawFile, ...]
    revision: str
    entry_times: Mapping[tuple[str, str, str], Times] = field(default_factory=dict)
    statuses: Mapping[tuple[Kind, str], Mapping[str, Status]] = field(default_factory=dict)
    readmes: Mapping[tuple[Kind, str], RawFile] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    removals: tuple[Removal, ...] = ()


class Candidate(NamedTuple):
    """One document found in a file, unchecked. A plain tuple, since there are hundreds of thousands.

    Attributes:
        kind: what it claims to be, by its place.
        value: the parsed JSON; an object unless it is malformed.
        raw: the file it comes from.
        meta: the registry's ``_meta`` beside the document, if it had one.
        claims: claims beside the document, if it had them.
        pointer: where it stands, as in `regpress.model.issue.Issue`.
        converted: whether it was mapped from another format, so that places in it are not places in the file.
        written: bytes that may be those of the document as it is served, empty where nobody has looked.
        is_compact: whether those are the document itself, written as compactly as can be.
    """

    kind: Kind
    value: Any
    raw: RawFile
    meta: Any = None
    claims: Any = None
    pointer: str = ""
    converted: bool = False
    written: bytes = b""
    is_compact: bool = False


@record(kw_only=True)
class Status:
    """The mutable part of a published version.

    Attributes:
        status: its state.
        message: the reason, empty while active; at most 500 characters.
        changed_at: RFC 3339 time of the last change of *status*; empty where the file does not say.
        updated_at: RFC 3339 time of the last change of status or message; empty where it is *changed_at*.
    """

    status: StatusValue
    message: str = ""
    changed_at: str = ""
    updated_at: str = ""


class Official(NamedTuple):
    """The registry's own block about a version, official registry specification 4.2. Times are RFC 3339 texts."""

    status: StatusValue
    status_changed_at: str
    status_message: str
    published_at: str
    updated_at: str
    is_latest: bool


class EntryVersion(NamedTuple):
    """One published version: the bytes that are served, and the facts that lists and pages need.

    A plain tuple, since there are hundreds of thousands.

    Attributes:
        kind, name, version: its identity.
        text: the served document, compact JSON as `regpress.model.document.compact_text` writes it; that of a skill
            or plugin without its ``_meta``, whose members are in *other_meta*.
        official: the registry's block.
        digest: fingerprint of *text* and *other_meta*.
        other_meta: further keys of the outer ``_meta``, as JSON members without braces; usually empty.
        title: the display name, empty where there is none.
        description: one line.
        tags: from the ToolHive extension, sorted.
        facets: what the document says in the facets of lists.
        claims: who may see it; empty means everybody.
        source: the source that supplied it.
        file: where it came from, for messages.
    """

    kind: Kind
    name: EntryName
    version: str
    text: bytes
    official: Official
    digest: bytes = b""
    other_meta: bytes = b""
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    facets: Facets = NO_FACETS
    claims: Mapping[str, Any] = MappingProxyType({})
    source: str = ""
    file: str = ""

    @property
    def value(self) -> dict[str, Any]:
        """Return the document, parsed anew; numbers as floats and integers."""
        parsed: dict[str, Any] = read_plain(self.text)
        return parsed

    @property
    def label(self) -> str:
        """Return how messages call it: ``ns/name@1.0.0``, with the kind in front unless it is a server."""
        return entry_label(self.kind, str(self.name), self.version)


class Outline(NamedTuple):
    """What lists say about a version: what needs no look at its document; the members are those of `EntryVersion`."""

    version: str
    official: Official
    title: str
    description: str
    tags: tuple[str, ...]
    facets: Facets


class Entry(NamedTuple):
    """One name of one kind as a registry publishes it.

    Attributes:
        kind, name: its identity.
        versions: visible versions, newest publication first, ties by version order; never empty.
        latest: the one of them that carries the flag.
        deleted: versions whose status is deleted, in the same order.
        readme: Markdown of the entry page, empty where there is none.
        source: the source that supplied it.
    """

    kind: Kind
    name: EntryName
    versions: tuple[EntryVersion, ...]
    latest: EntryVersion
    deleted: tuple[EntryVersion, ...] = ()
    readme: str = ""
    source: str = ""


def entry_label(kind: str, name: str, version: str = "") -> str:
    """Return how messages call an entry or a version of it."""
    prefix = "" if kind == "server" else f"{kind} "
    return f"{prefix}{name}@{version}" if version else f"{prefix}{name}"
