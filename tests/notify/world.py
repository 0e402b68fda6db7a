"""Storage, a clock and people who are told, without Partner Center: versions are stored here as the row writer stores them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography.fernet import Fernet

from shared.core.settings import Settings, load
from shared.model import times
from shared.model.action import Action
from shared.model.occasion import Facts
from shared.model.person import Person
from shared.model.subscription import Subscription, read_wish
from shared.model.summary import ReferralSummary
from shared.notify import news
from shared.notify.letter import Letter
from shared.notify.notifier import Notifier
from shared.notify.rules import USUAL, Failure, Limits
from shared.notify.sender import Sender
from shared.notify.service import SubscriptionService
from shared.read_model.current import ReadModel
from shared.sign_in.token_cache import Unreadable, Vault
from shared.storage.engine.entities import Entity, put_bytes, put_text
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables import outbox, sync_state
from shared.storage.tables.outbox import Deliveries, Delivery
from shared.storage.tables.referrals import from_row, partition_of, to_row
from shared.storage.tables.subscriptions import Subscriptions
from shared.storage.tables.sync_state import Cursor, bump_data_version
from shared.storage.tables.work import WorkTable
from tests.notify.samples import NOW, PAGE
from tests.sync.harness import Killed, ManualClock

DENIZ = Person("deniz", "Deniz Örnek", "deniz@partner.example")
KEY = Fernet.generate_key().decode()
TEAMS = "https://x.logic.azure.com/workflows/{}/invoke?sig=s"


@dataclass
class Post:
    """A message that a target took."""

    to: str
    subject: str
    letter: Letter
    at: datetime
    key: str


@dataclass
class Courier:
    """Takes messages, or fails as ``fails`` says; ``io`` is called around each."""

    clock: ManualClock
    posts: list[Post] = field(default_factory=list)
    tries: list[tuple[str, datetime]] = field(default_factory=list)
    fails: Callable[[str], Failure | None] = lambda _: None
    io: Callable[[str], None] = lambda _: None
    of: Limits = USUAL

    def limits(self, subscription: Subscription) -> Limits:
        return self.of

    def send(self, subscription: Subscription, letter: Letter, key: str) -> Failure | None:
        target = subscription.wish.target
        self.io("before send")
        self.tries.append((target, self.clock.now()))
        failure = self.fails(target)
        if failure is None:
            self.posts.append(Post(target, letter.heading, letter, self.clock.now(), key))
        self.io("after send")
        return failure


@dataclass(frozen=True)
class Version:
    """What the row writer says of a version."""

    before: ReferralSummary | None
    after: ReferralSummary
    version: str
    by: object | None = None


class World:
    """Everything of one test."""

    def __init__(self, storage: str, *, now: datetime = NOW) -> None:
        self.clock = ManualClock(now)
        self.settings: Settings = load({"HUNTER_STORAGE": storage, "HUNTER_TOKEN_CACHE_KEY": KEY})
        self.store = TableStore.from_settings(self.settings, self.clock)
        self.io: Callable[[str], None] = lambda _: None
        self.store.intercept = lambda when, operation, table: self.io(f"{when} {operation} {table}")
        self.courier = Courier(self.clock, io=lambda call: self.io(call))
        self.work = WorkTable(self.store)
        self.rows = Subscriptions(self.store, Vault(self.settings.token_cache_keys), Unreadable)
        self.people = SubscriptionService(self.store, self.rows, self.settings, self.courier)
        self.still_failing: Callable[[Facts], bool] = lambda _: True
        self.actions: list[Action] = []
        self.notifier = self.instance()
        self.revisions: dict[str, int] = {}

    def instance(self) -> Notifier:
        """The app as another process has it: nothing in memory."""
        sender = Sender(self.store, self.work, self.courier, PAGE, parallel=False)
        return Notifier(
            self.store,
            self.rows,
            ReadModel(self.store),
            sender,
            still_failing=lambda facts: self.still_failing(facts),
            recent_actions=lambda: self.actions,
        )

    # What happens

    def first_sync(self, *referrals: ReferralSummary) -> None:
        """What a first sync brings is stored without a word."""
        for referral in referrals:
            self._put(referral)
        row: Entity = {"PartitionKey": "sync", "RowKey": sync_state._CURSOR}
        put_text(
            row, "cursor", msgspec.json.encode(Cursor(last_full_sync=times.from_datetime(self.clock.now()))).decode()
        )
        put_bytes(row, "recent", b"")
        self.store.table("SyncState").replace(row, None)
        bump_data_version(self.store)

    def sync(self, *referrals: ReferralSummary) -> None:
        """Store new versions as a sync does: what is to be told, then the row, then the data's version."""
        for referral in referrals:
            before = self.stored(referral.id)
            if before == referral:
                continue
            number = self.revisions.get(referral.id, 0) + (before is not None)
            content = f"{abs(hash(msgspec.json.encode(referral))):016x}"
            version = Version(before, referral, f"r{number:08d}-{content}")
            table = self.store.table(outbox.TABLE)
            for row in news.rows_of(version, self.clock.now()):
                with suppress(RowConflict):
                    table.insert(row)
            self._put(referral)
            self.revisions[referral.id] = number
        bump_data_version(self.store)

    def stored(self, referral_id: str) -> ReferralSummary | None:
        row = self.store.table("Referrals").get(partition_of(referral_id), referral_id)
        return from_row(row) if row else None

    def _put(self, referral: ReferralSummary) -> None:
        row, _ = to_row(referral, "{}", "content", "0" * 16, 1)
        self.store.table("Referrals").replace(row, None)

    def subscribe(self, person: Person = DENIZ, **fields: Any) -> str:
        """A subscription to a person's own mail, or to a Teams channel of a name."""
        if name := fields.pop("teams", None):
            fields |= {"channel": "teams", "target": TEAMS.format(name)}
        body = {"events": ["new", "due"], "channel": "mail", "name": "Mine", **fields}
        return self.people.create(body, person, operates=True).subscription.id

    def tick(self, notifier: Notifier | None = None, *, minutes: float = 1) -> None:
        """A minute passes, and the timer comes."""
        self.clock.advance(60 * minutes)
        (notifier or self.notifier).tick(self.work.load(), 20)

    def ticks(self, hours: float, *, every: float = 10) -> None:
        """Time passes, and the timer comes now and then."""
        for _ in range(int(hours * 60 / every)):
            self.tick(minutes=every)

    # What came

    @property
    def subjects(self) -> list[str]:
        return [post.subject for post in self.courier.posts]

    def told(self, subscription_id: str) -> list[Delivery]:
        """What is noted as sent."""
        rows = self.store.table(outbox.TABLE).query(
            "PartitionKey eq @p and state eq 'sent'", {"p": outbox.partition_of(subscription_id)}
        )
        return [Delivery(row["kind"], row["referralId"], row["version"], row["found"], row["due"]) for row in rows]

    def last_error(self, subscription_id: str) -> str | None:
        """The code of why messages do not arrive."""
        fault = self.people.get(subscription_id, DENIZ, operates=True).last_error
        return fault.code if fault else None

    def waiting(self, subscription_id: str) -> int:
        return len(Deliveries(self.store, subscription_id).waiting())

    @contextmanager
    def counting(self, kill_at: int | None = None) -> Iterator[list[str]]:
        """Note every call to storage and every message, before and after; and die at one."""
        calls: list[str] = []
        lock = threading.Lock()

        def note(call: str) -> None:
            with lock:
                if kill_at is not None and len(calls) >= kill_at:
                    raise Killed
                calls.append(call)
                if len(calls) == kill_at:
                    raise Killed

        self.io, before = note, self.io
        try:
            yield calls
        finally:
            self.io = before


def later(**delta: float) -> str:
    """A time after the world began, as text of ``model.times``."""
    return times.from_datetime(NOW + timedelta(**delta))


__all__ = ["DENIZ", "Post", "Sequence", "World", "later", "read_wish"]
