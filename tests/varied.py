"""One small site with something of everything, and what clients must find in it, written down independently."""

from __future__ import annotations

from typing import Any

from builders import official, server, skill
from sites import config, registry_file

#: More than one page, on hosts that serve pages.
MANY = 120
PLUS, UPPER, MARKUP = "com.example/plus", "com.Example/Upper", "com.example/markup"
DEPRECATED, HALF_DELETED, DELETED = "com.example/deprecated", "com.example/half-deleted", "com.example/deleted"
VERSIONS = "com.example/versions"
HIDDEN_TEXT = "not to be seen by anyone"

MANY_NAMES = [f"com.example.many/server-{number:03}" for number in range(MANY)]
#: Name to its visible versions, newest publication first, and the one that is the latest.
SERVERS: dict[str, tuple[list[str], str]] = {
    **{name: (["1.0.0"], "1.0.0") for name in MANY_NAMES},
    VERSIONS: (["1.9.1", "1.10.0", "1.9.0"], "1.10.0"),
    PLUS: (["2.0.0+linux.x64"], "2.0.0+linux.x64"),
    UPPER: (["0.3.0"], "0.3.0"),
    MARKUP: (["1.0.0"], "1.0.0"),
    DEPRECATED: (["1.0.0"], "1.0.0"),
    HALF_DELETED: (["1.0.0"], "1.0.0"),
}
SKILLS = {"com.example/review": ["1.1.0", "1.0.0"]}
PLUGINS = {"com.example/bundle": ["0.1.0"]}
#: What the second registry has of servers.
TEAM_SERVERS = [UPPER]


def documents() -> dict[str, Any]:
    """Return the files of the site."""
    return {
        "config.yaml": config(
            {"name": "content", "managed": {}},
            {"name": "list", "file": {"path": "list.json"}},
            {"name": "response", "file": {"path": "response.json"}},
            {"name": "team", "file": {"path": "response.json"}, "filter": {"names": {"include": [UPPER]}}},
            {"name": "gated", "file": {"path": "gated.json"}, "claims": {"team": "x"}},
            registries=[
                {"name": "default", "sources": ["gated", "content", "list", "response"]},
                {"name": "team", "sources": ["team"]},
                {"name": "closed", "sources": ["gated"], "claims": {"team": "x"}},
            ],
            title="Varied",
            aliases=["v0", "registry"],
            catalog={"enabled": True},
        ),
        "list.json": registry_file(
            *map(server, MANY_NAMES),
            server(PLUS, "2.0.0+linux.x64"),
            server(MARKUP, description="<script>alert(1)</script> & more", title="A < B"),
            skills=[skill(version="1.0.0"), skill(version="1.1.0")],
            plugins=[skill("com.example/bundle", "0.1.0")],
        ),
        "response.json": {
            "servers": [
                listed(server(VERSIONS, "1.9.0"), publishedAt="2026-01-01T00:00:00Z"),
                listed(server(VERSIONS, "1.10.0"), publishedAt="2026-01-02T00:00:00Z"),
                listed(server(VERSIONS, "1.9.1"), publishedAt="2026-01-03T00:00:00Z"),
                listed(server(UPPER, "0.3.0"), publishedAt="2026-01-01T00:00:00Z"),
                listed(server(DEPRECATED), publishedAt="2026-01-01T00:00:00Z", status="deprecated",
                       statusMessage="Use com.example/plus"),
                listed(server(HALF_DELETED), publishedAt="2026-01-01T00:00:00Z"),
                listed(server(HALF_DELETED, "2.0.0", description=HIDDEN_TEXT), publishedAt="2026-01-01T00:00:00Z",
                       status="deleted"),
                listed(server(DELETED, description=HIDDEN_TEXT), publishedAt="2026-01-01T00:00:00Z", status="deleted"),
            ],
            "metadata": {"count": 8, "nextCursor": ""},
        },
        "gated.json": registry_file(server("com.example/gated", description=HIDDEN_TEXT),
                                    server(PLUS, "9.0.0", description=HIDDEN_TEXT)),
        "content/pages/about.md": "# About\n\nText.\n",
    }  # fmt: skip


def listed(document: dict[str, Any], **block: Any) -> dict[str, Any]:
    """Return an entry of a list response."""
    return {"server": document, "_meta": official(**{"updatedAt": block["publishedAt"], **block})}
