"""What an operator's Prometheus reads: requests, sessions, episodes, steps, refusals."""

from collections.abc import Callable, Iterator, Mapping

from attrs import define, field
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Figures = Callable[[], Mapping[str, float]]


def _requests(registry: CollectorRegistry) -> Counter:
    names = ("method", "route", "status")
    return Counter("refold_requests", "HTTP requests.", names, registry=registry)


def _seconds(registry: CollectorRegistry) -> Histogram:
    about = "Seconds until the end of the answer."
    return Histogram("refold_request_seconds", about, ("route",), registry=registry)


def _refusals(registry: CollectorRegistry) -> Counter:
    about = "Error frames on WebSockets."
    return Counter("refold_error_frames", about, ("code",), registry=registry)


@define
class Metrics:
    """
    The figures of one server.

    What is counted on every step is counted elsewhere as plain numbers, and read here when asked.
    """

    registry: CollectorRegistry = field(factory=CollectorRegistry)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _refusals: Counter = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._requests = _requests(self.registry)
        self._seconds = _seconds(self.registry)
        self._refusals = _refusals(self.registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an HTTP request that was answered."""
        known = method if method in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def refused(self, code: str) -> None:
        """Count an error frame."""
        self._refusals.labels(code).inc()

    def watch(self, gauges: Figures, counters: Figures) -> None:
        """Ask *gauges* and *counters* for their figures from now on, by name."""
        self.registry.register(_Asked(gauges, counters))

    def text(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return generate_latest(self.registry)


class _Asked:
    """Figures that are kept elsewhere."""

    def __init__(self, gauges: Figures, counters: Figures) -> None:
        self._gauges = gauges
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(f"refold_{name}", name.replace("_", " "), value=value)
        for name, value in self._counters().items():
            yield CounterMetricFamily(f"refold_{name}", name.replace("_", " "), value=value)
