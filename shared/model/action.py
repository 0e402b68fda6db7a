"""One action of a person on a referral: what is recorded before it is sent, kept for good, and shown."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from shared.model import times

ActionKind = Literal["accept", "decline", "win", "lose", "update"]
ActionState = Literal["waiting", "sending", "unconfirmed", "applied", "refused", "conflict", "failed", "cancelled"]

KINDS: Final[tuple[ActionKind, ...]] = ("accept", "decline", "win", "lose", "update")
STATES: Final[tuple[ActionState, ...]] = (
    "waiting",
    "sending",
    "unconfirmed",
    "applied",
    "refused",
    "conflict",
    "failed",
    "cancelled",
)
ENDS: Final = frozenset({"applied", "refused", "conflict", "failed", "cancelled"})
TOO_LATE: Final = timedelta(minutes=15)
"""What is not sent this long after its time is not sent any more: the person is asked again."""
_STAMP: Final = "%Y%m%d%H%M%S%f"
_LARGEST: Final = 10**20 - 1


class Who(msgspec.Struct, frozen=True):
    """Who acted: a person's opaque id and name, or another system of ours."""

    id: str
    name: str


DYNAMICS_365: Final = Who("dynamics365", "Dynamics 365")
"""Who acts when the CRM changed something."""


class Conflict(msgspec.Struct, frozen=True):
    """A field that changed since the person saw it; values as answers carry them."""

    field: str
    seen: Any
    theirs: Any
    yours: Any


class ActionFault(msgspec.Struct, frozen=True, rename="camel"):
    """Why an action did not go through: a stable code, a sentence, and the id under which the log has the details."""

    code: str
    message: str
    correlation_id: str | None = None


class Action(msgspec.Struct, rename="camel", kw_only=True):
    """An action. Times are texts of ``model.times``; amounts are decimals."""

    id: str
    batch_id: str | None = None
    referral_id: str
    referral_name: str | None = None
    action: ActionKind
    changes: dict[str, Any] = {}
    reason: str | None = None
    remark: str | None = None
    state: ActionState
    already_done: bool = False
    who: Who
    created_at: str
    not_before: str
    finished_at: str | None = None
    tries: int = 0
    """How often a change was sent to Partner Center."""
    error: ActionFault | None = None
    conflicts: list[Conflict] = []
    request: list[dict[str, Any]] = []
    """The JSON Patch that was sent last, or would be."""

    # What only we need to know.
    seen: dict[str, Any] = {}
    """What the person saw of each field that the action is about: the values before it."""
    intent: str
    """The one id that every request to Partner Center for this action carries."""
    looks: int = 0
    """How often an unconfirmed one was looked at."""
    maybe_sent: bool = False
    """Whether a change was sent of which nobody knows what became of it."""
    accepted: bool = False
    """Whether Partner Center said that it would do it later (202), so that it may not be sent again."""
    confirmed: bool = False
    """Whether Partner Center said that it did it (200, 204), so that only the reading is left."""

    @property
    def ended(self) -> bool:
        """Whether nothing more becomes of it by itself."""
        return self.state in ENDS

    @property
    def row_key(self) -> str:
        """Where it is kept."""
        return self.id

    @property
    def remark_line(self) -> str | None:
        """The line that is put behind the notes."""
        return f"[{self.created_at[:10]}] {self.remark}" if self.remark else None

    def is_too_late(self, now: datetime) -> bool:
        """Whether its time has passed for good."""
        return now >= times.to_datetime(self.not_before) + TOO_LATE


class Batch(msgspec.Struct, rename="camel", kw_only=True):
    """One action on many referrals, asked for at once."""

    id: str
    action: ActionKind
    who: Who
    at: str
    total: int
    cancelled: bool = False


_encoder = msgspec.json.Encoder(decimal_format="number")
_actions = msgspec.json.Decoder(Action, float_hook=Decimal)
_batches = msgspec.json.Decoder(Batch)


def encode(record: Action | Batch) -> str:
    """A record as text, amounts with the digits they have."""
    return _encoder.encode(record).decode()


def decode_action(text: str | bytes) -> Action:
    """An action that ``encode`` wrote. Raises msgspec.MsgspecError."""
    return _actions.decode(text)


def decode_batch(text: str | bytes) -> Batch:
    """A batch that ``encode`` wrote. Raises msgspec.MsgspecError."""
    return _batches.decode(text)


def new_id(now: datetime) -> str:
    """An id for an action or a batch: the newest sorts first, and it tells when it was made."""
    return f"{stamp_of(now)}-{secrets.token_hex(6)}"


def stamp_of(now: datetime) -> str:
    """What ids made at this time begin with."""
    return f"{_LARGEST - int(f'{now:{_STAMP}}'):020d}"


def new_intent() -> str:
    """An id for the requests of an action."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Whether it could be an action's or a batch's id."""
    stamp, dash, tail = text.partition("-")
    return (
        dash == "-"
        and len(stamp) == 20
        and stamp.isascii()
        and stamp.isdigit()
        and len(tail) == 12
        and all(letter in "0123456789abcdef" for letter in tail)
    )
