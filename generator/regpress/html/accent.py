"""A site's colour to the rule that the stylesheet gets: readable on light and on dark ground."""

from __future__ import annotations

import re
from typing import Final

_Colour = tuple[int, int, int]

_HEX: Final = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_BLACK: Final[_Colour] = (0, 0, 0)
_WHITE: Final[_Colour] = (255, 255, 255)
#: The least favourable grounds of the stylesheet that links stand on.
_LIGHT_GROUND: Final[_Colour] = (0xF1, 0xF4, 0xF8)
_DARK_GROUND: Final[_Colour] = (0x1D, 0x23, 0x2C)
#: WCAG 2.2, success criterion 1.4.3.
_LEAST_CONTRAST: Final = 4.5
_STEPS: Final = 20


def accent_rule(colour: str) -> bytes:
    """Return the CSS that gives links and marks a colour, darker or lighter where it would not be readable.

    Args:
        colour: ``#rrggbb``; anything else gives no rule, and the stylesheet's own colour stays.
    """
    found = _HEX.fullmatch(colour)
    if not found:
        return b""
    red, green, blue = (int(part, 16) for part in found.groups())
    light = _readable((red, green, blue), ground=_LIGHT_GROUND, towards=_BLACK)
    dark = _readable((red, green, blue), ground=_DARK_GROUND, towards=_WHITE)
    return f":root{{--accent:light-dark({_text(light)},{_text(dark)})}}\n".encode()


def contrast(one: _Colour, other: _Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: _Colour, *, ground: _Colour, towards: _Colour) -> _Colour:
    mixes = (_mix(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(mixed for mixed in mixes if contrast(mixed, ground) >= _LEAST_CONTRAST)


def _mix(colour: _Colour, other: _Colour, share: float) -> _Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: _Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _text(colour: _Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
