"""Which referrals a run looks at: those that changed here, those whose record changed there, and what is still open."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from shared.dynamics.facts import Facts, facts_of, state_of
from shared.dynamics.plan import Push, Rules
from shared.model import times
from shared.model.referral import read_record
from shared.read_model.snapshot import Snapshot
from shared.storage.engine.entities import unkey
from shared.storage.engine.tables import TableStore
from shared.storage.tables import referrals
from shared.storage.tables.crm_links import Link, Stored

_LEFT_ALONE: Final = frozenset({"ignored", "unlinked"})


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is known here when a run begins."""

    snapshot: Snapshot
    links: Mapping[str, Stored]
    seen: Mapping[str, str]
    """By referral the fingerprint of its content and of the rules."""


def fingerprints(store: TableStore, snapshot: Snapshot, rules: Rules, readers: Executor) -> dict[str, str]:
    """A fingerprint of each referral: of its content, its company, whether its currency is active, and the rules."""
    digest = _digest(rules)
    table = store.table("Referrals")

    def scan(partition: str) -> list[tuple[str, str]]:
        rows = referrals.scan(table, partition, ("RowKey", "id", "contentHash"))
        return [(str(row.get("id") or unkey(row["RowKey"])), str(row["contentHash"])) for row in rows]

    found = {}
    for rows in readers.map(scan, referrals.PARTITIONS):
        for referral_id, content in rows:
            position = snapshot.referral(referral_id)
            if position is not None:
                found[referral_id] = _fingerprint(content, snapshot, position, rules, digest)
    return found


def fingerprint_of(store: TableStore, snapshot: Snapshot, referral_id: str, rules: Rules) -> str:
    """The fingerprint of one referral."""
    rows = referrals.read_rows(store.table("Referrals"), [referral_id], ("PartitionKey", "RowKey", "contentHash"))
    position = snapshot.referral(referral_id)
    if position is None or referral_id not in rows:
        return ""
    return _fingerprint(str(rows[referral_id]["contentHash"]), snapshot, position, rules, _digest(rules))


def _digest(rules: Rules) -> str:
    """Of the mapping, and of whether Partner Center may be asked: with either, every referral is looked at once more."""
    said = msgspec.json.encode((rules.mapping, rules.writing))
    return hashlib.blake2b(said, digest_size=8).hexdigest()


def _fingerprint(content: str, snapshot: Snapshot, position: int, rules: Rules, digest: str) -> str:
    company, currency = snapshot.belonging(position).key, snapshot.referrals[position].currency
    idle = "|idle" if currency and rules.environment.currency(currency) is None else ""
    said = f"{content}|{company}|{digest}{idle}"
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=12).hexdigest()


def is_new(snapshot: Snapshot, position: int, push: Push) -> bool:
    """Whether a referral without a link may be due; the plan decides."""
    referral = snapshot.referrals[position]
    if push == "manual" or referral.missing_since:
        return False
    state = state_of(referral.status, referral.substatus)
    return state == "active" or (push == "all" and state == "new")


def is_open(link: Link, seen: str, now: datetime) -> bool:
    """Whether a linked referral is looked at although its record did not change."""
    if link.state in _LEFT_ALONE:
        return False
    if link.stopped:
        return False
    due = bool(link.next_at) and str(link.next_at) <= times.from_datetime(now)
    return link.seen != seen or link.asked is not None or link.wanted or due or (link.state == "pending")


def to_look_at(world: World, push: Push, now: datetime, changed: Iterable[str] = ()) -> list[str]:
    """The ids of the referrals that a run looks at, those that people wait for first.

    Args:
        world: what is known here.
        push: which referrals go to the CRM by themselves.
        now: the time.
        changed: those whose record changed, or is gone.
    """
    moved = set(changed)
    found = []
    for referral_id, seen in world.seen.items():
        stored = world.links.get(referral_id)
        position = world.snapshot.referral(referral_id)
        if position is None:
            continue
        if stored is None:
            if is_new(world.snapshot, position, push):
                found.append(referral_id)
        elif stored.link.state not in _LEFT_ALONE and (referral_id in moved or is_open(stored.link, seen, now)):
            found.append(referral_id)
    return sorted(found, key=lambda candidate: (not _is_wanted(world, candidate), candidate))


def _is_wanted(world: World, referral_id: str) -> bool:
    stored = world.links.get(referral_id)
    return stored is not None and stored.link.wanted


def linked_ids(world: World, table: str) -> dict[str, str]:
    """By record the referral that is linked to it, of one table."""
    return {
        str(stored.link.record_id): referral_id
        for referral_id, stored in world.links.items()
        if stored.link.table == table and stored.link.record_id and stored.link.state not in _LEFT_ALONE
    }


def read_facts(
    store: TableStore, snapshot: Snapshot, ids: Iterable[str], public_url: str, readers: Executor | None = None
) -> Iterator[Facts]:
    """What these referrals say, read from their payloads."""
    rows = referrals.read_rows(store.table("Referrals"), ids, executor=readers)
    for referral_id, row in rows.items():
        position = snapshot.referral(referral_id)
        whole = referrals.with_payload(store, row)
        if position is None or whole is None:
            continue
        reading = read_record(whole[1])
        belonging = snapshot.belonging(position)
        yield facts_of(
            reading.referral,
            snapshot.referrals[position],
            belonging.key,
            _domain(snapshot, belonging.key),
            public_url,
        )


def _domain(snapshot: Snapshot, company_key: str | None) -> str | None:
    """The domain of a company; its key says it, too, where the company's row is still to come."""
    company = snapshot.company(company_key) if company_key else None
    if company is not None:
        return company.domain
    return (
        company_key if company_key and "." in company_key and not company_key.startswith(("name-", "duns-")) else None
    )
