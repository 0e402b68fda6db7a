"""Companies in real tables: equal to their referrals at any time, through crashes, races and repetitions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from random import Random

import pytest
from msgspec.structs import replace

from shared.companies.book import CompanyBook
from shared.companies.counts import CompanyCounts
from shared.companies.linker import CompanyLinker
from shared.model.company_rows import RULES, Touched
from shared.model.summary import ReferralSummary
from shared.storage.engine.entities import key
from shared.storage.engine.tables import TableStore
from shared.storage.tables.companies import find, load_all, load_domains
from tests.companies.tables import NOW, Crash, Hand, check, crash, forget, keep, shown, store_of
from tests.companies.worlds import World

DOMAIN = ReferralSummary(
    id="r-domain",
    customer_name="Acme Bilişim",
    company_key="acme.com.tr",
    company_mentions=("duns-123456789", "name-tr-acme-bilisim"),
    direction="Incoming",
    status="New",
    deal_value=Decimal("10"),
    currency="USD",
    created_date_time="2026-01-01T00:00:00.0000000Z",
    updated_date_time="2026-01-02T00:00:00.0000000Z",
)
NAME = replace(
    DOMAIN,
    id="r-name",
    company_key="name-tr-acme-bilisim",
    company_mentions=(),
    deal_value=Decimal("1"),
    status="Active",
)
RIVAL = replace(DOMAIN, id="r-rival", company_key="acme-bilisim.com", company_mentions=("name-tr-acme-bilisim",))


def new(*summaries: ReferralSummary) -> list[Touched]:
    return [Touched(one.id, None, one) for one in summaries]


def grow(world: World, store: TableStore, steps: int) -> list[Touched]:
    """So many changes of a world, stored as referrals."""
    touched = [Touched(*world.change()) for _ in range(steps)]
    keep(store, world.referrals.values())
    return touched


def test_companies_are_counted_when_lists_show_something_new(storage_account: str) -> None:
    store = store_of(storage_account)
    book = CompanyBook(store)
    keep(store, [DOMAIN, NAME])
    assert book.apply([]) == CompanyCounts(0, 0)
    assert book.apply(new(NAME)) == CompanyCounts(inserted=1, updated=0)
    assert book.apply(new(NAME)) == CompanyCounts(0, 0)
    later = replace(NAME, deal_value=Decimal("2"))
    assert book.apply([Touched(NAME.id, NAME, later)]) == CompanyCounts(inserted=0, updated=1)
    assert shown(store)["name-tr-acme-bilisim"].open_value == {"USD": Decimal(2)}


def test_a_company_known_by_name_becomes_one_with_its_domain_and_parts_again(storage_account: str) -> None:
    store = store_of(storage_account)
    book = CompanyBook(store)
    keep(store, [DOMAIN, NAME, RIVAL])
    book.apply(new(NAME))
    assert find(store, "name-tr-acme-bilisim") == shown(store)["name-tr-acme-bilisim"]

    book.apply(new(DOMAIN))
    assert load_all(store).merged == {"name-tr-acme-bilisim": "acme.com.tr"}
    assert shown(store).keys() == {"acme.com.tr"}
    assert shown(store)["acme.com.tr"].open_value == {"USD": Decimal(11)}
    assert find(store, "name-tr-acme-bilisim") == shown(store)["acme.com.tr"]
    assert find(store, "duns-123456789") is None, "a number that no referral is known by was never a company"
    check(store, [DOMAIN, NAME])

    # A second company with that name: nobody can say whose the referral is.
    book.apply(new(RIVAL))
    assert load_all(store).merged == {}
    assert shown(store).keys() == {"acme.com.tr", "acme-bilisim.com", "name-tr-acme-bilisim"}
    check(store, [DOMAIN, NAME, RIVAL])

    book.apply([Touched(RIVAL.id, RIVAL, None)])
    assert shown(store)["acme.com.tr"].referral_count == 2
    check(store, [DOMAIN, NAME])
    assert load_domains(store) == ["acme.com.tr"]


def test_a_row_that_nothing_needs_is_removed(storage_account: str) -> None:
    store = store_of(storage_account)
    book = CompanyBook(store)
    book.apply(new(DOMAIN, NAME))
    book.apply([Touched(DOMAIN.id, DOMAIN, None), Touched(NAME.id, NAME, None)])
    assert list(store.table("Companies").query()) == []


@pytest.mark.parametrize("seed", range(6))
def test_random_changes_and_links_equal_a_computation_from_scratch(storage_account: str, seed: int) -> None:
    store, world = store_of(storage_account), World(Random(seed), referrals=30)
    book, linker = CompanyBook(store), CompanyLinker(store)
    for _ in range(8):
        touched = grow(world, store, world.random.randint(1, 20))
        book.apply(touched)
        linkable = sorted(set(world.referrals) & set(world.ids))
        companies = sorted(shown(store))
        for referral_id in world.random.sample(linkable, min(2, len(linkable))):
            target = world.random.choice([{"key": None}, {"domain": "byhand.com", "name": "By Hand"}, None])
            linker.link(referral_id, target or {"key": world.random.choice(companies)}, "me", NOW)
        check(store, world.referrals.values())


def test_a_rebuild_mends_whatever_is_wrong(storage_account: str) -> None:
    store, world = store_of(storage_account), World(Random(7), referrals=300)
    book = CompanyBook(store)
    book.apply(grow(world, store, 400))
    check(store, world.referrals.values())
    table = store.table("Companies")
    rows = list(table.query("PartitionKey eq 'companies'"))
    table.delete("companies", rows[0]["RowKey"])
    table.replace({**rows[1], "company": "{}", "contents": b"", "rules": 0}, None)
    table.replace({**rows[2], "RowKey": key("nobody.com"), "key": "nobody.com"}, None)
    assert book.rebuild(world.referrals.values()) != CompanyCounts(0, 0)
    check(store, world.referrals.values())


def test_a_first_sync_by_pages_equals_a_rebuild(storage_account: str) -> None:
    store = store_of(storage_account)
    many = [
        replace(DOMAIN, id=f"r{n}", company_key=f"c{n % 400}.com", company_mentions=(f"name-tr-c{n % 390}",))
        for n in range(900)
    ] + [replace(NAME, id=f"n{n}", company_key=f"name-tr-c{n}") for n in range(0, 400, 3)]
    Random(1).shuffle(many)
    keep(store, many)
    inserted = 0
    for start in range(0, len(many), 200):
        inserted += CompanyBook(store).apply(new(*many[start : start + 200])).inserted
    assert inserted >= len(shown(store))
    check(store, many)


@pytest.mark.parametrize("job", ["apply", "rebuild"])
def test_killed_at_any_request_the_next_run_ends_in_the_same_state(storage_account: str, job: str) -> None:
    hand = Hand()
    store, world = store_of(storage_account), World(Random(3), referrals=20)
    watched = store_of(storage_account, hand)
    CompanyBook(store).apply(grow(world, store, 30))
    at = 0
    while True:
        touched = grow(world, store, 4)
        hand.calls, hand.at, hand.act = 0, at, crash
        try:
            if job == "apply":
                CompanyBook(watched).apply(touched)
            else:
                CompanyBook(watched).rebuild(world.referrals.values())
        except Crash:
            at += 1
        else:
            break
        if job == "apply":
            # The page comes again; what its referrals were before is no longer known.
            CompanyBook(store).apply([Touched(one.id, one.after, one.after) for one in touched])
        CompanyBook(store).rebuild(world.referrals.values())
        check(store, world.referrals.values())
    assert at > 6
    CompanyBook(store).rebuild(world.referrals.values())
    check(store, world.referrals.values())


@pytest.mark.parametrize("job", ["apply", "rebuild"])
@pytest.mark.parametrize("target", [{"key": "litware.de"}, {"domain": "new.com", "name": "New"}, {"key": None}])
def test_a_link_made_at_any_moment_of_a_sync_is_not_lost(
    storage_account: str, job: str, target: dict[str, str | None]
) -> None:
    hand = Hand()
    store = store_of(storage_account)
    watched = store_of(storage_account, hand)
    book, linker = CompanyBook(store), CompanyLinker(store)
    fixed = [replace(DOMAIN, id="l1", company_key="litware.de"), DOMAIN, NAME]
    keep(store, fixed)
    book.apply(new(*fixed))
    at = 0
    while True:
        fresh = replace(NAME, id=f"fresh{at}", company_key=f"name-tr-fresh{at}", company_mentions=())
        fixed.append(fresh)
        keep(store, [fresh])
        if target == {"key": None}:
            linker.link(fresh.id, {"key": "litware.de"}, "me", NOW)
        hand.calls, hand.at = 0, at
        hand.act = partial(linker.link, fresh.id, target, "me", NOW)
        if job == "apply":
            CompanyBook(watched).apply(new(fresh))
        else:
            CompanyBook(watched).rebuild(fixed)
        if not hand.acted:
            break
        check(store, fixed)
        at += 1
    assert at > 5


def test_two_syncs_at_once_lose_nothing(storage_account: str) -> None:
    """Another run changes the same rows just before this one writes them."""
    hand = Hand()
    store, watched = store_of(storage_account), store_of(storage_account, hand)
    everyone = [DOMAIN]
    CompanyBook(store).apply(new(DOMAIN))
    for at in range(20):
        mine, theirs = replace(DOMAIN, id=f"mine{at}"), replace(NAME, id=f"theirs{at}")
        everyone += [mine, theirs]
        hand.calls, hand.at = 0, at
        hand.act = partial(CompanyBook(store).apply, new(theirs))
        CompanyBook(watched).apply(new(mine))
        if not hand.acted:
            CompanyBook(store).apply(new(theirs))
            break
    keep(store, everyone)
    check(store, everyone)


def test_a_company_that_outgrows_its_row_stops_no_sync(storage_account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.storage.tables.companies.ENTITY_BYTES", 3_000)
    store = store_of(storage_account)
    book = CompanyBook(store)
    many = [replace(DOMAIN, id=f"{Random(n).getrandbits(128):032x}", company_mentions=()) for n in range(300)]
    keep(store, many)
    book.apply(new(*many[:200]))
    assert shown(store)["acme.com.tr"].referral_count == 200
    # What the row is made of no longer fits, so the company is made anew from all referrals.
    assert book.apply(new(*many[200:])) == CompanyCounts(0, 1)
    assert shown(store)["acme.com.tr"].referral_count == 300
    assert book.rebuild(many) == CompanyCounts(0, 0)


@pytest.mark.parametrize("limit", [450, 700])
@pytest.mark.parametrize("seed", [1, 2])
def test_companies_too_large_for_their_rows_are_right_at_any_time(
    storage_account: str, monkeypatch: pytest.MonkeyPatch, limit: int, seed: int
) -> None:
    """Random changes, with so little room that few rows hold what they are made of; stubs and their targets among them."""
    monkeypatch.setattr("shared.storage.tables.companies.ENTITY_BYTES", limit)
    store, world = store_of(storage_account), World(Random(seed), referrals=24)
    oversize = 0
    for _ in range(8):
        touched = grow(world, store, 8)
        forget(store, [each.before for each in touched if each.before and each.after is None])
        keep(store, world.referrals.values())
        CompanyBook(store).apply(touched)
        check(store, world.referrals.values(), {})
        oversize += sum(bool(row.get("oversize")) for row in store.table("Companies").query())
    assert oversize > 10


def test_stored_rows_follow_new_rules(storage_account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(storage_account)
    CompanyBook(store).apply(new(DOMAIN))
    before = {row["RowKey"]: row["etag"] for row in store.table("Companies").query()}
    monkeypatch.setattr("shared.storage.tables.companies.RULES", RULES + 1)
    CompanyBook(store).rebuild([DOMAIN])
    after = {row["RowKey"]: row["etag"] for row in store.table("Companies").query()}
    assert before.keys() == after.keys()
    assert all(before[row] != after[row] for row in before)


def test_long_work_keeps_its_run_alive_and_ends_when_the_run_has_ended(storage_account: str) -> None:
    store = store_of(storage_account)
    many = [replace(NAME, id=f"r{n}", company_key=f"name-tr-c{n}") for n in range(350)]
    signs = 0

    def alive() -> None:
        nonlocal signs
        signs += 1
        if signs == 3:
            raise Crash

    with pytest.raises(Crash):
        CompanyBook(store, alive=alive).rebuild(many)
    assert 0 < len(shown(store)) < len(many)
    CompanyBook(store).rebuild(many)
    check(store, many)


def test_rows_are_read_side_by_side_where_there_is_an_executor(storage_account: str) -> None:
    store, world = store_of(storage_account), World(Random(5), referrals=20)
    with ThreadPoolExecutor(4) as executor:
        CompanyBook(store, executor).apply(grow(world, store, 30))
    check(store, world.referrals.values())
