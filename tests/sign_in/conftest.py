"""A world for each test: its own Entra and its own storage account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.simulator import Simulator
from tests.sign_in.world import World


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulator whose certificate this process trusts."""
    with Simulator(referrals=0) as running:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_file))
        # What fails here fails at once; what does not has as long as a busy machine takes.
        monkeypatch.setattr("shared.sign_in.entra.CONNECT_SECONDS", 60)
        monkeypatch.setattr("shared.sign_in.entra.READ_SECONDS", 120)
        yield running


@pytest.fixture
def world(entra: Simulator, storage_account: str) -> World:
    """Instances of the app over that simulator and an empty storage account."""
    return World(entra, storage_account)
