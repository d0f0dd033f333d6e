"""What an operator's Prometheus reads: requests, sessions, episodes, steps, refusals."""

from collections.abc import Callable, Iterator, Mapping

from attrs import define, field
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

FigureReader = Callable[[], Mapping[str, float]]


def _request_counter(registry: CollectorRegistry) -> Counter:
    names = ("method", "route", "status")
    return Counter("refold_requests", "HTTP requests.", names, registry=registry)


def _latency_histogram(registry: CollectorRegistry) -> Histogram:
    about = "Seconds until the end of the answer."
    return Histogram("refold_request_seconds", about, ("route",), registry=registry)


def _error_frame_counter(registry: CollectorRegistry) -> Counter:
    about = "Error frames on WebSockets."
    return Counter("refold_error_frames", about, ("code",), registry=registry)


@define
class ServerMetrics:
    """
    The figures of one server.

    What is counted on every step is counted elsewhere as plain numbers, and read here when asked.
    """

    registry: CollectorRegistry = field(factory=CollectorRegistry)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _error_frames: Counter = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._requests = _request_counter(self.registry)
        self._seconds = _latency_histogram(self.registry)
        self._error_frames = _error_frame_counter(self.registry)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an HTTP request that was answered."""
        known = method if method in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def count_error_frame(self, code: str) -> None:
        """Count an error frame."""
        self._error_frames.labels(code).inc()

    def add_figures(self, gauges: FigureReader, counters: FigureReader) -> None:
        """Ask *gauges* and *counters* for their figures from now on, by name."""
        self.registry.register(_FigureCollector(gauges, counters))

    def render(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return generate_latest(self.registry)


class _FigureCollector:
    """Figures that are kept elsewhere."""

    def __init__(self, gauges: FigureReader, counters: FigureReader) -> None:
        self._gauges = gauges
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(f"refold_{name}", name.replace("_", " "), value=value)
        for name, value in self._counters().items():
            yield CounterMetricFamily(f"refold_{name}", name.replace("_", " "), value=value)
