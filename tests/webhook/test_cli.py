"""The command line's words about events."""

from __future__ import annotations

import pytest

from shared.cli import __main__ as cli

from .conftest import App
from .test_registration import OURS, THEIR_EVENTS, THEIRS


def run(app: App, *arguments: str) -> int:
    return cli.main(["webhook", *arguments], app.settings)


def test_from_nothing_to_registered_and_back(known: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(known, "status") == 1
    assert "registered: nothing" in capsys.readouterr().out
    known.sim.webhooks.register(THEIRS, THEIR_EVENTS)
    assert run(known, "status") == 1
    assert f"registered: {THEIRS} (another address)" in capsys.readouterr().out
    assert run(known, "register") == 1
    err = capsys.readouterr().err
    assert f"webhook_taken: events go to {THEIRS}" in err
    assert "--take-over" in err
    assert run(known, "register", "--take-over") == 0
    assert run(known, "status") == 0
    out = capsys.readouterr().out
    assert f"registered: {OURS} (this app)" in out
    assert "last event: none yet" in out
    assert run(known, "restore") == 0
    assert f"registered: {THEIRS}" in capsys.readouterr().out
    assert run(known, "restore") == 1
    assert capsys.readouterr().err.startswith("webhook_no_former: ")


def test_a_test_event_is_waited_for(
    known: App, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known.sim.webhooks._tests.clear()
    known.sim.webhooks.dispatcher.retry_seconds = 0.0
    monkeypatch.setattr(
        "shared.core.clock.SystemClock.sleep", lambda self, seconds: known.sim.webhooks.dispatcher.settle()
    )
    known.sim.webhooks.register("http://127.0.0.1:9/nobody", ["test-created"])
    assert run(known, "test") == 1
    assert "It was not delivered: SystemError" in capsys.readouterr().err
    assert run(known, "test") == 1
    assert run(known, "test") == 1
    assert "partner_center_throttled" in capsys.readouterr().err


def test_switched_off_it_says_so(known: App, capsys: pytest.CaptureFixture[str]) -> None:
    known.settings = {**known.settings, "HUNTER_WEBHOOK_ENABLED": "false"}
    for verb in ("status", "register", "test"):
        assert run(known, verb) == 1
        assert capsys.readouterr().err.startswith("webhook_disabled: ")
