"""Writes of many requests to batches of one thread, and batches to builds of the tree.

Whatever waits when the thread is free is made durable together. The tree follows a moment later, by one build for all
the writes until then, in a process of its own: requests are answered meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import orjson

from regpress.batches import show
from regpress.desk import Job
from regpress.publish import Publisher

#: Most writes that are made durable together.
BATCH: Final = 64
#: Seconds for which a build waits for further writes.
SETTLE_SECONDS: Final = 0.5
#: Seconds after which a build that failed is tried again.
RETRY_SECONDS: Final = 60.0

_LOG: Final = logging.getLogger("regpress.serve")


class _Waiting(NamedTuple):
    job: Job
    outcome: asyncio.Future[bytes]


class Writer:
    """Runs the writes of a `Publisher` one batch after the other."""

    def __init__(self, publisher: Publisher, *, on_write: Callable[[], None]) -> None:
        """Take a publisher and what to call after each batch that changed something."""
        self._publisher = publisher
        self._on_write = on_write
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work; to be called where requests are answered."""
        self._task = asyncio.create_task(self._work())

    @property
    def is_alive(self) -> bool:
        """Return whether writes are done, sooner or later."""
        return self._task is not None and not self._task.done()

    async def stop(self) -> None:
        """Finish what waits, and stop."""
        await self._queue.join()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def do(self, job: Job) -> bytes:
        """Return the body of the answer to a write, once it is durable and visible.

        Raises:
            RegistryError: it failed.
        """
        outcome: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Waiting(job, outcome))
        # Who asked may go away; the write is then done all the same.
        return await asyncio.shield(outcome)

    def write_with(self, publisher: Publisher) -> None:
        """Let another publisher run what waits and comes; to be called while the writer is paused."""
        self._publisher = publisher

    def paused(self) -> asyncio.Lock:
        """Return the lock that is held while a batch runs, for those who change the live site otherwise."""
        return self._lock

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                async with self._lock:
                    await self._run(batch)
            except Exception as error:  # the next batch is not concerned
                _LOG.exception("a batch of writes failed")
                _fail(batch, error)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _run(self, batch: Sequence[_Waiting]) -> None:
        outcomes, desk = await asyncio.to_thread(self._publisher.run, [waiting.job for waiting in batch])
        if desk is not None:
            show(desk)
            self._on_write()
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if waiting.outcome.done():
                continue
            if isinstance(outcome, bytes):
                waiting.outcome.set_result(outcome)
            else:
                waiting.outcome.set_exception(outcome)


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(error)


class Builder:
    """Keeps the tree up to date by running the build command."""

    def __init__(self, command: Sequence[str]) -> None:
        """Take the command that builds the site; none for one that has no tree, because nothing of it is public."""
        self._command = command
        #: Returns the sources that it takes to be empty.
        self.without: Callable[[], Iterable[str]] = tuple
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._done = asyncio.Event()
        self._done.set()
        self._purged: set[str] = set()
        self.failed = False

    def start(self) -> None:
        """Begin to work."""
        if self._command:
            self._task = asyncio.create_task(self._work())

    def want(self) -> None:
        """Ask for a build soon, because of a write."""
        if not self._command:
            return
        self._done.clear()
        self._wanted.set()

    def look(self) -> None:
        """Ask for a build that may find nothing to do, as after an interrupted run."""
        self._wanted.set()

    def purge(self, name: str) -> None:
        """Let no old page of a list mention an entry from the next build on, and log what to clear at a CDN."""
        if self._command:
            self._purged.add(name)
            self.want()

    async def stop(self, seconds: float) -> None:
        """Wait until the tree has every write, and stop.

        Args:
            seconds: how long to wait; what is missing then is built at the next start.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._done.wait(), seconds)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._wanted.clear()
            self.failed = not await self._build()
            if self._wanted.is_set():
                continue
            # Also after a failure: whoever stops need not wait for the next try.
            self._done.set()
            if self.failed:
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._wanted.set)

    async def _build(self) -> bool:
        purged, self._purged = sorted(self._purged), set()
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *(f"--purge={name}" for name in purged),
            *(f"--without={name}" for name in self.without()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, messages = await process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        if process.returncode:
            self._purged.update(purged)
            lines = (messages + output).decode(errors="replace").strip().splitlines()
            _LOG.error("the build ended with %s: %s", process.returncode, " | ".join(lines[:5])[:1000])
        elif purged:
            for path in orjson.loads(output)["result"]["clear"]:
                _LOG.info("clear at a CDN: %s", path)
        return not process.returncode
