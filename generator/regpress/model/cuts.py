"""Where lists were cut into pages, for the next time the same is cut."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from regpress.digest import FINGERPRINT

_ROW: Final = struct.Struct(f"<{FINGERPRINT}sI")


class Cuts:
    """The lengths of pages, by the fingerprint of what was looked at to find each.

    Args:
        known: those that were found before.
    """

    def __init__(self, known: Mapping[bytes, int] | None = None) -> None:
        self._known = known or {}
        self._used: dict[bytes, int] = {}

    @property
    def are_known(self) -> bool:
        """Return whether any were found before."""
        return bool(self._known)

    def get(self, window: bytes) -> int:
        """Return the length of a page, 0 where it is not known."""
        return self._known.get(window, 0)

    def note(self, window: bytes, length: int) -> None:
        """Remember the length of a page."""
        self._used[window] = length

    def packed(self) -> bytes:
        """Return those that were used, for `unpack_cuts`."""
        return b"".join([_ROW.pack(*row) for row in self._used.items()])


def unpack_cuts(data: bytes | memoryview) -> Cuts:
    """Return what was packed."""
    return Cuts(dict(_ROW.iter_unpack(data)))
