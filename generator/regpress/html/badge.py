"""An entry to a small picture with its version, for the read-me file of its project."""

from __future__ import annotations

from typing import Final

from markupsafe import escape

from regpress.html.text import exact
from regpress.model.entry import Entry

SVG: Final = "image/svg+xml"
_LABELS: Final = {"server": "MCP server", "skill": "skill", "plugin": "plugin"}
#: Most characters of a version that are shown.
_MOST: Final = 24
#: Average width of a character at the badge's size, in pixels; both texts are fitted to what is set aside for them.
_CHARACTER: Final = 6.6
_MARGIN: Final = 12


def badge_text(entry: Entry) -> bytes:
    """Return the SVG: what it is on the left, its version and state on the right."""
    latest = entry.latest
    label, version = _LABELS[entry.kind], exact(latest.version)
    shown = version if len(version) <= _MOST else f"{version[: _MOST - 1]}…"
    colour = "#1f5fae" if latest.official.status == "active" else "#8a4600"
    if latest.official.status != "active":
        shown = f"{shown} {latest.official.status}"
    left, right = _width(label), _width(shown)
    whole = f"{label}: {shown}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{escape(whole)}"><title>{escape(whole)}</title>'
        f'<rect width="{left + right}" height="20" rx="4" fill="#3a4452"/>'
        f'<path d="M{left} 0h{right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{right - 4}z" fill="{colour}"/>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14" textLength="{left - _MARGIN}">{label}</text>'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - _MARGIN}">{escape(shown)}</text></g></svg>\n'
    ).encode()


def _width(text: str) -> int:
    return round(len(text) * _CHARACTER) + _MARGIN
