from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient

from local.azurite import Azurite, AzuriteError
from tests.hosting import eventually, runs


def _table(connection_string: str) -> TableServiceClient:
    return TableServiceClient.from_connection_string(connection_string)


def test_what_was_written_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    with Azurite(tmp_path) as azurite, _table(azurite.connection_string) as service:
        service.create_table("Kept").upsert_entity({"PartitionKey": "p", "RowKey": "r", "n": 1})
    with Azurite(tmp_path) as azurite, _table(azurite.connection_string) as service:
        assert service.get_table_client("Kept").get_entity("p", "r")["n"] == 1


def test_accounts_do_not_see_each_other(azurite: Azurite) -> None:
    first, second = azurite.connection_string_of("test1998"), azurite.connection_string_of("test1999")
    with _table(first) as one, _table(second) as other:
        one.create_table("Shared").upsert_entity({"PartitionKey": "p", "RowKey": "r"})
        other.create_table("Shared")
        with pytest.raises(ResourceNotFoundError):
            other.get_table_client("Shared").get_entity("p", "r")


def test_each_test_is_handed_an_empty_account(storage_account: str, azurite: Azurite) -> None:
    with _table(storage_account) as service:
        assert list(service.list_tables()) == []


def test_a_port_that_is_taken_is_an_error_that_says_so(azurite: Azurite) -> None:
    with pytest.raises(AzuriteError, match=str(azurite.port)):
        Azurite(port=azurite.port).start()


def test_blobs_and_queues_are_there_when_asked_for() -> None:
    with Azurite(all_services=True) as azurite, _table(azurite.connection_string) as service:
        service.create_table("Fits")
        endpoints = dict(part.split("=", 1) for part in azurite.connection_string.strip(";").split(";"))
        for name in ("BlobEndpoint", "QueueEndpoint"):
            assert requests.get(endpoints[name], timeout=60).status_code in {400, 403}, "an answer of the service"


def test_it_ends_with_the_process_that_started_it() -> None:
    starting = (
        "import os, signal; from local.azurite import Azurite; a = Azurite().start(); print(a.pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    parent = subprocess.run([sys.executable, "-c", starting], capture_output=True, text=True, check=False)
    pid = int(parent.stdout)
    eventually(lambda: not runs(pid), "the end of Azurite, which outlived its parent")
