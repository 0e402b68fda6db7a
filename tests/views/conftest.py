"""Fresh storage accounts for tests that need one for each example."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from local.azurite import Azurite

WorldMaker = Callable[[], str]


@pytest.fixture
def azurite_world(azurite: Azurite, _unused_accounts: Iterator[str]) -> WorldMaker:
    """Gives the connection string of an empty account each time it is called."""
    return lambda: azurite.connection_string_of(next(_unused_accounts))
