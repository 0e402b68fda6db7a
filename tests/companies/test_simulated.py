"""The companies of the simulator's 739 referrals, and the 17 Microsoft 365 customers among them that the owner saw."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction

import pytest

from local.simulator import Simulator
from shared.companies.book import CompanyBook
from shared.companies.linker import CompanyLinker
from shared.companies.tenant_lookup import TenantLookup
from shared.core.settings import load
from shared.model.company_rows import Touched
from shared.model.referral import Unstorable, read_record, summarise
from shared.model.summary import ReferralSummary
from shared.storage.tables import tenants
from shared.storage.tables.companies import load_all
from tests.companies import reckoning
from tests.companies.tables import NOW, check, keep, shown, store_of

OWN = ("fabrikam-partner.com",)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(referrals=739, seed=1, port=0) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def summaries(simulator: Simulator) -> list[ReferralSummary]:
    found: list[ReferralSummary] = []
    for raw in simulator.data.bodies():
        with contextlib.suppress(Unstorable):
            found.append(summarise(read_record(raw), OWN))
    assert len(found) == len(simulator.data) - simulator.data.unusable()
    return found


def test_figures_and_tenants_of_the_739(
    simulator: Simulator, summaries: list[ReferralSummary], storage_account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(storage_account)
    keep(store, summaries)
    book = CompanyBook(store)
    for start in range(0, len(summaries), 100):
        book.apply([Touched(one.id, None, one) for one in summaries[start : start + 100]])
    check(store, summaries)

    # Everything that has a company and a currency is in exactly one sum.
    everything = reckoning.total([one for one in summaries if one.is_open and one.company_key])
    sums: dict[str, Fraction] = {}
    for company in shown(store).values():
        for currency, amount in company.open_value.items():
            sums[currency] = sums.get(currency, Fraction(0)) + Fraction(amount)
    assert sums == everything

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_file))
    TenantLookup(load({"HUNTER_PARTNER_CENTER_AUTHORITY": simulator.authority}), store).run(600.0)
    known = tenants.load_all(store)
    assert sum(one.is_m365 for one in known.values()) == 17
    domains = [company.domain for company in load_all(store).companies if company.domain]
    assert known.keys() == set(domains)


def test_links_survive_full_syncs_of_the_739(summaries: list[ReferralSummary], storage_account: str) -> None:
    store = store_of(storage_account)
    keep(store, summaries)
    book, linker = CompanyBook(store), CompanyLinker(store)
    book.rebuild(summaries)
    for one in summaries[::50]:
        linker.link(one.id, {"domain": "byhand.com", "name": "By Hand"}, "me", NOW)
    linked = len(summaries[::50])
    book.apply([Touched(one.id, one, one) for one in summaries])
    book.rebuild(summaries)
    assert shown(store)["byhand.com"].referral_count == linked
    check(store, summaries)


def test_consultants_are_doubted_and_others_are_not(summaries: list[ReferralSummary], storage_account: str) -> None:
    store = store_of(storage_account)
    CompanyBook(store).rebuild(summaries)
    doubted = {key for key, company in shown(store).items() if company.needs_review}
    names = {one.company_key: set[str | None]() for one in summaries if one.company_key}
    for one in summaries:
        if one.company_key:
            names[one.company_key].add(one.customer_name)
    assert doubted == {"adatum-consulting.com", "danismanlik-grubu.com.tr"}
    assert all(len(names[key]) >= 3 for key in doubted)
