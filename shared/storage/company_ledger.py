"""All company rows as they should be, held in little memory: a hundred thousand entries packed as bytes."""

from __future__ import annotations

import sys
from collections.abc import Set
from typing import Final

import msgspec

from shared.model.company import Entry, Link, claims_of, entry_of, home_of, only_claimant
from shared.model.company_rows import CompanyRow
from shared.model.summary import ReferralSummary

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Entry)


class Ledger:
    """Takes all referrals, then gives row after row."""

    def __init__(self) -> None:
        self._entries: dict[str, list[bytes]] = {}
        self._claims: dict[str, list[tuple[str, str]]] = {}
        self._merged: dict[str, list[str]] = {}

    def add(self, summary: ReferralSummary, link: Link | None) -> None:
        """Take one referral; each once."""
        home = home_of(summary, link)
        if home:
            packed = _encoder.encode(entry_of(summary, link))
            self._entries.setdefault(sys.intern(home), []).append(packed)
        for mention, domain in claims_of(summary, link).items():
            self._claims.setdefault(sys.intern(mention), []).append((sys.intern(summary.id), sys.intern(domain)))

    def close(self) -> None:
        """All referrals are taken: see which companies became one."""
        for key, claims in self._claims.items():
            target = only_claimant(key, {domain for _, domain in claims})
            if target and key in self._entries:
                self._merged.setdefault(target, []).append(key)

    def keys(self) -> Set[str]:
        """The keys of all rows."""
        return self._entries.keys() | self._claims.keys()

    def row(self, key: str) -> CompanyRow:
        """The row of a key, empty when there is none."""
        return CompanyRow(
            key,
            self._of(key),
            dict(self._claims.get(key, ())),
            {stub: self._of(stub) for stub in self._merged.get(key, ())},
        )

    def _of(self, key: str) -> dict[str, Entry]:
        entries = map(_decoder.decode, self._entries.get(key, ()))
        return {entry.id: entry for entry in entries}
