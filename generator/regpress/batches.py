"""Writes that come together to one durable change: all files, the log and the commit, or nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from regpress.audit_log import AuditLog
from regpress.content_git import ContentRepository
from regpress.content_store import ContentStore
from regpress.desk import Desk, Event, Job, Write
from regpress.errors import RegistryError, StorageError
from regpress.names import EntryName
from regpress.record import record


@record(kw_only=True)
class Batches:
    """Where writes go.

    Attributes:
        store: the content folder.
        log: where writes are noted.
        repository: where they are committed; None for a site that is in none.
    """

    store: ContentStore
    log: AuditLog
    repository: ContentRepository | None

    def run(self, desk: Desk, jobs: Sequence[Job]) -> tuple[list[bytes | Exception], Desk | None]:
        """Do some writes on a fresh desk and make them durable.

        Returns:
            For each the body of its answer or why it failed; and the desk, to be shown from now on (`show`), None where
            nothing changed.
        """
        paths = [path for job in jobs for path in job.write.paths]
        try:
            self.store.begin({"events": [job.event for job in jobs]}, paths)
        except StorageError as error:
            return [error] * len(jobs), None
        outcomes = [self._attempt(desk, job.write) for job in jobs]
        done = [job for job, outcome in zip(jobs, outcomes, strict=True) if isinstance(outcome, bytes)]
        if not done:
            self.store.end()
            return outcomes, None
        try:
            self._make_durable(desk, done)
        except RegistryError as error:
            self._undo(desk, done, error)
            failed = StorageError(getattr(error, "path", ""), "the write could not be made durable")
            failed.__cause__ = error
            return [failed if isinstance(outcome, bytes) else outcome for outcome in outcomes], None
        self.store.end()
        return outcomes, desk

    def _attempt(self, desk: Desk, write: Write) -> bytes | Exception:
        mark, earlier = self.store.mark(), desk.copy()
        try:
            return write.run(desk)
        except Exception as error:  # whatever happens to one write, the others are not concerned
            self.store.roll_back(mark)
            desk.take_back(earlier)
            return error

    def _make_durable(self, desk: Desk, done: Sequence[Job]) -> None:
        self.store.sync()
        self.log.append([{**job.event, "outcome": "success"} for job in done])
        if self.repository is not None:
            self.repository.commit(desk.changed, _commit_message(done))

    def _undo(self, desk: Desk, done: Sequence[Job], error: RegistryError) -> None:
        self.store.roll_back()
        self.store.sync()
        desk.take_back(replace(desk, standings={}, candidates={}, changed=[]))
        # The log may hold them as done already.
        with suppress(StorageError):
            self.log.append([{**job.event, "outcome": "error", "reason": str(error)[:500]} for job in done])
        self.store.end()


def show(desk: Desk) -> None:
    """Let everybody see what a desk holds; to be called where requests are answered."""
    for (kind, name), made in desk.candidates.items():
        parsed = EntryName(*name.split("/"))
        for source, candidates in made.items():
            desk.live.keep(source, kind, parsed, candidates)
    for (registry, (kind, name)), standing in desk.standings.items():
        desk.live.registries[registry].put(kind, EntryName(*name.split("/")), standing)


def recover(store: ContentStore, log: AuditLog, repository: ContentRepository | None) -> tuple[str, ...]:
    """Finish what an interrupted run began; returns the files that it had changed.

    Every file that is there counts, though nobody was told so: it is noted in the log and committed.

    Raises:
        StorageError: the disk or the repository failed.
    """
    store.clean()
    about, paths = store.pending()
    if not paths:
        return ()
    found = tuple(path for path in dict.fromkeys(paths) if store.read(path) is not None)
    log.append([{**event, "outcome": "unknown", "recovered": True} for event in about.get("events", ())])
    if repository is not None:
        # They may be committed already, and the index not know it.
        repository.stage(paths)
        if changed := repository.changed(paths):
            repository.commit(changed, "Recover writes of an interrupted run")
    store.end()
    return found


def _commit_message(jobs: Sequence[Job]) -> str:
    first = jobs[0].write.summary if len(jobs) == 1 else f"{jobs[0].write.summary} and {len(jobs) - 1} more"
    lines = [f"{job.write.summary} (by {_actor(job.event)}, request {_request(job.event)})" for job in jobs]
    return "\n".join((first, "", *lines))


def _actor(event: Event) -> str:
    subjects = event.get("subjects") or {}
    return str(subjects.get("sub") or subjects.get("identity") or "unknown")


def _request(event: Event) -> str:
    extra = (event.get("metadata") or {}).get("extra") or {}
    return str(extra.get("request_id", "unknown"))
