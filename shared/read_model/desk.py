"""What was added to referrals here - owners, comments, links to the CRM - ready to be asked beside a snapshot of the synced data.

It changes far oftener than that data and is far smaller, so it is read by itself and laid over the snapshot that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from shared.model.desk import Owner
from shared.model.person import mail_key
from shared.model.text import fold
from shared.read_model.query import Bits, to_bits
from shared.storage.engine.tables import TableStore
from shared.storage.tables import comments, crm_links, owners
from shared.storage.tables.crm_links import Shown

NOBODY: Final = "none"
"""What ``owner=`` says for referrals without one."""


class Desk:
    """Owners, comments and links as they were read, by referral id. Immutable."""

    def __init__(
        self, owners: Mapping[str, Owner], texts: Iterable[tuple[str, str]], links: Mapping[str, Shown] | None = None
    ) -> None:
        """Take what was read.

        Args:
            owners: by referral id.
            texts: of every comment its referral's id and its text.
            links: to Dynamics 365, by referral id.
        """
        self.owners = owners
        self.links = links or {}
        self.comments: dict[str, list[str]] = {}
        for referral_id, text in texts:
            self.comments.setdefault(referral_id, []).append(fold(text))

    def laid_over(self, size: int, position_of: Callable[[str], int | None]) -> DeskIndex:
        """The same by position of the referrals of a snapshot; what is of none of them is left out."""
        placed = {
            place: owner
            for referral_id, owner in self.owners.items()
            if (place := position_of(referral_id)) is not None
        }
        said = {
            place: texts
            for referral_id, texts in self.comments.items()
            if (place := position_of(referral_id)) is not None
        }
        linked = {
            place: link for referral_id, link in self.links.items() if (place := position_of(referral_id)) is not None
        }
        return DeskIndex(size, placed, said, linked)


EMPTY: Final = Desk({}, ())


class DeskIndex:
    """Owners, comments and links by the position of their referral. Immutable."""

    def __init__(
        self,
        size: int,
        owners: Mapping[int, Owner],
        comments: Mapping[int, Sequence[str]],
        links: Mapping[int, Shown],
    ) -> None:
        self.owners = owners
        self.links = links
        """To Dynamics 365."""
        self.comments = comments
        """Folded texts."""
        self._size = size
        members: dict[str, list[int]] = {}
        shown: dict[str, str] = {}
        for place, owner in owners.items():
            key = mail_key(owner.mail)
            members.setdefault(key, []).append(place)
            shown[key] = min(shown.get(key, owner.mail), owner.mail)
        self._by_key = {key: to_bits(places, size) for key, places in members.items()}
        self.by_mail: Mapping[str, Bits] = {shown[key]: bits for key, bits in self._by_key.items()}
        """For each owner, by an address as somebody wrote it, the referrals."""
        self.owned = to_bits(owners, size)

    @cached_property
    def by_crm_state(self) -> Mapping[str, Bits]:
        """For each state of a link to Dynamics 365 the referrals; ``NOBODY`` stands for those without a link."""
        states = sorted({link.state for link in self.links.values()})
        return {state: self.in_crm([state]) for state in (*states, NOBODY)}

    def owned_by(self, mails: Iterable[str]) -> Bits:
        """The referrals of these owners; ``NOBODY`` stands for those without one."""
        found = 0
        for mail in mails:
            found |= ((1 << self._size) - 1) & ~self.owned if mail == NOBODY else self._by_key.get(mail_key(mail), 0)
        return found

    def in_crm(self, states: Iterable[str]) -> Bits:
        """The referrals whose link to Dynamics 365 has one of these states; ``NOBODY`` stands for those without a link."""
        wanted = set(states)
        found = to_bits((place for place, link in self.links.items() if link.state in wanted), self._size)
        if NOBODY in wanted:
            found |= ((1 << self._size) - 1) & ~to_bits(self.links, self._size)
        return found

    def saying(self, word: str) -> Bits:
        """The referrals with a comment in which a folded word occurs."""
        return to_bits(
            (place for place, texts in self.comments.items() if any(word in text for text in texts)), self._size
        )

    def find(self, words: Iterable[str], search: Callable[[Iterable[str]], Bits]) -> Bits:
        """The referrals in which every word occurs, be it in a comment or where ``search`` looks."""
        said = {word: self.saying(word) for word in set(words)}
        if not any(said.values()):
            return search(said)
        found = (1 << self._size) - 1
        for word, bits in said.items():
            found &= bits | search([word])
        return found


def read(store: TableStore) -> Desk:
    """Read owners, comments and links."""
    return Desk(owners.load_all(store), comments.load_texts(store), crm_links.load_shown(store))
