"""One simulated environment for each test, with and without the alternate key, on certificates made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local.azurite import Azurite
from local.dynamics import DynamicsSimulator
from tests.dynamics.world import World
from tests.sync.harness import World as SyncWorld


@pytest.fixture(scope="session")
def crm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates and token key for all of them."""
    return tmp_path_factory.mktemp("crm")


@pytest.fixture
def make_crm(crm_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., DynamicsSimulator]]:
    """Starts a simulated environment, which ends with the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> DynamicsSimulator:
            crm = stack.enter_context(DynamicsSimulator(ca_dir=crm_folder, **options))
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(crm.ca_file))
            return crm

        yield make


@pytest.fixture
def new_account(azurite: Azurite, request: pytest.FixtureRequest) -> Callable[[], str]:
    """Gives the connection string of another empty storage account each time."""
    unused = request.getfixturevalue("_unused_accounts")
    return lambda: azurite.connection_string_of(next(unused))


@pytest.fixture(params=["alternate", "primary"])
def crm(request: pytest.FixtureRequest, make_crm: Callable[..., DynamicsSimulator]) -> DynamicsSimulator:
    """An environment with the key that setup makes, and one without."""
    return make_crm(with_key=request.param == "alternate")


@pytest.fixture
def world(crm: DynamicsSimulator, storage_account: str) -> World:
    """A world in either environment."""
    return World(crm, storage_account)


@pytest.fixture
def together() -> list[DynamicsSimulator]:
    """Where examples of one test keep the environment that they share."""
    return []


@pytest.fixture
def make_world(storage_account: str, crm_folder: Path) -> Iterator[Callable[..., SyncWorld]]:
    """Makes a world with a simulated Partner Center, empty at first."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(SyncWorld(storage_account, crm_folder, referrals=0))
