"""The server's Prometheus metrics: requests, sessions, episodes, steps, WebSocket errors."""

from collections.abc import Callable, Iterator, Mapping

from attrs import define, field
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

FigureReader = Callable[[], Mapping[str, float]]
"""Returns figures by name."""


def _request_counter(registry: CollectorRegistry) -> Counter:
    labels = ("method", "route", "status")
    return Counter("refold_requests", "HTTP requests.", labels, registry=registry)


def _latency_histogram(registry: CollectorRegistry) -> Histogram:
    about = "Seconds until the end of the answer."
    return Histogram("refold_request_seconds", about, ("route",), registry=registry)


def _error_frame_counter(registry: CollectorRegistry) -> Counter:
    about = "Error frames on WebSockets."
    return Counter("refold_error_frames", about, ("code",), registry=registry)


@define
class ServerMetrics:
    """
    The metrics of one server.

    Whatever changes at every step is a plain number elsewhere and read here only when Prometheus
    asks, so that a step pays for no labelled counter.
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
        """Count an answered HTTP request that took *seconds*."""
        # A client invents methods at will; each label value would be kept for ever.
        known = method if method in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def count_error_frame(self, code: str) -> None:
        """Count an error frame with *code* that a WebSocket sent."""
        self._error_frames.labels(code).inc()

    def add_figures(self, gauges: FigureReader, counters: FigureReader) -> None:
        """Report the figures of *gauges* and *counters* from now on, under their names."""
        self.registry.register(_FigureCollector(gauges, counters))

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self.registry)


class _FigureCollector:
    """Reads figures that are kept elsewhere, whenever Prometheus scrapes."""

    def __init__(self, gauges: FigureReader, counters: FigureReader) -> None:
        self._gauges = gauges
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(f"refold_{name}", name.replace("_", " "), value=value)
        for name, value in self._counters().items():
            yield CounterMetricFamily(f"refold_{name}", name.replace("_", " "), value=value)
