"""One case in this process: ``python -m bench.cases NAME``, told the rest by the environment (see ``world.run``)."""

from __future__ import annotations

import logging
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet

import shared.model.resource  # noqa: F401 - imported when a record is first read, and imports are not measured here
from bench import floors
from bench.meter import TOLD, Meter
from shared.companies.book import CompanyBook
from shared.core.settings import load
from shared.model import times
from shared.model.desk import Owner
from shared.model.person import Person
from shared.model.run import Mode
from shared.storage.engine.tables import TableStore
from shared.storage.tables import comments, owners
from shared.storage.tables.data_version import bump_desk_version
from shared.storage.tables.referrals import PARTITIONS, SUMMARY_COLUMNS, scan, scan_summaries
from shared.sync.service import Sync
from shared.web import items

OWNERS: Final = tuple(f"owner-{number}@fabrikam.example" for number in range(8))
BODIES: Final = Path(TOLD.get("work", ".")) / "bodies.pickle"
_requests: Counter[str] = Counter()


class SignedIn:
    """A sign-in that is done already: what is measured is the sync."""

    def token(self, *, force_refresh: bool = False) -> str:
        """The token that the simulator gave."""
        return str(TOLD["token"])

    def own_domain(self) -> str | None:
        """The account's."""
        return str(TOLD["account"]).partition("@")[2]


def _count(phase: str, operation: str, table: str) -> None:
    if phase == "before":
        _requests[f"{operation} {table}"] += 1


SETTINGS: Final = load(
    {
        "HUNTER_PARTNER_CENTER_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_API_URL": TOLD.get("api_url", "http://127.0.0.1"),
        "HUNTER_PARTNER_CENTER_TENANT_ID": "00000000-0000-4000-8000-000000000001",
        "HUNTER_PARTNER_CENTER_CLIENT_ID": "00000000-0000-4000-8000-000000000002",
        "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "0",
        "HUNTER_TOKEN_CACHE_KEY": Fernet.generate_key().decode(),
        "HUNTER_STORAGE": TOLD.get("storage", ""),
    }
)


def _store() -> TableStore:
    return TableStore.from_settings(SETTINGS, intercept=_count)


def sync(mode: Mode) -> None:
    """One run of the product."""
    with Meter() as meter:
        run = Sync(SETTINGS, _store(), SignedIn()).run("cli", mode=mode, budget=3_600)
    if run.state != "succeeded":
        raise RuntimeError(f"the run {run.state}")
    counts = {name: getattr(run, name) for name in ("fetched", "inserted", "updated", "unchanged")}
    meter.report(table=sum(_requests.values()), requests=dict(_requests), **counts)


def fetch() -> None:
    """The floor's first half."""
    with Meter() as meter:
        pages = floors.fetch()
    meter.report(pages=pages)


def prepare() -> None:
    """Make the batch bodies that ``floor_first`` sends."""
    with Meter() as meter:
        rows = floors.prepare(_store(), BODIES)
    meter.report(rows=rows)


def floor_first() -> None:
    """F(first): fetch, and write what the product wrote."""
    floors.create_tables()
    with Meter() as meter:
        floors.fetch()
        floors.write(BODIES)
    meter.report()


def floor_walk() -> None:
    """F(walk): fetch, and read key and hash of every row."""
    with Meter() as meter:
        floors.fetch()
        floors.scan_hashes()
    meter.report()


def companies() -> None:
    """All companies worked out anew from all referrals, nothing to write."""
    store = _store()
    with Meter() as meter:
        rows = (row for one in PARTITIONS for row in scan_summaries(store.table("Referrals"), one))
        CompanyBook(store).rebuild(rows)
    meter.report(table=sum(_requests.values()))


def floor_lists() -> None:
    """A lean scan of the columns that lists need."""
    with Meter() as meter:
        floors.scan_columns(SUMMARY_COLUMNS)
    meter.report()


def desk() -> None:
    """Give every third referral an owner, and every twentieth a comment, as people do in the course of a year."""
    store = _store()
    ids = [row["id"] for part in PARTITIONS for row in scan(store.table("Referrals"), part, ["id"])]
    now, person = times.from_datetime(datetime.now(UTC)), Person("bench", "Bench", OWNERS[0])
    with Meter() as meter:
        for number, mail in enumerate(OWNERS):
            owners.set_owner(store, ids[number :: 3 * len(OWNERS)], Owner(mail, mail), person, now)
        for referral_id in ids[::20]:
            comments.add(store, referral_id, f"Called about {referral_id[:4]}; they answer next week.", person, now)
        bump_desk_version(store)
    meter.report()


def lists(asked_owners: Sequence[str] = ()) -> None:
    """The read model: cold, then every question first and again."""
    from bench import read_model
    from shared.read_model.current import ReadModel

    model = ReadModel(_store())
    with Meter() as meter:
        snapshot = model.snapshot()
    started = time.perf_counter()
    read_model.ask(snapshot, {})
    first = (time.perf_counter() - started) * 1000
    asked = read_model.questions(owners=asked_owners)
    figures = {name: round(value, 3) for name, value in read_model.measure(snapshot, asked).items()}
    times: list[float] = []
    for _ in range(200):
        started = time.perf_counter()
        model.snapshot()
        times.append((time.perf_counter() - started) * 1000)
    started = time.perf_counter()
    items.summary(snapshot, datetime.now(UTC))
    summary = (time.perf_counter() - started) * 1000
    meter.report(firstList=first, version=statistics.median(times), summary=summary, **figures)


CASES: Final[dict[str, Callable[[], None]]] = {
    "first": lambda: sync("full"),
    "full": lambda: sync("full"),
    "incremental": lambda: sync("incremental"),
    "after_first": lambda: sync("incremental"),
    "after_full": lambda: sync("incremental"),
    "changed": lambda: sync("incremental"),
    "fetch": fetch,
    "prepare": prepare,
    "floor_first": floor_first,
    "floor_walk": floor_walk,
    "companies": companies,
    "floor_lists": floor_lists,
    "lists": lists,
    "desk": desk,
    "lists_desk": lambda: lists(OWNERS),
}

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    CASES[sys.argv[1]]()
