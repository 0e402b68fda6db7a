"""The simulator's 739 referrals in an account, with owners and comments, without a sync: one account for a module's tests."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from local.simulator.seed import seed
from shared.companies.book import CompanyBook
from shared.model import times
from shared.model.company_rows import Touched
from shared.model.desk import Owner
from shared.model.person import Person
from shared.model.referral import Unstorable, read_record, summarise
from shared.storage.engine.batches import write_all
from shared.storage.engine.tables import Replace, TableStore
from shared.storage.tables import comments, owners, referrals, sync_state
from shared.storage.tables.data_version import bump_desk_version

OWNERS = (Owner("ayse@partner.com", "Ayşe Yılmaz"), Owner("bora@partner.com", "Bora Kaya"))
SAID = ("=HYPERLINK(1)", "Pazartesi aradım", "two\nlines")


def fill(store: TableStore, number: int, now: datetime) -> dict[str, Any]:
    """Store so many simulated referrals and return their ids with the record as it was read."""
    found, rows, touched = {}, [], []
    for item in seed(number, 1, now, "selin@fabrikam-partner.com").items:
        try:
            reading = read_record(item.body)
        except Unstorable:
            continue
        summary = summarise(reading, {"fabrikam-partner.com"})
        row, pieces = referrals.to_row(summary, item.body.decode("utf-8", "replace"), "h", "h", 1)
        referrals.write_pieces(store, pieces)
        rows.append(Replace(row, None))
        touched.append(Touched(summary.id, None, summary))
        found[summary.id] = reading.referral
    write_all(store.table("Referrals"), rows, lambda _: None)
    CompanyBook(store).apply(touched)
    rng, by, at = random.Random(number), Person("id-oya", "Oya", "oya@partner.com"), times.from_datetime(now)
    ids = sorted(found)
    for owner in OWNERS:
        owners.set_owner(store, rng.sample(ids, len(ids) // 4), owner, by, at)
    for referral_id in rng.sample(ids, 12):
        comments.add(store, referral_id, rng.choice(SAID), by, at)
    bump_desk_version(store)
    sync_state.bump_data_version(store)
    return found
