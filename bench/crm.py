"""Dynamics 365: the first push of all open referrals, and a run with nothing changed. ``python -m bench.crm CASE``.

What counts is how many requests the CRM gets, so its simulator runs in the same process.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Final

from bench.daily import ENVIRONMENT, App
from bench.meter import Meter
from local.dynamics import DynamicsSimulator


def push() -> None:
    """A first push, then a run in which nothing is to be done."""
    with DynamicsSimulator(with_key=True) as crm:
        os.environ["REQUESTS_CA_BUNDLE"] = str(crm.ca_file)
        ENVIRONMENT.update(
            {
                "HUNTER_WRITE_ENABLED": "false",
                **crm.settings(),
                "HUNTER_DYNAMICS_PUSH": "all",
            }
        )
        app = App()
        with Meter() as meter:
            first = _run(app, crm)
        again = _run(app, crm)
        linked = [len(crm.rows(table)) for table in ("lead", "opportunity")]
        allowed = 3 + sum(-(-count // 500) for count in linked)
        more = {"again": again["asked"], "writtenAgain": again["written"], "allowed": allowed}
        app.report(meter, **first, **more)


def _run(app: App, crm: DynamicsSimulator) -> Counter[str]:
    """Run until nothing is pending: what the runs said together, their requests, and what was written."""
    crm.forget()
    total: Counter[str] = Counter()
    while True:
        ran = app.ask("sync_dynamics", "/dynamics/sync", {})
        total.update({name: ran[name] for name in ("created", "failed")})
        if not ran["pending"]:
            return total + Counter(asked=len(crm.asked()), written=len(crm.store.writes))


CASES: Final[dict[str, Callable[[], None]]] = {"push": push}

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    CASES[sys.argv[1]]()
