"""Sources that change elsewhere to what is answered: looked at as often as the configuration says, or when asked to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs

from regpress.asgi.answers import Answer, written
from regpress.asgi.requests import Request, is_local
from regpress.asgi.writer import Writer
from regpress.auth import Authenticator
from regpress.callers import Callers
from regpress.errors import ForbiddenError, RegistryError, UnknownEntryError
from regpress.fetching import served_sources
from regpress.service import Service, clock, look, renew

#: Events that are remembered.
HISTORY: Final = 100
#: Looks at sources at the same time.
FETCHES: Final = 4
#: Seconds between two looks at a source that was created through the API, however often it wants to be looked at.
LEAST_INTERVAL: Final = 10.0

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
        self._locks: dict[str, asyncio.Lock] = {}
        # Whoever creates a source may let it hang: writes must not wait for that.
        self._threads = ThreadPoolExecutor(FETCHES, thread_name_prefix="sync")
        self._repeated: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._soon: set[asyncio.Task[None]] = set()
        # What is served was good at the start.
        self._states = {name: {"phase": "complete", "lastSyncTime": clock(), **_COMPLETED} for name in self._revisions}
        for name, failure in service.broken.items():
            # Until it is read whole it has none that counts.
            self._revisions[name] = ""
            self._states[name] |= {"phase": "failed", "attemptCount": 1, "message": f"Fetch failed: {failure}"}
        self._history: deque[dict[str, Any]] = deque(maxlen=HISTORY)

    def start(self) -> None:
        """Begin to look at each source with an interval of its own."""
        wanted = dict(self._intervals())
        for name, (interval, task) in list(self._repeated.items()):
            if wanted.get(name) != interval:
                task.cancel()
                del self._repeated[name]
        for name, interval in wanted.items():
            if name not in self._repeated:
                self._repeated[name] = (interval, asyncio.create_task(self._repeat(name, interval)))

    def _intervals(self) -> Iterator[tuple[str, float]]:
        site = self._service.site
        for source in site.config.sources:
            interval = source.sync_policy.interval if source.sync_policy else 0
            if interval and source.name in self._revisions and source.name != self._service.managed:
                yield source.name, max(interval, LEAST_INTERVAL) if source.name in site.created.sources else interval

    async def stop(self) -> None:
        """Stop looking."""
        for task in (*(task for _, task in self._repeated.values()), *self._soon):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._threads.shutdown(wait=False, cancel_futures=True)

    def serve(self, service: Service) -> None:
        """Look at the sources of a service as it is from now on, at once at those that nobody has looked at."""
        self._service = service
        served = [source.name for source in served_sources(service.site)]
        self._revisions = {name: service.revisions.get(name, self._revisions.get(name, "")) for name in served}
        self._states = {name: self._states.get(name) or self._unseen(name) for name in served}
        self.start()
        for name in served:
            if not self._revisions[name] and name in service.revisions:
                task = asyncio.create_task(self._once(name))
                self._soon.add(task)
                task.add_done_callback(self._soon.discard)

    def _unseen(self, name: str) -> dict[str, Any]:
        if self._revisions[name]:
            return {"phase": "complete", "lastSyncTime": clock(), **_COMPLETED}
        return {"phase": "failed", "attemptCount": 0, "message": "No previous sync status found"}

    def unread(self) -> list[str]:
        """Return the sources of which nothing is known yet."""
        return [name for name, revision in self._revisions.items() if not revision]

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
            trigger: why: ``interval``, ``change`` or ``request``.

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
            async with AsyncExitStack() as held:
                # Always in the same order, so that two that look at the same sources never wait for each other.
                for name in sorted(set(chosen)):
                    await held.enter_async_context(self._locks.setdefault(name, asyncio.Lock()))
                event["changed"], failures = await self._look(chosen)
        except RegistryError as error:
            failures = dict.fromkeys(chosen, str(error))
        except Exception:  # the next look is not concerned
            _LOG.exception("sync of %s failed", ", ".join(chosen))
            failures = dict.fromkeys(chosen, "internal error")
        for name in chosen:
            self._note(name, failures.get(name, ""))
        # What was good before goes on being served.
        event["phase"] = "failed" if failures else "complete"
        if failures:
            event["message"] = "; ".join(dict.fromkeys(failures.values()))
            _LOG.error("sync of %s failed: %s", ", ".join(failures), event["message"])
        event |= {"endedAt": clock(), "seconds": round(time.monotonic() - started, 3)}
        self._history.append(event)
        return event

    def _note(self, name: str, failure: str) -> None:
        state = self._states.get(name)
        if state is None:
            # It was deleted meanwhile.
            return
        state.pop("lastAttempt", None)
        state |= {"phase": "failed" if failure else "complete", "lastSyncTime": clock()}
        state |= {"message": f"Fetch failed: {failure}"} if failure else _COMPLETED

    async def _look(self, names: Sequence[str]) -> tuple[bool, dict[str, str]]:
        before = self._service.site.sources
        fetching = partial(look, self._service, names, dict(self._revisions))
        looked = await asyncio.get_running_loop().run_in_executor(self._threads, fetching)
        failures = dict(looked.failures)
        if not looked.snapshots:
            return False, failures
        async with self._writer.paused():
            service = self._service
            # What was deleted or changed meanwhile is looked at again, or not at all.
            now = service.site.sources
            still = {name: one for name, one in looked.snapshots.items() if now.get(name) is before[name]}
            renewed = await asyncio.to_thread(renew, service, still)
            service.live.take_over(renewed.live)
            service.publisher.forget()
            self._revisions |= renewed.revisions
        self._on_change()
        return True, {**failures, **renewed.failures}

    async def _repeat(self, name: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self.sync([name], trigger="interval")

    async def _once(self, name: str) -> None:
        with suppress(UnknownEntryError):
            await self.sync([name], trigger="change")


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
