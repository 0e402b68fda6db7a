"""What people say of companies: what can be said, what follows, that no sync takes it away, and that taking it back is exact."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from local.azurite import Azurite
from shared.companies.book import CompanyBook
from shared.companies.counts import CompanyCounts
from shared.companies.editor import CompanyEditor
from shared.companies.linker import CompanyLinker
from shared.core.errors import CompanyMerged, InvalidRequest, NotFound
from shared.model.company import Company
from shared.model.company_edits import CompanyEdit, Kind
from shared.model.company_rows import Touched
from shared.model.person import Person
from shared.model.summary import ReferralSummary
from shared.read_model.current import read
from shared.read_model.snapshot import Snapshot
from shared.storage.tables import company_edits as edit_rows
from shared.storage.tables import company_links as link_rows
from shared.storage.tables.sync_state import SyncState
from tests.companies import worlds
from tests.companies.tables import (
    NOW,
    Crash,
    Hand,
    TestClock,
    agrees,
    check,
    check_edited,
    crash,
    keep,
    raw_rows,
    store_of,
)
from tests.companies.test_rows import Shelf

AYSE = Person("id-of-ayse", "Ayşe Demir", "ayse@partner.com")
ACME = ReferralSummary(
    id="acme",
    customer_name="Acme",
    company_key="acme.com",
    company_mentions=("name-tr-acme",),
    direction="Incoming",
    status="Active",
    country="TR",
    deal_value=Decimal("10"),
    currency="USD",
    created_date_time="2026-01-01T00:00:00.0000000Z",
    updated_date_time="2026-01-02T00:00:00.0000000Z",
)
BETA = replace(
    ACME, id="beta", customer_name="Beta", company_key="beta.com", company_mentions=(), deal_value=Decimal(5)
)
GAMMA = replace(ACME, id="gamma", customer_name="Gamma", company_key="gamma.com", company_mentions=())
NAMED = replace(ACME, id="named", customer_name="Delta", company_key="name-tr-delta", company_mentions=())
EVERYONE = [ACME, BETA, GAMMA, NAMED]


class World:
    """An account with four companies."""

    def __init__(self, connection_string: str, hand: Hand | None = None) -> None:
        self.store = store_of(connection_string, hand)
        self.editor, self.linker = CompanyEditor(self.store), CompanyLinker(self.store)
        self.book = CompanyBook(self.store)
        self.everyone: list[ReferralSummary] = []
        self.now = NOW

    def fill(self) -> None:
        self.sync(*EVERYONE)

    def sync(self, *summaries: ReferralSummary) -> None:
        keep(self.store, summaries)
        before = {one.id: one for one in self.everyone}
        self.book.apply([Touched(one.id, before.get(one.id), one) for one in summaries])
        self.everyone = list((before | {one.id: one for one in summaries}).values())

    def moment(self) -> Any:
        self.now += timedelta(minutes=1)
        return self.now

    def rename(self, key: str, name: Any) -> str:
        return self.editor.rename(key, name, AYSE, self.moment())

    def own_name(self, key: str) -> str:
        return self.editor.use_own_name(key, AYSE, self.moment())

    def merge(self, key: str, into: Any) -> str:
        return self.editor.merge(key, into, AYSE, self.moment())

    def part(self, key: str) -> str:
        return self.editor.part(key, AYSE, self.moment())

    def snapshot(self) -> Snapshot:
        return read(self.store, "v")

    def company(self, key: str) -> Company:
        company = self.snapshot().company(key)
        assert company
        return company

    def names(self) -> dict[str, str]:
        return {company.key: company.name for company in self.snapshot().companies}

    def check(self) -> None:
        check(self.store, self.everyone)
        check_edited(self.store, self.everyone)


@pytest.fixture
def world(storage_account: str) -> World:
    world = World(storage_account)
    world.fill()
    return world


def test_a_name_shows_at_once_and_taken_back_leaves_no_trace(world: World) -> None:
    before, version = list(world.snapshot().companies), SyncState(world.store).load().version
    assert world.rename("acme.com", "  Acme   Holding ") == "acme.com"
    assert SyncState(world.store).load().version != version
    company, renamed = world.company("acme.com"), world.snapshot().companies.edited.renamed("acme.com")
    assert (company.name, company.aliases) == ("Acme Holding", ("Acme",))
    assert renamed
    assert (renamed.automatic, renamed.edit.by) == ("Acme", AYSE)
    world.check()
    assert world.own_name("acme.com") == "acme.com"
    assert list(world.snapshot().companies) == before
    assert world.snapshot().companies.edited.renamed("acme.com") is None


def test_a_merged_company_is_part_of_the_other_and_comes_back_exactly(world: World) -> None:
    before = list(world.snapshot().companies)
    assert world.merge("beta.com", "acme.com") == "acme.com"
    snapshot = world.snapshot()
    company = snapshot.company("beta.com")
    assert company
    assert company == snapshot.company("acme.com")
    assert (company.name, company.aliases, company.domain) == ("Acme", ("Beta", "beta.com"), "acme.com")
    assert (company.referral_count, company.open_value) == (2, {"USD": Decimal(15)})
    assert [(part.key, part.edit.by) for part in snapshot.companies.edited.parts("acme.com")] == [("beta.com", AYSE)]
    assert {snapshot.belonging(place).key for place in snapshot.companies.members(company)} == {"acme.com"}
    assert not snapshot.belonging(snapshot.referral("beta") or 0).by_hand
    world.check()
    assert world.part("beta.com") == "beta.com"
    assert list(world.snapshot().companies) == before


def test_a_merge_and_a_name_survive_every_kind_of_sync(world: World) -> None:
    world.merge("beta.com", "acme.com")
    world.rename("acme.com", "Acme Holding")
    more = replace(BETA, id="more", customer_name="Beta Ltd", updated_date_time="2026-03-01T00:00:00.0000000Z")
    world.sync(more)
    assert world.company("beta.com").referral_count == 3
    world.sync(replace(ACME, customer_name="Another Name", deal_value=Decimal(7)))
    assert world.book.rebuild(world.everyone) == CompanyCounts(0, 0)
    world.sync(*world.everyone)
    assert world.company("acme.com").name == "Acme Holding"
    world.check()
    # The other company loses the last referral of its own: it is still the one that both are.
    world.sync(replace(ACME, company_key="gamma.com", company_mentions=()))
    assert (world.company("beta.com").key, world.company("acme.com").referral_count) == ("acme.com", 2)
    assert world.company("acme.com").name == "Acme Holding"
    world.check()
    world.part("beta.com")
    assert world.company("beta.com").key == "beta.com"
    assert "acme.com" not in world.names()
    world.check()


def test_no_sync_writes_what_people_said(storage_account: str) -> None:
    writes: list[str] = []

    def watch(when: str, operation: str, table: str) -> None:
        if table == edit_rows.TABLE and operation not in {"get", "query"}:
            writes.append(operation)

    world = World(storage_account)
    world.fill()
    world.merge("beta.com", "acme.com")
    link_rows.note_pending(world.store)
    rows = raw_rows(world.store)
    world.store.intercept = watch
    world.sync(*EVERYONE)
    assert world.book.rebuild(EVERYONE) == CompanyCounts(0, 0)
    assert writes == []
    assert raw_rows(world.store) == rows


@pytest.mark.parametrize("name", [None, "", "  ", 7, ["Acme"], "x" * 301, "Ac\x00me", "\ud800", "a\u202eb"])
def test_what_is_no_name_is_refused(world: World, name: Any) -> None:
    with pytest.raises(InvalidRequest):
        world.rename("acme.com", name)
    assert edit_rows.load_all(world.store) == []


def test_what_is_not_there_is_not_found(world: World) -> None:
    for call in (
        partial(world.rename, "nobody.com", "Nobody"),
        partial(world.own_name, "nobody.com"),
        partial(world.merge, "nobody.com", "acme.com"),
        partial(world.merge, "acme.com", "nobody.com"),
        partial(world.part, "nobody.com"),
    ):
        with pytest.raises(NotFound):
            call()
    for into in (None, "", 5, ["acme.com"]):
        with pytest.raises(InvalidRequest):
            world.merge("beta.com", into)
    assert world.part("beta.com") == "beta.com", "which nobody merged"
    assert edit_rows.load_all(world.store) == []
    assert link_rows.load_pending(world.store) == []


def test_chains_and_circles_are_refused_with_what_to_do(world: World) -> None:
    with pytest.raises(InvalidRequest, match="into itself"):
        world.merge("acme.com", "acme.com")
    world.merge("beta.com", "acme.com")
    with pytest.raises(CompanyMerged, match=r"beta\.com is merged into this company already\. Undo that first"):
        world.merge("acme.com", "beta.com")
    with pytest.raises(CompanyMerged, match=r"beta\.com is merged into this company\. Undo that first"):
        world.merge("acme.com", "gamma.com")
    # A target that is part of a company stands for that; a merged company can be moved.
    assert world.merge("gamma.com", "beta.com") == "acme.com"
    assert world.merge("gamma.com", "name-tr-delta") == "name-tr-delta"
    assert world.company("gamma.com").domain == "gamma.com", "what a company does not know, its parts say"
    world.check()


def test_saying_it_again_changes_nothing(world: World) -> None:
    world.merge("beta.com", "acme.com")
    world.rename("acme.com", "Acme Holding")
    said = edit_rows.load_all(world.store)
    assert world.merge("beta.com", "acme.com") == "acme.com"
    assert world.rename("beta.com", "Acme Holding") == "acme.com"
    assert edit_rows.load_all(world.store) == said
    for _ in range(2):
        world.part("beta.com")
        world.own_name("acme.com")
    assert [edit.value for edit in edit_rows.load_all(world.store)] == [None, None]
    assert [len(edit.history) for edit in edit_rows.load_all(world.store)] == [2, 2]


def test_who_and_when_is_kept_newest_first(world: World) -> None:
    for number in range(edit_rows.HISTORY_KEPT):
        world.rename("acme.com", f"Acme {number}")
    world.own_name("acme.com")
    (edit,) = edit_rows.load_all(world.store)
    assert len(edit.history) == edit_rows.HISTORY_KEPT
    assert [(step["from"], step["to"], step["by"]) for step in edit.history[:2]] == [
        (f"Acme {edit_rows.HISTORY_KEPT - 1}", None, AYSE.id),
        (f"Acme {edit_rows.HISTORY_KEPT - 2}", f"Acme {edit_rows.HISTORY_KEPT - 1}", AYSE.id),
    ]


def test_what_was_said_follows_a_company_that_shows_its_domain(world: World) -> None:
    world.rename("name-tr-delta", "Delta Holding")
    world.merge("name-tr-delta", "acme.com")
    domain = replace(NAMED, id="domain", company_key="delta.com", company_mentions=("name-tr-delta",))
    world.sync(domain)
    assert world.company("delta.com").key == "acme.com"
    assert world.company("acme.com").referral_count == 3
    world.check()
    world.part("delta.com")
    assert world.names()["delta.com"] == "Delta Holding"
    world.own_name("delta.com")
    assert world.names()["delta.com"] == "Delta"
    world.check()
    # And it stays taken back when the two part again.
    world.sync(replace(domain, company_mentions=()))
    assert world.names()["name-tr-delta"] == "Delta"


def test_of_what_came_to_contradict_the_latest_holds_and_undoing_it_brings_nothing_back(world: World) -> None:
    other = replace(NAMED, id="other", customer_name="Epsilon", company_key="name-tr-epsilon")
    world.sync(other)
    world.merge("name-tr-delta", "beta.com")
    world.merge("name-tr-epsilon", "gamma.com")
    both = replace(NAMED, id="both", company_key="gamma.com", company_mentions=("name-tr-delta",))
    third = replace(NAMED, id="third", company_key="beta.com", company_mentions=("name-tr-epsilon",))
    world.sync(both, third)
    # Delta is gamma.com by itself now, and epsilon is beta.com: each was merged into the other.
    assert world.company("beta.com").key == world.company("gamma.com").key == "gamma.com"
    world.check()
    world.part("beta.com")
    assert world.company("beta.com").key == "beta.com"
    assert world.company("gamma.com").key == "gamma.com"
    world.check()


def test_a_link_to_a_merged_company_is_one_to_what_it_became(world: World) -> None:
    world.merge("beta.com", "acme.com")
    assert world.linker.link("gamma", {"key": "beta.com"}, "somebody", NOW).key == "acme.com"
    assert world.linker.link("named", {"domain": "beta.com"}, "somebody", NOW).key == "beta.com"
    assert world.company("acme.com").referral_count == 4
    world.check()
    world.part("beta.com")
    assert {key: world.company(key).referral_count for key in world.names()} == {"acme.com": 2, "beta.com": 2}
    world.check()


def test_a_merged_company_s_doubts_are_settled_and_those_of_the_other_are_not(world: World) -> None:
    strangers = [
        replace(BETA, id=f"stranger{number}", customer_name=name)
        for number, name in enumerate(["Yıldız Gıda", "Ege Tekstil", "Anadolu Lojistik"])
    ]
    world.sync(*strangers)
    assert world.company("beta.com").needs_review
    world.merge("beta.com", "acme.com")
    assert not world.company("acme.com").needs_review
    world.part("beta.com")
    world.merge("acme.com", "beta.com")
    assert world.company("beta.com").needs_review
    world.check()


def test_killed_at_any_request_a_word_is_kept_wholly_or_not_at_all(storage_account: str) -> None:
    hand = Hand()
    world, calm = World(storage_account, hand), World(storage_account)
    calm.fill()
    at, made = 0, 0
    while True:
        calm.part("beta.com")
        hand.calls, hand.at, hand.act = 0, at, crash
        version = SyncState(calm.store).load().version
        try:
            world.merge("beta.com", "acme.com")
        except Crash:
            at += 1
        else:
            break
        # Whoever syncs next tells the lists.
        calm.book.apply([])
        merged = calm.company("beta.com").key == "acme.com"
        calm.check()
        if merged:
            made += 1
            assert SyncState(calm.store).load().version != version
        assert isinstance(calm.store.clock, TestClock)
        calm.store.clock.sleep(3600)
        calm.book.apply([])
        assert link_rows.load_pending(calm.store) == []
    assert at > 6
    assert made > 1


def test_two_people_at_once_make_no_circle(storage_account: str) -> None:
    hand = Hand()
    world, other = World(storage_account, hand), World(storage_account)
    other.fill()
    at, refused = 0, 0
    while True:
        other.part("beta.com")
        other.part("acme.com")
        hand.calls, hand.at = 0, at
        hand.act = partial(other.merge, "beta.com", "acme.com")
        try:
            world.merge("acme.com", "beta.com")
        except CompanyMerged:  # one of the two is told
            refused += 1
        else:
            if not hand.acted:
                break
        said = [edit for edit in edit_rows.load_all(other.store) if edit.value]
        assert len(said) == 1
        assert other.company("acme.com").key == other.company("beta.com").key == said[0].value
        at += 1
    assert refused == at > 6


KEYS = (*worlds.DOMAINS, *worlds.WEAK)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_whatever_was_said_in_whatever_order_lists_show_what_it_adds_up_to(seed: int, steps: int) -> None:
    """Syncs, links and edits by chance, edits that contradict each other among them."""
    world, shelf = worlds.World(Random(seed)), Shelf()
    edits: dict[tuple[str, str], CompanyEdit] = {}
    choose = world.random.choice
    for _ in range(steps):
        luck = world.random.random()
        if luck < 0.4:
            kinds: tuple[Kind, ...] = ("name", "into", "into")
            kind, key = choose(kinds), choose(KEYS)
            value = choose([None, choose(KEYS) if kind == "into" else f"Name {choose('ABC')}"])
            edits[kind, key] = CompanyEdit(kind, key, value, AYSE, world.moment())
        elif luck < 0.6 and (referral_id := world.relink()):
            now = world.referrals[referral_id]
            shelf.apply(world, [Touched(referral_id, now, now)])
        else:
            shelf.apply(world, [Touched(*world.change())])
        rows = [shelf.row(key) for key in shelf.packed]
        snapshot = Snapshot(
            "v",
            world.referrals.values(),
            [company for row in rows if (company := row.company())],
            merged={row.key: row.shown_in for row in rows if row.shown_in},
            links=world.links,
            tenants={},
            quarantined=0,
            edits=edits.values(),
        )
        agrees(snapshot, list(world.referrals.values()), world.links, edits.values())


@pytest.fixture
def new_account(azurite: Azurite, _unused_accounts: Iterator[str]) -> Callable[[], str]:
    return lambda: azurite.connection_string_of(next(_unused_accounts))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_the_same_in_storage(seed: int, new_account: Callable[[], str]) -> None:
    random, world = Random(seed), World(new_account())
    world.fill()
    chance = worlds.World(random, referrals=12)
    for _ in range(12):
        keys = sorted({*world.names(), *KEYS})
        key, other = random.choice(keys), random.choice(keys)
        said: list[Callable[[], str]] = [
            partial(world.rename, key, random.choice(["A", "B"])),
            partial(world.merge, key, other),
            partial(world.own_name, key),
            partial(world.part, key),
        ]
        with contextlib.suppress(NotFound, InvalidRequest, CompanyMerged):
            random.choice(said)()
        if after := chance.change()[2]:
            world.sync(after)
        if chance.referrals and random.random() < 0.4:
            target: dict[str, str | None] = random.choice([{"key": None}, {"domain": "byhand.com"}])
            world.linker.link(random.choice(sorted(chance.referrals)), target, "somebody", world.moment())
        if random.random() < 0.2:
            world.book.rebuild(world.everyone)
    world.check()
