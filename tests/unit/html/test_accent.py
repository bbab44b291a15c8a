from __future__ import annotations

import re

import pytest

from regpress.html.accent import accent_rule, contrast


def colours(rule: bytes) -> list[tuple[int, int, int]]:
    return [tuple(bytes.fromhex(found)) for found in re.findall(r"#([0-9a-f]{6})", rule.decode())]  # type: ignore[misc]


def test_contrast_is_that_of_the_accessibility_guidelines() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ffff00", "#2563eb", "#FF0000", "#777777"])
def test_any_colour_is_made_readable_on_light_and_dark_ground(colour: str) -> None:
    light, dark = colours(accent_rule(colour))
    assert contrast(light, (255, 255, 255)) >= 4.5
    assert contrast(dark, (0x12, 0x16, 0x1C)) >= 4.5


def test_a_readable_colour_stays_as_it_is() -> None:
    assert b"light-dark(#1f5fae," in accent_rule("#1f5fae")


@pytest.mark.parametrize("text", ["", "red", "#fff", "#2563eb}body{display:none", "url(https://evil.example)"])
def test_anything_else_gives_no_rule(text: str) -> None:
    assert accent_rule(text) == b""
