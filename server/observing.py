"""Metrics in the text format of Prometheus, and logs as JSON lines on stderr.

Requests are counted by the template of their route, never by their path, so that nobody can make series by asking.
Several workers share their metrics through the folder that `PROMETHEUS_MULTIPROC_DIR` names, see `server.serving`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any, Final

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

SECRET_WORDS: Final = ("password", "token", "secret", "authorization", "cookie", "api_key", "code")
"""A field of a log line whose name holds one of these is hidden."""
HIDDEN: Final = "[hidden]"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OTHER_ROUTE: Final = "(none)"
"""Where no route matched."""


class Metrics:
    """`Observing` by prometheus-client, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        made: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter(
            "optionix_http_requests_total",
            "Requests by their route.",
            ("method", "route", "status"),
            **made,
        )
        self.seconds = Histogram(
            "optionix_http_request_seconds", "Time to the last byte by route.", ("route",), buckets=SECONDS, **made
        )
        self.refused = Counter(
            "optionix_rate_limited_total", "Requests refused by a rate limit, by tier.", ("tier",), **made
        )
        self.cache_state = Gauge(
            "optionix_cache_degraded",
            "1 where a Redis is set and does not answer.",
            multiprocess_mode="livemax",
            **made,
        )
        self.jobs = Counter("optionix_job_runs_total", "Runs of periodic jobs by result.", ("job", "result"), **made)
        self.job_seconds = Histogram("optionix_job_seconds", "Time of periodic jobs.", ("job",), **made)
        self._counted: dict[tuple[str, str, int], Any] = {}
        self._timed: dict[str, Any] = {}

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request by its route's template."""
        key = (method, route, status)
        counter = self._counted.get(key)
        if counter is None:
            counter = self._counted[key] = self.requests.labels(method, route, str(status))
        timer = self._timed.get(route)
        if timer is None:
            timer = self._timed[route] = self.seconds.labels(route)
        counter.inc()
        timer.observe(seconds)

    def limited(self, tier: str) -> None:
        """Count a request that a rate limit refused."""
        self.refused.labels(tier).inc()

    def degraded(self, yes: bool) -> None:  # noqa: FBT001 - told by the breaker
        """Whether a Redis that is set does not answer."""
        self.cache_state.set(int(yes))

    def job(self, name: str, result: str, seconds: float) -> None:
        """Count a run of a periodic job: `done`, `failed` or `skipped`."""
        self.jobs.labels(name, result).inc()
        self.job_seconds.labels(name).observe(seconds)

    def metrics(self) -> bytes:
        """All metrics, those of the other workers too."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        gathered = CollectorRegistry()
        multiprocess.MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
        return generate_latest(gathered)


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what a field's name says is secret; a message is written by us and holds none."""
    for name in event:
        if _is_secret(name):
            event[name] = HIDDEN
    return event


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return name != "event" and any(word in name for word in SECRET_WORDS)


def _dumped(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def set_up_logs(level: str, write: Callable[[str], object] | None = None) -> None:
    """JSON lines for our own logs and those of libraries, on stderr unless `write` takes them."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_dumped)]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _Lines(write or _to_stderr),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(write or _to_stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(number, logging.INFO))
    logging.getLogger("uvicorn.error").addFilter(_tells_no_address)


def _tells_no_address(record: logging.LogRecord) -> bool:
    """Whether uvicorn says something else than a WebSocket's address, in which a ticket may stand; we tell of each."""
    return '"WebSocket %s"' not in str(record.msg)


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class _Lines:
    """What structlog writes into."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = self.msg = write


class _Handler(logging.Handler):
    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self._write(self.format(record))
