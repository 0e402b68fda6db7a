"""A second account for what is restored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.azurite import Azurite


@pytest.fixture
def other_account(azurite: Azurite, _unused_accounts: Iterator[str]) -> str:
    """The connection string of another empty storage account."""
    return azurite.connection_string_of(next(_unused_accounts))
