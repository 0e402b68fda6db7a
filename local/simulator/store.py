"""The referrals that the simulated Partner Center holds: encoded once, kept in both documented orders.

A record is anything, because some records have to be broken: what the service orders by is kept beside the payload,
so that a record without a readable date still has its place in a list.
"""

import itertools
import json
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, Literal

import msgspec

from .template import etag_of, new_referral
from .times import DAY, SimulatedClock, datetime_of, sortable, text_of, ticks_of

Order = Literal["createdDateTime", "updatedDateTime"]
Position = tuple[str, int]
EXPIRY = 14 * DAY

_encoder = msgspec.json.Encoder(decimal_format="number")
_exact = msgspec.json.Decoder(float_hook=Decimal)


def encode(payload: Any) -> bytes:
    """JSON, of halves of surrogate pairs too, which Partner Center sends where a text was cut inside an emoji."""
    try:
        return _encoder.encode(payload)
    except UnicodeEncodeError:
        return json.dumps(payload, default=str).encode()


def decode(body: bytes) -> Any:
    """What JSON holds."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return json.loads(body)


def _decode_exact(body: bytes) -> Any:
    try:
        return _exact.decode(body)
    except msgspec.DecodeError:
        return json.loads(body)


@dataclass(slots=True)
class Record:
    """One stored referral: its JSON, and what the service orders and finds it by."""

    key: int
    id: str | None
    body: bytes
    created: str
    updated: str

    def position(self, order: Order) -> Position:
        """Where the record stands in an order."""
        return (self.created if order == "createdDateTime" else self.updated, self.key)


def merge(payload: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Put changes into a payload; a mapping given for a mapping goes into its fields, anything else replaces."""
    for name, value in changes.items():
        old = payload.get(name)
        if isinstance(value, Mapping) and isinstance(old, dict):
            merge(old, value)
        else:
            payload[name] = value


class ReferralStore:
    """All referrals; safe to use from any thread, and between any two requests."""

    def __init__(self, clock: SimulatedClock, since: datetime | None = None) -> None:
        """`since`: what was unanswered for 14 days at this time (default: now) stays so, as with a late service."""
        self._clock = clock
        self._lock = threading.RLock()
        self._keys = itertools.count(1)
        self._records: dict[int, Record] = {}
        self._by_id: dict[str, int] = {}
        self._orders: dict[Order, list[Position]] = {"createdDateTime": [], "updatedDateTime": []}
        self._deadlines: list[tuple[int, int]] = []
        self._overdue: set[int] = set()
        self._since = ticks_of(since or clock.now())
        self.version = 0
        self.template = new_referral
        self.watch: Callable[[str, str], None] = lambda name, id: None
        """Told of each referral that was `created` or `updated`, by its id; expiry and removal are told to nobody."""

    # What tests and the control endpoint do

    def add(self, payload: Any, *, created: str | None = None, updated: str | None = None) -> str | None:
        """Add a record exactly as it is, however broken, and return its id, if it has one.

        `created` and `updated` (text) place it in the lists where the payload has no readable dates; else it is new.
        """
        now = self.now()
        fields = payload if isinstance(payload, dict) else {}
        created = sortable(created) or sortable(fields.get("createdDateTime")) or now
        updated = sortable(updated) or sortable(fields.get("updatedDateTime")) or now
        with self._lock:
            record = self._record(payload, encode(payload), created, updated)
            for order, entries in self._orders.items():
                insort(entries, record.position(order))
            self.version += 1
        if record.id is not None:
            self.watch("created", record.id)
        return record.id

    def create(self, **fields: Any) -> str:
        """Add a well-formed new referral (New, incoming, created now) with these fields put into it; its id."""
        payload = self.template(self._clock.ticks())
        merge(payload, fields)
        identity = self.add(payload)
        if identity is None:
            raise ValueError("A created referral needs an id; use add() for a record without one.")
        return identity

    def change(self, id: str, /, *, touch: bool = True, **fields: Any) -> None:
        """Change fields of a referral (a dict goes into a dict) and, unless `touch` is false, its updatedDateTime
        and eTag, as any write does. Raises KeyError when there is no such referral."""
        with self._lock:
            payload = _decode_exact(self._records[self._by_id[id]].body)
            merge(payload, fields)
            self._put(id, payload, touch=touch, given=fields)
        if touch:
            self.watch("updated", id)

    def put(self, id: str, payload: dict[str, Any]) -> None:
        """Replace a referral's payload, as a write through the API does. Raises KeyError when there is no such one."""
        self._put(id, payload, touch=True, given=())
        self.watch("updated", id)

    def _put(self, id: str, payload: dict[str, Any], *, touch: bool, given: Collection[str]) -> None:
        """Replace a referral's payload; with `touch`, updatedDateTime and eTag become those of this write, unless
        `given` names them. Raises KeyError when there is no such referral."""
        with self._lock:
            record = self._records[self._by_id[id]]
            if touch and "updatedDateTime" not in given:
                payload["updatedDateTime"] = text_of(max(self._clock.ticks(), self._after(record)))
            updated = sortable(payload.get("updatedDateTime")) or record.updated
            if touch and "eTag" in payload and "eTag" not in given:
                payload["eTag"] = etag_of(record.key, updated)
            self._replace(record, payload, updated)

    def remove(self, id: str, /) -> None:
        """Take a referral away. Raises KeyError when there is no such referral."""
        with self._lock:
            record = self._records.pop(self._by_id.pop(id))
            for order, entries in self._orders.items():
                del entries[bisect_left(entries, record.position(order))]
            self.version += 1

    def clear(self) -> None:
        """Take all referrals away."""
        with self._lock:
            self._records.clear()
            self._by_id.clear()
            self._deadlines.clear()
            self._overdue.clear()
            for entries in self._orders.values():
                entries.clear()
            self.version += 1

    def now(self) -> str:
        """The simulated time as the text of a date."""
        return text_of(self._clock.ticks())

    def get(self, id: str, /) -> dict[str, Any] | None:
        """A copy of one referral's payload."""
        record = self.record(id)
        return None if record is None else decode(record.body)

    def payloads(self) -> list[Any]:
        """Copies of all payloads, broken ones included, oldest first."""
        return [decode(body) for body in self.bodies()]

    def bodies(self) -> list[bytes]:
        """The JSON of all records, exactly as it is sent, oldest first."""
        with self._lock:
            return [self._records[key].body for _, key in self._orders["createdDateTime"]]

    def kept(self) -> list[tuple[bytes, str, str]]:
        """All records as ``load`` takes them, oldest first."""
        with self._lock:
            records = [self._records[key] for _, key in self._orders["createdDateTime"]]
            return [(record.body, record.created, record.updated) for record in records]

    def ids(self) -> list[str]:
        """The ids of all records that have one, oldest first."""
        with self._lock:
            records = (self._records[key] for _, key in self._orders["createdDateTime"])
            return [record.id for record in records if record.id is not None]

    def unusable(self) -> int:
        """How many records have no usable id: what a client can only put aside."""
        with self._lock:
            return len(self._records) - len(self._by_id)

    def has_relatives(self, id: str) -> bool:
        """Whether another referral belongs to the same engagement."""
        with self._lock:
            record = self.record(id)
            engagement = decode(record.body).get("engagementId") if record else None
            if not isinstance(engagement, str):
                return False
            text = encode(engagement)
            return any(text in other.body for other in self._records.values() if other is not record)

    def __len__(self) -> int:
        return len(self._records)

    # What the API does

    def record(self, id: str) -> Record | None:
        """One record."""
        with self._lock:
            key = self._by_id.get(id)
            return None if key is None else self._records[key]

    def walk(self, order: Order, descending: bool, after: Position | None, offset: int) -> Iterator[Record]:
        """Records in an order, live, behind a position or an offset. Hold `locked()` while going through it."""
        entries = self._orders[order]
        if descending:
            end = len(entries) if after is None else bisect_left(entries, after)
            places: Iterable[int] = range(end - 1 - offset, -1, -1)
        else:
            start = 0 if after is None else bisect_right(entries, after)
            places = range(start + offset, len(entries))
        for place in places:
            yield self._records[entries[place][1]]

    def locked(self) -> threading.RLock:
        """The store's lock: nothing changes while it is held."""
        return self._lock

    def load(self, records: Iterable[tuple[bytes, str, str]]) -> None:
        """Add many (JSON, created, updated) at once, faster than one by one."""
        with self._lock:
            for body, created, updated in records:
                record = self._record(decode(body), body, created, updated)
                for order, entries in self._orders.items():
                    entries.append(record.position(order))
            for entries in self._orders.values():
                entries.sort()
            self.version += 1

    def expire(self, *, late: bool = False) -> int:
        """Close as Expired what has been New and incoming for 14 days (docs/partner-center-api.md), at its deadline; how many.

        What was overdue from the start stays New until `late`.
        """
        expired = 0
        with self._lock:
            now = self._clock.ticks()
            while self._deadlines and self._deadlines[0][0] <= now:
                deadline, key = heappop(self._deadlines)
                if deadline <= self._since:
                    self._overdue.add(key)
                else:
                    expired += self._close(key, deadline)
            for key in list(self._overdue) if late else ():
                self._overdue.discard(key)
                expired += self._close(key, now)
        return expired

    def _close(self, key: int, moment: int) -> int:
        record = self._records.get(key)
        if record is None or record.id is None or not _waits(decode(record.body)):
            return 0
        if ticks_of(datetime_of(record.created)) + EXPIRY > moment:
            return 0  # its creation was changed meanwhile; a later deadline is noted
        text = text_of(moment)
        closed = {"status": "Closed", "substatus": "Expired", "closedDateTime": text, "updatedDateTime": text}
        self._put(record.id, {**_decode_exact(record.body), **closed}, touch=True, given=closed)
        return 1

    def _after(self, record: Record) -> int:
        return ticks_of(datetime_of(record.updated)) + 10

    def _record(self, payload: Any, body: bytes, created: str, updated: str) -> Record:
        identity = payload.get("id") if isinstance(payload, dict) else None
        identity = identity if isinstance(identity, str) and identity.strip() else None
        if identity is not None and identity in self._by_id:
            raise ValueError(f"There is a referral {identity} already.")
        record = Record(next(self._keys), identity, body, created, updated)
        self._records[record.key] = record
        if identity is not None:
            self._by_id[identity] = record.key
        self._note_deadline(record, payload)
        return record

    def _replace(self, record: Record, payload: dict[str, Any], updated: str) -> None:
        created = sortable(payload.get("createdDateTime")) or record.created
        for order, entries in self._orders.items():
            del entries[bisect_left(entries, record.position(order))]
        record.body, record.created, record.updated = encode(payload), created, updated
        for order, entries in self._orders.items():
            insort(entries, record.position(order))
        self._note_deadline(record, payload)
        self.version += 1

    def _note_deadline(self, record: Record, payload: Any) -> None:
        if _waits(payload):
            heappush(self._deadlines, (ticks_of(datetime_of(record.created)) + EXPIRY, record.key))


def _waits(payload: Any) -> bool:
    return isinstance(payload, dict) and payload.get("status") == "New" and payload.get("direction") == "Incoming"
