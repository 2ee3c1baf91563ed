"""What the server counts, for Prometheus: no picture, no name, nothing that a client sent."""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1)


class Watch:
    """The counters of one server.

    Args:
        num_waiting: Tells how many pictures wait.
    """

    def __init__(self, num_waiting: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "digits_requests", "Requests answered.", ("path", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "digits_request_seconds",
            "From a request's first byte to its answer's last.",
            ("path",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batches = Histogram(
            "digits_batch_size",
            "Pictures read together.",
            buckets=(1, 2, 3, 4, 5, 6, 7, 8),
            registry=self._registry,
        )
        self._pictures = Counter(
            "digits_pictures",
            "Pictures, by what came of them.",
            ("outcome",),
            registry=self._registry,
        )
        self._numbers = Counter(
            "digits_numbers",
            "Numbers read, by whether accepted.",
            ("accepted",),
            registry=self._registry,
        )
        self._confidences = Histogram(
            "digits_confidence",
            "Confidence of numbers read: where it sinks, pictures have changed.",
            buckets=_SHARES,
            registry=self._registry,
        )
        waiting = Gauge(
            "digits_waiting", "Pictures that wait for their turn.", registry=self._registry
        )
        waiting.set_function(num_waiting)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def batch(self, size: int) -> None:
        """Count pictures that were read together."""
        self._batches.observe(size)

    def picture(self, answered: Mapping[str, Any]) -> None:
        """Count a picture by its answer."""
        numbers = answered["numbers"]
        outcome = "error" if answered["error"] else ("read" if numbers else "blank")
        self._pictures.labels(outcome).inc()
        for number in numbers:
            self._numbers.labels(_in_words(number["accepted"])).inc()
            self._confidences.observe(number["confidence"])

    def text(self) -> bytes:
        """All counters, in the form that Prometheus reads."""
        return generate_latest(self._registry)


def _in_words(accepted: bool | None) -> str:
    return "unknown" if accepted is None else ("yes" if accepted else "no")
