"""Links by hand: what can be asked, what follows at once, and that nothing a sync does takes them away."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from shared.companies.book import CompanyBook
from shared.companies.counts import CompanyCounts
from shared.companies.linker import CompanyLinker
from shared.core.errors import InvalidRequest, NotFound
from shared.model.company import Link
from shared.model.company_rows import Touched
from shared.model.summary import ReferralSummary
from shared.storage.tables import company_links as link_rows
from shared.storage.tables.companies import load_all
from shared.storage.tables.company_links import load_all as load_links
from shared.storage.tables.sync_state import SyncState
from tests.companies.tables import NOW, Crash, Hand, TestClock, check, crash, keep, shown, store_of

ONE = ReferralSummary(
    id="one/with odd#id?",
    customer_name="Contoso",
    company_key="contoso.com",
    company_mentions=("name-tr-contoso",),
    direction="Incoming",
    status="Active",
    deal_value=Decimal("10"),
    currency="USD",
    created_date_time="2026-01-01T00:00:00.0000000Z",
    updated_date_time="2026-01-02T00:00:00.0000000Z",
)
TWO = replace(ONE, id="two", deal_value=Decimal("5"))
OTHER = replace(ONE, id="other", customer_name="Fabrikam", company_key="fabrikam.com", company_mentions=())
NAMELESS = replace(ONE, id="nameless", customer_name=None, company_key=None, company_mentions=())
EVERYONE = [ONE, TWO, OTHER, NAMELESS]


class World:
    """An account with four referrals."""

    def __init__(self, connection_string: str, hand: Hand | None = None) -> None:
        self.store = store_of(connection_string, hand)
        self.linker = CompanyLinker(self.store)
        self.book = CompanyBook(self.store)
        self.now = NOW

    def fill(self) -> None:
        keep(self.store, EVERYONE)
        self.book.apply([Touched(one.id, None, one) for one in EVERYONE])

    def link(self, referral_id: str, **target: Any) -> Link:
        self.now += timedelta(minutes=1)
        return self.linker.link(referral_id, target, "ayse@partner.com", self.now)

    def counts(self) -> dict[str, int]:
        return {key: company.referral_count for key, company in shown(self.store).items()}


@pytest.fixture
def world(storage_account: str) -> World:
    world = World(storage_account)
    world.fill()
    return world


def test_both_companies_follow_at_once_and_lists_are_told(world: World) -> None:
    version = SyncState(world.store).load().version
    world.link(ONE.id, key="fabrikam.com")
    assert world.counts() == {"contoso.com": 1, "fabrikam.com": 2}
    assert shown(world.store)["contoso.com"].open_value == {"USD": Decimal(5)}
    assert shown(world.store)["fabrikam.com"].open_value == {"USD": Decimal(20)}
    assert SyncState(world.store).load().version != version
    check(world.store, EVERYONE)


def test_a_link_to_a_new_company_makes_it_and_taking_it_back_removes_it(world: World) -> None:
    world.link(NAMELESS.id, domain="litware.com", name="  Litware   Holding ")
    assert shown(world.store)["litware.com"].name == "Litware Holding"
    check(world.store, EVERYONE)
    world.link(NAMELESS.id, key=None)
    assert world.counts() == {"contoso.com": 2, "fabrikam.com": 1}
    assert load_links(world.store) == {}
    check(world.store, EVERYONE)


@pytest.mark.parametrize(
    ("domain", "key"),
    [
        ("litware.com", "litware.com"),
        (" WWW.Litware.com. ", "litware.com"),
        ("https://shop.litware.com.tr/about?x=1", "litware.com.tr"),
        ("litware.com:8080", "litware.com"),
        ("müller.de", "xn--mller-kva.de"),
        ("fabrikam.com", "fabrikam.com"),
    ],
)
def test_a_domain_is_taken_however_it_is_written(world: World, domain: str, key: str) -> None:
    assert world.link(NAMELESS.id, domain=domain).key == key
    assert key in world.counts()


@pytest.mark.parametrize(
    "target",
    [
        {},
        {"name": "Litware"},
        {"key": "contoso.com", "domain": "contoso.com"},
        {"key": None, "name": "x"},
        {"key": 5},
        {"key": ""},
        {"key": ["contoso.com"]},
        {"domain": None},
        {"domain": 7},
        {"domain": "litware.com", "name": 7},
        {"domain": "litware"},
        {"domain": "com.tr"},
        {"domain": "server.local"},
        {"domain": "http://[::1"},
        {"domain": "litware.com:port"},
        {"domain": "lit ware.com"},
        {"domain": ""},
        {"domain": "gmail.com"},
        {"domain": "hotmail.com.tr"},
        {"domain": "microsoft.com"},
        {"domain": "contoso.onmicrosoft.com"},
        {"domain": "litware.com", "extra": 1},
    ],
)
def test_what_is_no_company_is_refused(world: World, target: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        world.link(ONE.id, **target)
    assert load_links(world.store) == {}


def test_unknown_referrals_and_companies_are_not_found(world: World) -> None:
    for referral_id, key in [("nobody", None), (ONE.id, "nobody.com")]:
        with pytest.raises(NotFound):
            world.link(referral_id, key=key)
    assert link_rows.load_pending(world.store) == []


def test_a_link_survives_full_syncs_changed_payloads_and_key_changes(world: World) -> None:
    world.link(ONE.id, key="fabrikam.com")
    moved = replace(ONE, company_key="litware.com", company_mentions=("name-tr-litware",), deal_value=Decimal(99))
    for before, after in [(ONE, ONE), (ONE, moved), (moved, replace(moved, company_key=None, company_mentions=()))]:
        keep(world.store, [after])
        world.book.apply([Touched(ONE.id, before, after)])
        everyone = [after, TWO, OTHER, NAMELESS]
        assert world.counts() == {"contoso.com": 1, "fabrikam.com": 2}
        check(world.store, everyone)
    link = load_links(world.store)[ONE.id]
    assert (link.key, link.by) == ("fabrikam.com", "ayse@partner.com")
    # Taken back, it is where its payload says now: nowhere.
    world.link(ONE.id, key=None)
    assert world.counts() == {"contoso.com": 1, "fabrikam.com": 1}


def test_who_and_when_is_kept_newest_first(world: World) -> None:
    for key in ["fabrikam.com", "contoso.com", None, "fabrikam.com"]:
        world.link(ONE.id, key=key)
    history = link_rows.load_ever(world.store)[ONE.id].history
    assert [(step["from"], step["to"]) for step in history] == [
        (None, "fabrikam.com"),
        ("contoso.com", None),
        ("fabrikam.com", "contoso.com"),
        (None, "fabrikam.com"),
    ]
    assert history[0]["by"] == "ayse@partner.com"
    times = [str(step["at"]) for step in history]
    assert times == sorted(times, reverse=True)


def test_the_history_of_a_link_stays_short(world: World) -> None:
    for number in range(60):
        world.link(ONE.id, key=["fabrikam.com", "contoso.com"][number % 2])
    assert len(link_rows.load_ever(world.store)[ONE.id].history) == link_rows.HISTORY_KEPT


def test_linking_again_to_the_same_company_changes_nothing(world: World) -> None:
    first = world.link(ONE.id, domain="litware.com", name="Litware")
    assert world.link(ONE.id, key="litware.com") == first
    assert world.link(ONE.id, domain="litware.com") == first
    assert world.link(ONE.id, domain="litware.com", name="Litware AG") != first
    assert shown(world.store)["litware.com"].name == "Litware AG"
    assert world.link(NAMELESS.id, key=None).key is None
    assert NAMELESS.id not in link_rows.load_ever(world.store)


def test_a_key_that_was_merged_leads_to_the_company_it_became(world: World) -> None:
    named = replace(ONE, id="named", company_key="name-tr-contoso", company_mentions=())
    keep(world.store, [named])
    world.book.apply([Touched("named", None, named)])
    assert load_all(world.store).merged == {"name-tr-contoso": "contoso.com"}
    assert world.link(OTHER.id, key="name-tr-contoso").key == "contoso.com"
    check(world.store, [*EVERYONE, named])


def test_a_link_to_a_company_known_by_name_follows_it_when_it_shows_its_domain(world: World) -> None:
    named = replace(ONE, id="named", company_key="name-tr-litware", company_mentions=())
    keep(world.store, [named])
    world.book.apply([Touched("named", None, named)])
    world.link(OTHER.id, key="name-tr-litware")
    domain = replace(ONE, id="domain", company_key="litware.com", company_mentions=("name-tr-litware",))
    keep(world.store, [domain])
    world.book.apply([Touched("domain", None, domain)])
    assert world.counts()["litware.com"] == 3
    check(world.store, [*EVERYONE, named, domain])


def test_killed_at_any_request_a_link_is_made_wholly_or_not_at_all(storage_account: str) -> None:
    hand = Hand()
    world, calm = World(storage_account, hand), World(storage_account)
    calm.fill()
    at, made = 0, 0
    while True:
        calm.link(ONE.id, key=None)
        hand.calls, hand.at, hand.act = 0, at, crash
        version = SyncState(calm.store).load().version
        try:
            world.link(ONE.id, domain="litware.com", name="Litware")
        except Crash:
            at += 1
        else:
            break
        # Whoever syncs next finishes it.
        linked = ONE.id in load_links(calm.store)
        calm.book.apply([])
        assert calm.counts().get("litware.com", 0) == linked
        check(calm.store, EVERYONE)
        if linked:
            made += 1
            assert SyncState(calm.store).load().version != version
        # The note of a link goes when nobody can be at it any more.
        assert isinstance(calm.store.clock, TestClock)
        calm.store.clock.sleep(3600)
        calm.book.apply([])
        assert link_rows.load_pending(calm.store) == []
    assert at > 8
    assert made > 4
    assert link_rows.load_pending(calm.store) == []


def test_two_people_linking_at_once_end_in_one_company(storage_account: str) -> None:
    hand = Hand()
    world, other = World(storage_account, hand), World(storage_account)
    other.fill()
    at = 0
    while True:
        other.link(ONE.id, key=None)
        hand.calls, hand.at = 0, at
        hand.act = partial(other.link, ONE.id, domain="theirs.com")
        world.link(ONE.id, domain="mine.com")
        if not hand.acted:
            break
        counts = other.counts()
        assert counts.get("mine.com", 0) + counts.get("theirs.com", 0) == 1
        check(other.store, EVERYONE)
        at += 1
    assert at > 8


def test_a_sync_never_writes_a_link(storage_account: str) -> None:
    writes: list[str] = []

    def watch(when: str, operation: str, table: str) -> None:
        if table == link_rows.TABLE and operation not in {"get", "query"}:
            writes.append(operation)

    world = World(storage_account)
    world.fill()
    world.link(ONE.id, key="fabrikam.com")
    link_rows.note_pending(world.store, ONE.id)
    world.store.intercept = watch
    world.book.apply([Touched(one.id, one, one) for one in EVERYONE])
    assert world.book.rebuild(EVERYONE) == CompanyCounts(0, 0)
    assert writes == []


@pytest.mark.parametrize("target", [{"key": None}, {"domain": "mine.com"}, {"key": "fabrikam.com"}])
def test_a_sync_at_any_moment_of_a_link_leaves_a_referral_in_one_company(
    storage_account: str, target: dict[str, str | None]
) -> None:
    """The payload shows another company just while somebody links the referral."""
    hand = Hand()
    world, other = World(storage_account, hand), World(storage_account)
    other.fill()
    at, before = 0, ONE
    while True:
        other.link(ONE.id, domain="earlier.com")
        after = replace(
            ONE,
            company_key=f"key{at}.com",
            company_mentions=(),
            updated_date_time=f"2026-02-01T00:00:{at:02d}.0000000Z",
        )

        def sync(before: ReferralSummary = before, after: ReferralSummary = after) -> None:
            keep(other.store, [after])
            other.book.apply([Touched(ONE.id, before, after)])

        hand.calls, hand.at, hand.act = 0, at, sync
        world.link(ONE.id, **target)
        if not hand.acted:
            break
        check(other.store, [after, TWO, OTHER, NAMELESS])
        at, before = at + 1, after
    assert at > 8
