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
from regpress.storage import replace_file

_FORMAT: Final = 1


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
            kept = json.loads(self._file.read_bytes())
            if kept["key"] != self._key:
                return None
            config = unpacked(kept["config"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None
        return SoundConfig(config, tuple(kept["notes"])) if isinstance(config, Config) else None

    def save(self, sound: SoundConfig) -> None:
        """Keep a configuration; nothing is lost when that fails."""
        kept = {"key": self._key, "config": packed(sound.config), "notes": sound.notes}
        try:
            replace_file(self._file, json.dumps(kept).encode())
        except StorageError:
            return
