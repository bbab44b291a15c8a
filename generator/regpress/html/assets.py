"""Stylesheets and scripts to artifacts whose names change with their bytes, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple

from regpress import paths
from regpress.digest import recipe
from regpress.errors import ConfigError
from regpress.html.accent import accent_rule
from regpress.model.artifact import Artifact, ArtifactGroup

STYLESHEET: Final = "style.css"
#: Shown by browsers beside the title; a site may have none.
ICON: Final = "icon.svg"
#: Stands for the site where its pages are mentioned; a site may have none.
PICTURE: Final = "social.png"

_PART: Final = re.compile(r"style-.+\.css")

_MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "woff2": "font/woff2",
}


class Asset(NamedTuple):
    """One file that pages need.

    Attributes:
        name: of the template folder's file: ``style.css``.
        address: where it is published: ``assets/style.0123456789.css``.
        body: its bytes.
    """

    name: str
    address: str
    body: bytes


def published_assets(files: Mapping[str, bytes], *, accent: str = "") -> dict[str, Asset]:
    """Return the assets by the names of their files; the stylesheet with its further parts and the site's colour.

    Files named ``style-….css`` are parts of the one stylesheet: they follow it in the order of their names.

    Raises:
        ConfigError: there is no stylesheet, or a file of a type that pages cannot use.
    """
    if STYLESHEET not in files:
        raise ConfigError(f"templates: assets/{STYLESHEET} is missing")
    parts = sorted(name for name in files if _PART.fullmatch(name))
    style = b"".join((files[STYLESHEET], *(files[name] for name in parts), accent_rule(accent)))
    bodies = {**{name: body for name, body in files.items() if name not in parts}, STYLESHEET: style}
    return {name: Asset(name, _address(name, body), body) for name, body in sorted(bodies.items())}


def picture_assets(pictures: Mapping[str, bytes]) -> dict[str, Asset]:
    """Return the pictures of entries as assets, by where they came from; those that are none are left out."""
    if not pictures:
        return {}
    # Most sites have none, and what reads drawings takes long to import.
    from regpress.html.pictures import picture_type  # noqa: PLC0415

    types = {url: picture_type(data) for url, data in sorted(pictures.items())}
    return {url: _picture(pictures[url], kind) for url, kind in types.items() if kind}


def _picture(data: bytes, extension: str) -> Asset:
    name = f"icons/{hashlib.sha256(data).hexdigest()[:20]}.{extension}"
    return Asset(name, paths.asset_file(name), data)


def asset_group(asset: Asset) -> ArtifactGroup:
    """Return the group that writes an asset; it is written before the pages that need it."""
    return ArtifactGroup(
        key=f"html/assets/{asset.name}",
        recipe=recipe((b"asset", asset.address.encode(), asset.body)),
        stage="leaf",
        render=partial(_artifacts, asset),
    )


def _artifacts(asset: Asset) -> tuple[Artifact, ...]:
    return (Artifact(asset.address, "file", _MEDIA_TYPES[_extension(asset.name)], asset.body),)


def _address(name: str, body: bytes) -> str:
    extension = _extension(name)
    if extension not in _MEDIA_TYPES:
        raise ConfigError(f"templates: assets/{name} is none of {', '.join(sorted(_MEDIA_TYPES))}")
    stem = name.removesuffix(f".{extension}")
    return paths.asset_file(f"{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{extension}")


def _extension(name: str) -> str:
    return name.rpartition(".")[2]
