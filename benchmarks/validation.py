"""Documents to the time that validating one of them takes, all three tiers."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from generate import Document

from regpress.names import Kind
from regpress.validate.check import check_entry


class Validation(NamedTuple):
    """Microseconds per document.

    Attributes:
        documents: how many were validated in each run.
        samples: the mean of each run.
    """

    documents: int
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median run."""
        return statistics.median(self.samples)


def validation_costs(documents: Iterable[Document], *, runs: int) -> tuple[Validation, Validation]:
    """Return what validation costs for documents without findings, and for all without errors."""
    clean: list[tuple[Kind, Document]] = []
    valid: list[tuple[Kind, Document]] = []
    for document in documents:
        kind: Kind = "skill" if "namespace" in document else "server"
        issues = check_entry(kind, document)
        if not issues:
            clean.append((kind, document))
        if not any(issue.severity == "error" for issue in issues):
            valid.append((kind, document))
    return _measured(clean, runs), _measured(valid, runs)


def _measured(documents: Sequence[tuple[Kind, Document]], runs: int) -> Validation:
    samples = []
    gc.disable()  # as a build does
    try:
        for _ in range(runs):
            started = time.perf_counter()
            for kind, document in documents:
                check_entry(kind, document)
            samples.append((time.perf_counter() - started) / max(len(documents), 1) * 1e6)
    finally:
        gc.enable()
    return Validation(len(documents), tuple(samples))
