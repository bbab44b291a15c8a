"""Events of writes to an append-only file of JSON lines, and back; fields of ToolHive specification 19.5."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from regpress.errors import NotFoundError
from regpress.record import record
from regpress.storage import storage_error, sync_folder

AUDIT_FILE: Final = "audit.jsonl"


@record
class AuditLog:
    """One file that only grows.

    Attributes:
        path: the file; readable by its owner only.
    """

    path: Path

    def append(self, events: Sequence[Mapping[str, Any]], *, durable: bool = True) -> None:
        """Write *events*, each a line, in one go.

        Raises:
            StorageError: the disk is full or read-only.
        """
        lines = b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events)
        try:
            is_new = not self.path.exists()
            if is_new:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                # A line that a crash cut off must not swallow the next one.
                if not is_new and not _ends_with_line(self.path):
                    lines = b"\n" + lines
                # A disk that is nearly full takes a part, and refuses the rest.
                rest = memoryview(lines)
                while rest:
                    rest = rest[os.write(handle, rest) :]
                if durable:
                    os.fsync(handle)
            finally:
                os.close(handle)
            if is_new and durable:
                sync_folder(self.path.parent)
        except OSError as error:
            raise storage_error(str(self.path), error) from error

    def events(self) -> Iterator[dict[str, Any]]:
        """Return all events in their order; lines that are no events are passed over.

        Raises:
            NotFoundError: there is no log.
            StorageError: it cannot be read.
        """
        try:
            with self.path.open("rb") as stream:
                for line in stream:
                    try:
                        event = orjson.loads(line)
                    except orjson.JSONDecodeError:
                        continue
                    if isinstance(event, dict):
                        yield event
        except FileNotFoundError as error:
            raise NotFoundError(
                str(self.path), "there is no audit log yet (expected one written by `regpress serve`)"
            ) from error
        except OSError as error:
            raise storage_error(str(self.path), error) from error


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return True
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"
