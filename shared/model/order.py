"""Whether pages come in the order that was asked for, and how far back they reach."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from shared.model.referral import Head


class OrderIgnored(Exception):
    """The pages are not in the order that was asked for, so stopping early would lose changes."""


def is_newest_first(heads: Sequence[Head]) -> bool:
    """Whether none was changed after one that comes before it.

    Seconds are compared: the service sorts texts, in which 03Z comes after 03.5Z.
    """
    stamps = [head.updated[:19] for head in heads if head.updated]
    return all(earlier >= later for earlier, later in itertools.pairwise(stamps))


def check_newest_first(heads: Sequence[Head]) -> None:
    """An incremental walk may stop early only while the newest come first. Raises OrderIgnored where they do not."""
    if not is_newest_first(heads):
        raise OrderIgnored


def reaches(heads: Sequence[Head], bound_at: str | None) -> bool:
    """Whether a page has a record that was changed before the bound; None: there is no bound."""
    return bound_at is not None and any(head.updated is not None and head.updated < bound_at for head in heads)
