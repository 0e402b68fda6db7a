"""What storage logs from its threads carries the ids of the run that it works for."""

from __future__ import annotations

import logging
import threading

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.core.context import ContextExecutor
from shared.core.log import bound, current
from shared.core.settings import load
from shared.storage.engine import batches, keyed
from shared.storage.engine.tables import Insert, TableStore
from tests.sync.harness import ManualClock

IDS = {"runId": "run-1", "correlationId": "correlation-1"}


def test_tasks_see_the_context_of_whoever_hands_them_in() -> None:
    with ContextExecutor(2) as executor:
        with bound(**IDS):
            submitted = executor.submit(current, "runId")
            mapped = list(executor.map(current, ["runId", "correlationId"]))
        outside = executor.submit(current, "runId")
    assert submitted.result() == "run-1"
    assert mapped == ["run-1", "correlation-1"]
    assert outside.result() is None


def test_retries_in_threads_keep_the_runs_ids(storage_account: str, caplog: pytest.LogCaptureFixture) -> None:
    """Every batch and every question fails once, in a thread of its own."""
    caplog.set_level(logging.WARNING, "shared")
    failed: set[str] = set()
    store = TableStore.from_settings(load({"HUNTER_STORAGE": storage_account}), ManualClock())
    table = store.table("Things")
    keys = [(f"p{number}", f"r{number}") for number in range(3)]

    def once(when: str, operation: str, name: str) -> None:
        place = f"{operation} {threading.current_thread().name}"
        if when == "before" and place not in failed:
            failed.add(place)
            raise ServiceRequestError("no connection")

    rows = [Insert({"PartitionKey": partition, "RowKey": row}) for partition, row in keys]
    with ContextExecutor(3) as executor, bound(**IDS):
        store.intercept = once
        batches.write_all(table, rows, lambda operation: None, executor)
        found = list(keyed.read(table, keys, None, executor, points=len(keys)))
    assert sorted((row["PartitionKey"], row["RowKey"]) for row in found) == keys
    retries = [record.getMessage() for record in caplog.records if "storage_retry" in record.getMessage()]
    assert len(retries) == len(failed) >= 2
    assert all("runId=run-1" in line and "correlationId=correlation-1" in line for line in retries)
