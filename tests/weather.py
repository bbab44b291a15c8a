"""A server that has something of everything, for tests of pages."""

from __future__ import annotations

from fakes_catalog import make_entry, make_server, toolhive_meta
from regpress.model.entry import Entry

IMAGE = "ghcr.io/acme/weather:2"


def weather(**fields: object) -> Entry:
    """Return a server that has something of everything."""
    extension = {
        "tier": "Official",
        "tools": ["next_tide"],
        "overview": "## About\n\nLong text",
        "permissions": {"read": ["/data"]},
        "provenance": {"repository_uri": "https://example.org/r"},
        "env_vars": [{"name": "EXTRA"}],
    }
    newest = make_server(
        version="2.0.0",
        **{
            "title": "Weather",
            "repository": {"url": "https://example.org/weather", "source": "github", "subfolder": "mcp"},
            "websiteUrl": "https://weather.example/",
            "packages": [
                {
                    "registryType": "npm",
                    "identifier": "@acme/weather",
                    "version": "2.0.0",
                    "transport": {"type": "stdio"},
                    "environmentVariables": [
                        {"name": "KEY", "isRequired": True, "isSecret": True, "description": "Yours"},
                        {"name": "UNIT", "default": "metric", "choices": ["metric", "imperial"]},
                    ],
                }
            ],
            "remotes": [{"type": "sse", "url": "https://weather.example/mcp", "headers": [{"name": "X-Key"}]}],
            "tags": ("sea", "wind"),
            "_meta": toolhive_meta(**{IMAGE: extension}),
            **fields,
        },
    )
    older = [
        make_server(version=f"1.{minor}.0", latest=False, published=f"2026-04-{minor:02}T00:00:00Z")
        for minor in range(12, 0, -1)
    ]
    return make_entry(newest, *older, readme="# Read me first\n\nText with [a link](https://example.org/doc).")
