"""What handlers work with: one container for each process, whose parts are made when they are first needed.

A part's modules are imported when it is made, so that an answer waits for no SDK that it does not use. Making a part never
contacts anything. A part that needs a setting which is missing raises ConfigurationError when it is
asked for, so everything else goes on working.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from shared.core.clock import Clock, SystemClock
from shared.core.settings import Settings, load
from shared.core.throttle import Throttle

if TYPE_CHECKING:
    from shared.actions.batches import Batches
    from shared.actions.reconcile import Reconciler
    from shared.actions.record import ActionRecord
    from shared.actions.runner import Runner
    from shared.actions.service import ActionService
    from shared.companies.linker import CompanyLinker
    from shared.companies.tenant_lookup import TenantLookup
    from shared.dynamics.asking import CrmActions
    from shared.dynamics.desk import CrmDesk
    from shared.dynamics.service import Dynamics
    from shared.notify.couriers import Couriers
    from shared.notify.notifier import Notifier
    from shared.notify.service import SubscriptionService
    from shared.partner_center.webhooks import WebhookClient
    from shared.read_model.current import ReadModel
    from shared.sign_in.sign_in import SignIn
    from shared.storage.engine.tables import TableStore
    from shared.storage.tables.people import People
    from shared.storage.tables.subscriptions import Subscriptions
    from shared.storage.tables.sync_state import SyncState
    from shared.storage.tables.work import WorkTable
    from shared.sync.intake import Intake
    from shared.sync.row_writer import Outbox
    from shared.sync.service import Sync
    from shared.sync.wanted import Wanted, WantedSync
    from shared.webhook.gate import Gate
    from shared.webhook.registration import Registration
    from shared.webhook.watch import Watch

ECHOES_FOR: Final = timedelta(days=1)
"""How long a change of Partner Center's is held against what people did from here."""
A_MINUTE: Final = {"sync": 600, "sign_in": 600, "test_message": 60}
"""Far above what people do, low enough that a stuck script can't keep an instance busy."""
EVENTS_A_MINUTE: Final = 1200
EVENTS_AT_ONCE: Final = 50
"""Events that are Microsoft's, and answers to others with a reason; counted apart, so that nobody can use up what
Microsoft's need."""


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
        events = ("event", "unverified")
        self.throttles |= {name: Throttle(EVENTS_AT_ONCE, EVENTS_A_MINUTE, self.clock) for name in events}

    @cached_property
    def store(self) -> TableStore:
        """The tables. Raises ConfigurationError where storage is not configured."""
        from shared.storage.engine.tables import TableStore

        return TableStore.from_settings(self.settings, self.clock)

    @cached_property
    def state(self) -> SyncState:
        """The sync's state."""
        from shared.storage.tables.sync_state import SyncState

        return SyncState(self.store)

    @cached_property
    def sign_in(self) -> SignIn:
        """The sign-in to Partner Center."""
        from shared.sign_in.sign_in import SignIn

        return SignIn(self.settings, self.store, self.clock)

    @cached_property
    def sync(self) -> Sync:
        """The sync."""
        from shared.sync.service import Sync

        again = self.wanted.again if self.settings.webhook_enabled else lambda: False
        return Sync(self.settings, self.store, self.sign_in, outbox=self.outbox, wanted_again=again)

    @cached_property
    def outbox(self) -> Outbox:
        """Where what is to be told of a referral is noted before it is stored."""
        from shared.notify.news import rows_of
        from shared.storage.tables import outbox as outbox_rows
        from shared.sync.row_writer import Outbox

        return Outbox(outbox_rows.TABLE, lambda version: rows_of(version, self.clock.now()))

    @cached_property
    def read_model(self) -> ReadModel:
        """What lists are answered from."""
        from shared.read_model.current import ReadModel

        return ReadModel(self.store)

    @cached_property
    def people(self) -> People:
        """Who uses the app."""
        from shared.storage.tables.people import People

        return People(self.store)

    @cached_property
    def work(self) -> WorkTable:
        """What is due, and when."""
        from shared.storage.tables.work import WorkTable

        return WorkTable(self.store)

    @cached_property
    def wanted(self) -> Wanted:
        """That a sync is wanted."""
        from shared.sync.wanted import Wanted

        return Wanted(self.work, self.clock)

    @cached_property
    def wanted_sync(self) -> WantedSync:
        """Runs a sync that is wanted."""
        from shared.sync.wanted import WantedSync

        return WantedSync(self.wanted, self.sync, self.clock)

    @cached_property
    def gate(self) -> Gate:
        """Whether an event is Microsoft's."""
        from shared.webhook.addresses import hosts_of
        from shared.webhook.certificates import Certificates
        from shared.webhook.gate import Gate

        settings, hosts = self.settings, hosts_of(self.settings.webhook_certificate_hosts)
        certificates = Certificates(hosts, settings.webhook_certificate_subjects, self.clock)
        return Gate(certificates, hosts, self.throttles["unverified"])

    @cached_property
    def webhooks(self) -> WebhookClient:
        """Partner Center's webhook API."""
        from shared.partner_center.webhooks import SCOPE, WebhookClient

        return WebhookClient(self.settings.webhook_url, self.sign_in.for_api(SCOPE), self.clock)

    @cached_property
    def registration(self) -> Registration:
        """Who gets Partner Center's events."""
        from shared.sign_in.token_cache import Vault
        from shared.webhook.registration import Registration

        vault = Vault(self.settings.token_cache_keys)
        return Registration(self.webhooks, self.work, vault, self.settings.public_url, self.clock)

    @cached_property
    def watch(self) -> Watch:
        """Whether events still come."""
        from shared.webhook.watch import Watch

        return Watch(self.work, self.state)

    @cached_property
    def couriers(self) -> Couriers:
        """Who carries messages."""
        from shared.notify.couriers import Couriers

        return Couriers(self.settings, self.clock)

    @cached_property
    def subscription_rows(self) -> Subscriptions:
        """Who is told what, as stored."""
        from shared.sign_in.token_cache import Unreadable, Vault
        from shared.storage.tables.subscriptions import Subscriptions

        return Subscriptions(self.store, Vault(self.settings.token_cache_keys), Unreadable)

    @cached_property
    def subscriptions(self) -> SubscriptionService:
        """Who is told what, for people."""
        from shared.notify.service import SubscriptionService

        return SubscriptionService(self.store, self.subscription_rows, self.settings, self.couriers)

    @cached_property
    def notifier(self) -> Notifier:
        """Tells people."""
        from shared.notify.notifier import Notifier
        from shared.notify.sender import Sender

        sender = Sender(self.store, self.work, self.couriers, self.settings.public_url)
        record = self.action_record
        return Notifier(
            self.store,
            self.subscription_rows,
            self.read_model,
            sender,
            still_failing=lambda facts: record.is_in_state(facts["actionId"], facts["state"]),
            recent_actions=lambda: record.since(self.clock.now() - ECHOES_FOR),
        )

    @cached_property
    def action_runner(self) -> Runner:
        """What takes actions to Partner Center."""
        from shared.actions.runner import Runner
        from shared.dynamics import standing

        stands = partial(standing.stands, lambda: self.dynamics)
        return Runner(self.settings, self.store, self.sign_in, self.intake, stands=stands)

    @cached_property
    def intake(self) -> Intake:
        """Where referrals go that Partner Center answered outside a sync."""
        from shared.sync.intake import Intake
        from shared.sync.service import own_domains

        return Intake(self.store, lambda: own_domains(self.settings, self.sign_in), self.outbox)

    @cached_property
    def actions(self) -> ActionService:
        """What people do to referrals."""
        from shared.actions.service import ActionService

        return ActionService(self.settings, self.store, self.action_runner)

    @cached_property
    def batches(self) -> Batches:
        """What people do to many referrals at once."""
        from shared.actions.batches import Batches

        return Batches(self.settings, self.store, self.actions)

    @cached_property
    def reconciler(self) -> Reconciler:
        """What the timer does for actions."""
        from shared.actions.reconcile import Reconciler

        return Reconciler(self.settings, self.store, self.action_runner)

    @cached_property
    def action_record(self) -> ActionRecord:
        """What was done."""
        from shared.actions.record import ActionRecord

        return ActionRecord(self.store)

    @cached_property
    def dynamics(self) -> Dynamics:
        """The exchange with Dynamics 365."""
        from shared.dynamics.service import Dynamics

        return Dynamics(
            self.settings, self.store, self.clock, read_model=self.read_model, actions=lambda: self.crm_actions
        )

    @cached_property
    def crm_actions(self) -> CrmActions:
        """How the CRM asks Partner Center."""
        from shared.dynamics.asking import CrmActions

        return CrmActions(self.actions)

    @cached_property
    def crm_desk(self) -> CrmDesk:
        """What people ask of Dynamics 365 for one referral."""
        from shared.dynamics.desk import CrmDesk

        return CrmDesk(self.dynamics)

    @cached_property
    def linker(self) -> CompanyLinker:
        """Links by hand."""
        from shared.companies.linker import CompanyLinker

        return CompanyLinker(self.store)

    @cached_property
    def tenant_lookup(self) -> TenantLookup:
        """Which tenant a company's domain belongs to."""
        from shared.companies.tenant_lookup import TenantLookup

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
