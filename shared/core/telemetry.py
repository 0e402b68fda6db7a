"""Metrics and traces by OpenTelemetry, where the platform collects them; nothing, not even an import, elsewhere.

In Azure the Functions worker itself sets OpenTelemetry up with azure-monitor-opentelemetry when
PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY is true (Microsoft Learn, "Use OpenTelemetry with Azure Functions"). Requests
to Partner Center and to storage then show under the span of their run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

SWITCH: Final = "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"
METRICS: Final = {
    "hunter.sync.fetched": "records read in a run",
    "hunter.sync.changed": "rows inserted or updated in a run",
    "hunter.sync.quarantined": "records without a usable id in a run",
    "hunter.sync.pages": "pages read in a run",
    "hunter.sync.retries": "repeated requests in a run",
    "hunter.sync.duration": "seconds a run took",
    "hunter.sync.freshness": "seconds since the last success, when a run ended",
    "hunter.sign_in.age": "days since the sign-in was last renewed",
}
"""All metrics, each with its meaning and unit."""


def is_on(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the platform collects telemetry from this process."""
    return (os.environ if environ is None else environ).get(SWITCH, "").lower() in {"true", "1"}


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """A span around what happens inside; attributes are ids, never personal data."""
    if not is_on():
        yield
        return
    from opentelemetry import trace

    with trace.get_tracer("hunter").start_as_current_span(name, attributes=attributes):
        yield


@contextmanager
def unseen() -> Iterator[None]:
    """What is asked inside shows in no trace: its address is a secret."""
    if not is_on():
        yield
        return
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation

    with suppress_http_instrumentation():
        yield


def record(values: Mapping[str, float], labels: Mapping[str, str] | None = None) -> None:
    """Report values of :data:`METRICS` by name; nothing where telemetry is off."""
    if is_on():
        for name, value in values.items():
            _histogram(name).record(value, labels)


@cache
def _histogram(name: str) -> Any:
    from opentelemetry import metrics

    return metrics.get_meter("hunter").create_histogram(name, description=METRICS[name])
