"""One server over the varied site, for tests that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app_server import AppServer, serving_app


@pytest.fixture(scope="session")
def reading(varied: Callable[[str], Path]) -> Iterator[AppServer]:
    folder = varied("nginx")
    with serving_app(folder.parent, "--out", folder, "--host", "nginx") as server:
        yield server
