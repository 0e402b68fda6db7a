"""What can be wrong with a setting, in sentences that say what to do; clients with another language know them by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_OF_FEATURES: Final = (
    "HUNTER_WRITE_",
    "HUNTER_UNDO_",
    "HUNTER_TEAMS_",
    "HUNTER_MAIL_",
    "HUNTER_PUBLIC_",
    "HUNTER_WEBHOOK_",
    "HUNTER_PARTNER_CENTER_WEBHOOK_",
    "HUNTER_DYNAMICS_",
)
"""Settings that only a feature of their own needs: wrong, they stop that feature and nothing else."""

SENTENCES: Final[Mapping[str, str]] = {
    "mail_from": "It is required when mail is sent. Give the sender's address.",
    "mail_address": "Give one address such as referrals@contoso.com.",
    "mail_endpoint": "It is required with acs. Copy it from the Communication Services resource.",
    "dynamics_url": "It is required when Dynamics 365 is enabled. Copy the environment's address.",
    "choice": "Set it to {allowed} or {last}.",
    "boolean": "Set it to true or false.",
    "number": "Set it to a number from {least} to {most}.",
    "whole_number": "Set it to a whole number from {least} to {most}.",
    "address": "Set it to an address such as {example}, without a user name or a query.",
    "host_alone": "Set it to the host alone, such as {example}, without a path behind it.",
    "https": "Use https.",
    "https_or_loopback": "Use https (http is accepted for a loopback host only).",
    "hosts": "Give host names without a port, such as {example}, separated by commas.",
    "hosts_with_ports": "Give host or host:port, separated by commas.",
    "domains": "Give domains such as contoso.com, separated by commas.",
    "registration": "It is required when the sync is enabled. Copy it from the app registration in Entra.",
    "with_secret": "It is required with a client secret. Copy it from the app registration in Entra.",
    "characters": "It contains characters that no Entra id or domain has. Copy it from the app registration.",
    "schedule": "Set it to an NCRONTAB expression of six fields whose time comes, such as 0 */10 * * * *.",
    "key": "It is required when the sync is enabled. docs/deploy.md shows how to make a key.",
    "not_a_key": "This is not a Fernet key (32 bytes in URL-safe Base64). docs/deploy.md shows how to make one.",
    "key_vault": (
        "Its Key Vault reference can't be resolved. Check that the secret exists and that the "
        "app's identity has the role Key Vault Secrets User; then restart the app."
    ),
    "storage": "Set it to a connection string, or set HUNTER_STORAGE__tableServiceUri.",
    "connection_string": "This is not a storage connection string.",
    "table_address": "Set it to an address such as {example}.",
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one setting: its name, the name of the sentence, and what that names. Never the value."""

    name: str
    phrase: str
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What to do, as a sentence."""
        return SENTENCES[self.phrase].format_map(self.details)

    @property
    def stops_sync(self) -> bool:
        """Whether nothing can be read from Partner Center before it is mended."""
        return not self.name.startswith(_OF_FEATURES)
