"""Sources that change elsewhere to what is answered: looked at as often as the configuration says, or when asked to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qs

from regpress.asgi.answers import Answer, written
from regpress.asgi.requests import Request, is_local
from regpress.asgi.writer import Writer
from regpress.auth import Authenticator
from regpress.callers import Callers
from regpress.errors import ForbiddenError, RegistryError, UnknownEntryError
from regpress.service import Service, clock, renew, renewed_sources

#: Events that are remembered.
HISTORY: Final = 100

_COMPLETED: Final[Mapping[str, Any]] = {"attemptCount": 0, "message": "Sync completed successfully"}

_LOG: Final = logging.getLogger("regpress.serve")


class Syncer:
    """Looks at the sources of a service and shows what they hold now."""

    def __init__(self, service: Service, writer: Writer, *, on_change: Callable[[], None]) -> None:
        """Take a service, what writes it meanwhile, and what to call after a change."""
        self._service = service
        self._writer = writer
        self._on_change = on_change
        self._revisions = dict(service.revisions)
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        # What is served was good at the start.
        self._states = {name: {"phase": "complete", "lastSyncTime": clock(), **_COMPLETED} for name in self._revisions}
        self._history: deque[dict[str, Any]] = deque(maxlen=HISTORY)

    def start(self) -> None:
        """Begin to look at each source with an interval of its own."""
        for source in self._service.site.config.sources:
            interval = source.sync_policy.interval if source.sync_policy else 0
            if interval and source.name in self._revisions and source.name != self._service.managed:
                self._tasks.append(asyncio.create_task(self._repeat(source.name, interval)))

    async def stop(self) -> None:
        """Stop looking."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def history(self) -> list[dict[str, Any]]:
        """Return what came of the last looks, the newest first."""
        return list(reversed(self._history))

    def state(self, name: str) -> Mapping[str, Any] | None:
        """Return what came of the last look at a source; None for one that is not looked at."""
        return self._states.get(name)

    async def sync(self, names: Sequence[str], *, trigger: str) -> dict[str, Any]:
        """Look at sources now, and show what they hold; returns what came of it.

        Args:
            names: the sources; all of them where none are named.
            trigger: why: ``interval`` or ``request``.

        Raises:
            UnknownEntryError: there is no such source.
        """
        known = list(self._revisions)
        if unknown := set(names) - set(known):
            raise UnknownEntryError("There is no such source to sync", min(unknown))
        chosen = list(names) or known
        event: dict[str, Any] = {"sources": chosen, "trigger": trigger, "startedAt": clock()}
        started = time.monotonic()
        for name in chosen:
            self._states[name] |= {"phase": "syncing", "lastAttempt": event["startedAt"]}
            self._states[name]["attemptCount"] += 1
        try:
            async with self._lock:
                event["changed"] = await self._look(chosen)
            event["phase"] = "complete"
        except RegistryError as error:
            # What was good before goes on being served.
            _LOG.error("sync of %s failed: %s", ", ".join(chosen), error)
            event |= {"phase": "failed", "message": str(error)}
        for name in chosen:
            self._note(name, event)
        event |= {"endedAt": clock(), "seconds": round(time.monotonic() - started, 3)}
        self._history.append(event)
        return event

    def _note(self, name: str, event: Mapping[str, Any]) -> None:
        state = self._states[name]
        state.pop("lastAttempt", None)
        state |= {"phase": event["phase"], "lastSyncTime": clock()}
        state |= _COMPLETED if event["phase"] == "complete" else {"message": f"Fetch failed: {event['message']}"}

    async def _look(self, names: Sequence[str]) -> bool:
        service = self._service
        snapshots = await asyncio.to_thread(renewed_sources, service, names, self._revisions)
        if not snapshots:
            return False
        async with self._writer.paused():
            live, revisions = await asyncio.to_thread(renew, service, snapshots, lambda _: None)
            service.live.take_over(live)
            service.publisher.forget()
            self._revisions |= revisions
        self._on_change()
        return True

    async def _repeat(self, name: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self.sync([name], trigger="interval")


class SyncRoutes:
    """Answers requests to look at sources, and about the last looks, below ``x/dev.regpress/sync``."""

    def __init__(self, syncer: Syncer, authenticator: Authenticator, callers: Callers) -> None:
        """Take what looks at sources, what recognises callers, and what these may."""
        self._syncer = syncer
        self._authenticator = authenticator
        self._callers = callers

    async def answer(self, request: Request) -> Answer | None:
        """Return the history to a GET, and what came of a look to a POST.

        Raises:
            ForbiddenError: the caller may not edit everything.
            RegistryError: it is nobody known, or there is no such source.
        """
        if request.method not in {"GET", "HEAD", "POST"}:
            return None
        principal = await self._authenticator.recognise(request.header(b"authorization"), local=is_local(request))
        if self._callers.roles is not None:
            may = self._callers.caller(principal).has("manageSources")
        else:
            may = principal.may("edit", "*")
        if not may:
            raise ForbiddenError("Syncing is for those who may edit everything")
        if request.method != "POST":
            return written({"history": self._syncer.history()})
        names = parse_qs(request.query.decode("latin-1")).get("source", [])
        return written(await self._syncer.sync(names, trigger="request"))
