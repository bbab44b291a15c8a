"""The search of a registry as large as the official one, as `benchmarks/search.py` builds it."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FOLDER = Path(__file__).parents[2] / "benchmarks"
SERVERS = 25_000


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    benchmark: Any = load("search")
    built: Path = benchmark.built(tmp_path_factory.mktemp("large"), SERVERS)
    return built


def load(name: str) -> object:
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_first_answer_takes_at_most_350_kilobytes(tree: Path) -> None:
    files = [tree / "search/index.json", *tree.glob("search/names-*.json")]
    assert 5 < len(files) < 15
    assert sum(len(gzip.compress(file.read_bytes(), 6)) for file in files) <= 350_000


def test_a_page_holds_few_of_many_results(tree: Path, browser: Browser, serve: Callable[[Path], str]) -> None:
    page = browser.new_page()
    page.goto(serve(tree) + "/?sort=name")
    expect(page.locator("#found[data-loading='']")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("status")).to_have_text(f"{SERVERS:,} results")
    assert page.locator("#hits li").count() <= 60
    assert page.evaluate("document.querySelectorAll('*').length") < 3_000
    names: list[str] = page.locator("#hits .name").all_inner_texts()
    page.fill("#q", names[-1])
    expect(page.locator("#hits .name").first).to_have_text(names[-1])
    page.close()
