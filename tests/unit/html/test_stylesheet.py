from __future__ import annotations

import colorsys
import re

import pytest

from html_site import TEMPLATES
from regpress.html.accent import contrast
from regpress.html.text import HUES

STYLE = "".join(file.read_text() for file in sorted((TEMPLATES / "assets").glob("style*.css")))
#: Each pair of light and dark by its name.
PAIRS = {name: (light, dark) for name, light, dark in re.findall(r"--([a-z-]+): light-dark\((#\w+), (#\w+)\)", STYLE)}


def rgb(text: str) -> tuple[int, int, int]:
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("text", "quiet", "accent") for ground in ("ground", "raised")),
        ("warn", "ground"),
        ("warn", "warn-ground"),
        ("text", "warn-ground"),
        ("secret", "ground"),
        ("accent", "line"),
        ("text", "gone"),
        ("text", "came"),
    ],
)
def test_text_is_readable_on_every_ground_it_stands_on(text: str, ground: str, scheme: int) -> None:
    assert contrast(rgb(PAIRS[text][scheme]), rgb(PAIRS[ground][scheme])) >= 4.5


def test_initials_are_readable_in_every_colour() -> None:
    hues = {int(number): int(degrees) for number, degrees in re.findall(r"\.hue-(\d+) \{ --hue: (\d+) \}", STYLE)}
    assert sorted(hues) == list(range(HUES))
    found = re.search(r"hsl\(var\(--hue\) (\d+)% (\d+)%\)", STYLE)
    assert found is not None
    saturation, lightness = (int(part) / 100 for part in found.groups())
    for degrees in hues.values():
        red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(degrees / 360, lightness, saturation))
        assert contrast((red, green, blue), (255, 255, 255)) >= 4.5, degrees


def test_every_class_of_the_templates_has_a_look() -> None:
    used: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        plain = re.sub(r"\{[{%].*?[%}]\}", "", template.read_text())
        for names in re.findall(r'class="([^"]*)"', plain):
            used.update(names.split())
    assert used
    assert not [name for name in used if name != "hue-" and not re.search(rf"\.{re.escape(name)}\b", STYLE)]
