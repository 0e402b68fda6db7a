"""How referrals change the rows of companies: pure, so that it can be compared with a computation from scratch.

A referral is an entry of exactly one row: that of its hand-made link, else that of the key its payload shows. A referral
that shows a domain also leaves a light *claim* in the rows of the weaker keys it shows (``duns-…``, ``name-…``). When all
claims in such a row name one domain, that company and the domain's are one: the row's entries are shown there too
(``merged``), and the row itself is a stub that points there. Two claimants are ambiguous, so nothing is merged; when
claims go, the row is a company of its own again. Only domains claim and only other keys are claimed, so there are no
chains: whoever touches a row has to look at the rows it is merged into and no further.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from shared.model.company import (
    Company,
    Entry,
    Link,
    claims_of,
    company_of,
    entry_of,
    home_of,
    only_claimant,
)
from shared.model.summary import ReferralSummary

RULES: Final = 2
"""Raised when the same entries give another company: then stored rows are written anew."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A referral that was written: what it was before (None: new) and what it is now (None: gone)."""

    id: str
    before: ReferralSummary | None
    after: ReferralSummary | None


class _Contents(msgspec.Struct, array_like=True):
    entries: list[Entry]
    claims: dict[str, list[str]]
    merged: dict[str, list[Entry]]


_SHORT: Final = 400
"""Bytes that are not worth compressing."""
_ZLIB: Final = b"\x78"
"""What every stream of zlib's begins with, and no row: that begins as an array of three does."""
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(_Contents)


@dataclass
class CompanyRow:
    """What the row of one company key holds."""

    key: str
    entries: dict[str, Entry] = field(default_factory=dict)
    """By referral id."""
    claims: dict[str, str] = field(default_factory=dict)
    """Referral id to the domain that claims this key."""
    merged: dict[str, dict[str, Entry]] = field(default_factory=dict)
    """Entries of the rows that are merged into this one, by the key of their row."""

    @property
    def target(self) -> str | None:
        """The company that this one is merged into."""
        return only_claimant(self.key, self.claims.values()) if self.claims else None

    @property
    def shown_in(self) -> str | None:
        """The company in which this row's entries are shown; None for a row without entries, and when it is its own."""
        return self.target if self.entries else None

    @property
    def empty(self) -> bool:
        """Whether nothing needs this row any more."""
        return not (self.entries or self.claims or self.merged)

    def company(self) -> Company | None:
        """The company that lists show for this row; None for a stub and for a row without referrals."""
        if self.target:
            return None
        return company_of(self.key, [*self.entries.values(), *(e for m in self.merged.values() for e in m.values())])

    def put(self, entry: Entry) -> None:
        """Add or replace a referral. A newer version is never replaced by an older one; where it is linked always is."""
        known = self.entries.get(entry.id)
        if known and (known.updated or "") > (entry.updated or ""):
            entry = msgspec.structs.replace(known, linked_at=entry.linked_at, given_name=entry.given_name)
        self.entries[entry.id] = entry

    def pack(self) -> bytes:
        """The row's contents as bytes; equal contents give equal bytes."""
        claims: dict[str, list[str]] = {}
        for referral_id, domain in sorted(self.claims.items()):
            claims.setdefault(domain, []).append(referral_id)
        return _encoder.encode(
            _Contents(
                _ordered(self.entries),
                dict(sorted(claims.items())),
                {key: _ordered(entries) for key, entries in sorted(self.merged.items())},
            )
        )

    @classmethod
    def unpack(cls, key: str, packed: bytes) -> CompanyRow:
        """The row whose ``pack`` gave these bytes."""
        contents = _decoder.decode(packed)
        return cls(
            key,
            {entry.id: entry for entry in contents.entries},
            {referral_id: domain for domain, ids in contents.claims.items() for referral_id in ids},
            {stub: {entry.id: entry for entry in entries} for stub, entries in contents.merged.items()},
        )


def _ordered(entries: Mapping[str, Entry]) -> list[Entry]:
    return [entries[referral_id] for referral_id in sorted(entries)]


def compress(packed: bytes) -> bytes:
    """Entries repeat names and dates: of many about a quarter remains. One alone stays as it is."""
    return zlib.compress(packed, 6) if len(packed) > _SHORT else packed


def decompress(data: bytes) -> bytes:
    """What ``compress`` was given.

    Raises:
        zlib.error: it is none of it.
    """
    return zlib.decompress(data) if data[:1] == _ZLIB else data


def keys_touched(touched: Touched, link: Link | None) -> set[str]:
    """The rows that may have to change with a referral; claims that stay as they were need no look at their rows."""
    known = [summary for summary in (touched.before, touched.after) if summary]
    homes = {summary.company_key for summary in known if summary.company_key}
    if link:
        # It may be an entry wherever it was ever linked, and may have claims from before it was.
        return homes | link.keys | {mention for summary in known for mention in summary.company_mentions}
    before, after = (
        set(claims_of(summary, None).items()) if summary else set() for summary in (touched.before, touched.after)
    )
    return homes | {mention for mention, _ in before ^ after}


def change(rows: Mapping[str, CompanyRow], touched: Sequence[Touched], links: Mapping[str, Link]) -> None:
    """Put the referrals where they belong. ``rows`` holds a row, maybe an empty one, for every key touched."""
    for change in touched:
        link = links.get(change.id)
        home = home_of(change.after, link) if change.after else None
        claims = claims_of(change.after, link) if change.after else {}
        for key in keys_touched(change, link):
            row = rows[key]
            if change.after and key == home:
                row.put(entry_of(change.after, link))
            else:
                row.entries.pop(change.id, None)
            if key in claims:
                row.claims[change.id] = claims[key]
            else:
                row.claims.pop(change.id, None)


def targets_touched(rows: Mapping[str, CompanyRow], shown_before: Mapping[str, str | None]) -> set[str]:
    """The companies in which entries of these rows were shown (``shown_before``) or have to be shown now."""
    return {target for key, row in rows.items() for target in (shown_before.get(key), row.shown_in) if target}


def merge(rows: Mapping[str, CompanyRow], keys: Iterable[str], shown_before: Mapping[str, str | None]) -> None:
    """Show the entries of the rows of ``keys`` in the companies they are merged into, and no longer where they were."""
    for key in keys:
        before, now = shown_before.get(key), rows[key].shown_in
        if before and before != now:
            rows[before].merged.pop(key, None)
        if now:
            rows[now].merged[key] = dict(rows[key].entries)
