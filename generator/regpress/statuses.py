"""Changes of status to a status file of the content folder, for entries of any source and kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regpress.content_store import FileChange
from regpress.desk import Desk
from regpress.errors import RefusedWriteError
from regpress.model.entry import EntryVersion, RawFile, Status, StatusValue
from regpress.model.status import read_statuses, status_file
from regpress.names import EntryName, Kind
from regpress.paths import ENTRY_PLURAL
from regpress.record import record

_ACTIVE_MESSAGE: Final = "status_message cannot be provided when setting status to active"


@record(kw_only=True)
class StatusChange:
    """What a request wants of a status.

    Attributes:
        status: the state.
        message: the reason, None where the request has none.
    """

    status: StatusValue
    message: str | None = None

    @property
    def text(self) -> str:
        """Return the message as it is stored."""
        return self.message or ""

    def is_in(self, version: EntryVersion) -> bool:
        """Return whether a version is what this would make it."""
        return (version.official.status, version.official.status_message) == (self.status, self.text)


def check_message(change: StatusChange) -> None:
    """Hold that what is active has no message.

    Raises:
        RefusedWriteError: it has one.
    """
    if change.status == "active" and change.message is not None:
        raise RefusedWriteError(_ACTIVE_MESSAGE)


def status_path(kind: Kind, name: EntryName) -> str:
    """Return the place of an entry's status file, relative to the content folder."""
    return f"status/{ENTRY_PLURAL[kind]}/{name.namespace}/{name.name}.json"


def restate(desk: Desk, kind: Kind, name: EntryName, versions: Sequence[EntryVersion], change: StatusChange) -> None:
    """Give some versions of one entry another status, which is one file.

    Raises:
        StorageError: the disk failed.
    """
    path = status_path(kind, name)
    raw = RawFile(path=path, data=desk.store.read(path) or b"{}")
    statuses = dict(read_statuses(raw, kind, str(name))[0])
    now = desk.moment(versions)
    for version in versions:
        same = version.official.status == change.status
        changed_at = version.official.status_changed_at if same else now
        statuses[version.version] = Status(
            status=change.status, message=change.text, changed_at=changed_at, updated_at=now if same else ""
        )
    desk.change(kind, name, [FileChange(path, status_file(statuses))])
