"""The one application that a server knows, in front of the one that answers now.

Each request is answered by one application from its beginning to its end, whatever takes its place meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from regpress.asgi.app import App
from regpress.asgi.ready import Fields, Reply
from regpress.asgi.requests import Receive, Scope, Send


@dataclass(slots=True)
class Front:
    """Passes requests on.

    Attributes:
        app: what answers those that begin now.
    """

    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or what else a server tells an application."""
        await self.app(scope, receive, send)

    def ready(self, target: bytes, fields: Fields, client: tuple[str, int] | None) -> Reply | None:
        """Return what a connection sends to a GET without a task: see `App.ready`."""
        return self.app.ready(target, fields, client)
