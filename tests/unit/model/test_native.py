from typing import Any

import pytest

from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META
from regpress.model.native import NativeError, map_native


def extension(value: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = value["_meta"][PUBLISHER_META][TOOLHIVE_META][key]
    return found


def test_a_container_server_becomes_one_oci_package_and_an_extension() -> None:
    native = {
        "title": "Tides",
        "description": "Tide tables",
        "tier": "Community",
        "status": "Deprecated",
        "transport": "streamable-http",
        "tools": ["next_high_tide"],
        "metadata": {"stars": 7, "last_updated": "2026-02-01T00:00:00Z"},
        "repository_url": "https://gitlab.com/acme/tides",
        "tags": ["sea"],
        "overview": "# Tides",
        "tool_definitions": [{"name": "next_high_tide"}],
        "custom_metadata": {"author": "Acme"},
        "image": "ghcr.io/acme/tides:1.2.0",
        "target_port": 8080,
        "proxy_port": 9090,
        "permissions": {"network": {"outbound": {"allow_port": [443]}}},
        "env_vars": [
            {"name": "KEY", "description": "A key", "required": True, "secret": True},
            {"name": "AREA", "description": "Where", "required": False, "default": "north"},
        ],
        "args": ["serve"],
        "docker_tags": ["1.2.0"],
        "provenance": {"sigstore_url": "tuf.example"},
        "stateless": True,
    }
    mapped = map_native("servers", "tides", native)
    assert mapped.dropped == ()
    assert mapped.value == {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "io.github.stacklok/tides",
        "title": "Tides",
        "description": "Tide tables",
        "version": "1.0.0",
        "repository": {"url": "https://gitlab.com/acme/tides", "source": "github"},
        "packages": [
            {
                "registryType": "oci",
                "identifier": "ghcr.io/acme/tides:1.2.0",
                "transport": {"type": "streamable-http", "url": "http://localhost:8080"},
                "environmentVariables": [
                    {"name": "KEY", "description": "A key", "isRequired": True, "isSecret": True},
                    {"name": "AREA", "description": "Where", "default": "north"},
                ],
            }
        ],
        "_meta": {
            PUBLISHER_META: {
                TOOLHIVE_META: {
                    "ghcr.io/acme/tides:1.2.0": {
                        "status": "Deprecated",
                        "tier": "Community",
                        "tools": ["next_high_tide"],
                        "tags": ["sea"],
                        "overview": "# Tides",
                        "tool_definitions": [{"name": "next_high_tide"}],
                        "metadata": {"stars": 7, "last_updated": "2026-02-01T00:00:00Z"},
                        "custom_metadata": {"author": "Acme"},
                        "permissions": {"network": {"outbound": {"allow_port": [443]}}},
                        "args": ["serve"],
                        "provenance": {"sigstore_url": "tuf.example"},
                        "docker_tags": ["1.2.0"],
                        "proxy_port": 9090,
                        "stateless": True,
                    }
                }
            }
        },
    }


def test_a_remote_server_becomes_a_remote_and_an_extension() -> None:
    native = {
        "description": "Sea charts",
        "transport": "sse",
        "url": "https://charts.example/sse",
        "headers": [{"name": "X-Area", "description": "Where", "required": True, "choices": ["north", "south"]}],
        "env_vars": [{"name": "AREA"}],
        "oauth_config": {"issuer": "https://id.example"},
    }
    value = map_native("remote_servers", "acme.charts/sea", native).value
    assert value["name"] == "acme.charts/sea"
    assert "packages" not in value
    assert value["remotes"] == [
        {
            "type": "sse",
            "url": "https://charts.example/sse",
            "headers": [{"name": "X-Area", "description": "Where", "isRequired": True, "choices": ["north", "south"]}],
        }
    ]
    assert extension(value, "https://charts.example/sse") == {
        "status": "active",
        "oauth_config": {"issuer": "https://id.example"},
        "env_vars": [{"name": "AREA"}],
    }


@pytest.mark.parametrize(
    ("transport", "port", "expected"),
    [
        (None, None, {"type": "stdio"}),
        ("stdio", 8080, {"type": "stdio"}),
        ("sse", None, {"type": "sse", "url": "http://localhost"}),
        ("sse", 0, {"type": "sse", "url": "http://localhost"}),
        ("streamable-http", 3000, {"type": "streamable-http", "url": "http://localhost:3000"}),
    ],
)
def test_the_transport_of_a_container_has_an_address_only_where_it_is_http(
    transport: str | None, port: int | None, expected: dict[str, str]
) -> None:
    value = map_native("servers", "x", {"image": "x:1", "transport": transport, "target_port": port}).value
    assert value["packages"][0]["transport"] == expected


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("fetch", None, "io.github.stacklok/fetch"),
        ("acme/fetch", None, "acme/fetch"),
        ("fetch", "com.acme/fetch", "com.acme/fetch"),
        ("fetch", "plain", "plain"),
    ],
)
def test_only_a_key_is_given_a_namespace(key: str, name: str | None, expected: str) -> None:
    assert map_native("servers", key, {"image": "x:1", "name": name}).value["name"] == expected


def test_members_without_a_place_are_named() -> None:
    assert map_native("servers", "x", {"image": "x:1", "url": "https://x.example", "homepage": 1}).dropped == (
        "url",
        "homepage",
    )


@pytest.mark.parametrize(
    ("section", "entry", "path", "reason"),
    [
        ("servers", None, "", "is null, not an object"),
        ("servers", {}, "image", "has no image"),
        ("servers", {"image": 7}, "image", "is a number, not a string"),
        ("remote_servers", {"image": "x:1"}, "url", "has no url"),
        (
            "servers",
            {"image": "x:1", "env_vars": {}, "args": 1, "transport": []},
            "transport",
            "is an array, not a string",
        ),
        ("servers", {"image": "x:1", "env_vars": {"a": 1}}, "env_vars", "is an object, not an array"),
        ("servers", {"image": "x:1", "env_vars": [{}, "A=b"]}, "env_vars[1]", "is a string, not an object"),
        (
            "servers",
            {"image": "x:1", "transport": "sse", "target_port": "80"},
            "target_port",
            "is a string, not a port",
        ),
        ("remote_servers", {"url": "https://x", "headers": True}, "headers", "is a boolean, not an array"),
    ],
)
def test_an_entry_that_is_not_what_it_should_be_says_where_and_what(
    section: Any, entry: Any, path: str, reason: str
) -> None:
    with pytest.raises(NativeError, match=f"^{reason}$") as caught:
        map_native(section, "x", entry)
    assert caught.value.path == path
    assert caught.value.expected


def test_an_empty_key_is_no_name() -> None:
    with pytest.raises(NativeError, match="empty name"):
        map_native("servers", "", {"image": "x:1"})
