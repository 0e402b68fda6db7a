"""``check`` says each thing once: what is wrong, what is needed, and what it did not try for that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.simulator import Simulator
from shared.cli import __main__ as cli
from shared.core.errors import Throttled
from shared.services import Services
from shared.storage.tables.sync_state import SyncState
from tests.hosting import app_settings

World = tuple[Simulator, dict[str, str]]


@pytest.fixture
def world(storage_account: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with Simulator(referrals=3, auto_approve=True) as simulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_file))
        yield simulator, app_settings(simulator, storage_account)


def lines(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """Each line's verdict and the rest."""
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in capsys.readouterr().out.splitlines()]


def test_with_storage_alone_it_names_what_else_is_needed_once(
    storage_account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check"], {"HUNTER_STORAGE": storage_account}) == 1
    said = lines(capsys)
    assert [verdict for verdict, _ in said] == ["FIX", "ok", "skip", "skip"]
    for name in ("ENABLED to true", "TENANT_ID", "CLIENT_ID"):
        assert f"HUNTER_PARTNER_CENTER_{name}" in said[0][1]
    assert "HUNTER_TOKEN_CACHE_KEY" in said[0][1]
    assert not any("KEY" in text or "sign in again" in text for _, text in said[1:])
    assert said[2][1] == "sign-in: needs settings"
    assert said[3][1] == "Partner Center: needs sign-in"


def test_with_nothing_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check"], {}) == 1
    said = lines(capsys)
    assert [verdict for verdict, _ in said] == ["FIX", "FIX", "skip", "skip"]
    assert "HUNTER_STORAGE" in said[0][1]
    assert said[2][1] == "sign-in: needs settings and storage"


def test_wrong_settings_of_features_are_named_and_hold_nothing_up(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    _, settings = world
    assert cli.main(["sign-in"], settings) == 0
    capsys.readouterr()
    wrong = {"HUNTER_UNDO_SECONDS": "soon", "HUNTER_MAIL_VIA": "acs", "HUNTER_DYNAMICS_ENABLED": "true"}
    assert cli.main(["check"], settings | wrong) == 1
    said = lines(capsys)
    assert [verdict for verdict, _ in said] == ["ok", "ok", "ok", "ok", "FIX"]
    for name in ("HUNTER_UNDO_SECONDS", "HUNTER_MAIL_FROM", "HUNTER_MAIL_ENDPOINT", "HUNTER_DYNAMICS_URL"):
        assert said[-1][1].count(name) == 1
    assert said[-1][1].endswith("(configuration_error)")


def test_an_unresolved_reference_is_named_as_one(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    _, settings = world
    reference = "@Microsoft.KeyVault(SecretUri=https://hunter.vault.azure.net/secrets/client-secret)"
    for name in ("HUNTER_PARTNER_CENTER_CLIENT_SECRET", "HUNTER_TOKEN_CACHE_KEY", "HUNTER_STORAGE"):
        assert cli.main(["check"], {**settings, name: reference}) == 1
        verdict, text = lines(capsys)[0]
        assert verdict == "FIX"
        assert text.count(name) == 1
        assert "Key Vault reference" in text
        assert "vault.azure.net" not in text
        assert "Copy the secret's value" not in text


def test_a_pause_that_partner_center_asked_for_is_kept(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    simulator, settings = world
    assert cli.main(["sign-in"], settings) == 0
    assert cli.main(["sync"], settings) == 0
    services = Services(settings)
    simulator.faults.add(status=429, retry_after=3_600, times=1)
    with pytest.raises(Throttled):
        services.sync.run("http")
    assert SyncState(services.store).load().paused_until is not None
    before = len(simulator.requests_of("list")) + len(simulator.requests_of("get"))
    capsys.readouterr()
    assert cli.main(["check"], settings) == 1
    verdict, text = lines(capsys)[-1]
    assert (verdict, text.endswith("(partner_center_throttled)")) == ("FIX", True)
    assert len(simulator.requests_of("list")) + len(simulator.requests_of("get")) == before


@pytest.mark.parametrize("seconds", [3_600, 0.2], ids=["longer than the check", "each time anew"])
def test_a_pause_asked_of_the_check_itself_is_said_and_no_traceback(
    world: World, capsys: pytest.CaptureFixture[str], seconds: float
) -> None:
    simulator, settings = world
    assert cli.main(["sign-in"], settings) == 0
    simulator.faults.add(status=429, retry_after=seconds, times=0)
    assert cli.main(["check"], settings) == 1
    assert lines(capsys)[-1][1].endswith("(partner_center_throttled)")
    assert SyncState(Services(settings).store).load().paused_until is not None


def test_a_lost_poll_keeps_the_code_of_a_sign_in(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    simulator, settings = world
    simulator.switches.auto_approve = False
    lost = simulator.faults.add(status=503, match="token", times=4)
    waits: list[float] = []

    def sleep(self: object, seconds: float) -> None:
        waits.append(seconds)
        if lost.spent and len(waits) > 5:
            simulator.approve()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.core.clock.SystemClock.sleep", sleep)
        assert cli.main(["sign-in"], settings) == 0
    out = capsys.readouterr()
    assert "Signed in as" in out.out
    assert "Asking again" in out.err
    assert len(simulator.requests_of("devicecode")) == 1
