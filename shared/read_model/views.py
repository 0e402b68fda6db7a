"""Views, asked: which referrals one has now, for whom. Menus count them, notifications tell of what is in them."""

from __future__ import annotations

from datetime import datetime

from shared.core.errors import InvalidParameter
from shared.model.person import Person
from shared.model.view import ListName, View
from shared.read_model.query import Bits
from shared.read_model.questions import company_query, referral_query
from shared.read_model.snapshot import Snapshot
from shared.storage.engine.tables import TableStore
from shared.storage.tables import views as stored


def check_query(which: ListName, query: str) -> None:
    """Whether a view may ask this of a list: its filters and its sort, no page. Raises InvalidParameter."""
    if which == "referrals":
        referral_query(query, "", also=())
    else:
        company_query(query, also=())


def load_view(store: TableStore, view_id: str, person: Person) -> View | None:
    """A view as somebody may read it; None when there is none, or it is somebody else's own. One point read."""
    found = stored.load(store, view_id)
    return found[0] if found and found[0].is_open_to(person) else None


def load_views(store: TableStore, person: Person) -> dict[str, View]:
    """All views that somebody may read, by id: one query."""
    return {view.id: view for view in stored.load_all(store, person)}


def total_of(view: View, snapshot: Snapshot, person: Person, now: datetime) -> int | None:
    """How many rows a view has for somebody; None where its query is none any more."""
    try:
        if view.list == "companies":
            return snapshot.fitting_companies(company_query(view.query, also=())).bit_count()
        return _fitting(view, snapshot, person.mail, now).bit_count()
    except InvalidParameter:
        return None


class Membership:
    """Which referrals are in a view at one moment: made once, asked for many.

    Args:
        view: the view, or None: then every referral that is not missing is in it.
        snapshot: the data.
        mail: the address that ``owner=me`` means.
        now: what "within seven days" is counted from, aware.
    """

    def __init__(self, view: View | None, snapshot: Snapshot, mail: str, now: datetime) -> None:
        self._snapshot = snapshot
        try:
            if view is None:
                self._bits = snapshot.fitting(referral_query("", mail), now)
            else:
                self._bits = 0 if view.list == "companies" else _fitting(view, snapshot, mail, now)
        except InvalidParameter:
            self._bits = 0  # a view whose query is none any more has nothing in it

    def __contains__(self, referral_id: object) -> bool:
        """Whether a referral is in the view."""
        position = self._snapshot.referral(referral_id) if isinstance(referral_id, str) else None
        return position is not None and bool(self._bits >> position & 1)


def _fitting(view: View, snapshot: Snapshot, mail: str, now: datetime) -> Bits:
    """The referrals of a view. Raises InvalidParameter where its query is none any more."""
    return snapshot.fitting(referral_query(view.query, mail, also=()), now)
