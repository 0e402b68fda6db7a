"""What the timers do. Neither ever raises: what goes wrong is recorded and logged.

Their modules are imported when they run: an instance that answers requests alone does without them.
"""

from __future__ import annotations

from shared.core import events
from shared.core.errors import FeatureDisabled, HunterError, SyncRunning
from shared.core.log import bound, get_logger
from shared.services import Services

log = get_logger(__name__)


def sync_on_schedule(services: Services) -> None:
    """Sync, do what follows from it, keep the sign-in alive, look up tenants."""
    from shared.background import tick
    from shared.sync import metrics
    from shared.sync.service import TIMER_SECONDS

    with bound(function="sync_on_schedule"):
        try:
            services.settings.require_partner_center()
            tick.after_sync(services, services.sync.run("timer", budget=TIMER_SECONDS))
        except (FeatureDisabled, SyncRunning) as error:
            log.info(events.SYNC_SKIPPED, code=error.code)
        except HunterError as error:
            # A run that took place has said so itself; this is for those that could not even begin.
            log.warning(events.SYNC_SKIPPED, code=error.code)
        try:
            if services.settings.enabled and not services.settings.problems:
                services.sign_in.keep_alive()
                metrics.sign_in_age(services.sign_in.status().last_renewed_at, services.clock.now())
                services.tenant_lookup.run()
        except HunterError as error:
            log.warning(events.SIGN_IN_RENEWAL_FAILED, code=error.code)


def work_on_schedule(services: Services) -> None:
    """Do what is due: actions, messages, events, Dynamics 365."""
    from shared.background import tick

    with bound(function="work_on_schedule"):
        tick.run(services)
