"""Promise 6, a failure is said: in the answer, in the run, in the log, with one code and one correlation id.

World.run holds every run of all these tests against that; here is what no other test comes by.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.core.errors import ConfigurationError, FeatureDisabled, HunterError, SignInRequired, SignInUnavailable
from shared.core.log import bound
from shared.model import times
from shared.storage.tables.changes import load_changes
from shared.storage.tables.sync_state import Cursor
from shared.web.handlers.sync import is_fresh
from tests.sync.harness import NOW, World


def test_an_error_that_nobody_foresaw_is_recorded_without_its_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("secret text of Ada Lovelace")

    with monkeypatch.context() as patched:
        patched.setattr("shared.sync.row_writer.summarise", broken)
        outcome = world.run()
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == ("internal_error", 500)
    assert outcome.run is not None
    assert outcome.run.state == "failed"
    [event] = outcome.named("unexpected_error")
    assert event["kind"] == "RuntimeError"
    assert "test_truth" in event["at"]
    assert "Ada" not in str(outcome.events)
    assert world.run().succeeded
    world.assert_equal_to_upstream()


@pytest.mark.parametrize("error", [SignInRequired(), SignInUnavailable(), ConfigurationError("Entra says no.")])
def test_a_sign_in_that_fails_in_mid_run_keeps_what_was_read(
    world: World, monkeypatch: pytest.MonkeyPatch, error: HunterError
) -> None:
    asked = 0
    token = world.sign_in.token

    def fails_at_third(*, force_refresh: bool = False) -> str:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise error
        return token(force_refresh=force_refresh)

    with monkeypatch.context() as patched:
        patched.setattr(world.sign_in, "token", fails_at_third)
        outcome = world.run()
    assert outcome.error is error
    assert outcome.run is not None
    assert outcome.run.inserted == (0 if isinstance(error, ConfigurationError) else 5)
    assert bool(outcome.named("sign_in_required")) is isinstance(error, SignInRequired)
    assert world.state.load().holder(world.clock.now()) is None
    assert world.run().succeeded
    world.assert_equal_to_upstream()


def test_the_correlation_id_of_the_request_is_that_of_the_run(world: World) -> None:
    world.sim.faults.add(status=403)
    with bound(correlationId="from-the-request"):
        outcome = world.run()
    assert outcome.error is not None
    assert outcome.error.correlation_id == "from-the-request"


def test_what_is_switched_off_or_not_set_up_asks_nobody(world: World) -> None:
    whole = world.settings
    world.settings = world.settings_with(HUNTER_PARTNER_CENTER_ENABLED="false")
    outcome = world.run()
    assert isinstance(outcome.error, FeatureDisabled)
    assert not outcome.requests
    assert not world.state.runs()
    world.settings = whole
    assert world.run().succeeded


def test_a_run_whose_record_cannot_be_written_still_says_how_it_ended(world: World) -> None:
    """Storage goes away for good in mid-run: the caller and the log learn it, the record follows with the next run."""
    away = False

    def io(call: str) -> None:
        nonlocal away
        away = away or call == "before transact Referrals"
        if away and call.startswith("before"):
            raise ServiceRequestError("No route.")

    world.io = io
    with pytest.raises(HunterError) as caught:
        world.sync().run("timer")
    world.io = lambda _: None
    assert caught.value.code == "storage_unavailable"
    [dead] = world.state.runs()
    assert dead.state == "running"
    world.outlast_lease()
    assert world.run().succeeded
    recorded = world.state.run(dead.id)
    assert recorded is not None
    assert recorded.error is not None
    assert recorded.error.code == "run_interrupted"
    world.assert_equal_to_upstream()


@pytest.mark.parametrize(
    ("schedule", "minutes", "fresh"),
    [
        ("0 */10 * * * *", 0, True),
        ("0 */10 * * * *", 30, True),
        ("0 */10 * * * *", 31, False),
        ("0 0 * * * *", 180, True),
        ("0 0 * * * *", 181, False),
    ],
)
def test_data_are_fresh_for_three_intervals(schedule: str, minutes: int, fresh: bool) -> None:
    last = times.from_datetime(NOW - timedelta(minutes=minutes))
    assert is_fresh(Cursor(last_success=last), schedule, NOW) is fresh


def test_nothing_is_fresh_before_the_first_success(world: World) -> None:
    assert not is_fresh(world.state.load().cursor, world.settings.sync_schedule, world.clock.now())
    world.sim.faults.add(status=403)
    world.run()
    assert not is_fresh(world.state.load().cursor, world.settings.sync_schedule, world.clock.now())
    world.run()
    assert is_fresh(world.state.load().cursor, world.settings.sync_schedule, world.clock.now())
    # Whatever the reason: here every run is told to wait.
    world.sim.faults.add(status=429, retry_after=90_000)
    world.run()
    world.clock.advance(31 * 60)
    assert world.run("timer").error is not None
    assert not is_fresh(world.state.load().cursor, world.settings.sync_schedule, world.clock.now())


def test_the_version_of_the_data_changes_with_the_data_alone(world: World) -> None:
    def version() -> str:
        return world.state.load().version

    first = version()
    world.run()
    stored = version()
    assert stored != first
    world.clock.advance(600)
    world.run()
    assert version() == stored
    world.sim.data.change(world.sim.data.ids()[0], name="changed")
    world.run()
    changed = version()
    assert changed != stored
    world.sim.data.add({"no": "id"})
    world.run()
    assert version() != changed


def test_the_history_holds_every_flip_under_one_time(world: World) -> None:
    """Content that comes back is another entry, not the former one written again."""
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    world.clock.advance(600)
    world.sim.data.change(one, details={"dealValue": 1, "currency": "USD"})
    world.run().succeeded  # noqa: B018 - it has to
    before = len(load_changes(world.store, one))
    values = [2, 1, 2, 1]
    for value in values:
        world.sim.data.change(one, touch=False, details={"dealValue": value})
        assert world.run().succeeded.updated == 1
    history = load_changes(world.store, one)
    assert len(history) == before + 4
    assert [int(entry["changes"][0]["to"]) for entry in history[:4]] == values[::-1]
