"""docs/hosts.md and the pages below docs/hosts against the profiles: nothing missing, nothing old."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from regpress.hosts.table import DEFAULT, PROFILES

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "hosts.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| \[`([a-z0-9-]+)`\]\((hosts/[a-z0-9-]+\.md)\)", TEXT, flags=re.MULTILINE))


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("host_pages", ROOT / "scripts" / "host_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES: dict[str, str] = script().pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_a_profile_says_what_the_profile_does(name: str) -> None:
    written = (ROOT / "docs" / "hosts" / name).read_text(encoding="utf-8")
    assert written == PAGES[name], "run scripts/host_pages.py"


def test_there_is_a_page_for_every_profile_and_no_other() -> None:
    assert {file.name for file in (ROOT / "docs" / "hosts").iterdir()} == PAGES.keys()
    assert PAGES.keys() == {f"{name}.md" for name in PROFILES}


def test_every_profile_has_a_row_that_leads_to_its_page() -> None:
    assert {name: f"hosts/{name}.md" for name in PROFILES} == TABLE
    assert f"[`{DEFAULT}`](hosts/{DEFAULT}.md) (default)" in TEXT


@pytest.mark.parametrize("name", PROFILES)
def test_a_page_says_against_what_its_profile_was_proven(name: str) -> None:
    assert re.search(r"(?m)^(?:[^|#]*)(?:Proven|proven) (?:against|by)", PAGES[f"{name}.md"])
