"""The app in the real host over a Partner Center that sends exactly what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.azurite import Azurite
from local.simulator import Simulator
from local.simulator.messages import Request, Response
from tests.hosting import HostProcess, app_settings


class Given:
    """What Partner Center sends: a list's body, and bodies by id."""

    def __init__(self) -> None:
        self.list = b'{"value":[]}'
        self.by_id: dict[str, bytes] = {}

    def answer(self, request: Request) -> Response:
        """In place of the simulator's own answer."""
        if request.kind == "get":
            body = self.by_id.get(request.path.rpartition("/")[2])
            return Response(body=body) if body is not None else Response(404, b"{}")
        return Response(body=self.list)


@pytest.fixture(scope="module")
def given() -> Given:
    """What the module's Partner Center sends."""
    return Given()


@pytest.fixture(scope="module")
def host(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory, given: Given
) -> Iterator[HostProcess]:
    """The app, signed in as somebody of fabrikam-partner.com."""
    with Simulator(referrals=0, auto_approve=True) as simulator:
        simulator._api.answer = given.answer  # type: ignore[method-assign]
        settings = app_settings(simulator, azurite.connection_string_of(next(_unused_accounts)))
        settings |= {"HUNTER_TENANT_LOOKUP_ENABLED": "false", "HUNTER_PARTNER_DOMAINS": "fabrikam-partner.com"}
        log: Path = tmp_path_factory.mktemp("cases") / "host.log"
        with HostProcess(settings, log) as running:
            running.sign_in()
            yield running
