"""What came, as tests ask for it and the page shows it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Via = Literal["teams", "graph", "acs"]


@dataclass
class Message:
    """One message that was taken.

    ``to`` is the Workflows address's last part, or the mail's recipients; ``problem`` is what a flow would fail with after
    its 202, empty where it would post the card; ``content`` the body as it was sent.
    """

    id: int
    via: Via
    to: list[str]
    subject: str
    text: str
    html: str
    content: Any
    problem: str = ""
    sender: str = ""
    key: str = ""
    """ACS's Operation-Id; empty elsewhere."""
    headers: dict[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_dict(self) -> dict[str, Any]:
        """For GET /control/messages."""
        return {**self.__dict__, "at": self.at.isoformat()}


@dataclass(frozen=True)
class Attempt:
    """One request that was made, whatever was answered: nothing of its body, no token. ``status`` 0 is a broken connection."""

    kind: str
    path: str
    status: int
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        """For GET /control/requests."""
        return {**self.__dict__, "at": self.at.isoformat()}
