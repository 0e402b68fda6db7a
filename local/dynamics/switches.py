"""How the simulator behaves where the real service is unknown, configurable or failing."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

ALL_PRIVILEGES = ("Read", "Create", "Write", "Append", "AppendTo")


@dataclass
class Switches:
    """Every switch with its default."""

    refuse_read_only: bool = False
    money_needs_currency: bool = False
    plugin_text: str = "Customer rule: a lead needs a cost centre."
    duplicate_status: int = 412
    key_polls: int = 2
    """How often a new key is looked at before its index is Active."""
    key_fails: bool = False
    tracking_expired: bool = False
    """Whether marks of change tracking are too old."""
    entity_id_with_representation: bool = True
    html_401: bool = False
    customiser: bool = True
    """Whether the caller may make columns and keys."""
    public_client: bool = True
    """Whether the application that a person signs in through allows public flows."""
    device_sign_in: str = "approved"
    """How a sign-in with a device code ends: approved, declined or expired."""
    connector: bool = False
    """Whether Microsoft's own connector is installed."""
    denied: list[str] = field(default_factory=list)
    """Privileges the role lacks, such as prvCreateLead."""
    member: bool = True
    roles: bool = True
    token_lifetime: int = 3599
    concurrent_limit: int = 52
    page_size: int = 5000

    def update(self, values: dict[str, Any]) -> None:
        """Set several. Raises ValueError for a name that is none."""
        known = {each.name for each in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no switch {name}.")
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """All switches by name."""
        return asdict(self)
