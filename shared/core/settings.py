"""The app's settings: names, defaults, meaning, and all problems at once, by name and never with a value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from shared.core.errors import (
    ConfigurationError,
    DynamicsDisabled,
    FeatureDisabled,
    HunterError,
    WebhookDisabled,
    WritingDisabled,
)
from shared.core.schedule import is_schedule
from shared.core.setting_forms import (
    LOOPBACK_HOSTS,
    address_of,
    is_domain,
    is_host_entry,
    is_identifier,
    is_mail,
    is_secure,
)
from shared.core.setting_list import SETTINGS
from shared.core.setting_problems import Problem

_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
_PC = "HUNTER_PARTNER_CENTER_"
_UNRESOLVED = "@Microsoft.KeyVault("


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
    role_write: str
    role_operate: str
    retention_months: int
    write_enabled: bool
    undo_seconds: float
    public_url: str
    teams_hosts: tuple[str, ...]
    mail_via: str
    mail_from: str
    mail_endpoint: str
    mail_client_id: str
    webhook_enabled: bool
    webhook_url: str
    webhook_certificate_hosts: tuple[str, ...]
    webhook_certificate_subjects: tuple[str, ...]
    dynamics_enabled: bool
    dynamics_url: str
    dynamics_tenant_id: str
    dynamics_client_id: str
    dynamics_client_secret: str
    dynamics_setup_client_id: str
    dynamics_setup_secret: str
    dynamics_authority: str
    dynamics_push: str
    dynamics_app_id: str
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
        wrong = [problem for problem in self.problems if problem.stops_sync]
        if wrong:
            raise ConfigurationError(sentence(wrong))

    @property
    def problems_of_features(self) -> list[Problem]:
        """What is wrong with settings that no sync needs."""
        return [problem for problem in self.problems if not problem.stops_sync]

    def require_writing(self) -> None:
        """Make sure that an action may be sent.

        Raises:
            WritingDisabled: HUNTER_WRITE_ENABLED is off.
            FeatureDisabled, ConfigurationError: as for ``require_partner_center``, and for the undo window.
        """
        self._require(WritingDisabled, enabled=self.write_enabled, names=("HUNTER_WRITE_", "HUNTER_UNDO_"))
        self.require_partner_center()

    def require_webhook(self) -> None:
        """Make sure that events may come in.

        Raises:
            WebhookDisabled: HUNTER_WEBHOOK_ENABLED is off.
            ConfigurationError: a setting of the webhook is wrong.
        """
        names = ("HUNTER_WEBHOOK_", f"{_PC}WEBHOOK_", "HUNTER_PUBLIC_")
        self._require(WebhookDisabled, enabled=self.webhook_enabled, names=names)

    def require_dynamics(self) -> None:
        """Make sure that Dynamics 365 may be asked.

        Raises:
            DynamicsDisabled: HUNTER_DYNAMICS_ENABLED is off.
            ConfigurationError: a setting of Dynamics 365 is missing or wrong.
        """
        self._require(DynamicsDisabled, enabled=self.dynamics_enabled, names=("HUNTER_DYNAMICS_",))

    def require_mail(self) -> None:
        """Make sure that no setting of mail is missing or wrong. Raises ConfigurationError."""
        wrong = [problem for problem in self.problems if problem.name.startswith("HUNTER_MAIL_")]
        if wrong:
            raise ConfigurationError(sentence(wrong))

    def _require(self, disabled: type[HunterError], *, enabled: bool, names: tuple[str, ...]) -> None:
        wrong = [problem for problem in self.problems if problem.name.startswith(names)]
        if not enabled and not any(problem.name.endswith("_ENABLED") for problem in wrong):
            raise disabled
        if wrong:
            raise ConfigurationError(sentence(wrong))

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


class _Mail(TypedDict):
    mail_via: str
    mail_from: str
    mail_endpoint: str
    mail_client_id: str


class _Dynamics(TypedDict):
    dynamics_enabled: bool
    dynamics_url: str
    dynamics_tenant_id: str
    dynamics_client_id: str
    dynamics_client_secret: str
    dynamics_setup_client_id: str
    dynamics_setup_secret: str
    dynamics_authority: str
    dynamics_push: str
    dynamics_app_id: str


class _Reader:
    """Reads one setting after the other and collects what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[Problem] = []

    def settings(self) -> Settings:
        enabled = self._boolean(f"{_PC}ENABLED")
        authority = self._url(f"{_PC}AUTHORITY", loopback_http=False, path=False)
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
            role_write=self._text("HUNTER_ROLE_WRITE") or _DEFAULTS["HUNTER_ROLE_WRITE"],
            role_operate=self._text("HUNTER_ROLE_OPERATE") or _DEFAULTS["HUNTER_ROLE_OPERATE"],
            retention_months=int(self._number("HUNTER_RETENTION_MONTHS", 0, 1200, whole=True)),
            write_enabled=self._boolean("HUNTER_WRITE_ENABLED"),
            undo_seconds=self._number("HUNTER_UNDO_SECONDS", 0, 120),
            public_url=self._public_url(),
            teams_hosts=self._hosts("HUNTER_TEAMS_HOSTS", ports=False),
            **self._mail(),
            webhook_enabled=self._boolean("HUNTER_WEBHOOK_ENABLED"),
            webhook_url=self._url(f"{_PC}WEBHOOK_URL", loopback_http=True),
            webhook_certificate_hosts=self._hosts("HUNTER_WEBHOOK_CERTIFICATE_HOSTS", ports=True),
            webhook_certificate_subjects=self._hosts("HUNTER_WEBHOOK_CERTIFICATE_SUBJECTS", ports=False),
            **self._dynamics(authority),
            problems=tuple(self._problems),
        )

    def _mail(self) -> _Mail:
        via = self._choice("HUNTER_MAIL_VIA", ("none", "graph", "acs"))
        sender = self._text("HUNTER_MAIL_FROM")
        if via != "none" and not sender:
            self._problem("HUNTER_MAIL_FROM", "mail_from")
        elif sender and not is_mail(sender):
            self._problem("HUNTER_MAIL_FROM", "mail_address")
            sender = ""
        endpoint = "https://graph.microsoft.com" if via == "graph" else ""
        if self._text("HUNTER_MAIL_ENDPOINT"):
            endpoint = self._url("HUNTER_MAIL_ENDPOINT", loopback_http=True)
        elif via == "acs":
            self._problem("HUNTER_MAIL_ENDPOINT", "mail_endpoint")
        identity = self._text("HUNTER_MAIL_CLIENT_ID") or self._text("HUNTER_STORAGE__clientId")
        return _Mail(mail_via=via, mail_from=sender, mail_endpoint=endpoint, mail_client_id=identity)

    def _dynamics(self, authority: str) -> _Dynamics:
        names = "HUNTER_DYNAMICS_"
        enabled = self._boolean(f"{names}ENABLED")
        url = self._url(f"{names}URL", loopback_http=True, path=False) if self._text(f"{names}URL") else ""
        if enabled and not self._text(f"{names}URL"):
            self._problem(f"{names}URL", "dynamics_url")
        client_id = self._identifier(f"{names}CLIENT_ID", required=False)
        tenant_id = self._identifier(f"{names}TENANT_ID", required=False) or self._text(f"{_PC}TENANT_ID")
        secret = self._text(f"{names}CLIENT_SECRET")
        for name, value in ((f"{names}CLIENT_ID", client_id), (f"{names}TENANT_ID", tenant_id)):
            if enabled and secret and not value:
                self._problem(name, "with_secret")
        return _Dynamics(
            dynamics_enabled=enabled,
            dynamics_url=url,
            dynamics_tenant_id=tenant_id,
            dynamics_client_id=client_id,
            dynamics_client_secret=secret,
            dynamics_setup_client_id=self._identifier(f"{names}SETUP_CLIENT_ID", required=False),
            dynamics_setup_secret=self._text(f"{names}SETUP_SECRET"),
            dynamics_authority=self._url(f"{names}AUTHORITY", loopback_http=False, path=False)
            if self._text(f"{names}AUTHORITY")
            else authority,
            dynamics_push=self._choice(f"{names}PUSH", ("manual", "accepted", "all")),
            dynamics_app_id=self._identifier(f"{names}APP_ID", required=False),
        )

    def _public_url(self) -> str:
        """What is set, else what the platform says; Core Tools and the local host say a loopback name with its port."""
        given = self._text("HUNTER_PUBLIC_URL") and self._url("HUNTER_PUBLIC_URL", loopback_http=True)
        if given:
            return given
        address = f"https://{self._text('WEBSITE_HOSTNAME') or '127.0.0.1:7071'}"
        parts = address_of(address)
        return f"http://{parts.netloc}" if parts and parts.hostname in LOOPBACK_HOSTS else address

    def _choice(self, name: str, allowed: tuple[str, ...]) -> str:
        text = (self._text(name) or _DEFAULTS[name]).lower()
        if text in allowed:
            return text
        self._problem(name, "choice", allowed=", ".join(allowed[:-1]), last=allowed[-1])
        return _DEFAULTS[name]

    def _listed(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip().lower() for part in (self._text(name) or _DEFAULTS[name]).split(",") if part.strip())

    def _hosts(self, name: str, *, ports: bool) -> tuple[str, ...]:
        """Host names, comma separated, each with a port where that is allowed."""
        hosts = self._listed(name)
        if hosts and all(is_host_entry(host, port=ports) for host in hosts):
            return hosts
        usual = tuple(_DEFAULTS[name].split(","))
        if ports:
            self._problem(name, "hosts_with_ports")
        else:
            self._problem(name, "hosts", example=usual[0])
        return usual

    def _text(self, name: str) -> str:
        text = self._environ.get(name, "").strip()
        if text.startswith(_UNRESOLVED):  # the platform hands the reference itself on when it can't follow it
            self._problem(name, "key_vault")
            return ""
        return text

    def _problem(self, name: str, phrase: str, **details: str) -> None:
        if name not in {problem.name for problem in self._problems}:  # the first says what is to be done first
            self._problems.append(Problem(name, phrase, details))

    def _boolean(self, name: str) -> bool:
        text = (self._text(name) or _DEFAULTS[name]).lower()
        if text in {"true", "1", "yes", "on"}:
            return True
        if text not in {"false", "0", "no", "off"}:
            self._problem(name, "boolean")
        return False

    def _number(self, name: str, least: float, most: float, *, whole: bool = False) -> float:
        try:
            value = float(self._text(name) or _DEFAULTS[name])
        except ValueError:
            value = float("nan")
        if least <= value <= most and (value.is_integer() or not whole):
            return value
        self._problem(name, "whole_number" if whole else "number", least=f"{least:g}", most=f"{most:g}")
        return float(_DEFAULTS[name])

    def _url(self, name: str, *, loopback_http: bool, path: bool = True) -> str:
        """An address; one that goes on behind its host only where that may be, and on this machine, as simulators do."""
        text = (self._text(name) or _DEFAULTS[name]).rstrip("/")
        parts = address_of(text)
        if parts is None or (parts.path and not path and parts.hostname not in LOOPBACK_HOSTS):
            self._problem(name, "address" if parts is None else "host_alone", example="https://host")
            return _DEFAULTS[name]
        if is_secure(parts, loopback_http=loopback_http):
            return text
        self._problem(name, "https_or_loopback" if loopback_http else "https")
        return _DEFAULTS[name]

    def _identifier(self, name: str, *, required: bool) -> str:
        text = self._text(name)
        if not text and required:
            self._problem(name, "registration")
        elif text and not is_identifier(text):
            self._problem(name, "characters")
            return ""
        return text

    def _schedule(self, name: str) -> str:
        text = " ".join((self._text(name) or _DEFAULTS[name]).split())
        if is_schedule(text):
            return text
        self._problem(name, "schedule")
        return _DEFAULTS[name]

    def _keys(self, name: str, *, required: bool) -> tuple[str, ...]:
        keys = tuple(part.strip() for part in self._text(name).split(",") if part.strip())
        if not keys and required:
            self._problem(name, "key")
        if keys:
            from cryptography.fernet import Fernet
        for key in keys:
            try:
                Fernet(key)
            except ValueError:
                self._problem(name, "not_a_key")
                return ()
        return keys

    def _domains(self, name: str) -> tuple[str, ...]:
        text = self._text(name).replace("İ", "i").lower()  # which lower() would make two letters of
        domains = tuple(part.strip().lstrip("@").rstrip(".") for part in text.split(",") if part.strip())
        if all(map(is_domain, domains)):
            return domains
        self._problem(name, "domains")
        return ()

    def _storage(self) -> tuple[str, str]:
        connection, uri = self._text("HUNTER_STORAGE"), self._text("HUNTER_STORAGE__tableServiceUri").rstrip("/")
        if connection:
            fields = {part.partition("=")[0].strip().lower() for part in connection.split(";") if part.strip()}
            if (
                fields & {"accountname", "tableendpoint"}
                or connection.lower().rstrip(";") == "usedevelopmentstorage=true"
            ):
                return connection, ""
            self._problem("HUNTER_STORAGE", "connection_string")
        elif uri:
            parts = address_of(uri)
            if parts and is_secure(parts, loopback_http=True):
                return "", uri
            self._problem(
                "HUNTER_STORAGE__tableServiceUri", "table_address", example="https://account.table.core.windows.net"
            )
        else:
            self._problem("HUNTER_STORAGE", "storage")
        return "", ""
