"""Storage as the tests of companies use it: real tables, and a hand on every request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from shared.companies.book import CompanyBook
from shared.companies.counts import CompanyCounts
from shared.core.settings import load
from shared.model.company import Company, Link
from shared.model.company_edits import CompanyEdit
from shared.model.summary import ReferralSummary
from shared.read_model.current import read
from shared.read_model.snapshot import Snapshot
from shared.storage.engine.batches import write_all
from shared.storage.engine.tables import Replace, TableStore
from shared.storage.tables import company_edits as edit_rows
from shared.storage.tables import company_links as link_rows
from shared.storage.tables.companies import PARTITION, load_all
from shared.storage.tables.referrals import to_row
from tests.companies import reckoning

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Hand:
    """Counts requests and does something at one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self.at = -1
        self.act: Callable[[], object] | None = None

    @property
    def acted(self) -> bool:
        """Whether that request came."""
        return self.act is None

    def __call__(self, when: str, operation: str, table: str) -> None:
        self.calls += 1
        if self.calls - 1 == self.at and self.act:
            act, self.act = self.act, None
            act()


class Crash(BaseException):
    """The process ends here: nothing may catch it."""


def crash() -> None:
    """End the process."""
    raise Crash


class TestClock:
    """A clock that only moves when told to."""

    __test__ = False

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=max(seconds, 0))


def store_of(connection_string: str, hand: Hand | None = None) -> TableStore:
    """The tables of an account."""
    return TableStore.from_settings(load({"HUNTER_STORAGE": connection_string}), TestClock(), hand)


def keep(store: TableStore, summaries: Iterable[ReferralSummary]) -> None:
    """Store referrals, as a sync does before it tells the companies."""
    rows = [to_row(one, "{}", "hash", "raw", 1)[0] for one in summaries]
    write_all(store.table("Referrals"), [Replace(row, None) for row in rows], lambda _: None)


def forget(store: TableStore, summaries: Iterable[ReferralSummary]) -> None:
    """Remove referrals, which no sync does."""
    for one in summaries:
        row = to_row(one, "{}", "hash", "raw", 1)[0]
        store.table("Referrals").delete(row["PartitionKey"], row["RowKey"])


def shown(store: TableStore) -> dict[str, Company]:
    """What lists show, by key."""
    return {company.key: company for company in load_all(store).companies}


def check(store: TableStore, summaries: Iterable[ReferralSummary], links: dict[str, Link] | None = None) -> None:
    """Companies are what referrals and links add up to, by the simple reckoning and by a rebuild."""
    everyone = list(summaries)
    in_force = link_rows.load_all(store) if links is None else links
    truth = reckoning.reckon(everyone, in_force)
    stored = load_all(store)
    assert {one.key: reckoning.of(one) for one in stored.companies} == truth.companies
    assert stored.merged == truth.merged
    assert len(stored.companies) == len(truth.companies)
    before = raw_rows(store)
    assert CompanyBook(store).rebuild(everyone) == CompanyCounts(0, 0)
    assert raw_rows(store) == before, "a rebuild found something to write"


def check_edited(store: TableStore, summaries: Iterable[ReferralSummary]) -> None:
    """Lists show what referrals, links and people's edits add up to, by the simple reckoning."""
    agrees(read(store, "v"), list(summaries), link_rows.load_all(store), edit_rows.load_all(store))


def agrees(
    snapshot: Snapshot, everyone: list[ReferralSummary], links: dict[str, Link], edits: Iterable[CompanyEdit]
) -> None:
    """A snapshot shows what these referrals, links and edits add up to."""
    truth = reckoning.reckon(everyone, links)
    place, names = reckoning.regroup(truth, edits)
    groups: dict[str, list[ReferralSummary]] = {}
    home: dict[str, str] = {}
    for key, ones in truth.members.items():
        groups.setdefault(place.get(key, key), []).extend(ones)
        home |= {one.id: place.get(key, key) for one in ones}
    found = {company.key: company for company in snapshot.companies}
    wanted = {key: reckoning.figures([one for one in ones if not one.missing_since]) for key, ones in groups.items()}
    assert {key: reckoning.of(company) for key, company in found.items()} == wanted
    assert {key: found[key].name for key in groups if key in names} == {
        key: name for key, name in names.items() if key in groups
    }
    for position, one in enumerate(snapshot.referrals):
        assert snapshot.belonging(position).key == home.get(one.id)
    for key in {*truth.merged, *place}:
        company = snapshot.company(key)
        derived = truth.merged.get(key, key)
        assert (company.key if company else None) == (end if (end := place.get(derived, derived)) in groups else None)


def raw_rows(store: TableStore) -> dict[str, str]:
    """The ETag of each row."""
    rows = store.table("Companies").query("PartitionKey eq @partition", {"partition": PARTITION}, ["RowKey"])
    return {row["RowKey"]: row["etag"] for row in rows}
