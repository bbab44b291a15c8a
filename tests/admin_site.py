"""A server with roles, and the provider of its callers' tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app_server import AppServer, Reply
from identity_servers import Issuer

TOOLHIVE = Path(__file__).parents[2] / "shared/schemas/toolhive-swagger.json"
ROLES = {
    "superAdmin": [{"role": "root"}],
    "manageSources": [{"role": ["ops", "lead"]}],
    "manageRegistries": [{"org": "tides", "role": "lead"}],
    "manageEntries": [{"role": "author"}, {}],
}
AUTHOR = {"sub": "ann", "org": "tides", "team": ["a", "b"], "role": "author"}


@dataclass
class World:
    """A server with roles, and the provider of its callers' tokens."""

    server: AppServer
    issuer: Issuer
    site: Path

    def ask(self, method: str, path: str, body: Any = None, **claims: Any) -> Reply:
        """Return the answer to somebody with claims; without any, nobody is asking."""
        fields = {"Authorization": f"Bearer {self.issuer.token('one', **claims)}"} if claims else {}
        return self.server.ask(method, path, body, headers=fields)

    def publish(self, body: Any, **claims: Any) -> Reply:
        return self.ask("POST", "/v1/entries", body, **(claims or AUTHOR))

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = (self.site / "audit.jsonl").read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["type"] == kind]


def oauth(url: str, **more: Any) -> dict[str, Any]:
    provider = {"name": "id", "issuerUrl": url, "audience": "mcp-registry"}
    return {"mode": "oauth", "oauth": {"providers": [provider], "resourceUrl": "https://registry.example.org"}, **more}


def refused(answer: Reply, status: int, text: str) -> None:
    assert (answer.status, answer.json["error"]) == (status, text)
