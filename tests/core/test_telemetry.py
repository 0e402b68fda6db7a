"""Telemetry costs nothing where it is off, and reports every run where it is on."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.core import telemetry
from shared.model.run import Run
from shared.sync import metrics as sync_metrics

NOW = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)


def test_off_it_imports_nothing() -> None:
    code = (
        "import sys, os; os.environ.pop('PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY', None)\n"
        "from shared.core import telemetry\n"
        "with telemetry.span('sync'): pass\n"
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_every_metric_is_in_the_operations_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    for name in telemetry.METRICS:
        assert f"`{name}`" in guide or f"`.{name.rpartition('.')[2]}`" in guide, name


def test_on_every_metric_and_the_span_of_a_run_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(telemetry.SWITCH, "true")
    reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
    metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    run = Run.start("full", "timer", datetime(2026, 11, 24, 9, 0, 0, tzinfo=UTC))
    run.fetched, run.inserted, run.updated = 739, 700, 36

    with telemetry.span("sync", runId=run.id):
        sync_metrics.run_ended(run, "2026-11-24T08:50:00.0000000Z", NOW)
        sync_metrics.sign_in_age("2026-11-22T09:00:30.0000000Z", NOW)

    data = reader.get_metrics_data()
    assert data is not None
    reported = {
        metric.name: list(metric.data.data_points)[0].sum  # type: ignore[attr-defined] # noqa: RUF015
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert set(reported) == set(telemetry.METRICS)
    assert reported["hunter.sync.changed"] == 736
    assert reported["hunter.sync.duration"] == 30
    assert reported["hunter.sync.freshness"] == 630
    assert reported["hunter.sign_in.age"] == 2
    assert [(span.name, dict(span.attributes or {})) for span in spans.get_finished_spans()] == [
        ("sync", {"runId": run.id})
    ]
