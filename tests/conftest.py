"""What all tests share: the flag that refreshes golden trees, and a site that is built once for each host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from sites import run, write_site
from varied import documents

# No test is about time: a machine may have other things to do.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="Write what the golden cases build as expected.")


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from the name of a host to the output of `varied.documents`; treat it as read-only."""
    built: dict[str, Path] = {}

    def output(host: str) -> Path:
        if host not in built:
            site = write_site(tmp_path_factory.mktemp("varied"), documents())
            done = run("build", site, "--host", host)
            assert done.code == 0, done.err
            built[host] = site / "dist"
        return built[host]

    return output
