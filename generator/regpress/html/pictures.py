"""Bytes of anybody to the kind of picture that they are, as far as a site may serve them under its own name.

A picture in a page runs nothing. But its file has an address of its own on the site, and an SVG that is opened there is
a document that could: it is taken only if it is plainly a drawing.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_SVG: Final = "{http://www.w3.org/2000/svg}"
_DRAWING: Final = frozenset(
    (
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "defs",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "title",
        "desc",
        "symbol",
        "use",
        "text",
        "tspan",
        "filter",
        "feGaussianBlur",
        "feOffset",
        "feBlend",
        "feFlood",
        "feComposite",
        "feColorMatrix",
    )
)
#: References to parts of the drawing itself.
_OWN_URL: Final = re.compile(r"url\(\s*[\"']?#[\w.:-]+[\"']?\s*\)")
_ACTIVE: Final = re.compile(r"url\(|@|\\|expression|javascript:|data:|https?:", re.IGNORECASE)


def picture_type(data: bytes) -> str:
    """Return ``png``, ``jpg``, ``webp`` or ``svg``; an empty text for what is none of them or could run something."""
    if data.startswith(_PNG):
        return "png"
    if data.startswith(_JPEG):
        return "jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "svg" if _is_drawing(data) else ""


def _is_drawing(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig").lstrip()
    except UnicodeDecodeError:
        return False
    declaration, rest = _split(text)
    # Entities could grow without end, another encoding would hide them from this look, and an instruction loads styles.
    if not rest.startswith("<") or "<!" in rest.replace("<!--", "") or "<?" in rest or "encoding" in declaration:
        return False
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError):
        return False
    return root.tag == f"{_SVG}svg" and all(map(_is_harmless, root.iter()))


def _split(text: str) -> tuple[str, str]:
    """Return the XML declaration in small letters without the encoding that it should name, and what follows it."""
    if not text.startswith("<?xml "):
        return "", text
    head, _, rest = text.partition("?>")
    return re.sub(r"encoding\s*=\s*[\"']utf-8[\"']", "", head.lower()), rest.lstrip()


def _is_harmless(element: ElementTree.Element) -> bool:
    if element.tag.removeprefix(_SVG) not in _DRAWING:
        return False
    return all(map(_is_harmless_attribute, element.attrib, element.attrib.values()))


def _is_harmless_attribute(name: str, value: str) -> bool:
    plain = name.rpartition("}")[2].lower()
    if plain.startswith("on"):
        return False
    if plain == "href":
        return value.startswith("#")
    return not _ACTIVE.search(_OWN_URL.sub("", value))
