"""Requests about the service itself: whether it lives, what it is, what it counts."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from regpress import __version__
from regpress.asgi.answers import Answer, dumped, problem, tagged, written
from regpress.asgi.metrics import Metrics

#: Addresses at the root of the site, and below the API prefixes those of them that the official service has there.
NAMES: Final = frozenset({"health", "ping", "readiness", "version", "metrics", "openapi.json", "docs"})
BELOW_API: Final = frozenset({"health", "ping", "version"})


@dataclass(slots=True, kw_only=True)
class Operations:
    """What the service says about itself.

    Attributes:
        metrics: what it counts.
        is_ready: returns whether it can answer and write.
        openapi: the description of its routes.
        docs: the same as a page.
        github_client_id: of the application that people log in with, empty where there is none.
        revision: what was built, a commit or empty.
    """

    metrics: Metrics
    is_ready: Callable[[], bool]
    openapi: Callable[[], Mapping[str, Any]]
    docs: Callable[[], bytes]
    github_client_id: str = ""
    revision: str = ""

    def answer(self, name: str, *, below_api: bool) -> Answer:
        """Return the answer at one of `NAMES`."""
        match name:
            case "health":
                self.metrics.healthy(is_healthy=self.is_ready())
                more = {"github_client_id": self.github_client_id} if self.github_client_id else {}
                return written({"status": "ok" if below_api else "healthy", **more})
            case "ping":
                return written({"pong": True})
            case "readiness":
                return written({"status": "ready"}) if self.is_ready() else problem(503, "service not ready")
            case "version":
                return written(self._version(below_api=below_api))
            case "metrics":
                return Answer(200, self.metrics.text(), b"text/plain; version=0.0.4; charset=utf-8", cache=b"no-store")
            case "openapi.json":
                return tagged(dumped(self.openapi()))
        return tagged(
            self.docs(),
            media_type=b"text/html; charset=utf-8",
            headers=((b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),),
        )

    def _version(self, *, below_api: bool) -> dict[str, str]:
        if below_api:
            return {"version": __version__, "git_commit": self.revision, "build_time": ""}
        machine = f"{platform.system().lower()}/{platform.machine()}"
        return {
            "version": __version__,
            "commit": self.revision,
            "build_date": "",
            "python_version": platform.python_version(),
            "platform": machine,
        }
