"""Values to canonical JSON bytes, bytes to digests."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from typing import Any, Final

#: Bytes of a fingerprint.
FINGERPRINT: Final = 16


def canonical_json(value: Any) -> bytes:
    """Return *value* as the JSON text of files that people read and git compares.

    Sorted keys, two spaces, UTF-8 without escapes, a final newline.
    """
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def compact_json(value: Any) -> bytes:
    """Return *value* as the shortest JSON text with sorted keys."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def digest(data: bytes) -> str:
    """Return ``sha256:`` and the 64 hexadecimal digits of the SHA-256 of *data*."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def fingerprints_at(data: bytes | memoryview, at: int, count: int) -> list[bytes]:
    """Return so many fingerprints (`recipe`) that stand one behind the other from a byte on.

    Raises:
        ValueError: there are fewer.
    """
    try:
        # All in one call: tens of thousands of slices take several times as long.
        return list(struct.Struct(f"{FINGERPRINT}s" * count).unpack_from(data, at))
    except struct.error as error:
        raise ValueError(str(error)) from error


def fingerprints_recipe(data: bytes) -> bytes:
    """Return the `recipe` of fingerprints that stand one behind the other."""
    # All have one length: to count it for each takes several times as long as to hash them.
    length = b"%d:" % FINGERPRINT
    parts = fingerprints_at(data, 0, len(data) // FINGERPRINT)
    return hashlib.blake2b(b"".join((length, length.join(parts))) if parts else b"", digest_size=FINGERPRINT).digest()


def recipe(parts: Iterable[bytes]) -> bytes:
    """Return a 16-byte fingerprint of *parts*, each counted with its length so that their borders matter."""
    counted: list[bytes] = []
    for part in parts:
        counted += (b"%d:" % len(part), part)
    return hashlib.blake2b(b"".join(counted), digest_size=FINGERPRINT).digest()
