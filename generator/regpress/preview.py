"""A built folder and the name of a host to a local server that answers as the host would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regpress.errors import ConfigError
from regpress.hosts import table
from regpress.hosts.base import Reply, SiteAddress
from regpress.paths import BUILD_FILE
from regpress.preview_server import Log, PreviewServer, listen

LOOPBACK = "127.0.0.1"
PORT = 8000
DEFAULT_HOST = table.DEFAULT


def open_preview(
    folder: Path,
    *,
    host: str,
    base_path: str = "",
    bind: str = LOOPBACK,
    port: int = PORT,
    public: bool = False,
    log: Log = lambda _: None,
) -> PreviewServer:
    """Return a listening server for *folder* that answers as a host would.

    Args:
        folder: the output of a build.
        host: the name of a host profile.
        base_path: the path below which the host would serve the site, ``/my-registry``.
        bind: the address to listen on.
        port: the port; 0 takes any free one.
        public: whether other machines may reach it.
        log: gets one line for each request.

    Raises:
        ConfigError: there is no such profile, or the address or path cannot be used.
        NotFoundError: there is no such folder.
    """
    profile = table.profile(host)
    default = _build_of(folder).get("registry")
    site = SiteAddress(
        base_path=parse_base_path(base_path), default_registry=default if isinstance(default, str) else "default"
    )

    def manners(method: str, target: str, exists: Callable[[str], bool]) -> Reply:
        return profile.answer(method, target, site, exists)

    return listen(folder, manners, host=bind, port=port, public=public, log=log)


def built_for(folder: Path) -> str | None:
    """Return the host profile that the tree in *folder* was built for, or None where it does not say."""
    host = _build_of(folder).get("host")
    return host if isinstance(host, str) and host in table.PROFILES else None


def _build_of(folder: Path) -> dict[str, Any]:
    """Return ``build.json``, empty where there is none or it is something else."""
    try:
        build = json.loads((folder / BUILD_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return build if isinstance(build, dict) else {}


def parse_base_path(text: str) -> str:
    """Return a base path as `SiteAddress` has it: ``/x`` or empty.

    Raises:
        ConfigError: it is no path of plain segments.
    """
    parts = text.strip("/").split("/") if text.strip("/") else []
    if any(part in {"", ".", ".."} or set(part) & set("\\?#%") or not part.isprintable() for part in parts):
        raise ConfigError(f"base path: {text!r} is not a path (expected e.g. '/my-registry')")
    return "".join(f"/{part}" for part in parts)
