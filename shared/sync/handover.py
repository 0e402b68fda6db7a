"""What a run hands on of what it wrote: to the companies, and to lists by the data's version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.model.company_rows import Touched
from shared.model.summary import ReferralSummary

MOST_TOUCHED: Final = 2_000
"""Changed referrals whose companies are updated one by one; beyond that, companies are compared as a whole."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Changes since the last ``take``."""

    touched: list[Touched]
    too_many: bool
    """There were more than are listed one by one: none of them is in ``touched``."""


class Handover:
    """Gathers what was written until somebody takes it."""

    def __init__(self) -> None:
        self._touched: list[Touched] = []
        self._too_many = False
        self._newcomers: list[ReferralSummary] | None = None
        """Rows inserted since the last ``take_newcomers``; None when there are others in storage, or may be."""
        self._wrote = False

    def storage_was_empty(self) -> None:
        """No row is there but those that are noted from now on."""
        self._newcomers = []

    def storage_has_others(self) -> None:
        """There are rows that are not noted here, or may be."""
        self._newcomers = None

    def note(self, referral_id: str, before: ReferralSummary | None, after: ReferralSummary | None) -> None:
        """A row was written."""
        self._wrote = True
        if self._newcomers is not None and before is None and after is not None:
            self._newcomers.append(after)
        else:
            self._newcomers = None
        if self._too_many or len(self._touched) >= MOST_TOUCHED:
            self._too_many, self._touched = True, []
        else:
            self._touched.append(Touched(referral_id, before, after))

    def note_version(self) -> None:
        """Lists show something else from now on, though no referral was written."""
        self._wrote = True

    @property
    def too_many(self) -> bool:
        """Whether more changed than companies can follow one by one."""
        return self._too_many

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take."""
        return not (self._touched or self._too_many)

    def take(self) -> Taken:
        """The changes since the last call."""
        taken = Taken(self._touched, self._too_many)
        self._touched, self._too_many = [], False
        return taken

    def take_newcomers(self) -> list[ReferralSummary] | None:
        """What was inserted since the last call, in a run that found storage empty and has inserted all that is there by
        now; None in every other run."""
        taken = self._newcomers
        if taken:
            self._newcomers = []
        return taken

    @property
    def wrote(self) -> bool:
        """Whether anything that lists show was written since they were told last."""
        return self._wrote

    def note_shown(self) -> None:
        """Lists were told that there is something else to show."""
        self._wrote = False
