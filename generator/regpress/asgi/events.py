"""A request to what the audit log says about it, but for its outcome: ToolHive registry specification 19.5."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from regpress.asgi.requests import Request
from regpress.principal import Principal
from regpress.times import format_time

_COMPONENT: Final = "regpress"


def audit_event(
    request: Request,
    event_type: str,
    principal: Principal | None,
    target: Mapping[str, str],
    *,
    started: float,
    role: str = "",
) -> dict[str, Any]:
    """Return the event of a request; empty members are left out.

    Args:
        request: the request.
        event_type: what it asked for: ``entry.publish``.
        principal: who asked, None for somebody who was not recognised.
        target: what it is about, besides method and path.
        started: `time.perf_counter` at its beginning.
        role: that decided, where one did.
    """
    now = format_time(datetime.now(UTC))
    subjects = {"identity": "anonymous"}
    if principal is not None:
        subjects = {"sub": principal.subject, "user": principal.user, "method": principal.method, "role": role}
    extra = {"user_agent": request.header(b"user-agent")[:512], "x_forwarded_for": request.forwarded}
    place = {"method": request.method, "path": request.path.decode("latin-1")[:1024]}
    milliseconds = round((time.perf_counter() - started) * 1000, 3)
    return {
        "time": now,
        "logged_at": now,
        "audit_id": str(uuid.uuid4()),
        "type": event_type,
        "component": _COMPONENT,
        "source": {"type": "network", "value": request.client, "extra": _filled(extra)},
        "subjects": _filled(subjects),
        "target": _filled({**place, **target}),
        "metadata": {"extra": {"request_id": request.id, "duration_ms": milliseconds}},
    }


def _filled(members: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in members.items() if value}
