"""Every error of the Web API from the wire to people: in the answer that the page shows, and on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.dynamics import DynamicsSimulator
from shared.cli.__main__ import main
from shared.core.backoff import Backoff
from shared.dynamics.answers import understand
from shared.read_model.items import crm_item
from shared.storage.tables import crm_links
from tests.dynamics.test_errors import READ, body
from tests.dynamics.world import World, referral

Make = Callable[..., DynamicsSimulator]
ONE = referral(1)["id"]
AGAIN = {"record_exists", "changed_meanwhile", "already_closed"}
"""What a run gets over by itself: it looks again."""
WHOLE = [row for row in READ if understand(row[0], body(row[1], row[2])).whole]
OWN = [row for row in READ if row not in WHOLE and row[3] not in AGAIN]


def environ(crm: DynamicsSimulator, storage: str) -> dict[str, str]:
    """The command line's settings."""
    return {
        "HUNTER_STORAGE": storage,
        **crm.settings(),
    }


@pytest.fixture
def broken(
    make_crm: Make, storage_account: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, str, str], tuple[World, dict[str, str]]]:
    """A world whose CRM refuses every record with this error; nobody waits long before another try."""
    monkeypatch.setattr("shared.dynamics.client.BACKOFF", Backoff(tries=5, first=0.01, most=0.02))
    monkeypatch.setattr("shared.cli.dynamics._SYNC_SECONDS", 60.0)

    def breaks(status: int, code: str, message: str) -> tuple[World, dict[str, str]]:
        crm = make_crm(with_key=True)
        world = World(crm, storage_account)
        world.put(referral(1))
        fault: dict[str, Any] = {"status": status, "code": code, "message": message, "times": 0}
        if status == 429:
            fault["retry_after"] = 900
        crm.faults.add(**fault, method="PATCH", path="opportunities")
        return world, environ(crm, storage_account)

    return breaks


@pytest.mark.parametrize(("status", "code", "message", "kind", "said"), OWN)
def test_an_error_of_one_record(
    broken: Any, capsys: pytest.CaptureFixture[str], status: int, code: str, message: str, kind: str, said: str
) -> None:
    world, settings = broken(status, code, message)
    exit_code = main(["dynamics", "sync"], settings)
    captured = capsys.readouterr()
    link = crm_links.load_shown(world.store)[ONE]
    shown = crm_item(link)
    assert shown is not None
    assert (exit_code, shown["state"], shown["error"]["code"]) == (1, "failed", kind)
    assert shown["error"]["nextAt"]
    sentence = shown["error"]["message"]
    assert said in sentence
    if kind == "dynamics_access_denied":  # the role is everybody's: the command ends with it
        assert sentence in captured.err
    else:
        assert f"FIX   {ONE} ({kind}): {sentence}" in captured.out


@pytest.mark.parametrize(("status", "code", "message", "kind", "said"), WHOLE)
def test_an_error_of_the_whole_exchange(
    broken: Any, capsys: pytest.CaptureFixture[str], status: int, code: str, message: str, kind: str, said: str
) -> None:
    world, settings = broken(status, code, message)
    exit_code = main(["dynamics", "sync"], settings)
    captured = capsys.readouterr()
    fault = world.dynamics.exchange().fault
    assert fault is not None
    assert exit_code != 0
    assert fault.code == kind
    assert fault.message in captured.out + captured.err
