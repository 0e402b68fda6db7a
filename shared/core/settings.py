"""The app's settings: names, defaults, meaning, and all problems at once, by name and never with a value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from croniter import croniter
from cryptography.fernet import Fernet

from shared.core.errors import ConfigurationError, FeatureDisabled

PUBLIC_API_URL = "https://api.partner.microsoft.com"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Setting:
    """One setting as the documents list it."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUNTER_PARTNER_CENTER_ENABLED", "false", "Feature flag. Off: no sync and no sign-in; reading still works."
    ),
    Setting("HUNTER_PARTNER_CENTER_API_URL", PUBLIC_API_URL, "The referrals API; http only for a loopback host."),
    Setting("HUNTER_PARTNER_CENTER_TENANT_ID", "", "Entra tenant of the application; required when enabled."),
    Setting("HUNTER_PARTNER_CENTER_CLIENT_ID", "", "Entra application id; required when enabled."),
    Setting(
        "HUNTER_PARTNER_CENTER_CLIENT_SECRET",
        "",
        "Set: confidential client, sign-in by authorization code. Unset: public client, sign-in by device code.",
        secret=True,
    ),
    Setting("HUNTER_PARTNER_CENTER_AUTHORITY", "https://login.microsoftonline.com", "Entra's host; https."),
    Setting("HUNTER_PARTNER_CENTER_SCOPE", f"{PUBLIC_API_URL}/.default", "The scope that is asked for."),
    Setting(
        "HUNTER_PARTNER_CENTER_SYNC_SCHEDULE", "0 */10 * * * *", "When the timer syncs: NCRONTAB, six fields, UTC."
    ),
    Setting("HUNTER_PARTNER_CENTER_FULL_SYNC_HOURS", "24", "A full walk when the last one is older than this."),
    Setting(
        "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS",
        "0.2",
        "Least time between two requests of a run to Partner Center.",
    ),
    Setting("HUNTER_PARTNER_CENTER_OVERLAP_MINUTES", "60", "How far an incremental walk reads behind the watermark."),
    Setting(
        "HUNTER_STORAGE",
        "",
        "Connection string of the data's Table Storage; or give HUNTER_STORAGE__tableServiceUri.",
        secret=True,
    ),
    Setting("HUNTER_STORAGE__tableServiceUri", "", "Address of the table service, reached by managed identity."),
    Setting("HUNTER_STORAGE__clientId", "", "Client id of a user-assigned identity for the table service."),
    Setting(
        "HUNTER_TOKEN_CACHE_KEY",
        "",
        "Fernet key of the token cache, or several, comma separated: the first encrypts, all decrypt. Required when enabled.",
        secret=True,
    ),
    Setting("HUNTER_TENANT_LOOKUP_ENABLED", "true", "Ask Entra which tenant a company's domain belongs to."),
    Setting(
        "HUNTER_PARTNER_DOMAINS", "", "The partner's own domains, comma separated, besides the signed-in account's."
    ),
    Setting("HUNTER_ROLE_READ", "Referrals.Read", "App role that may read."),
    Setting("HUNTER_ROLE_OPERATE", "Referrals.Operate", "App role that may sync, sign in and link; reads too."),
    Setting(
        "HUNTER_RETENTION_MONTHS",
        "0",
        "Blank the contacts of referrals closed for that many months; 0 keeps them.",
    ),
)
_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
_PC = "HUNTER_PARTNER_CENTER_"


@dataclass(frozen=True)
class Problem:
    """What is wrong with one setting: its name and a sentence that says what to do. Never the value."""

    name: str
    message: str


@dataclass(frozen=True, repr=False)
class Settings:
    """All settings, read once. Values that could not be read hold their default, and ``problems`` names them."""

    enabled: bool
    api_url: str
    tenant_id: str
    client_id: str
    client_secret: str
    authority: str
    scope: str
    sync_schedule: str
    full_sync_hours: float
    page_interval_seconds: float
    overlap_minutes: float
    storage: str
    storage_uri: str
    storage_client_id: str
    token_cache_keys: tuple[str, ...]
    tenant_lookup_enabled: bool
    partner_domains: tuple[str, ...]
    role_read: str
    role_operate: str
    retention_months: int
    problems: tuple[Problem, ...]

    def __repr__(self) -> str:
        """Without a single value: settings hold secrets, and representations end in logs."""
        return f"Settings(enabled={self.enabled}, problems={len(self.problems)})"

    def require_partner_center(self) -> None:
        """Make sure that a sync or a sign-in can start.

        Raises:
            FeatureDisabled: the feature flag is off.
            ConfigurationError: something that Partner Center, Entra or storage needs is missing or wrong; names all of it.
        """
        if "HUNTER_PARTNER_CENTER_ENABLED" not in {problem.name for problem in self.problems} and not self.enabled:
            raise FeatureDisabled
        if self.problems:
            raise ConfigurationError(sentence(self.problems))

    def require_storage(self) -> None:
        """Make sure that stored data can be reached.

        Raises:
            ConfigurationError: no usable storage setting.
        """
        wrong = [problem for problem in self.problems if problem.name.startswith("HUNTER_STORAGE")]
        if wrong:
            raise ConfigurationError(sentence(wrong))


def sentence(problems: tuple[Problem, ...] | list[Problem]) -> str:
    """All problems as one text for people."""
    return " ".join(f"{problem.name}: {problem.message}" for problem in problems)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment; never raises, see ``Settings.problems``."""
    return _Reader(os.environ if environ is None else environ).settings()


class _Reader:
    """Reads one setting after the other and collects what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[Problem] = []

    def settings(self) -> Settings:
        enabled = self._boolean(f"{_PC}ENABLED")
        authority = self._url(f"{_PC}AUTHORITY", loopback_http=False)
        api_url = self._url(f"{_PC}API_URL", loopback_http=True)
        storage, storage_uri = self._storage()
        return Settings(
            enabled=enabled,
            api_url=api_url,
            tenant_id=self._identifier(f"{_PC}TENANT_ID", required=enabled),
            client_id=self._identifier(f"{_PC}CLIENT_ID", required=enabled),
            client_secret=self._text(f"{_PC}CLIENT_SECRET"),
            authority=authority,
            scope=self._text(f"{_PC}SCOPE") or _DEFAULTS[f"{_PC}SCOPE"],
            sync_schedule=self._schedule(f"{_PC}SYNC_SCHEDULE"),
            full_sync_hours=self._number(f"{_PC}FULL_SYNC_HOURS", 0.1, 24 * 31),
            page_interval_seconds=self._number(f"{_PC}PAGE_INTERVAL_SECONDS", 0, 60),
            overlap_minutes=self._number(f"{_PC}OVERLAP_MINUTES", 0, 7 * 24 * 60),
            storage=storage,
            storage_uri=storage_uri,
            storage_client_id=self._text("HUNTER_STORAGE__clientId"),
            token_cache_keys=self._keys("HUNTER_TOKEN_CACHE_KEY", required=enabled),
            tenant_lookup_enabled=self._boolean("HUNTER_TENANT_LOOKUP_ENABLED"),
            partner_domains=self._domains("HUNTER_PARTNER_DOMAINS"),
            role_read=self._text("HUNTER_ROLE_READ") or _DEFAULTS["HUNTER_ROLE_READ"],
            role_operate=self._text("HUNTER_ROLE_OPERATE") or _DEFAULTS["HUNTER_ROLE_OPERATE"],
            retention_months=int(self._number("HUNTER_RETENTION_MONTHS", 0, 1200)),
            problems=tuple(self._problems),
        )

    def _text(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def _problem(self, name: str, message: str) -> None:
        self._problems.append(Problem(name, message))

    def _boolean(self, name: str) -> bool:
        text = (self._text(name) or _DEFAULTS[name]).lower()
        if text in {"true", "1", "yes", "on"}:
            return True
        if text not in {"false", "0", "no", "off"}:
            self._problem(name, "Set it to true or false.")
        return False

    def _number(self, name: str, least: float, most: float) -> float:
        try:
            value = float(self._text(name) or _DEFAULTS[name])
        except ValueError:
            value = float("nan")
        if least <= value <= most:
            return value
        self._problem(name, f"Set it to a number from {least:g} to {most:g}.")
        return float(_DEFAULTS[name])

    def _url(self, name: str, *, loopback_http: bool) -> str:
        text = (self._text(name) or _DEFAULTS[name]).rstrip("/")
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host = ""
        if not host or parts.query or parts.fragment or parts.username or parts.password:
            self._problem(name, "Set it to an address such as https://host, without a user name or a query.")
            return _DEFAULTS[name]
        if parts.scheme == "https" or (loopback_http and parts.scheme == "http" and host in LOOPBACK_HOSTS):
            return text
        self._problem(name, "Use https" + (" (http is taken for 127.0.0.1 alone)." if loopback_http else "."))
        return _DEFAULTS[name]

    def _identifier(self, name: str, *, required: bool) -> str:
        text = self._text(name)
        if not text and required:
            self._problem(name, "It is required when the sync is enabled. Copy it from the app registration in Entra.")
        elif text and not all(letter.isalnum() or letter in "-._" for letter in text):
            self._problem(name, "It has characters that no Entra id or domain has. Copy it from the app registration.")
            return ""
        return text

    def _schedule(self, name: str) -> str:
        text = " ".join((self._text(name) or _DEFAULTS[name]).split())
        if len(text.split(" ")) == 6 and croniter.is_valid(text, second_at_beginning=True):
            return text
        self._problem(name, "Set it to an NCRONTAB expression of six fields, such as 0 */10 * * * *.")
        return _DEFAULTS[name]

    def _keys(self, name: str, *, required: bool) -> tuple[str, ...]:
        keys = tuple(part.strip() for part in self._text(name).split(",") if part.strip())
        if not keys and required:
            self._problem(name, "It is required when the sync is enabled. docs/deploy.md shows how to make a key.")
        for key in keys:
            try:
                Fernet(key)
            except ValueError:
                self._problem(
                    name, "It is no Fernet key (32 bytes in url-safe base64). docs/deploy.md shows how to make one."
                )
                return ()
        return keys

    def _domains(self, name: str) -> tuple[str, ...]:
        domains = tuple(part.strip().lower().lstrip("@") for part in self._text(name).split(",") if part.strip())
        if all("." in domain and not set(domain) & set("/@: ") for domain in domains):
            return domains
        self._problem(name, "Give domains such as contoso.com, separated by commas.")
        return ()

    def _storage(self) -> tuple[str, str]:
        connection, uri = self._text("HUNTER_STORAGE"), self._text("HUNTER_STORAGE__tableServiceUri").rstrip("/")
        if connection:
            fields = {part.partition("=")[0].strip().lower() for part in connection.split(";") if part.strip()}
            if fields & {"accountname", "tableendpoint"} or connection.lower() == "usedevelopmentstorage=true":
                return connection, ""
            self._problem("HUNTER_STORAGE", "It is no storage connection string.")
        elif uri:
            parts = urlsplit(uri)
            if parts.hostname and (parts.scheme == "https" or parts.hostname in LOOPBACK_HOSTS):
                return "", uri
            self._problem(
                "HUNTER_STORAGE__tableServiceUri",
                "Set it to an address such as https://account.table.core.windows.net.",
            )
        else:
            self._problem("HUNTER_STORAGE", "Set it to a connection string, or set HUNTER_STORAGE__tableServiceUri.")
        return "", ""
