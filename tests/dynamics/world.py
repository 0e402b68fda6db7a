"""A world for these tests: the simulated Dynamics 365 over real sockets, Table Storage by Azurite, and a Partner Center that
is nothing but the referrals' payloads and the actions asked for."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from local.dynamics import CLIENT_ID, DynamicsSimulator
from shared.core.errors import ActionInProgress, ActionNotAllowed, ActionTooLate, WritingDisabled
from shared.core.settings import Settings, load
from shared.dynamics.desk import CrmDesk
from shared.dynamics.plan import Ask
from shared.dynamics.service import Dynamics, Ran
from shared.model.referral import content_hash, read_record, summarise
from shared.read_model.current import ReadModel
from shared.storage.engine.tables import TableStore
from shared.storage.tables import crm_links
from shared.storage.tables.crm_links import Link
from shared.storage.tables.data_version import TABLE as VERSIONS
from shared.storage.tables.data_version import version_row
from shared.storage.tables.referrals import to_row
from tests.sync.harness import ManualClock


def referral(number: int, **more: Any) -> dict[str, Any]:
    """A referral's payload; nested parts given are merged into it."""
    payload: dict[str, Any] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"referral.{number}")),
        "name": f"Backup for {number} seats",
        "status": "Active",
        "substatus": "Accepted",
        "type": "Independent",
        "qualification": "SalesQualified",
        "direction": "Incoming",
        "createdDateTime": "2026-11-20T08:00:00Z",
        "updatedDateTime": "2026-11-24T08:00:00Z",
        "customerProfile": {
            "name": f"Customer {number} Ltd",
            "address": {
                "country": "DE",
                "city": "Köln",
                "postalCode": f"50{number % 1000:03}",
                "addressLine1": "Am Dom 1",
            },
            "team": [
                {
                    "firstName": "Ada",
                    "lastName": f"Example {number}",
                    "email": f"ada@customer{number}.com",
                    "phoneNumber": "+49 221 1",
                }
            ],
        },
        "details": {
            "dealValue": 12500.5,
            "currency": "EUR",
            "closingDateTime": "2027-03-31T00:00:00Z",
            "notes": "They asked for a quote.",
        },
    }
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(payload.get(name), dict):
            payload[name] = {**payload[name], **value}
        else:
            payload[name] = value
    return payload


class PartnerCenter:
    """The referrals as Partner Center has them, and the actions that are asked for; each is applied when it is sent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.RLock()
        self.writing = True
        self.actions: dict[str, dict[str, Any]] = {}
        self.refuse: set[str] = set()
        """Kinds of action that are not allowed."""
        self.writes = 0

    def begin(self, referral_id: str, ask: Ask, seen: Mapping[str, Any], wait: timedelta, once: str) -> str:
        """Begin an action."""
        with self._lock:
            known = next((one for one, action in self.actions.items() if action["once"] == (referral_id, once)), None)
            if known:
                return known
            if not self.writing:
                raise WritingDisabled
            if ask.action in self.refuse:
                raise ActionNotAllowed(extra={"reasons": [{"field": None, "code": "closed", "message": ""}]})
            if any(one["referral"] == referral_id and one["state"] == "waiting" for one in self.actions.values()):
                raise ActionInProgress
            action_id = f"action-{len(self.actions)}"
            self.actions[action_id] = {
                "referral": referral_id,
                "ask": ask,
                "seen": dict(seen),
                "state": "waiting",
                "due": self._world.clock.now() + wait,
                "once": (referral_id, once),
            }
            return action_id

    def state(self, action_id: str) -> str:
        """The state of an action."""
        return str(self.actions[action_id]["state"]) if action_id in self.actions else "failed"

    def cancel(self, action_id: str) -> bool:
        """Cancel one that waits."""
        with self._lock:
            if self.state(action_id) != "waiting":
                raise ActionTooLate
            self.actions[action_id]["state"] = "cancelled"
            return True

    def send_due(self) -> int:
        """What the timer does: apply what is due. How many."""
        sent = 0
        for action in list(self.actions.values()):
            if action["state"] == "waiting" and action["due"] <= self._world.clock.now():
                self._apply(action)
                sent += 1
        return sent

    def _apply(self, action: dict[str, Any]) -> None:
        payload = self._world.payloads[action["referral"]]
        ask: Ask = action["ask"]
        if payload["status"] != "Active":
            action["state"] = "conflict"
            return
        details = payload["details"]
        for name, seen in action["seen"].items():
            have = (
                payload.get(name)
                if name in {"status", "substatus", "salesStage", "externalReferenceId"}
                else details.get(name)
            )
            if not _same(have, seen) and not _same(have, ask.changes.get(name)):
                action["state"] = "conflict"
                return
        changed = {name: _plain(value) for name, value in ask.changes.items()}
        details = {
            **details,
            **{name: value for name, value in changed.items() if name in {"dealValue", "currency", "closingDateTime"}},
        }
        more = {name: value for name, value in changed.items() if name in {"salesStage", "externalReferenceId"}}
        if ask.action in {"win", "lose"}:
            more |= {"status": "Closed", "substatus": "Won" if ask.action == "win" else "Lost"}
        action["state"] = "applied"
        self.writes += 1
        self._world.put({**payload, **more, "details": details})


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
        return Decimal(str(left)) == Decimal(str(right))
    return (left or None) == (right or None)


class GivenToken:
    """A token as Entra would give it, without asking; how tokens are had is tested by itself."""

    def __init__(self, crm: DynamicsSimulator) -> None:
        self._crm = crm

    def token(self, *, renew: bool = False) -> str:
        """The token."""
        return self._crm.entra.token(CLIENT_ID, self._crm.url)


class World:
    """Everything together."""

    def __init__(self, crm: DynamicsSimulator, storage: str, **settings: str) -> None:
        self.crm = crm
        self.clock = ManualClock(datetime.now(UTC))
        self.settings: Settings = load(
            {
                "HUNTER_STORAGE": storage,
                "HUNTER_WRITE_ENABLED": "true",
                **crm.settings(),
                **settings,
            }
        )
        self.store = TableStore.from_settings(self.settings, self.clock)
        self.pc = PartnerCenter(self)
        self.payloads: dict[str, dict[str, Any]] = {}
        self.dynamics = Dynamics(
            self.settings,
            self.store,
            self.clock,
            read_model=ReadModel(self.store),
            actions=lambda: self.pc,
            tokens=GivenToken(crm),
        )
        self.desk = CrmDesk(self.dynamics)

    def put(self, *payloads: dict[str, Any]) -> None:
        """Store referrals as a sync would."""
        for payload in payloads:
            self.payloads[payload["id"]] = payload
            raw = msgspec.json.encode(payload)
            summary = summarise(read_record(raw), [])
            row, _ = to_row(summary, raw.decode(), content_hash(raw), "00", 1)
            self.store.table("Referrals").replace(row, None)
        self.store.table(VERSIONS).replace(version_row(), None)

    def change(self, referral_id: str, **more: Any) -> None:
        """Partner Center's side changes a referral."""
        payload = self.payloads[referral_id]
        details = {**payload["details"], **more.pop("details", {})}
        self.put({**payload, **more, "details": details})

    def run(self, scope: Any = "all", **options: Any) -> Ran:
        """One run."""
        return self.dynamics.run(scope, **options)

    def settle(self, most: int = 8) -> int:
        """Run and send until nothing moves; how many rounds."""
        for rounds in range(most):
            self.crm.store.writes.clear()
            before = self.pc.writes
            self.run()
            self.clock.advance(16 * 60)
            self.pc.send_due()
            if not self.crm.store.writes and self.pc.writes == before and rounds:
                return rounds
        return most

    def link(self, referral_id: str) -> Link:
        """The link of a referral."""
        stored = crm_links.load(self.store, referral_id)
        assert stored is not None
        return stored.link

    def records(self, table: str = "opportunity") -> list[dict[str, Any]]:
        """The rows of a table in the CRM."""
        return self.crm.rows(table)

    def record(self, referral_id: str) -> dict[str, Any]:
        """The record of a referral as it is in the CRM."""
        link = self.link(referral_id)
        return self.crm.store.rows[str(link.table)][str(link.record_id)]
