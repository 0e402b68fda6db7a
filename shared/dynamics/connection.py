"""What a run, or a person's push, works with: a client, what is known of the environment, the rules."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from shared.core.clock import Clock, Deadline
from shared.core.errors import DynamicsThrottled, DynamicsUnavailable
from shared.core.settings import Settings
from shared.dynamics import mapping as mappings
from shared.dynamics.client import CrmClient, CrmError, Lost, Tokens, for_all
from shared.dynamics.environment import Environment
from shared.dynamics.gate import Gate
from shared.dynamics.metadata import read_environment
from shared.dynamics.parties import Parties
from shared.dynamics.plan import Push, Rules
from shared.dynamics.records import Records
from shared.dynamics.tokens import ClientSecretTokens, ManagedIdentityTokens
from shared.model import times
from shared.storage.engine.tables import TableStore
from shared.storage.tables.crm_state import CrmState

ENVIRONMENT_AGE: Final = timedelta(hours=1)
"""For so long it is not read again."""

_environment = msgspec.json.Decoder(Environment)


def tokens_of(settings: Settings) -> Tokens:
    """How the runtime signs in: with its secret, else as the identity that Azure gives it."""
    if settings.dynamics_client_secret:
        return ClientSecretTokens(
            settings.dynamics_authority,
            settings.dynamics_tenant_id,
            settings.dynamics_client_id,
            settings.dynamics_client_secret,
            url=settings.dynamics_url,
        )
    return ManagedIdentityTokens(settings.dynamics_client_id or None, url=settings.dynamics_url)


def record_url(settings: Settings, table: str, row_id: str) -> str:
    """The address that opens a record for people."""
    app = f"appid={settings.dynamics_app_id}&" if settings.dynamics_app_id else ""
    return f"{settings.dynamics_url.rstrip('/')}/main.aspx?{app}pagetype=entityrecord&etn={table}&id={row_id}"


def load_mapping(state: CrmState) -> mappings.Mapping:
    """The mapping that holds now."""
    text = state.mapping()
    return mappings.parse(text.encode()) if text else mappings.BUILT_IN


def load_environment(state: CrmState) -> Environment | None:
    """The environment as it was read last."""
    text = state.environment()
    if text:
        with suppress(msgspec.DecodeError):  # of another version of the app
            return _environment.decode(text)
    return None


class Connection:
    """Open while a run lasts. A refusal that concerns no single record leaves it as an error of the whole exchange.

    Args:
        settings: the app's settings.
        store: the tables.
        clock: the time.
        deadline: when the run's time is up.
        tokens: give access.
    """

    def __init__(self, settings: Settings, store: TableStore, clock: Clock, deadline: Deadline, tokens: Tokens) -> None:
        self.state = CrmState(store, clock)
        self._settings = settings
        self._store = store
        self._clock = clock
        self._records: Records | None = None
        gate = Gate(clock, self.state.pause(), self.state.put_pause)
        if gate.remaining() > deadline.remaining():
            raise DynamicsThrottled(retry_after=gate.remaining())
        self.client = CrmClient(settings.dynamics_url, tokens, clock, deadline, gate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        missing = isinstance(error, CrmError) and error.kind == "column_missing"
        if missing or (self._records is not None and self._records.outdated):
            self.state.forget_environment()  # somebody changed it since it was read
        if isinstance(error, CrmError):
            raise for_all(error) from None
        if isinstance(error, Lost):
            raise DynamicsUnavailable from None

    def open(self, *, dry: bool = False, fresh: bool = False) -> Opened:
        """Learn what the environment is, from storage for an hour.

        Args:
            dry: whether nothing may be written, not even to our own storage.
            fresh: read it in any case.
        """
        now = times.from_datetime(self._clock.now())
        environment = None if fresh else load_environment(self.state)
        oldest = times.from_datetime(self._clock.now() - ENVIRONMENT_AGE)
        if environment is None or not oldest <= environment.read_at <= now:
            environment = read_environment(self.client, now)
            if not dry:
                self.state.put_environment(msgspec.json.encode(environment))
        mapping = load_mapping(self.state)
        records = self._records = Records(self.client, environment, mapping)
        parties = Parties(self.client, environment, self._store, self._url, dry=dry)
        push: Any = self._settings.dynamics_push
        rules = Rules(
            mapping,
            environment,
            records.translators,
            push,
            self._clock.now(),
            writing=self._settings.write_enabled,
        )
        return Opened(environment, records, parties, rules)

    def _url(self, table: str, row_id: str) -> str:
        return record_url(self._settings, table, row_id)


class Opened(msgspec.Struct, frozen=True):
    """An environment that is known, and what works with it."""

    environment: Environment
    records: Records
    parties: Parties
    rules: Rules


__all__ = ["Connection", "Opened", "Push", "load_environment", "load_mapping", "record_url", "tokens_of"]
