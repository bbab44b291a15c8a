"""Each target of the contract suite, its site built and served once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.asking import Client
from contract.targets import TARGETS, Target


@pytest.fixture(
    scope="session", params=[pytest.param(target, marks=target.marks, id=target.name) for target in TARGETS]
)
def client(request: pytest.FixtureRequest, varied: Callable[[str], Path]) -> Iterator[Client]:
    target: Target = request.param
    if reason := target.missing():
        pytest.skip(reason)
    with target.serve(varied(target.host)) as base:
        yield Client(base, target)
