"""The application in front of the one that answers now."""

from __future__ import annotations

from typing import Any

from regpress.asgi.front import Front
from regpress.asgi.ready import Reply


class Stub:
    """An application that says who it is."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": self.name})

    def ready(self, target: bytes, fields: Any, client: Any) -> Reply:
        return Reply(target, b"", self.name)


def test_connections_are_sent_what_is_ready_in_the_application_that_answers_now() -> None:
    front = Front(Stub("first"))  # type: ignore[arg-type]
    for name in ("second", "third"):
        assert front.ready(b"/a", (), None) == Reply(b"/a", b"", front.app.name)  # type: ignore[attr-defined]
        front.app = Stub(name)  # type: ignore[assignment]
        assert front.ready(b"/a", (), None) == Reply(b"/a", b"", name)
