"""A simulator for these tests, and the clients that talk to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.simulator import Simulator

from .client import Client

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def ca_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of certificates for all simulators of a module."""
    return tmp_path_factory.mktemp("ca")


@pytest.fixture
def sim(ca_dir: Path) -> Iterator[Simulator]:
    """A simulator with the data that everybody gets."""
    with Simulator(ca_dir=ca_dir, now=NOW) as simulator:
        yield simulator


@pytest.fixture
def small(ca_dir: Path) -> Iterator[Simulator]:
    """A simulator with 25 whole records on pages of ten."""
    with Simulator(25, ca_dir=ca_dir, now=NOW) as simulator:
        simulator.switches.page_size = 10
        yield simulator


@pytest.fixture
def api(sim: Simulator) -> Iterator[Client]:
    """A signed-in client of `sim`."""
    with Client(sim) as client:
        yield client


@pytest.fixture
def small_api(small: Simulator) -> Iterator[Client]:
    """A signed-in client of `small`."""
    with Client(small) as client:
        yield client
