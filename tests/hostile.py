"""Documents that try to break pages, for the tests of the catalog: every text of them is an attack."""

from __future__ import annotations

from typing import Any

from fakes_catalog import json_members, make_catalog, make_entry, make_server, make_skill, toolhive_meta
from regpress.catalog import Catalog
from regpress.html.site import ContentPage

MARKUP = "\"'><script>window.pwned=1</script><img src=x onerror=window.pwned=1><svg onload=window.pwned=1>{{7*7}}&lt;"
SCRIPT_ADDRESS = "javascript:window.pwned=1"
OVERRIDE = "\u202etxt.exe\u2066\u200f"
LONG_WORD = "W" * 10_000
CONTROLS = "a\x00b\x1bc\x7fd\x85e\ufffef\uffff"
ATTACKS = (MARKUP, SCRIPT_ADDRESS, "data:text/html,<script>window.pwned=1</script>", OVERRIDE, LONG_WORD, CONTROLS)
MARKDOWN = f"""# {MARKUP}

{MARKUP} [click]({SCRIPT_ADDRESS}) ![x]({SCRIPT_ADDRESS}) <{SCRIPT_ADDRESS}> {OVERRIDE} {LONG_WORD} {CONTROLS}

![tracker](https://tracker.example/pixel.png) <iframe src="https://tracker.example/"></iframe>

| {LONG_WORD} | {MARKUP} |
|---|---|
| {LONG_WORD} | {MARKUP} |

```{MARKUP}
{LONG_WORD} </code></pre><script>window.pwned=1</script>
```
"""


def hostile_input(text: str) -> dict[str, Any]:
    """Return an input whose every member is *text*."""
    members = ("name", "description", "value", "default", "placeholder", "format", "valueHint")
    inner = dict.fromkeys(members, text)
    return {**inner, "choices": [text, text], "isRequired": True, "isSecret": True, "variables": {text: inner}}


def hostile_members(text: str) -> dict[str, Any]:
    """Return members of a server in which *text* stands wherever text can stand."""
    one, inputs = hostile_input(text), [hostile_input(text), {**hostile_input(text), "type": "named"}]
    transport = {"type": text, "url": text, "headers": [one], "variables": {text: one}}
    members = ("registryType", "identifier", "version", "registryBaseUrl", "fileSha256", "runtimeHint")
    package = dict.fromkeys((*members, "digest", "mediaType", "ref", "commit", "subfolder"), text)
    extension = {
        "tier": text,
        "tools": [text],
        "tool_definitions": [{"name": text, "description": text}],
        "overview": MARKDOWN,
        "metadata": {"stars": text},
        "permissions": {"name": text, "read": [text], "network": {"mode": text, "outbound": {"allow_host": [text]}}},
        "provenance": {"repository_uri": text, "cert_issuer": text, "attestation": {"predicate_type": text}},
        "env_vars": [one],
        "args": [text],
    }
    lists = dict.fromkeys(("environmentVariables", "packageArguments", "runtimeArguments"), inputs)
    return {
        "title": text,
        "websiteUrl": text,
        "license": text,
        "compatibility": text,
        "allowedTools": [text],
        "repository": {"url": text, "source": text, "subfolder": text},
        "icons": [{"src": "https://tracker.example/icon.png"}, {"src": text}],
        "packages": [{**package, "transport": transport, **lists}],
        "remotes": [transport],
        "_meta": toolhive_meta(**{text: extension, "other": extension}),
    }


def hostile_catalog() -> Catalog:
    """Return a registry of servers and skills that attack."""
    servers = [
        make_entry(
            make_server(
                f"com.example/attack-{number}",
                description=text,
                status="deprecated",
                message=text,
                tags=(text,),
                **hostile_members(text),
            ),
            readme=MARKDOWN,
        )
        for number, text in enumerate(ATTACKS)
    ]
    skills = [_skill(number, text) for number, text in enumerate(ATTACKS)]
    variables = [{"name": f"VARIABLE_{number}", "description": "x" * (number % 90)} for number in range(500)]
    package = {
        "registryType": "npm",
        "identifier": "a",
        "transport": {"type": "stdio"},
        "environmentVariables": variables,
    }
    return make_catalog(*servers, *skills, make_server("com.example/many", packages=[package]))


def _skill(number: int, text: str) -> Any:
    members = hostile_members(text)
    meta = members.pop("_meta")
    return make_skill(
        f"com.example/attack-{number}", description=text, message=text, other_meta=json_members(meta), **members
    )


def hostile_pages() -> list[ContentPage]:
    """Return Markdown pages that attack."""
    return [ContentPage.of(f"page-{number}", f"# {text}\n\n{MARKDOWN}") for number, text in enumerate(ATTACKS)]
