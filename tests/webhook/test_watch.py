"""Whether events still come: what polls find that no event announced says so."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from shared.core.api import API
from shared.model import times
from shared.model.run import Run
from shared.webhook import watch
from shared.webhook.registration import EVENTS
from shared.webhook.watch import Seen, after

from .conftest import PUBLIC, App, content


def at(minute: int) -> str:
    return f"2026-11-26T08:{minute:02}:00.0000000Z"


def run(minute: int, trigger: Any = "timer", *, changed: int = 1, dry: bool = False, ended: bool = True) -> Run:
    made = Run(
        id=secrets.token_hex(8),
        mode="incremental",
        trigger=trigger,
        started_at=at(minute),
        dry_run=dry,
        updated=changed,
    )
    made.finished_at = at(minute + 1) if ended else None
    return made


SINCE = at(0)


@pytest.mark.parametrize(
    ("runs", "last_event", "by", "unannounced"),
    [
        ([], "", "", 0),
        ([run(10)], "", "poll", 1),
        ([run(10), run(20), run(30)], "", "poll", 3),
        ([run(30), run(10), run(20)], "", "poll", 3),
        ([run(10), run(20, changed=0), run(30)], "", "poll", 2),
        ([run(10), run(20, "http"), run(30, "cli")], "", "poll", 3),
        ([run(10), run(20, "event"), run(30)], at(20), "poll", 1),
        ([run(10), run(20)], at(15), "event", 0),
        ([run(10), run(20)], at(5), "poll", 1),
        ([run(10, dry=True), run(20, ended=False)], "", "", 0),
        ([run(10, "event", changed=0)], at(10), "", 0),
    ],
)
def test_what_runs_say(runs: list[Run], last_event: str, by: str, unannounced: int) -> None:
    seen = after(Seen(), runs, last_event, SINCE)
    assert (seen.by, seen.unannounced) == (by, unannounced)
    assert after(seen, runs, last_event, SINCE) == seen, "each run counts once"


def test_only_while_the_registration_is_ours() -> None:
    runs = [run(10), run(20), run(30)]
    assert after(Seen(), runs, "", "").unannounced == 0
    assert after(Seen(), runs, "", at(15)).unannounced == 2


def test_an_event_ends_it() -> None:
    seen = after(Seen(), [run(10), run(20), run(30)], "", SINCE)
    assert seen.is_silent("")
    assert seen.is_silent(at(30))
    assert not seen.is_silent(at(32))


def test_three_polls_in_a_row_and_an_event(synced: App, caplog: pytest.LogCaptureFixture) -> None:
    services = synced.services
    synced.sim.webhooks.register(f"{PUBLIC}/{API}/events", list(EVENTS))
    synced.sim.switches.webhook_silence = True
    assert content(synced.call("get_webhook"))["silent"] is False
    for number in range(3):
        assert content(synced.call("get_webhook"))["silent"] is False
        synced.sim.data.create(name=f"Unannounced {number}")
        services.sync.run("timer")
    shown = content(synced.call("get_webhook"))
    assert (shown["silent"], shown["lastChangeSeenBy"], shown["lastEventAt"]) == (True, "poll", None)
    synced.tick()
    assert "webhook_silent" in caplog.text
    assert content(synced.another().call("get_webhook"))["silent"] is True
    synced.sim.data.create(name="Announced")
    assert synced.event().status_code == 200
    shown = content(synced.call("get_webhook"))
    assert (shown["silent"], shown["lastChangeSeenBy"]) == (False, "event")
    assert times.parse_time(shown["lastEventAt"]) <= times.from_datetime(services.clock.now())


def test_a_broken_row_is_no_reason_to_stop(synced: App) -> None:
    synced.services.work.put("webhook", watch.ROW, synced.services.clock.now(), "no JSON")
    assert watch.read(synced.services.work.load()) == Seen()
