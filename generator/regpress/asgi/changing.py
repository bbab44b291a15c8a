"""Changes of sources and registries: made durable, and served from then on, without a restart.

Nobody else writes meanwhile. What is to be served is made first, so that what could not be served is never written;
then the record is written like any other write; then it is served, and the request is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from regpress.admin_changes import Change
from regpress.asgi.syncing import Syncer
from regpress.asgi.writer import Writer
from regpress.desk import Event, Job
from regpress.errors import ConfigError, RefusedWriteError
from regpress.service import Service, moved
from regpress.wiring import reopened

#: Returns the change that is asked for, or raises why there is none, given what is served when its turn comes.
Prepare = Callable[[Service], Change]
#: Returns what the log says about a change.
Tell = Callable[[Change], Event]


class Done(NamedTuple):
    """A change that was made, and what is served since."""

    change: Change
    service: Service


class Changer:
    """Changes what a service serves.

    Attributes:
        service: what is served now.
    """

    def __init__(
        self, service: Service, writer: Writer, syncer: Syncer, *, on_change: Callable[[Service], None]
    ) -> None:
        """Take a service, what writes it and looks at its sources, and what to call with the one in its place."""
        self.service = service
        self._writer = writer
        self._syncer = syncer
        self._on_change = on_change
        self._tasks: set[asyncio.Task[Done]] = set()

    async def change(self, prepare: Prepare, tell: Tell) -> Done:
        """Make a change; it is durable and served when this returns.

        Args:
            prepare: checks it.
            tell: returns what the log says about it, but for its outcome.

        Raises:
            RegistryError: it is refused, or cannot be made durable.
        """
        task = asyncio.create_task(self._change(prepare, tell))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Who asked may go away; what has begun is done all the same.
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Finish what has begun."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _change(self, prepare: Prepare, tell: Tell) -> Done:
        async with self._writer.paused():
            change = await asyncio.to_thread(prepare, self.service)
            service = await asyncio.to_thread(_made, self.service, change)
            outcome = (await asyncio.to_thread(self.service.publisher.run, [Job(change.write, tell(change))]))[0][0]
            if isinstance(outcome, Exception):
                raise outcome
            self.service = service
            self._writer.write_with(service.publisher)
            self._on_change(service)
            self._syncer.serve(service)
        return Done(change, service)


def _made(service: Service, change: Change) -> Service:
    """Return what is served with a change.

    Raises:
        RefusedWriteError: it could not be.
    """
    try:
        return moved(service, reopened(service.site, change.created))
    except ConfigError as error:
        reason = error.problems[0].removeprefix(f"{change.section}: {change.name}: ")
        raise RefusedWriteError(f"invalid {change.label} configuration: {reason}", *error.problems) from error
