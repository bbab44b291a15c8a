"""What hosts have in common when they answer a request: targets to paths, files to types, misses to bodies.

A target is as hostile as any other input. What comes out of `locate` has no step out of the folder, no control
character and no backslash, whatever the encoding it came in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from regpress import paths
from regpress.hosts.base import Reply
from regpress.model.artifact import Artifact

Exists = Callable[[str], bool]

NOT_FOUND_PROBLEM: Final = "404.json"
BAD_REQUEST_PROBLEM: Final = "400.json"
PROBLEM_TYPE: Final = "application/problem+json"
#: What clients in browsers and editors need, on every answer of the API (static hosting: GitHub's registry policy).
CORS: Final[Mapping[str, str]] = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type",
}

#: Types by extension.
TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "gz": "application/gzip",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}
_API: Final = re.compile(rf"(registry/[^/]+/)?({re.escape(paths.API)}|{paths.LEGACY_API})/.+", re.DOTALL)
_NEVER_IN_A_PATH: Final = re.compile(r"[\x00-\x1f\x7f\\]")


class Target(NamedTuple):
    """A request's target, understood.

    Attributes:
        path: decoded, below the site's base, without a leading slash; ends in a slash if the request did.
        query: with its question mark, or empty.
    """

    path: str
    query: str


def locate(target: str, base_path: str) -> Target | Reply:
    """Return where a target leads, or the answer where it can lead nowhere.

    Args:
        target: path and query as sent.
        base_path: ``/my-registry``, or empty.
    """
    raw, mark, query = target.partition("#")[0].partition("?")
    try:
        path = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return Reply(status=400)
    if not path.startswith("/") or _NEVER_IN_A_PATH.search(path) or {".", ".."} & set(path.split("/")):
        return Reply(status=400)
    if path == base_path:
        return Reply(status=301, headers={"location": to_folder(Target("", mark + query), base_path)})
    if not path.startswith(f"{base_path}/") or "//" in path:
        return Reply(status=404)
    return Target(path[len(base_path) + 1 :], mark + query)


def is_api(path: str) -> bool:
    """Return whether a path below the base is an address of the API, of any registry and version."""
    return _API.fullmatch(path) is not None


def media_type(file: str) -> str:
    """Return the type that hosts derive from a file's extension."""
    _, dot, extension = file.rpartition("/")[2].rpartition(".")
    return TYPES.get(extension.lower(), "application/octet-stream") if dot else "application/octet-stream"


def to_folder(where: Target, base_path: str) -> str:
    """Return the ``Location`` that adds the final slash and keeps the query."""
    folder = f"{base_path}/{where.path}/" if where.path else f"{base_path}/"
    return quote(folder, safe="/@:+~!$'()*,;=-._") + where.query


def problem_document() -> Artifact:
    """Return ``404.json``: what a host may answer to requests for API documents that do not exist."""
    detail = "There is no document at this address in this registry"
    return _problem(NOT_FOUND_PROBLEM, 404, "Not Found", detail, error="not found")


def bad_request_document() -> Artifact:
    """Return ``400.json``: what a host with rules answers to a query that it cannot follow."""
    detail = (
        "The cursor is not one of this registry, or older than its pages; or the search is not the full name of an "
        "entry, and this registry is too large for another: begin again without cursor and search"
    )
    return _problem(BAD_REQUEST_PROBLEM, 400, "Bad Request", detail, error="bad request")


def _problem(file: str, status: int, title: str, detail: str, *, error: str) -> Artifact:
    """Return a problem document (RFC 9457) with the member ``error`` that other registry clients read."""
    body = {"title": title, "status": status, "detail": detail, "error": error}
    text = json.dumps(body, sort_keys=True) + "\n"
    return Artifact(file, "file", PROBLEM_TYPE, text.encode())


def rules_file(name: str, text: str) -> Artifact:
    """Return a file of rules for the host, which lies where nothing is served from."""
    return Artifact(f"{paths.CONFIGURATION}/{name}", "file", "text/plain; charset=utf-8", text.encode())


def settings_file(name: str, settings: Mapping[str, object]) -> Artifact:
    """Return a file of settings that the host reads from the root of what is deployed."""
    return Artifact(name, "file", "application/json", (json.dumps(settings, indent=2) + "\n").encode())


def text_file(name: str, lines: Iterable[str]) -> Artifact:
    """Return a file of lines that the host reads from the root of what is deployed."""
    return Artifact(name, "file", "text/plain; charset=utf-8", "".join(f"{line}\n" for line in lines).encode())
