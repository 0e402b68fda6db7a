"""Companies through whole syncs: links last, quiet syncs finish what a crash left, and lookups hold nothing up."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from local.simulator import Simulator
from shared.companies.book import CompanyBook
from shared.companies.counts import CompanyCounts
from shared.companies.linker import CompanyLinker
from shared.companies.tenant_lookup import TenantLookup
from shared.core.settings import load
from shared.model.run import Run
from shared.model.summary import ReferralSummary
from shared.storage.engine.tables import TableStore
from shared.storage.tables import tenants
from shared.storage.tables.companies import load_domains
from shared.storage.tables.referrals import PARTITIONS, SUMMARY_COLUMNS, from_row, scan
from shared.sync.service import Sync
from tests.companies.tables import NOW, Crash, Hand, check, crash, shown, store_of


class SignedIn:
    """A sign-in that always works."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def token(self, *, force_refresh: bool = False) -> str:
        return self._simulator.access_token()

    def own_domain(self) -> str | None:
        return "fabrikam-partner.com"


class World:
    """A simulator of 60 referrals, an account, and syncs between them."""

    def __init__(self, simulator: Simulator, connection_string: str) -> None:
        self.simulator, self.connection_string = simulator, connection_string
        self.settings = load(
            {
                "HUNTER_PARTNER_CENTER_ENABLED": "true",
                "HUNTER_PARTNER_CENTER_API_URL": simulator.api_url,
                "HUNTER_PARTNER_CENTER_AUTHORITY": simulator.authority,
                "HUNTER_PARTNER_CENTER_TENANT_ID": simulator.tenant_id,
                "HUNTER_PARTNER_CENTER_CLIENT_ID": simulator.client_id,
                "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "0",
                "HUNTER_TOKEN_CACHE_KEY": Fernet.generate_key().decode(),
                "HUNTER_STORAGE": connection_string,
            }
        )
        self.store = TableStore.from_settings(self.settings)

    def sync(self, *, full: bool = False) -> Run:
        run = Sync(self.settings, self.store, SignedIn(self.simulator)).run(
            "http", mode="full" if full else "incremental"
        )
        assert run.state == "succeeded"
        return run

    def summaries(self) -> list[ReferralSummary]:
        table = self.store.table("Referrals")
        return [from_row(row) for partition in PARTITIONS for row in scan(table, partition, SUMMARY_COLUMNS)]

    def check(self) -> None:
        check(self.store, self.summaries())


@pytest.fixture
def world(storage_account: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with Simulator(referrals=60, seed=2, port=0) as simulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_file))
        yield World(simulator, storage_account)


def with_company(world: World) -> ReferralSummary:
    """A referral with a domain."""
    return next(one for one in world.summaries() if one.company_key and "." in one.company_key)


def test_companies_follow_syncs(world: World) -> None:
    first = world.sync()
    assert first.companies_inserted == len(shown(world.store)) > 10
    world.check()
    quiet = world.sync()
    assert (quiet.companies_inserted, quiet.companies_updated) == (0, 0)
    one = with_company(world)
    world.simulator.data.change(one.id, status="Closed", substatus="Lost")
    assert world.sync().companies_updated == 1
    world.check()


def test_a_link_survives_changed_payloads_and_full_syncs(world: World) -> None:
    world.sync()
    one = with_company(world)
    linker = CompanyLinker(world.store)
    linker.link(one.id, {"domain": "byhand.com", "name": "By Hand"}, "me", NOW)
    for email, full in [("a@elsewhere.com", False), ("a@gmail.com", True), ("", False), ("a@again.com.tr", True)]:
        world.simulator.data.change(
            one.id, customerProfile={"name": "Elsewhere", "team": [{"email": email}], "ids": []}
        )
        world.sync(full=full)
        assert shown(world.store)["byhand.com"].referral_count == 1
        world.check()
    linker.link(one.id, {"key": None}, "me", NOW)
    assert shown(world.store)["again.com.tr"].referral_count >= 1
    assert "byhand.com" not in shown(world.store)
    world.check()


def test_a_quiet_sync_finishes_a_link_whose_process_died(world: World) -> None:
    world.sync()
    one, hand = with_company(world), Hand()
    dying = CompanyLinker(store_of(world.connection_string, hand))
    hand.act = crash
    while "byhand.com" not in shown(world.store):
        hand.at, hand.calls, hand.act = hand.at + 1, 0, crash
        with pytest.raises(Crash):
            dying.link(one.id, {"domain": "byhand.com"}, "me", NOW)
        run = world.sync()
        assert run.fetched == run.unchanged + run.repeated + run.quarantined
        world.check()


def test_a_rebuild_after_any_sync_finds_nothing_to_do(world: World) -> None:
    world.sync()
    for number, one in enumerate(world.summaries()[::4]):
        world.simulator.data.change(one.id, customerProfile={"name": f"Yeni {number % 3} A.Ş.", "team": [], "ids": []})
    world.sync()
    assert CompanyBook(world.store).rebuild(world.summaries()) == CompanyCounts(0, 0)
    world.check()


@pytest.mark.parametrize("discovery", ["slow", "fail", "refuse"])
def test_lookups_that_do_not_work_hold_nothing_up_and_later_ones_fill_in(
    world: World, discovery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.simulator.switches.update({"discovery": discovery, "discoveryDelay": 600.0})
    lookup = TenantLookup(world.settings, world.store)
    run = world.sync()
    started = time.monotonic()
    lookup.run(budget_seconds=0.6)
    assert time.monotonic() - started < 60
    assert run.state == "succeeded"
    assert not any(one.checked_at for one in tenants.load_all(world.store).values())
    world.simulator.switches.update({"discovery": "ok"})
    world.sync()
    monkeypatch.setattr("shared.companies.tenant_lookup.REQUEST_SECONDS", 600.0)  # however slow the machine
    lookup.run(600.0)
    known = tenants.load_all(world.store)
    assert known.keys() == set(load_domains(world.store))
    assert {domain for domain, one in known.items() if one.is_m365} == set(world.simulator.tenants) & known.keys()
