"""Configurations that were found sound to a file and back: to check one again takes longer than many a build."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from regpress import __version__
from regpress.digest import digest
from regpress.errors import StorageError
from regpress.model.config import Config
from regpress.model.config_environment import given_variables
from regpress.model.config_packing import packed, unpacked
from regpress.storage import remove_leftovers, replace_file

_FORMAT: Final = 2


class SoundConfig(NamedTuple):
    """A configuration and the notes about it, `regpress.model.config.load_config`."""

    config: Config
    notes: tuple[str, ...]


class ConfigCache:
    """The last configuration of a site that was found sound.

    Args:
        folder: where it is kept; made when needed.
        text: the text of the configuration.
        file: its file as notes call it.
        environ: the environment variables.
    """

    def __init__(self, folder: Path, text: str, *, file: str, environ: Mapping[str, str]) -> None:
        self._file = folder / "config.json"
        parts = [_FORMAT, __version__, file, text, given_variables(environ)]
        self._key = digest(json.dumps(parts, sort_keys=True).encode())

    def load(self) -> SoundConfig | None:
        """Return what *text* spells, where that is what is kept."""
        try:
            head, _, kept = self._file.read_bytes().partition(b"\n")
            if head != self._head(kept):
                return None
            packed_config, notes = json.loads(kept)
            config = unpacked(packed_config)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None
        return SoundConfig(config, tuple(notes)) if isinstance(config, Config) else None

    def save(self, sound: SoundConfig) -> None:
        """Keep a configuration; nothing is lost when that fails."""
        kept = json.dumps([packed(sound.config), sound.notes]).encode()
        try:
            replace_file(self._file, self._head(kept), b"\n", kept)
        except StorageError:
            return

    def leave(self) -> None:
        """Leave what is kept as it is, without what a build that was killed may have left beside it."""
        remove_leftovers(self._file)

    def _head(self, kept: bytes) -> bytes:
        """Return what tells what is kept from anything else, and whole from damaged."""
        return f"{self._key} {digest(kept)}".encode()
