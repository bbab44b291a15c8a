"""The routes of one app as an OpenAPI document, and that as a page without a request to anybody else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from regpress import __version__

_JSON: Final = "application/json"
_TEXT: Final = {"type": "string"}
_HEAD: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API</title>'
    '<meta name="viewport" content="width=device-width">'
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}code{font-size:.9em}h2{margin-top:2rem;font-size:1.1rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}</style>"
    "</head><body><h1>API</h1><p>"
)
_TIME: Final = {"type": "string", "format": "date-time"}


def document(*, writes: bool, logins: Sequence[str], registries: Iterable[str], admin: bool = False) -> dict[str, Any]:
    """Return the description of what an app answers.

    Args:
        admin: whether anybody could use the routes below ``/v1``.
        writes: whether there is a source to write.
        logins: ways to log in: ``dns``, ``none`` …
        registries: names of the registries that everybody may read.
    """
    made: dict[str, Any] = {}
    for prefix, dialect in (("/v0", "official"), ("/v0.1", "official"), ("/registry/{registryName}/v0.1", "toolhive")):
        made |= _reads(prefix, dialect, tuple(registries))
        if writes:
            made = _merged(made, _writes(prefix))
        if dialect == "official":
            made |= _about(prefix)
    made |= {f"{prefix}/auth/{way}": _login(way) for prefix in ("/v0", "/v0.1") for way in logins}
    made |= _root()
    made |= _admin() if admin else {}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MCP registry",
            "version": __version__,
            "description": "The API of the official MCP registry and the consumer API of ToolHive, over files.",
        },
        "paths": made,
        "components": {"schemas": _schemas(), "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def page(description: Mapping[str, Any]) -> bytes:
    """Return the description as a page for people: every route with its parameters and answers."""
    parts = [
        _HEAD,
        html.escape(description["info"]["description"]),
        ' The same for programs: <a href="openapi.json">openapi.json</a>.</p>',
    ]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            parts.append(_section(path, method, operation))
    parts.append("</body></html>\n")
    return "".join(parts).encode()


def _section(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{html.escape(one['name'])}</code></td><td>{one['in']}</td>"
        f"<td>{html.escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", ())
    )
    answers = ", ".join(f"{status} {html.escape(one['description'])}" for status, one in operation["responses"].items())
    table = f"<table>{rows}</table>" if rows else ""
    token = " Needs a bearer token." if "security" in operation else ""
    return (
        f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>"
        f"<p>{html.escape(operation['summary'])}.{token}</p>{table}<p>Answers: {answers}.</p>"
    )


def _merged(left: dict[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    return {**left, **{path: {**left.get(path, {}), **methods} for path, methods in right.items()}}


def _reads(prefix: str, dialect: str, registries: tuple[str, ...]) -> dict[str, Any]:
    registry = [_path("registryName", "Name of a registry", enum=registries)] if "{" in prefix else []
    server = [*registry, _path("serverName", "Name of a server, with its slash as %2F")]
    wrong = {"400": _problem("a parameter is malformed"), "404": _problem("there is no such thing")}
    unsound = {"422": _problem("a parameter is out of range")} if dialect == "official" else {}
    least, most = ("1", "100") if dialect == "official" else ("1", "1000")
    made = {
        f"{prefix}/servers": _get(
            "List servers",
            "ServerList",
            [*registry, *_list_parameters(least, most), *_SERVER_FILTERS],
            {**wrong, **unsound},
        ),
        f"{prefix}/servers/{{serverName}}/versions": _get(
            "List all versions of a server", "ServerList", [*server, _DELETED], {**wrong, **unsound}
        ),
        f"{prefix}/servers/{{serverName}}/versions/{{version}}": _get(
            "Get one version of a server, or the latest", "Server", [*server, _VERSION, _DELETED], {**wrong, **unsound}
        ),
    }
    for kind in ("skill", "plugin"):
        base = f"{prefix}/x/dev.toolhive/{kind}s"
        entry = [*registry, _path("namespace", "Namespace"), _path("name", f"Name of a {kind}")]
        listed = f"{kind.capitalize()}List"
        made |= {
            base: _get(f"List {kind}s", listed, [*registry, *_list_parameters("1", "100"), _STATUSES], wrong),
            f"{base}/{{namespace}}/{{name}}": _get(f"Get the latest version of a {kind}", "Bare", entry, wrong),
            f"{base}/{{namespace}}/{{name}}/versions": _get(f"List all versions of a {kind}", listed, entry, wrong),
            f"{base}/{{namespace}}/{{name}}/versions/{{version}}": _get(
                f"Get one version of a {kind}", "Bare", [*entry, _VERSION], wrong
            ),
        }
    return made


def _writes(prefix: str) -> dict[str, Any]:
    registry = [_path("registryName", "Name of a registry")] if "{" in prefix else []
    server = [*registry, _path("serverName", "Name of a server, with its slash as %2F")]
    version = [*server, _VERSION]
    adopt = {
        "name": "adopt",
        "in": "query",
        "schema": {"type": "string", "enum": ["true"]},
        "description": "Copy the versions of a name that another source supplies, and go on with them",
    }
    purge = {
        "name": "purge",
        "in": "query",
        "schema": {"type": "string", "enum": ["true"]},
        "description": "Drop old pages of lists that mention the server; the log says what to clear at a CDN",
    }
    return {
        f"{prefix}/publish": {"post": _write("Publish a version", "Document", "Server", [*registry, adopt])},
        f"{prefix}/validate": {
            "post": {
                **_write("Validate a document without publishing it", "Document", "Validation", registry),
                "security": [],
            }
        },
        f"{prefix}/servers/{{serverName}}/versions/{{version}}": {
            "put": _write("Replace the content of a version", "Document", "Server", version),
            "delete": _write("Delete a version: its status becomes deleted", "", "Server", [*version, purge]),
        },
        f"{prefix}/servers/{{serverName}}/versions/{{version}}/status": {
            "patch": _write("Change the status of a version", "StatusChange", "Server", version)
        },
        f"{prefix}/servers/{{serverName}}/status": {
            "patch": _write("Change the status of all versions", "StatusChange", "BulkResult", server)
        },
    }


def _admin() -> dict[str, Any]:
    kind = _path("type", "server, skill or plugin")
    name = _path("name", "Name with its slash as %2F; of a skill or plugin also without its namespace")
    entry = [kind, name]
    one = _path("name", "Name of a source or registry")
    exact = _path("version", "An exact version")
    return {
        "/v1/me": {"get": _managed("Say who asks, and which roles that gives", [], ("200", "Me"), ("401", "429"))},
        "/v1/sources": {"get": _managed("List sources", [], ("200", "SourceInfos"), _LOOKING)},
        "/v1/sources/{name}": {
            "get": _managed("Get a source", [one], ("200", "SourceInfo"), _LOOKING),
            "put": _put("Create a source, or replace its settings", "SourceSettings", "SourceInfo"),
            "delete": _managed("Delete a source and its entries", [one], ("204", ""), _CHANGING),
        },
        "/v1/sources/{name}/entries": {
            "get": _managed("List what a source holds", [one], ("200", "SourceEntries"), _LOOKING)
        },
        "/v1/registries": {"get": _managed("List registries", [], ("200", "RegistryInfos"), _LOOKING)},
        "/v1/registries/{name}": {
            "get": _managed("Get a registry", [one], ("200", "RegistryInfo"), _LOOKING),
            "put": _put("Create a registry, or replace its sources and claims", "RegistrySettings", "RegistryInfo"),
            "delete": _managed("Delete a registry; its sources stay", [one], ("204", ""), _CHANGING),
        },
        "/v1/registries/{name}/entries": {
            "get": _managed("List what a registry's sources hold", [one], ("200", "RegistryEntries"), _LOOKING)
        },
        "/v1/x/dev.regpress/sync": {
            "get": _managed("Say what came of the last looks at sources", [], ("200", "SyncHistory"), _LOOKING),
            "post": _managed(
                "Look at sources now",
                [_query("source", _TEXT, "Name of a source, also several times; all without one")],
                ("200", "SyncEvent"),
                _LOOKING,
            ),
        },
        "/v1/x/dev.regpress/me": {"get": _managed("Say what a caller may do", [], ("200", "Rights"), ("401", "429"))},
        "/v1/x/dev.regpress/validate": {
            "post": _managed(
                "Validate a publication without publishing it", [], ("200", "Validation"), _REFUSALS, body="Publication"
            )
        },
        "/v1/x/dev.regpress/entries/{type}/{name}/status": {
            "patch": _managed(
                "Change the status of all versions", entry, ("200", "Restated"), _STATUS_REFUSALS, body="StatusChange"
            )
        },
        "/v1/x/dev.regpress/entries/{type}/{name}/versions/{version}/status": {
            "patch": _managed(
                "Change the status of a version",
                [*entry, exact],
                ("200", "Restated"),
                _STATUS_REFUSALS,
                body="StatusChange",
            )
        },
        "/v1/entries": {
            "post": _managed("Publish a server, skill or plugin", [], ("201", "Stored"), _REFUSALS, body="Publication")
        },
        "/v1/entries/{type}/{name}/versions/{version}": {
            "delete": _managed("Remove a version for good", [*entry, exact], ("204", ""), _REFUSALS)
        },
        "/v1/entries/{type}/{name}/claims": {
            "get": _managed("Get the claims of an entry", entry, ("200", "Claimed"), _REFUSALS),
            "put": _managed("Replace the claims of an entry", entry, ("204", ""), _REFUSALS, body="Claimed"),
        },
    }


_FAILURES: Final = {
    "400": "the request cannot be taken",
    "401": "no token, or none that counts",
    "403": "a role or a claim is missing",
    "404": "there is no such thing",
    "408": "the body did not arrive in time",
    "409": "something that stands already is in the way",
    "413": "the body is too large",
    "422": "the body breaks rules",
    "429": "too many requests",
    "500": "there is no managed source",
    "503": "the disk cannot be written",
}
_STATUS_REFUSALS: Final = tuple(_FAILURES)
_REFUSALS: Final = tuple(status for status in _FAILURES if status != "422")
_LOOKING: Final = ("400", "401", "403", "404", "429")
_CHANGING: Final = ("400", "401", "403", "404", "408", "409", "413", "429", "503")


#: Settings for a first try: a document that is part of the request, and a registry of it.
_EXAMPLES: Final[Mapping[str, Any]] = {
    "SourceSettings": {
        "file": {"data": '{"version":"1.0.0","meta":{"last_updated":"2026-01-01T00:00:00Z"},"data":{"servers":[]}}'}
    },
    "RegistrySettings": {"sources": ["catalogue"]},
}


def _put(summary: str, body: str, schema: str) -> dict[str, Any]:
    """Return an operation that creates something, or changes what is there."""
    name = _path("name", "1 to 63 lower-case letters, digits and inner hyphens", enum=("catalogue",))
    operation = _managed(summary, [name], ("200", schema), _CHANGING, body=body)
    operation["requestBody"]["content"][_JSON]["example"] = _EXAMPLES[body]
    made = {"201": {**_found(schema), "description": "created"}}
    return {**operation, "responses": {**made, **operation["responses"]}}


def _managed(
    summary: str, parameters: Sequence[Any], found: tuple[str, str], failures: Iterable[str], *, body: str = ""
) -> dict[str, Any]:
    status, schema = found
    operation: dict[str, Any] = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            status: _found(schema) if schema else {"description": "done"},
            **{failure: _problem(_FAILURES[failure]) for failure in failures},
        },
        "security": [{"bearer": []}],
    }
    if body:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": _ref(body)}}}
    return operation


def _about(prefix: str) -> dict[str, Any]:
    return {
        f"{prefix}/health": _get("Say whether the service lives", "Health", [], {}),
        f"{prefix}/ping": _get("Answer", "Pong", [], {}),
        f"{prefix}/version": _get("Say which program answers", "Texts", [], {}),
    }


def _root() -> dict[str, Any]:
    return {
        "/health": _get("Say whether the service lives", "Health", [], {}),
        "/ping": _get("Answer", "Pong", [], {}),
        "/readiness": _get("Say whether the service can work", "Health", [], {"503": _problem("it cannot")}),
        "/version": _get("Say which program answers", "Texts", [], {}),
    }


def _login(way: str) -> dict[str, Any]:
    operation = _write(f"Get a registry token ({way})", "" if way == "none" else "Login", "Token", [])
    return {"post": {**operation, "security": []}}


def _get(summary: str, schema: str, parameters: Sequence[Any], failures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "get": {"summary": summary, "parameters": list(parameters), "responses": {"200": _found(schema), **failures}}
    }


def _write(summary: str, body: str, schema: str, parameters: Sequence[Any]) -> dict[str, Any]:
    failures = {
        "400": "the request cannot be taken",
        "401": "no token, or none that counts",
        "403": "the token permits something else",
        "404": "there is no such thing",
        "408": "the body did not arrive in time",
        "413": "the body is too large",
        "415": "the body is no JSON",
        "422": "the document breaks rules",
        "429": "too many requests",
        "501": "this registry takes no writes",
        "503": "the disk cannot be written",
    }
    operation: dict[str, Any] = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {"200": _found(schema), **{status: _problem(text) for status, text in failures.items()}},
        "security": [{"bearer": []}],
    }
    if body:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": _ref(body)}}}
    return operation


def _found(schema: str) -> dict[str, Any]:
    return {"description": "what was asked for", "content": {_JSON: {"schema": _ref(schema)}}}


def _problem(text: str) -> dict[str, Any]:
    content = {"schema": _ref("Problem")}
    return {"description": text, "content": {"application/problem+json": content, _JSON: content}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _path(name: str, description: str, *, enum: Sequence[str] = ()) -> dict[str, Any]:
    schema: dict[str, Any] = {**_TEXT, "minLength": 1}
    if enum:
        schema["examples"] = list(enum)
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def _query(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": dict(schema), "description": description}


def _list_parameters(least: str, most: str) -> list[dict[str, Any]]:
    return [
        _query("cursor", _TEXT, "nextCursor of the page before"),
        _query("limit", {"type": "integer", "minimum": int(least), "maximum": int(most)}, "Most entries of the page"),
        _query("search", _TEXT, "Part of a name, title or description, whatever its case"),
    ]


_VERSION: Final = _path("version", "An exact version, or latest")
_DELETED: Final = _query("include_deleted", {"type": "boolean"}, "Whether deleted versions are shown too")
_STATUSES: Final = _query("status", _TEXT, "States that are shown, with commas between")
_SERVER_FILTERS: Final = (
    _query("version", _TEXT, "latest, or an exact version"),
    _query("updated_since", _TIME, "Only what changed later; deleted versions are shown too"),
    _DELETED,
)


def _source_schemas(claims: Mapping[str, Any]) -> dict[str, Any]:
    count = {"type": "integer", "minimum": 0}
    dated = {"createdAt": _TIME, "updatedAt": _TIME}
    status = {
        "type": "object",
        "required": ["phase", "attemptCount", "serverCount", "skillCount", "pluginCount"],
        "properties": {
            "phase": {"enum": ["complete", "syncing", "failed"]},
            "lastSyncTime": _TIME,
            "lastAttempt": _TIME,
            "attemptCount": count,
            "serverCount": count,
            "skillCount": count,
            "pluginCount": count,
            "message": _TEXT,
        },
    }
    source = {
        "type": "object",
        "required": ["name", "type", "createdAt", "updatedAt"],
        "properties": {
            "name": _TEXT,
            "type": _TEXT,
            "creationType": _TEXT,
            "sourceType": _TEXT,
            "sourceConfig": {"type": "object"},
            "filterConfig": {"type": "object"},
            "syncSchedule": _TEXT,
            "claims": claims,
            "syncStatus": status,
            **dated,
        },
    }
    registry = {
        "type": "object",
        "required": ["name", "sources", "createdAt", "updatedAt"],
        "properties": {
            "name": _TEXT,
            "claims": claims,
            "creationType": _TEXT,
            "sources": {"type": "array", "items": _TEXT},
            **dated,
        },
    }
    about = {"version": _TEXT, "title": _TEXT, "description": _TEXT, **dated}
    kind = {"enum": ["MCP", "SKILL", "PLUGIN"]}
    version = {"type": "object", "required": ["version", *dated], "properties": about}
    held = {
        "type": "object",
        "required": ["entryType", "name", "versions"],
        "properties": {
            "entryType": kind,
            "name": _TEXT,
            "claims": claims,
            "versions": {"type": "array", "items": version},
        },
    }
    row = {
        "type": "object",
        "required": ["entryType", "name", "version", "sourceName", "position", *dated],
        "properties": {"entryType": kind, "name": _TEXT, "sourceName": _TEXT, "position": count, **about},
    }
    event = {
        "type": "object",
        "required": ["sources", "trigger", "phase", "startedAt", "endedAt"],
        "properties": {"sources": {"type": "array", "items": _TEXT}, "startedAt": _TIME, "endedAt": _TIME},
    }
    return {
        **_settings_schemas(claims),
        "SourceInfo": source,
        "SourceInfos": _listed("sources", _ref("SourceInfo")),
        "SourceEntries": _listed("entries", held),
        "RegistryInfo": registry,
        "RegistryInfos": _listed("registries", _ref("RegistryInfo")),
        "RegistryEntries": _listed("entries", row),
        "SyncEvent": event,
        "SyncHistory": _listed("history", _ref("SyncEvent")),
    }


def _settings_schemas(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return what sources and registries are made of; members that are not named here are ignored."""
    patterns = _object(include={"type": "array", "items": _TEXT}, exclude={"type": "array", "items": _TEXT})
    auth = _object(username=_TEXT, passwordFile=_TEXT)
    git = _object(repository=_TEXT, branch=_TEXT, tag=_TEXT, commit=_TEXT, path=_TEXT, auth=auth)
    file = _object(path=_TEXT, url=_TEXT, data={"type": ["string", "object", "array"]}, timeout=_TEXT)
    return {
        "SourceSettings": {
            **_object(
                git=git,
                api=_object(endpoint=_TEXT, timeout=_TEXT),
                file=file,
                managed=_object(),
                syncPolicy=_object(interval=_TEXT),
                filter=_object(names=patterns, tags=patterns),
                claims=claims,
            ),
            "description": "One of git, api, file and managed, and what goes with it",
        },
        "RegistrySettings": _object(sources={"type": "array", "items": _TEXT}, claims=claims),
    }


def _object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


def _listed(member: str, item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [member], "properties": {member: {"type": "array", "items": item}}}


def _schemas() -> dict[str, Any]:
    official = {
        "type": "object",
        "required": ["status", "statusChangedAt", "publishedAt", "updatedAt", "isLatest"],
        "properties": {
            "status": {"enum": ["active", "deprecated", "deleted"]},
            "statusChangedAt": _TIME,
            "statusMessage": {"type": "string", "maxLength": 500},
            "publishedAt": _TIME,
            "updatedAt": _TIME,
            "isLatest": {"type": "boolean"},
        },
    }
    meta = {
        "type": "object",
        "required": ["io.modelcontextprotocol.registry/official"],
        "properties": {"io.modelcontextprotocol.registry/official": official},
    }
    named = {"type": "object", "required": ["name", "version"], "properties": {"name": _TEXT, "version": _TEXT}}
    document_ = {
        "type": "object",
        "required": ["$schema", "name", "description", "version"],
        "properties": {
            "$schema": {"type": "string", "format": "uri", "minLength": 1},
            "name": {
                "type": "string",
                "minLength": 3,
                "maxLength": 200,
                "pattern": "^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$",
            },
            "description": {"type": "string", "minLength": 1, "maxLength": 100},
            "title": {"type": "string", "minLength": 1, "maxLength": 100},
            "version": {"type": "string", "maxLength": 255},
        },
    }
    status = {
        "type": "object",
        "required": ["status"],
        "additionalProperties": False,
        "properties": {
            "status": {"enum": ["active", "deprecated", "deleted"]},
            "statusMessage": {"type": "string", "maxLength": 500},
        },
    }
    metadata = {
        "type": "object",
        "required": ["count"],
        "properties": {"count": {"type": "integer"}, "nextCursor": {"type": "string", "minLength": 1}},
    }
    lists = {
        f"{kind.capitalize()}List": {
            "type": "object",
            "required": [f"{kind}s", "metadata"],
            "properties": {f"{kind}s": {"type": "array", "items": item}, "metadata": metadata},
        }
        for kind, item in (("server", _ref("Server")), ("skill", _ref("Bare")), ("plugin", _ref("Bare")))
    }
    claims = {"type": "object", "additionalProperties": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}}
    publication = {
        "type": "object",
        "properties": {"claims": claims, **{kind: {"type": "object"} for kind in ("server", "skill", "plugin")}},
    }
    issue = {"type": "object", "required": ["type", "path", "message", "severity", "reference"]}
    return {
        "Server": {"type": "object", "required": ["server", "_meta"], "properties": {"server": named, "_meta": meta}},
        "Bare": {**named, "required": ["namespace", "name", "version", "_meta"]},
        **lists,
        "Me": {
            "type": "object",
            "required": ["subject", "roles"],
            "properties": {"subject": _TEXT, "roles": {"type": "array", "items": _TEXT}},
        },
        "Rights": {
            "type": "object",
            "required": [
                "subject",
                "method",
                "roles",
                "writes",
                "publish",
                "edit",
                "claims",
                "claimsNeeded",
                "managed",
            ],
            "properties": {
                **dict.fromkeys(("subject", "method", "managed"), _TEXT),
                **{name: {"type": "array", "items": _TEXT} for name in ("roles", "publish", "edit")},
                **{name: {"type": "boolean"} for name in ("writes", "claimsNeeded")},
                "claims": claims,
            },
        },
        "Restated": {
            "type": "object",
            "required": ["status", "versions"],
            "properties": {"status": _TEXT, "versions": {"type": "array", "items": _TEXT}},
        },
        **_source_schemas(claims),
        "Publication": publication,
        "Stored": named,
        "Claimed": {"type": "object", "properties": {"claims": claims}},
        "Document": document_,
        "StatusChange": status,
        "BulkResult": {
            "type": "object",
            "required": ["updatedCount", "servers"],
            "properties": {"updatedCount": {"type": "integer"}, "servers": {"type": "array", "items": _ref("Server")}},
        },
        "Validation": {
            "type": "object",
            "required": ["valid", "issues"],
            "properties": {"valid": {"type": "boolean"}, "issues": {"type": "array", "items": issue}},
        },
        "Login": {"type": "object"},
        "Token": {
            "type": "object",
            "required": ["registry_token", "expires_at"],
            "properties": {"registry_token": _TEXT, "expires_at": {"type": "integer"}},
        },
        "Health": {"type": "object", "required": ["status"], "properties": {"status": _TEXT}},
        "Pong": {"type": "object", "required": ["pong"], "properties": {"pong": {"const": True}}},
        "Texts": {"type": "object", "additionalProperties": _TEXT},
        "Problem": {
            "type": "object",
            "required": ["title", "status", "detail", "error"],
            "properties": {"title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "error": _TEXT},
        },
    }
