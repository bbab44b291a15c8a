"""The edge module: the JavaScript that answers the API where code runs beside the files, as package data."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Final

from regpress.hosts.base import SiteAddress

_SOURCE: Final = "module.js"


def edge_module(site: SiteAddress) -> bytes:
    """Return the text of the module for a site: what it is called, then the code, which is the same for all."""
    named = {
        "base": site.base_path,
        "default": site.default_registry,
        "registries": list(site.registries or (site.default_registry,)),
    }
    return b"const SITE = %s;\n%s" % (json.dumps(named, sort_keys=True).encode(), _code())


@cache
def _code() -> bytes:
    return files("regpress.hosts.edge").joinpath(_SOURCE).read_bytes()
