"""What tests of every kind share: Table Storage by Azurite, the simulator, the app in a real host."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local.azurite import Azurite

# The tests make their own world: a machine that looks like Azure, or certificates for somewhere else, would leak in.
for _name in [*os.environ]:
    if _name in {"CONTAINER_NAME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} or _name.startswith(("WEBSITE_", "HUNTER_")):
        del os.environ[_name]

ACCOUNTS = [f"test{number:04}" for number in range(2000)]


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A table service in memory, one for each worker of the test run."""
    with Azurite(accounts=ACCOUNTS) as running:
        yield running


@pytest.fixture(scope="session")
def _unused_accounts() -> Iterator[str]:
    return iter(ACCOUNTS)


@pytest.fixture
def storage_account(azurite: Azurite, _unused_accounts: Iterator[str]) -> str:
    """The connection string of an empty storage account that no other test has."""
    return azurite.connection_string_of(next(_unused_accounts))


@pytest.fixture
def connection_string(storage_account: str) -> str:
    """The same as storage_account, under the name of what it is."""
    return storage_account
