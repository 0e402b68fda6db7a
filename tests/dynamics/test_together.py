"""People in the CRM, flows, Partner Center and both directions, interleaved until all is quiet: both sides agree by the
owner's rule, the writes are bounded, and there is never a second record."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from local.dynamics import DynamicsSimulator
from shared.storage.tables import crm_links
from tests.conftest import PROFILE
from tests.dynamics.world import World, referral

Make = Callable[..., DynamicsSimulator]
PHASES = list(Phase) if PROFILE == "nightly" else [Phase.explicit, Phase.generate]
"""An example that fails is made smaller by the nightly run alone: it takes minutes."""
NUMBERS = range(3)
IDS = [referral(number)["id"] for number in NUMBERS]
AMOUNTS = st.sampled_from([0, 1, 99.999, 1000, 12500.5, 250000])
NAMES = st.sampled_from(["Backup", "b" * 310, "Sécurité  x", "AT&T"])
DATES = st.sampled_from(["2027-01-01", "2027-06-30", "2026-12-31"])
WHO = st.sampled_from(list(NUMBERS))

STEP = st.one_of(
    st.tuples(st.just("run"), WHO, st.none()),
    st.tuples(st.just("push"), WHO, st.none()),
    st.tuples(st.just("send"), WHO, st.none()),
    st.tuples(st.just("wait"), WHO, st.sampled_from([30, 1000])),
    st.tuples(st.just("crm value"), WHO, AMOUNTS),
    st.tuples(st.just("crm name"), WHO, NAMES),
    st.tuples(st.just("crm date"), WHO, DATES),
    st.tuples(st.just("crm stage"), WHO, st.sampled_from([0, 1, 2, 3])),
    st.tuples(st.just("crm currency"), WHO, st.sampled_from(["EUR", "USD", "JPY"])),
    st.tuples(st.just("crm touch"), WHO, st.none()),
    st.tuples(st.just("pc value"), WHO, AMOUNTS),
    st.tuples(st.just("pc name"), WHO, NAMES),
    st.tuples(st.just("pc date"), WHO, DATES),
    st.tuples(st.just("crm win"), WHO, st.none()),
    st.tuples(st.just("crm lose"), WHO, st.none()),
    st.tuples(st.just("crm reopen"), WHO, st.none()),
    st.tuples(st.just("pc accept"), WHO, st.none()),
    st.tuples(st.just("pc lose"), WHO, st.none()),
)


def do(world: World, what: str, number: int, value: Any) -> None:
    """One step of somebody."""
    one, side, kind = IDS[number], *what.partition(" ")[::2]
    if what == "run":
        world.run()
    elif what == "push":
        world.run("changed")
    elif what == "send":
        world.pc.send_due()
    elif what == "wait":
        world.clock.advance(value)
    elif side == "pc":
        payload = world.payloads[one]
        if kind == "accept" and payload["status"] == "New":
            world.change(one, status="Active", substatus="Accepted")
        elif kind == "lose" and payload["status"] == "Active":
            world.change(one, status="Closed", substatus="Lost")
        elif kind == "name":
            world.change(one, name=value)
        elif kind in {"value", "date"} and payload["status"] != "Closed":
            world.change(
                one, details={"dealValue": value} if kind == "value" else {"closingDateTime": f"{value}T00:00:00Z"}
            )
    else:
        _in_crm(world, one, kind, value)


def _in_crm(world: World, one: str, kind: str, value: Any) -> None:
    rows = [row for row in world.records() if _is_of(world, row, one)]
    if not rows:
        return
    row, people = rows[0], world.crm.people
    record_id = str(row["opportunityid"])
    if kind == "reopen" and row["statecode"] != 0:
        people.reopen("opportunity", record_id)
    elif row["statecode"] != 0:
        return
    elif kind == "win":
        people.win(record_id)
    elif kind == "lose":
        people.lose(record_id)
    elif kind == "currency":
        people.currency(record_id, value)
    elif kind == "touch":
        people.change("opportunity", record_id)
    elif kind in {"value", "name", "date", "stage"}:
        column = {"value": "estimatedvalue", "name": "name", "date": "estimatedclosedate", "stage": "salesstage"}[kind]
        people.change("opportunity", record_id, **{column: value[:300] if kind == "name" else value})


def _is_of(world: World, row: dict[str, Any], one: str) -> bool:
    return bool(row.get("hnt_referralid") == one)


def agree(world: World, one: str) -> None:
    """What both sides hold in the end, where nothing stands in the way."""
    stored = crm_links.load(world.store, one)
    if stored is None:  # closed before anything was sent
        assert world.payloads[one]["status"] == "Closed"
        return
    link = stored.link
    if link.state != "linked" or link.table != "opportunity":
        return
    row, payload = world.record(one), world.payloads[one]
    closed = payload["status"] == "Closed"
    assert (
        row["name"] == payload["name"]
        or str(row["name"]).endswith("…")
        or " ".join(payload["name"].split()) == row["name"]
        or (closed and "name" in {each.field for each in link.differing})  # renamed and closed there before we looked
    )
    if closed:
        assert row["statecode"] == (1 if payload["substatus"] == "Won" else 2)
        return
    assert row["statecode"] == 0
    assert row["estimatedclosedate"] == payload["details"]["closingDateTime"][:10]
    held, wanted = Decimal(str(row["estimatedvalue"])), Decimal(str(payload["details"]["dealValue"]))
    assert abs(held - wanted) <= Decimal("0.5")
    assert payload["externalReferenceId"] == row["opportunityid"]


@settings(max_examples=400 if PROFILE == "nightly" else 12, phases=PHASES)
@given(steps=st.lists(STEP, min_size=4, max_size=22))
def test_both_sides_agree_when_all_is_quiet(
    make_crm: Make, new_account: Callable[[], str], together: list[DynamicsSimulator], steps: list[Any]
) -> None:
    if not together:
        together.append(make_crm(with_key=True))
    (crm,) = together
    crm.reset()
    world = World(crm, new_account(), HUNTER_DYNAMICS_PUSH="all")
    world.put(
        *(referral(number, status="New" if number == 2 else "Active", substatus="Accepted") for number in NUMBERS)
    )
    for what, number, value in steps:
        do(world, what, number, value)
    rounds = world.settle()
    assert rounds < 8, "it never gets quiet"
    for one in IDS:
        agree(world, one)
        assert len([row for row in world.records() if row.get("hnt_referralid") == one]) <= 1
        assert len([row for row in world.records("lead") if row.get("hnt_referralid") == one]) <= 1
    assert len(world.records("account")) <= len(IDS)
    crm.forget()
    before = world.pc.writes
    world.run()
    assert crm.store.writes == []
    assert world.pc.writes == before
