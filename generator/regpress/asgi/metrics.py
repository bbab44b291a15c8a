"""Counts and durations of requests as Prometheus text; names and labels of official registry specification 3."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The figures of one app."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ["method", "path", "status_code"]
        self._requests = Counter(
            "mcp_registry_http_requests", "Requests that were answered.", labels, registry=self._registry
        )
        self._errors = Counter(
            "mcp_registry_http_errors", "Answers with a status of 400 or more.", labels, registry=self._registry
        )
        self._duration = Histogram(
            "mcp_registry_http_request_duration",
            "Seconds until the answer was handed over.",
            labels,
            registry=self._registry,
        )
        self._up = Gauge("mcp_registry_service_up", "Whether the service is healthy.", registry=self._registry)
        self._known: dict[tuple[str, str, int], tuple[Counter, Counter | None, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; *route* is a template, never a concrete path."""
        key = (method, route, status)
        found = self._known.get(key)
        if found is None:
            values = (method, route, str(status))
            errors = self._errors.labels(*values) if status >= 400 else None
            found = self._known[key] = (self._requests.labels(*values), errors, self._duration.labels(*values))
        requests, errors, duration = found
        requests.inc()
        if errors is not None:
            errors.inc()
        duration.observe(seconds)

    def healthy(self, *, is_healthy: bool) -> None:
        """Note what a health check came to."""
        self._up.set(1 if is_healthy else 0)

    def text(self) -> bytes:
        """Return all figures."""
        return generate_latest(self._registry)
