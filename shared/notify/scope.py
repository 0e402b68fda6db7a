"""Which referrals a subscription tells of: those in its view, ``owner=me`` meaning its owner; without a view all."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime

from shared.model.subscription import Subscription
from shared.notify.letter import ViewLink
from shared.read_model.snapshot import Snapshot
from shared.read_model.views import Membership, load_view
from shared.storage.engine.tables import TableStore


class Scopes:
    """Those of one moment; each view is read and asked once.

    Args:
        store: the tables.
        snapshot: the data.
        now: the time.
    """

    def __init__(self, store: TableStore, snapshot: Snapshot, now: datetime) -> None:
        self._store, self._snapshot, self._now = store, snapshot, now
        self._known: dict[str, tuple[Container[str], ViewLink | None]] = {}

    def of(self, subscription: Subscription) -> Container[str]:
        """The ids of the referrals; none where the view is gone, or is somebody else's own by now."""
        return self._read(subscription)[0]

    def link_of(self, subscription: Subscription) -> ViewLink | None:
        """The view as messages name it."""
        return self._read(subscription)[1]

    def _read(self, subscription: Subscription) -> tuple[Container[str], ViewLink | None]:
        known = self._known.get(subscription.id)
        if known is None:
            known = self._known[subscription.id] = self._ask(subscription)
        return known

    def _ask(self, subscription: Subscription) -> tuple[Container[str], ViewLink | None]:
        mail, view_id = subscription.owner.mail, subscription.wish.view_id
        if view_id is None:
            return Membership(None, self._snapshot, mail, self._now), None
        view = load_view(self._store, view_id, subscription.owner)
        if view is None:
            return (), None
        return Membership(view, self._snapshot, mail, self._now), ViewLink(view.name, view.query)
