"""What people and the clock ask for all day: a first list from a cold start, an action, a tick with nothing due.

``python -m bench.daily CASE``, told the rest by the environment as ``bench.cases`` is.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from bench.meter import TOLD, Meter

ENVIRONMENT: Final = {
    "HUNTER_PARTNER_CENTER_ENABLED": "true",
    "HUNTER_PARTNER_CENTER_API_URL": TOLD.get("api_url", "http://127.0.0.1"),
    "HUNTER_PARTNER_CENTER_TENANT_ID": "00000000-0000-4000-8000-000000000001",
    "HUNTER_PARTNER_CENTER_CLIENT_ID": "00000000-0000-4000-8000-000000000002",
    "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "0",
    "HUNTER_STORAGE": TOLD.get("storage", ""),
    "HUNTER_WRITE_ENABLED": "true",
}
API: Final = "/api/v1/partner-center"


class SignedIn:
    """A sign-in that is done already."""

    def token(self, *, force_refresh: bool = False) -> str:
        """The token that the simulator gave."""
        return str(TOLD["token"])

    def own_domain(self) -> str | None:
        """The account's."""
        return str(TOLD["account"]).partition("@")[2]


class App:
    """The app, asked as the host asks it, with its requests to storage counted."""

    def __init__(self) -> None:
        from cryptography.fernet import Fernet

        from shared.services import Services

        environ = {**ENVIRONMENT, "HUNTER_TOKEN_CACHE_KEY": Fernet.generate_key().decode()}
        self.services = Services(environ)
        vars(self.services)["sign_in"] = SignedIn()
        self.requests: Counter[str] = Counter()
        self.services.store.intercept = self._count

    def _count(self, phase: str, operation: str, table: str) -> None:
        if phase == "before":
            self.requests[f"{operation} {table}"] += 1

    def ask(self, function: str, path: str, body: Any = None) -> Any:
        """The answer of a function to a request."""
        from azure.functions import HttpRequest

        from shared.web.dispatch import answer
        from shared.web.routes import ROUTES

        route = next(route for route in ROUTES if route.name == function)
        content = json.dumps(body).encode() if body is not None else b""
        headers = {"content-type": "application/json"} if content else {}
        asked = f"{API}{path}".partition("?")[0].strip("/").split("/")
        parts = zip(route.template.strip("/").split("/"), asked, strict=True)
        request = HttpRequest(
            route.method,
            f"http://127.0.0.1{API}{path}",
            headers=headers,
            params={},
            route_params={name[1:-1]: value for name, value in parts if name.startswith("{")},
            body=content,
        )
        given = answer(request, route, self.services)
        if given.status_code >= 400:
            raise RuntimeError(f"{path} answered {given.status_code}: {given.get_body()[:300]!r}")
        return json.loads(given.get_body())

    def report(self, meter: Meter, **more: Any) -> None:
        """Say what it took."""
        meter.report(table=sum(self.requests.values()), requests=dict(self.requests), **more)


def action() -> None:
    """One value changed on the page, from the request to the answer that shows it."""
    app = App()
    item = app.ask("list_referrals", "/referrals?status=Active&pageSize=1")["items"][0]
    changes = {"dealValue": int(item["dealValue"] or 0) + 1, "currency": "USD"}  # another in each run
    app.requests.clear()
    with Meter() as meter:
        done = app.ask("post_action", f"/referrals/{item['id']}/actions", {"action": "update", "changes": changes})
    if done["action"]["state"] != "applied":
        raise RuntimeError(f"the action ended {done['action']['state']}")
    app.report(meter)


def tick() -> None:
    """A minute in which nothing is due."""
    from shared.background import tick as work

    app = App()
    work.run(app.services)  # imports, and whatever is done once
    app.requests.clear()
    with Meter() as meter:
        work.run(app.services)
    app.report(meter)


def cold() -> None:
    """From the start of the process to the first list: the parent measures the whole process."""
    os.environ.update(ENVIRONMENT)
    import function_app  # noqa: F401 - as the worker does

    app = App()
    with Meter() as meter:
        total = app.ask("list_referrals", "/referrals")["total"]
    app.report(meter, total=total)


CASES: Final[dict[str, Callable[[], None]]] = {"action": action, "tick": tick, "cold": cold}

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    CASES[sys.argv[1]]()
