"""A world in which people act: that of the sync's tests, with whole processes of the app in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

import azure.functions as func

from local.simulator.writes import Applied
from shared.background import tick
from shared.core.api import API
from shared.services import Services
from shared.storage.engine.tables import TableStore
from shared.web.dispatch import answer
from shared.web.routes import ROUTES
from tests.sync.harness import World

BASE: Final = f"http://localhost/{API}"
UNDO: Final = 20


@dataclass(frozen=True)
class Answer:
    """An answer of the app."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def action(self) -> dict[str, Any]:
        """The action in it."""
        action: dict[str, Any] = self.body["action"]
        return action

    @property
    def code(self) -> str:
        """The code of the problem in it."""
        return str(self.body["code"])


class App:
    """One process of the app, as requests and the timer see it.

    Args:
        world: in which it runs.
        settings: other settings than the world's.
        io: called before and after every call to storage; the world's by default.
    """

    def __init__(self, world: World, io: Callable[[str], None] | None = None, **settings: str) -> None:
        self.world = world
        environ = {
            "HUNTER_WRITE_ENABLED": "true",
            "HUNTER_UNDO_SECONDS": str(UNDO),
            **settings,
        }
        self.services = Services({}, world.clock)
        self.services.settings = world.settings_with(**environ)
        store = TableStore.from_settings(self.services.settings, world.clock)
        store.intercept = lambda when, operation, table: (io or world.io)(f"{when} {operation} {table}")
        vars(self.services)["store"] = store
        vars(self.services)["sign_in"] = world.sign_in

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request to a route under the API's address."""
        address, _, _query = path.partition("?")
        route, values = next(
            (route, match.groupdict())
            for route in ROUTES
            if route.method == method and (match := _pattern(route.template).fullmatch(f"{API}{address}"))
        )
        content = b"" if body is None else json.dumps(body).encode()
        request = func.HttpRequest(
            method,
            f"{BASE}{path}",
            headers={**({"Content-Type": "application/json"} if content else {}), **headers},
            params={},
            route_params={name: unquote(value) for name, value in values.items()},
            body=content,
        )
        response = answer(request, route, self.services)
        text = response.get_body()
        return Answer(response.status_code, json.loads(text) if text else None, dict(response.headers))

    def act(self, referral: str, action: str, **ask: Any) -> Answer:
        """Act on a referral; ``key`` is sent as the Idempotency-Key."""
        headers = {"Idempotency-Key": ask.pop("key")} if "key" in ask else {}
        return self.call("POST", f"/referrals/{referral}/actions", {"action": action, **ask}, **headers)

    def tick(self) -> None:
        """The minute's work."""
        tick.run(self.services)

    def until(self, done: Callable[[], bool], most: int = 40) -> None:
        """Let minutes pass, and the timer with them, until something holds."""
        for _ in range(most):
            if done():
                return
            self.world.clock.advance(60)
            self.tick()
        assert done()

    def settle(self) -> None:
        """Let minutes pass until nothing is under way."""
        self.until(lambda: not self.services.actions.table.under_way())


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\*?(\w+)\}", r"(?P<\1>[^/]+)", template))


def applied(world: World, referral: str) -> list[Applied]:
    """The changes that Partner Center carried out on a referral."""
    return [each for each in world.sim.applied if each.id == referral]


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)
