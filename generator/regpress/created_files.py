"""The records of ``content/admin`` to what was created through the admin API.

Their names become paths: a record lies in one of two folders, and is called as the source or registry is.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from regpress.errors import ConfigError, InvalidNameError
from regpress.model.created import (
    ADMIN_FOLDER,
    NOTHING_CREATED,
    REGISTRIES,
    SOURCES,
    Created,
    read_registry,
    read_source,
)
from regpress.names import parse_registry_name, parse_source_name

#: Larger than any request that makes one, written with all its spaces.
MAX_RECORD_BYTES: Final = 64 * 1024 * 1024
_SUFFIX: Final = ".json"
#: What an interrupted run leaves beside a file: `regpress.content_store`.
_TEMPORARY: Final = re.compile(r"\..*\.[0-9]+\.tmp")


def record_path(section: str, name: str) -> str:
    """Return the path of a record below the content folder.

    Args:
        section: ``sources`` or ``registries``.
        name: of the source or registry.

    Raises:
        InvalidNameError: it is none.
    """
    parsed = parse_source_name(name) if section == SOURCES else parse_registry_name(name)
    return f"{ADMIN_FOLDER}/{section}/{parsed}{_SUFFIX}"


def read_created(content: Path) -> Created:
    """Return what was created through the API, as the content folder has it.

    Raises:
        ConfigError: a file there is no record.
    """
    folder = content / ADMIN_FOLDER
    if not folder.is_dir():
        return NOTHING_CREATED
    return Created(
        sources={name: read_source(shown, name, data) for name, shown, data in _records(content, SOURCES)},
        registries={name: read_registry(shown, name, data) for name, shown, data in _records(content, REGISTRIES)},
    )


def _records(content: Path, section: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, path as messages have it, and bytes of each record of a folder, by name."""
    folder = content / ADMIN_FOLDER / section
    try:
        found = sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: PTH208  # names alone, which may be anything
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error.strerror}") from error
    for file in found:
        if _TEMPORARY.fullmatch(file):
            continue
        name = file.removesuffix(_SUFFIX)
        shown = f"{content.name}/{ADMIN_FOLDER}/{section}/{file}"
        try:
            if f"{ADMIN_FOLDER}/{section}/{file}" != record_path(section, name):
                raise ConfigError(f"{shown!a}: is no record (expected NAME{_SUFFIX})")
        except InvalidNameError as error:
            raise ConfigError(f"{shown!a}: {error} (expected the name of one of the {section})") from error
        yield name, shown, _bytes_of(folder / file, shown)


def _bytes_of(path: Path, shown: str) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_RECORD_BYTES:
            raise ConfigError(f"{shown}: is no file of at most {MAX_RECORD_BYTES >> 20} MiB")
        return stream.read()
