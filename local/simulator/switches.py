"""How the simulator behaves where the real service is unknown, odd, or failing: one place, changed at any time.

Set in process (`sim.switches.role = "user"`) or by `POST /control/switches` with the same names in either case style.
"""

import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin

NextLink = Literal["odd", "well_formed", "public", "evil", "evil_userinfo", "evil_suffix", "repeating"]


@dataclass
class Switches:
    """Every switch with its default. README.md of this package says what each does."""

    # Referrals API
    page_size: int = 100
    paging: Literal["key", "offset"] = "key"
    next_link: NextLink = "odd"
    empty_page_every: int = 0
    last_page_link: bool = False
    top: Literal["total", "page"] = "total"
    date_filters: bool = False
    list_etags: bool = True
    absent: Literal[403, 404] = 404
    expired_token_status: Literal[400, 410] = 400
    role: Literal["admin", "user", "none"] = "admin"
    user_may_write: bool = False
    gzip: bool = False
    # Writing
    name_path: bool = False
    closed_status: Literal[400, 409] = 400
    reason_required: bool = True
    absent_replace: Literal["ok", "refuse"] = "ok"
    representation: bool = True
    notes_length: int = 5000
    text_length: int = 255
    # Sign-in
    auto_approve: bool = False
    device_code_lifetime: int = 900
    device_code_interval: int = 5
    access_token_lifetime: int = 3600
    rotation_kills_old: bool = False
    account_claim: str = "preferred_username"
    """The claim of ID tokens that names the account: tenants differ in it."""
    mfa: bool = True
    require_mfa: bool = True
    require_secret: bool = True
    # Webhooks
    webhook_names: Literal["camel", "pascal"] = "camel"
    webhook_none: Literal["404", "empty"] = "404"
    webhook_role: bool = True
    webhook_consent: bool = True
    webhook_signature: Literal["scheme", "bare"] = "scheme"
    webhook_silence: bool = False
    # Which tenant a domain belongs to
    discovery: Literal["ok", "slow", "fail", "refuse"] = "ok"
    discovery_delay: float = 5.0

    def update(self, values: dict[str, Any]) -> None:
        """Set several at once, all or none. Raises ValueError that names an unknown switch or a wrong value."""
        known = {field.name: field.type for field in fields(self)}
        checked: dict[str, Any] = {}
        for given, value in values.items():
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", given).lower()
            if name not in known:
                raise ValueError(f"There is no switch {given}.")
            if not _fits(value, known[name]):
                raise ValueError(f"{value!r} is no value for the switch {given}.")
            checked[name] = value
        for name, value in checked.items():
            setattr(self, name, value)

    def reset(self) -> None:
        """Back to the defaults."""
        for name, value in asdict(Switches()).items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """All switches by name."""
        return asdict(self)


def _fits(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind
