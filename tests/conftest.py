"""What tests of every kind share: Table Storage by Azurite, the simulator, the app in a real host."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from local.azurite import Azurite
from local.simulator import Simulator
from tests.hosting import HostProcess, app_settings, eventually

# The tests make their own world: a machine that looks like Azure, or certificates for somewhere else, would leak in.
for _name in [*os.environ]:
    if _name in {"CONTAINER_NAME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} or _name.startswith(("WEBSITE_", "HUNTER_")):
        del os.environ[_name]

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "normal")
"""Which form of the tests that Hypothesis drives: the normal one tries the same examples each time, so that it never
fails by chance; the nightly one tries others each night. Neither judges how fast the machine is."""
_COMMON: dict[str, Any] = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("normal", derandomize=True, **_COMMON)
settings.register_profile("nightly", max_examples=2_000, **_COMMON)
settings.load_profile(PROFILE)

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


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """Partner Center and Entra with 739 referrals, sign-ins approving themselves. For reading."""
    with Simulator(referrals=739, seed=1, auto_approve=True) as running:
        yield running


@pytest.fixture
def make_app_host(
    azurite: Azurite, simulator: Simulator, _unused_accounts: Iterator[str], tmp_path: Path
) -> Iterator[Callable[..., HostProcess]]:
    """Starts the real host with the app: `make_app_host(HUNTER_…="value")`, stopped at the end of the test.

    By default it has an empty storage account and the shared simulator, and nobody is signed in. A setting given as
    None is left out; `simulator` and `storage` (a connection string) may be given too.
    """
    with ExitStack() as stack:

        def make(
            *, simulator: Simulator = simulator, storage: str | None = None, **settings: str | None
        ) -> HostProcess:
            storage = storage or azurite.connection_string_of(next(_unused_accounts))
            merged: dict[str, str | None] = {**app_settings(simulator, storage), **settings}
            given = {name: value for name, value in merged.items() if value is not None}
            log = Path(tempfile.mkdtemp(prefix="host-", dir=tmp_path)) / "host.log"
            host = HostProcess(given, log)
            stack.callback(host.stop)
            return host.start()

        yield make


@pytest.fixture(scope="session")
def app_host(
    azurite: Azurite, simulator: Simulator, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostProcess]:
    """The app in the real host, signed in, with the 739 referrals of the shared simulator synced. For reading."""
    settings = app_settings(simulator, azurite.connection_string_of(next(_unused_accounts)))
    with HostProcess(settings, tmp_path_factory.mktemp("app-host") / "host.log") as host:
        host.sign_in()
        host.sync_to_the_end()
        # The lookup of tenants goes on behind the answer and changes companies; readers want a still picture.
        eventually(lambda: "tenant_lookup_finished" in host.log, "the end of the tenant lookup")
        yield host
