"""What a caller sees of a registry, while others go on being answered."""

from __future__ import annotations

import asyncio
from threading import Event
from types import SimpleNamespace
from typing import Any

from loops import completed
from regpress.asgi.looking import Gate
from regpress.callers import Callers
from regpress.principal import Principal


class SlowViews:
    """Views of which one takes until somebody else has been answered."""

    def __init__(self) -> None:
        self.answered = Event()
        self.made: list[str] = []
        self.kept: Any = None

    def sight(self, sees: Any, *, claims: Any, unclaimed: bool) -> frozenset[str]:
        assert sees({"org": "tides"})
        assert claims
        return frozenset() if unclaimed else frozenset({"tides"})

    def find(self, name: str, sight: frozenset[str]) -> Any:
        return self.kept

    def make(self, name: str, sight: frozenset[str]) -> str:
        assert self.answered.wait(30), "nobody was answered meanwhile"
        self.made.append(name)
        return f"{name} as {min(sight)} sees it"

    def keep(self, name: str, sight: frozenset[str], view: str) -> str:
        self.kept = view
        return view


def test_others_are_answered_while_a_view_is_made_once_for_all_who_wait_for_it() -> None:
    async def scenario() -> None:
        views, lock = SlowViews(), asyncio.Lock()

        async def recognise(authorization: str, *, local: bool) -> Principal:
            return Principal(subject="ann", method="oauth", claims={"org": "tides"})

        gate = Gate(
            views=views,  # type: ignore[arg-type]
            public=frozenset(),
            claims={"harbour": {"org": "tides"}},
            authenticator=SimpleNamespace(recognise=recognise, verifiers=(1,)),  # type: ignore[arg-type]
            callers=Callers(roles={}),
            paused=lambda: lock,
        )
        request: Any = SimpleNamespace(header=lambda _: "Bearer x", client="192.0.2.1", headers={}, forwarded="")
        registry: Any = SimpleNamespace(plan=SimpleNamespace(name="harbour"))
        waiting = [asyncio.create_task(gate.look(request, registry, "toolhive", is_open=False)) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert lock.locked()
        views.answered.set()
        looks = await asyncio.gather(*waiting)
        assert {look.registry for look in looks} == {"harbour as tides sees it"}  # type: ignore[comparison-overlap]
        assert views.made == ["harbour"]
        assert not any(look.public for look in looks)

    completed(scenario())
