"""One document, checked and serialised: what depends on its bytes and the validation policy alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from regpress.digest import FINGERPRINT
from regpress.model.entry import StatusValue, entry_label
from regpress.model.facets import NO_FACETS, Facets
from regpress.model.issue import Issue
from regpress.names import EntryName, Kind

_NO_CLAIMS: Final[Mapping[str, Any]] = MappingProxyType({})


class Carried(NamedTuple):
    """What an entry's own official block says; empty texts and None where it is silent."""

    status: StatusValue | None = None
    status_message: str = ""
    status_changed_at: str = ""
    published_at: str = ""
    updated_at: str = ""
    is_latest: bool | None = None


NOTHING_CARRIED: Final = Carried()


class Reading(NamedTuple):
    """One document of a file, checked and serialised. A plain tuple, since there are hundreds of thousands.

    Attributes:
        kind, name, version: its identity.
        text: the served document.
        digest: 16 bytes that stand for *text* and *other_meta*, `digest_of`.
        carried: the official block that came with it.
        other_meta: further keys of the outer ``_meta``, JSON members without braces.
        title, description, tags, facets: facts for lists.
        own_status: a status that the document states about itself: a skill's field, or ToolHive's extension.
        claims: claims beside the document.
        issues: findings of the three tiers.
    """

    kind: Kind
    name: EntryName
    version: str
    text: bytes
    digest: bytes
    carried: Carried = NOTHING_CARRIED
    other_meta: bytes = b""
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    facets: Facets = NO_FACETS
    own_status: str = ""
    claims: Mapping[str, Any] = _NO_CLAIMS
    issues: tuple[Issue, ...] = ()

    @property
    def label(self) -> str:
        """Return how messages call it."""
        return entry_label(self.kind, str(self.name), self.version)


def digest_of(text: bytes, other_meta: bytes = b"") -> bytes:
    """Return the 16 bytes that stand for a document, or for any bytes that may be one as it is served."""
    # What `recipe` does, in one step: this runs several times for every document of a registry.
    counted = b"".join((b"%d:" % len(text), text, b"%d:" % len(other_meta), other_meta))
    return blake2b(counted, digest_size=FINGERPRINT).digest()


class Unreadable(NamedTuple):
    """One document that cannot have an address: no usable name or version, or no JSON object.

    Attributes:
        kind: what it should have been.
        label: the best name for it that could be found.
        issues: why.
    """

    kind: Kind
    label: str
    issues: tuple[Issue, ...]


class Elements(list[Reading | Unreadable | None]):
    """An array of entries in a file, read: for each element its document; None for one that holds none.

    Attributes:
        insides: where the document stands in each element, ``.server``; empty for one that is the document.
        issues: what is wrong around the document of each element; pointers are relative to the element.
        standing: whether the text of each is the element, byte for byte.
    """

    def __init__(
        self,
        readings: Iterable[Reading | Unreadable | None] = (),
        insides: Iterable[str] = (),
        issues: Iterable[tuple[Issue, ...]] = (),
        standing: Iterable[bool] | None = None,
    ) -> None:
        super().__init__(readings)
        self.insides = list(insides)
        self.issues = list(issues)
        self.standing = [False] * len(self) if standing is None else list(standing)

    def add(self, other: Elements, first: int = 0, end: int | None = None) -> None:
        """Add elements of *other* at the end: those from *first* up to *end*."""
        self += other[first:end]
        self.insides += other.insides[first:end]
        self.issues += other.issues[first:end]
        self.standing += other.standing[first:end]
