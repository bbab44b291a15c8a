"""docs/appearance.md against the templates: its examples work, and its table has every template."""

from __future__ import annotations

import re
from pathlib import Path

import regpress.html.views
from builders import server
from regpress.html.templates import NAMES
from sites import registry_file, run, tree, write_site

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "appearance.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```\w+\n(?:/\*|\{#) (templates/\S+) (?:\*/|#\})\n(.*?)```", PAGE, flags=re.DOTALL))


def test_the_examples_change_a_site_as_the_page_says(tmp_path: Path) -> None:
    assert sorted(EXAMPLES) == ["templates/assets/style-harbour.css", "templates/footer.html"]
    site = write_site(tmp_path, {"r.json": registry_file(server("com.example/weather")), **EXAMPLES}, catalog={})
    assert run("build", site).code == 0
    files = tree(site / "dist")
    page = files["servers/com.example/weather/index.html"].decode()
    assert '<p>Kept by the harbour office. <a href="../../../registry.json">' in page
    assert "Skip to content" in page
    (style,) = (data.decode() for name, data in files.items() if name.endswith(".css"))
    assert EXAMPLES["templates/assets/style-harbour.css"] in style
    assert style.startswith("/* The catalog's looks.")


def test_every_template_with_a_record_of_its_own_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+\.html)` \|.*\| `(\w+)` \|$", PAGE, flags=re.MULTILINE))
    assert sorted(rows) == sorted(NAMES)
    assert all(hasattr(regpress.html.views, record) for record in rows.values())


def test_every_colour_that_is_named_is_one_of_the_stylesheet() -> None:
    style = (ROOT / "templates" / "assets" / "style.css").read_text(encoding="utf-8")
    named = set(re.findall(r"`(--[a-z-]+)`", PAGE))
    assert len(named) >= 8
    assert all(f"{name}: " in style for name in named)
