"""What is steady about a sync's cost: requests, client time and memory. Seconds on the clock are reported by the bench
(``python3 dev.py bench``) and gated nowhere, for they are the machine's."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import pytest

from bench import compare
from bench.world import PartnerCenter, Result, Storage, run

FEW, MANY = 1_000, 3_000
CHANGED = 50


TEXT = json.dumps(
    [{"id": f"{n:032x}", "name": "Contoso A.Ş. " * 3, "values": list(range(20)), "of": n / 7} for n in range(2_000)]
)
QUIET_SECONDS = 0.0135
"""What `piece_of_work` takes of the processor on the quiet machine that docs/performance.md speaks of."""


def piece_of_work() -> float:
    """Read a text, cut it and add up, as the app's own work is; the seconds of the processor that it took."""
    started = time.process_time()
    json.loads(TEXT)
    [word.lower() for word in TEXT.split('"')]
    sum(range(500_000))
    return time.process_time() - started


def slowness() -> float:
    """How many times as long as on the quiet machine the processor works at the moment; at least once."""
    return max(1.0, statistics.median(piece_of_work() for _ in range(9)) / QUIET_SECONDS)


def measured_once(referrals: int) -> Any:
    """A parameter whose tests run in one worker, so that they share what was measured."""
    return pytest.param(referrals, marks=pytest.mark.xdist_group(f"costs-{referrals}"))


@pytest.fixture(scope="module", params=[measured_once(FEW), measured_once(MANY)])
def costs(request: pytest.FixtureRequest) -> dict[str, Result]:
    compare.folder()
    before = slowness()
    with PartnerCenter(request.param) as partner_center, Storage() as storage:
        results = {case: run(case, partner_center, storage) for case in ("first", "after_first", "incremental", "full")}
        partner_center.tell(change=CHANGED)
        results["changed"] = run("changed", partner_center, storage)
        results |= {case: run(case, partner_center, storage, module="bench.daily") for case in ("action", "tick")}
    results["machine"] = {"slowness": max(before, slowness())}
    return results


def test_every_referral_was_stored(costs: dict[str, Result]) -> None:
    assert costs["first"]["inserted"] == costs["first"]["fetched"] - 3  # three of them have no id
    assert costs["changed"]["updated"] == CHANGED


@pytest.mark.parametrize("case", ["after_first", "incremental"])
def test_nothing_changed_takes_one_page_and_few_table_requests(costs: dict[str, Result], case: str) -> None:
    assert costs[case]["api"] == 1
    assert costs[case]["table"] <= 6
    assert not {name for name in costs[case]["requests"] if "transact" in name and "SyncState" not in name}


def test_fifty_changes_take_few_requests_at_any_size(costs: dict[str, Result]) -> None:
    """24 for referrals, one for each dozen of companies, and ten for the rest: docs/performance.md."""
    assert costs["changed"]["api"] == 1
    assert costs["changed"]["table"] <= 40


def test_an_action_takes_two_requests_to_partner_center(costs: dict[str, Result]) -> None:
    """One reads, one writes; and in storage what the action, its referral, history and companies need."""
    assert costs["action"]["api"] == 2
    assert costs["action"]["table"] <= 25


def test_a_minute_in_which_nothing_is_due_takes_two(costs: dict[str, Result]) -> None:
    assert costs["tick"]["api"] == 0
    assert costs["tick"]["table"] <= 2


def test_client_time_of_a_record(costs: dict[str, Result]) -> None:
    """With slack: see docs/performance.md for what it is on a quiet machine. A slower one may take longer in proportion."""
    fetched = costs["first"]["fetched"]
    assert costs["first"]["cpu"] / fetched < 0.0015 * costs["machine"]["slowness"]
    assert costs["full"]["cpu"] / fetched < 0.0003 * costs["machine"]["slowness"]


def test_memory(costs: dict[str, Result]) -> None:
    assert costs["first"]["memory"] < 120
    assert costs["full"]["memory"] < 90


ACTIONS = 20
together = pytest.mark.xdist_group("bursts")


@pytest.fixture(scope="module")
def bursts() -> dict[str, Result]:
    compare.folder()
    with PartnerCenter(FEW) as partner_center, Storage() as storage:
        run("first", partner_center, storage)
        results: dict[str, Result] = {}
        for case, changed in (
            ("event", 1),
            ("floor_event", 0),
            ("telling", compare.TOLD),
            ("batch", 0),
            ("floor_batch", 0),
        ):
            if changed:
                partner_center.tell(change=changed)
            results[case] = run(case, partner_center, storage, module="bench.bursts", actions=ACTIONS)
        run("desk", partner_center, storage)
        results["lists_desk"] = run("lists_desk", partner_center, storage)
    return results


@together
def test_an_event_takes_one_page_and_one_reading_of_the_list(bursts: dict[str, Result]) -> None:
    """16 table requests for the run, 27 for the list, which reads all partitions again."""
    assert bursts["event"]["api"] == 1
    assert bursts["event"]["table"] <= 48


@together
def test_letters_about_many_changes_take_few_requests(bursts: dict[str, Result]) -> None:
    assert bursts["telling"]["told"] >= bursts["telling"]["changed"] == compare.TOLD
    assert bursts["telling"]["table"] <= 60


@together
def test_an_action_of_a_batch_takes_no_more_than_one_alone(bursts: dict[str, Result]) -> None:
    assert bursts["batch"]["actions"] >= 0.9 * bursts["floor_batch"]["actions"]  # one or the other may not be done
    assert bursts["batch"]["api"] <= 2 * ACTIONS + 2
    assert bursts["batch"]["table"] <= 12 * ACTIONS + 40


@together
def test_lists_with_owners_and_comments_are_measured(bursts: dict[str, Result]) -> None:
    assert bursts["lists_desk"]["p95Again"] > 0


def test_a_push_to_the_crm_takes_few_requests_and_the_next_run_next_to_none() -> None:
    compare.folder()
    with PartnerCenter(FEW) as partner_center, Storage() as storage:
        run("first", partner_center, storage)
        push = run("push", partner_center, storage, module="bench.crm")
    assert push["created"] >= 0.4 * FEW  # as many of the simulated referrals are active
    assert push["asked"] <= 1.3 * push["written"]
    assert push["again"] <= push["allowed"]
    assert push.get("writtenAgain", 0) == 0
