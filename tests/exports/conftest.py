"""One account with the simulated 739 for all tests of exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.azurite import Azurite
from tests.views.simulated import fill
from tests.views.world import World


@dataclass
class Filled:
    """The app over the 739, and the records as they were read."""

    world: World
    records: dict[str, Any]


@pytest.fixture(scope="module")
def filled(azurite: Azurite, _unused_accounts: Iterator[str]) -> Iterator[Filled]:
    with pytest.MonkeyPatch.context() as patch:
        world = World(azurite.connection_string_of(next(_unused_accounts)), patch)
        yield Filled(world, fill(world.services.store, 739, world.clock.time))
