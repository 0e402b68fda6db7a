"""Looking whether the signed-in account may read referrals, outside of a sync and by its rules: one pause holds for all."""

from __future__ import annotations

from shared.core.clock import Deadline
from shared.core.errors import Throttled
from shared.core.settings import Settings
from shared.partner_center.client import BY_UPDATE, Authenticator, Page, PartnerCenterClient, WaitTooLong
from shared.storage.engine.tables import TableStore
from shared.storage.tables.sync_state import SyncState


def first_page(settings: Settings, authenticator: Authenticator, store: TableStore, seconds: float) -> Page:
    """What the account sees: the first page of the newest referrals.

    Args:
        settings: the app's settings.
        authenticator: gives access tokens.
        store: the tables, where the pause that Partner Center asked for is kept.
        seconds: the longest it may take.

    Raises:
        Throttled: a pause is on, and nothing was sent; or it began with this request, and is kept for everybody.
        HunterError: as ``PartnerCenterClient.page``.
    """
    state = SyncState(store)
    state.load().respect_throttling(store.clock.now())
    client = PartnerCenterClient(settings.api_url, authenticator, store.clock, Deadline(store.clock, seconds))
    try:
        return client.page(BY_UPDATE)
    except WaitTooLong as wait:
        state.pause(wait.seconds)
        raise Throttled(retry_after=wait.seconds) from None
    except Throttled as error:
        if error.retry_after:
            state.pause(error.retry_after)
        raise
    finally:
        client.close()
