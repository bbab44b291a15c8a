"""Requests that read to the registry as their caller sees it; ToolHive registry specification 3.1, 9 and 10."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from regpress.asgi.reads import Reader
from regpress.asgi.requests import Request, is_local
from regpress.auth import BAD_TOKEN, Authenticator
from regpress.callers import Callers
from regpress.errors import UnauthenticatedError
from regpress.live import LiveRegistry
from regpress.principal import Principal
from regpress.query import Dialect
from regpress.views import MOST_VIEWS, Sight, Views

#: What the ToolHive Registry Server says.
NO_HEADER: Final = "missing or malformed authorization header"
REFUSED_TOKEN: Final = "token validation failed"  # noqa: S105  # a message
#: Most bytes of answers that are kept for one view.
_VIEW_BYTES: Final = 4 * 1024 * 1024


class Look(NamedTuple):
    """What somebody sees of a registry.

    Attributes:
        registry: as they see it.
        reader: what answers from it.
        public: whether everybody may keep the answers.
    """

    registry: LiveRegistry
    reader: Reader
    public: bool


@dataclass(slots=True, kw_only=True)
class Gate:
    """Decides who sees what.

    Attributes:
        views: the registries as callers see them.
        public: names of those that everybody may read.
        claims: of the registries, by name.
        authenticator: recognises callers.
        callers: what roles and claims give them.
        paused: returns what is held while nothing may change.
    """

    views: Views
    public: frozenset[str]
    claims: Mapping[str, Mapping[str, Any]]
    authenticator: Authenticator
    callers: Callers
    paused: Callable[[], AbstractAsyncContextManager[None]]
    _reader: Reader = field(default_factory=Reader)
    _readers: OrderedDict[int, tuple[LiveRegistry, Reader]] = field(default_factory=OrderedDict)

    @property
    def hides_names(self) -> bool:
        """Return whether only recognised callers are told which registries there are."""
        return bool(self.authenticator.verifiers) and not self.callers.anonymous

    async def look(self, request: Request, registry: LiveRegistry, dialect: Dialect, *, is_open: bool) -> Look:
        """Return what the caller of a request sees of a registry.

        Args:
            request: the request.
            registry: as everybody sees it.
            dialect: whose texts a refusal has.
            is_open: whether the configuration asks for no token at this path.

        Raises:
            UnauthenticatedError: a token is needed.
            ForbiddenError: the caller's claims do not cover the registry's.
        """
        name = registry.plan.name
        public = name in self.public
        principal = await self._principal(request, dialect, needed=not (public or is_open or self.callers.anonymous))
        if principal is None and public and not self.callers.anonymous:
            return Look(registry, self._reader, public=True)
        claims = self.claims.get(name, {})
        viewer = self.callers.viewer(principal, claims=claims, public=public or (is_open and not claims))
        caller = viewer.caller
        sight = self.views.sight(
            viewer.sees, claims=None if caller.bypasses else caller.claims, unclaimed=viewer.unclaimed
        )
        seen = self.views.find(name, sight) or await self._made(name, sight)
        everybodys = self.callers.anonymous or (public and seen is registry) or (is_open and principal is None)
        return Look(seen, self._reader if seen is registry else self._reader_of(seen), public=everybodys)

    async def _made(self, name: str, sight: Sight) -> LiveRegistry:
        """Return a view that nobody has asked for yet; others are answered meanwhile, and nothing changes."""
        async with self.paused():
            # Whoever waited before may have made it.
            if found := self.views.find(name, sight):
                return found
            return self.views.keep(name, sight, await asyncio.to_thread(self.views.make, name, sight))

    async def recognise(self, request: Request, dialect: Dialect) -> Principal:
        """Return who asks.

        Raises:
            UnauthenticatedError: nobody known.
        """
        try:
            return await self.authenticator.recognise(request.header(b"authorization"), local=is_local(request))
        except UnauthenticatedError as error:
            if dialect == "official" or not self.authenticator.verifiers:
                raise
            raise UnauthenticatedError(REFUSED_TOKEN if str(error) == BAD_TOKEN else NO_HEADER) from error

    async def _principal(self, request: Request, dialect: Dialect, *, needed: bool) -> Principal | None:
        if needed:
            return await self.recognise(request, dialect)
        if self.callers.anonymous or b"authorization" not in request.headers:
            return None
        try:
            return await self.recognise(request, dialect)
        except UnauthenticatedError:
            # An old token is no worse than none where none is needed.
            return None

    def _reader_of(self, registry: LiveRegistry) -> Reader:
        found = self._readers.get(id(registry))
        if found is None or found[0] is not registry:
            found = self._readers[id(registry)] = (registry, Reader(_VIEW_BYTES))
        self._readers.move_to_end(id(registry))
        while len(self._readers) > MOST_VIEWS:
            self._readers.popitem(last=False)
        return found[1]
