"""What comes many at a time, or must be seen at once: a batch of actions, an event, news for people.

``python -m bench.bursts CASE``, told the rest by the environment as ``bench.cases`` is.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, Final

import requests

from bench import floors
from bench.daily import App
from bench.meter import TOLD, Meter
from shared.model.occasion import KINDS
from shared.model.person import Person
from shared.model.subscription import Subscription
from shared.notify.letter import Letter
from shared.notify.rules import USUAL, Failure, Limits
from shared.partner_center.next_links import PATH
from shared.storage.tables import outbox
from shared.storage.tables.referrals import SUMMARY_COLUMNS, partition_of

ACTIONS: Final = int(TOLD.get("actions", 200))
TABLE_REQUESTS: Final = 10
"""For each action: where it stands, its referral, the history, and the company."""
_ACTIVE: Final = "/referrals?status=Active&pageSize=200"


def batch() -> None:
    """The same value changed in many referrals, until Partner Center has the last of them."""
    app = App()
    ids = [item["id"] for item in app.ask("list_referrals", _ACTIVE)["items"]]
    changes = {"dealValue": 4711, "currency": "USD"}
    app.requests.clear()
    with Meter() as meter:
        done = app.ask("post_batch", "/actions", {"action": "update", "ids": ids[:ACTIONS], "changes": changes})[
            "batch"
        ]
        while {"waiting", "sending"} & set(done["states"]):
            app.services.reconciler.work_batch(done["id"], 60)
            done = app.ask("get_batch", f"/batches/{done['id']}")
    app.report(meter, actions=done["states"].get("applied", 0))


def floor_batch() -> None:
    """As many requests as a batch makes, to Partner Center and to storage, with nothing thought about them."""
    app = App()
    ids = [item["id"] for item in app.ask("list_referrals", _ACTIVE)["items"]][:ACTIONS]
    session, connection = requests.Session(), floors.Connection()
    session.headers["Authorization"] = f"Bearer {TOLD['token']}"
    change = [{"op": "replace", "path": "/details/dealValue", "value": 4712}]
    with Meter() as meter:
        for referral_id in ids:
            url = f"{TOLD['api_url']}{PATH}/{referral_id}"
            etag = session.get(url).json()["eTag"]
            session.patch(url, json=change, headers={"If-Match": etag})
            row = f"/Referrals(PartitionKey='{partition_of(referral_id)}',RowKey='{referral_id}')"
            for _ in range(TABLE_REQUESTS):
                connection.ask("GET", row, "", {"Accept": "application/json"}, None)
    meter.report(actions=len(ids))


def event() -> None:
    """One referral changed in Partner Center: from the event that says so to the list that shows it."""
    app = App()
    before = _newest(app)
    app.requests.clear()
    with Meter() as meter:
        app.services.wanted_sync.event()
        after = _newest(app)
    if after == before:
        raise RuntimeError("the list does not show what has changed")
    app.report(meter)


def _newest(app: App) -> Any:
    return app.ask("list_referrals", "/referrals?sort=-updatedDateTime&pageSize=1")["items"]


def floor_event() -> None:
    """The page that says what changed, and the columns of the list read again."""
    with Meter() as meter:
        floors.fetch(1)
        floors.scan_columns(SUMMARY_COLUMNS)
    meter.report()


class Postman:
    """Takes every letter at once."""

    def limits(self, subscription: Subscription) -> Limits:
        """As for most targets."""
        return USUAL

    def send(self, subscription: Subscription, letter: Letter, key: str) -> Failure | None:
        """Take a letter."""
        return None


def telling() -> None:
    """Many referrals changed: what the letters take that tell of them, beside the sync that brought them."""
    app = App()
    vars(app.services)["couriers"] = Postman()
    wish = {"events": [*KINDS], "channel": "mail", "name": "All"}
    person = Person("bench", "Bench", "bench@fabrikam.example")
    subscription = app.services.subscriptions.create(wish, person, operates=True).subscription
    _tick(app)  # what stands already, such as deadlines, is told
    with Meter() as sync:
        run = app.services.sync.run("cli")
    told = _told(app, subscription.id)
    app.requests.clear()
    with Meter() as meter:
        _tick(app)
    took = sum(app.requests.values())
    told = _told(app, subscription.id) - told
    meter.report(table=took, changed=run.updated, told=told, syncSeconds=sync.seconds, syncCpu=sync.cpu)


def _tick(app: App) -> None:
    app.services.notifier.tick(app.services.work.load(), 60)


def _told(app: App, subscription: str) -> int:
    condition = "PartitionKey eq @partition and state eq 'sent'"
    return len(
        list(app.services.store.table(outbox.TABLE).query(condition, {"partition": outbox.partition_of(subscription)}))
    )


CASES: Final[dict[str, Callable[[], None]]] = {
    "batch": batch,
    "floor_batch": floor_batch,
    "event": event,
    "floor_event": floor_event,
    "telling": telling,
}

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    CASES[sys.argv[1]]()
