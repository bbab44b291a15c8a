"""Each target of the contract suite, its site built and served once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.asking import Client
from contract.targets import TARGETS, Target

PARAMETERS = [
    pytest.param(target, id=target.name, marks=[pytest.mark.hosts] if target.late else []) for target in TARGETS
]


@pytest.fixture(scope="session", params=PARAMETERS)
def client(request: pytest.FixtureRequest, varied: Callable[[str], Path]) -> Iterator[Client]:
    target: Target = request.param
    if reason := target.missing():
        pytest.skip(reason)
    with target.serve(varied(target.host)) as base:
        yield Client(base, target)
