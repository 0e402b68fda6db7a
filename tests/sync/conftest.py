"""Worlds for these tests, and their two forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import PROFILE
from tests.sync.harness import World

NIGHTLY = PROFILE == "nightly"
"""The long form of these tests: every kill point by itself, thousands of interleavings, 100,000 referrals."""


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
    """A world with 14 referrals on pages of five."""
    return make_world()
