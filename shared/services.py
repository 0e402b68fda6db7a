"""What handlers work with: one container for each process, whose parts are made when they are first needed.

Making a part never contacts anything. A part that needs a setting which is missing raises ConfigurationError when it is
asked for, so everything else goes on working.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from shared.companies.linker import CompanyLinker
from shared.companies.tenant_lookup import TenantLookup
from shared.core.clock import Clock, SystemClock
from shared.core.settings import Settings, load
from shared.core.throttle import Throttle
from shared.read_model.current import ReadModel
from shared.sign_in.sign_in import SignIn
from shared.storage.engine.tables import TableStore
from shared.storage.tables.sync_state import SyncState
from shared.storage.tables.work import WorkTable
from shared.sync.service import Sync

A_MINUTE: Final = {"sync": 600, "sign_in": 600}
"""Far above what people do, low enough that a stuck script can't keep an instance busy."""


class Services:
    """The parts of the app, wired.

    Args:
        environ: the settings' source; the process's environment by default.
        clock: the time.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Clock | None = None) -> None:
        self.settings: Settings = load(environ)
        self.clock: Clock = clock or SystemClock()
        self.throttles = {name: Throttle(most, most, self.clock) for name, most in A_MINUTE.items()}
        """How often this instance lets some routes be used, by the name that routes give."""

    @cached_property
    def store(self) -> TableStore:
        """The tables. Raises ConfigurationError where storage is not configured."""
        return TableStore.from_settings(self.settings, self.clock)

    @cached_property
    def state(self) -> SyncState:
        """The sync's state."""
        return SyncState(self.store)

    @cached_property
    def sign_in(self) -> SignIn:
        """The sign-in to Partner Center."""
        return SignIn(self.settings, self.store, self.clock)

    @cached_property
    def sync(self) -> Sync:
        """The sync."""
        return Sync(self.settings, self.store, self.sign_in)

    @cached_property
    def read_model(self) -> ReadModel:
        """What lists are answered from."""
        return ReadModel(self.store)

    @cached_property
    def work(self) -> WorkTable:
        """What is due, and when."""
        return WorkTable(self.store)

    @cached_property
    def linker(self) -> CompanyLinker:
        """Links by hand."""
        return CompanyLinker(self.store)

    @cached_property
    def tenant_lookup(self) -> TenantLookup:
        """Which tenant a company's domain belongs to."""
        return TenantLookup(self.settings, self.store, self.clock)


_services: Services | None = None
_lock = threading.Lock()


def services() -> Services:
    """The process's services, made on first use."""
    global _services
    with _lock:
        if _services is None:
            _services = Services()
        return _services
