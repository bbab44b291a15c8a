"""Versions to short bytes that stand for all that is served of them, for recipes.

A recipe is computed for every group of every build, also where nothing is rendered: it looks at digests and states,
never at documents.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from regpress.digest import FINGERPRINT, recipe
from regpress.model.entry import EntryVersion, Official


def version_part(version: EntryVersion) -> bytes:
    """Return the digest of a version's document and its state; no two versions in sequence can be taken for others."""
    # A version's text has no NUL, and neither have words and times.
    digest = version.digest or recipe((version.text, version.other_meta))
    return b"%b%b%b\0" % (digest, _state(version.official), version.version.encode())


@lru_cache(maxsize=1_000)
def _state(official: Official) -> bytes:
    """Return what stands for a state; most versions of a registry share a few."""
    message = official.status_message
    # The message alone may hold any character, so that its length stands before it.
    return (
        f"{official.status}\0{len(message)}\0{message}\0{official.status_changed_at}\0{official.published_at}\0"
        f"{official.updated_at}\0{'1' if official.is_latest else ''}\0"
    ).encode()


def fold(data: bytes) -> bytes:
    """Return 16 bytes that stand for *data*; whoever puts several together sees to it that their borders are clear."""
    return blake2b(data, digest_size=FINGERPRINT).digest()
