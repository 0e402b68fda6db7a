"""Worlds in which people act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.actions.world import App
from tests.sync.harness import World


@pytest.fixture(scope="session")
def ca_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of certificates for all simulators."""
    return tmp_path_factory.mktemp("ca")


@pytest.fixture
def make_world(storage_account: str, ca_dir: Path) -> Iterator[Callable[..., World]]:
    """Makes the test's world, with the arguments of World."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(World(storage_account, ca_dir, **options))


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """An empty Partner Center, to which tests add what they act on."""
    return make_world(referrals=0)


@pytest.fixture
def app(world: World) -> App:
    """A process of the app, with undo as usual."""
    return App(world)
