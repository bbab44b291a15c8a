"""Versions and entries to short bytes that stand for all that is served of them, for recipes.

A recipe is computed for every group of every build, also where nothing is rendered: it looks at digests and states,
never at documents.
"""

from __future__ import annotations

import hashlib

from regpress.digest import recipe
from regpress.model.entry import Entry, EntryVersion


def version_part(version: EntryVersion) -> bytes:
    """Return the digest of a version's document and its state; no two versions in sequence can be taken for others."""
    official = version.official
    message = official.status_message
    # The message alone may hold any character, so that its length stands before it.
    state = (
        f"{official.status}\0{len(message)}\0{message}\0{official.status_changed_at}\0{official.published_at}\0"
        f"{official.updated_at}\0{'1' if official.is_latest else ''}\0{version.version}\0"
    )
    return (version.digest or recipe((version.text, version.other_meta))) + state.encode()


def entry_fingerprint(entry: Entry) -> bytes:
    """Return what stands for all served bytes of an entry's visible versions."""
    return _fold(b"".join(map(version_part, entry.versions)))


def latest_fingerprint(entry: Entry) -> bytes:
    """Return what stands for the served bytes of an entry's latest version."""
    return _fold(version_part(entry.latest))


def _fold(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
