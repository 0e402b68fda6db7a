"""The app's own container over empty tables, and a Partner Center whose dispatcher signs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.functions import HttpRequest, HttpResponse

from local.azurite import Azurite
from local.simulator import Simulator
from shared.background import tick
from shared.model.run import Run
from shared.services import Services
from shared.web.dispatch import answer
from shared.web.routes import ROUTES
from tests.hosting import API, app_settings

from .signing import BODY

EVENTS = f"{API}/events"
PUBLIC = "https://hunter.example"


@dataclass
class App:
    """The app in this process."""

    services: Services
    sim: Simulator
    settings: dict[str, str]
    environ: dict[str, str] = field(default_factory=dict)

    def call(
        self, name: str, body: bytes = b"", headers: Mapping[str, str] | None = None, **parameters: str
    ) -> HttpResponse:
        """Call a route as the worker does."""
        route = next(each for each in ROUTES if each.name == name)
        url = f"{PUBLIC}/{route.template.format(**parameters)}"
        request = HttpRequest(route.method, url, headers=headers or {}, route_params=parameters, body=body)
        return answer(request, route, self.services)

    def event(self, fault: str = "", **headers: str) -> HttpResponse:
        """An event of the dispatcher's."""
        body, signed = self.sim.webhooks.dispatcher.message(BODY, fault)
        return self.call("post_event", body, {**signed, **headers})

    def sign_in(self) -> None:
        """A person signs in; the simulator approves."""
        self.services.sign_in.begin("http://127.0.0.1/callback")
        assert self.services.sign_in.check()["state"] == "signedIn"

    def another(self) -> App:
        """Another process over the same tables."""
        return App(Services(self.settings), self.sim, self.settings)

    def runs(self) -> list[Run]:
        """The runs so far, newest first."""
        return self.services.state.runs()

    def tick(self) -> None:
        """The minute timer."""
        tick.run(self.services)


def content(response: HttpResponse) -> Any:
    """The JSON of an answer."""
    return json.loads(response.get_body())


@pytest.fixture(scope="module")
def partner_center() -> Iterator[Simulator]:
    with Simulator(30, auto_approve=True) as running:
        _ = running.webhooks.dispatcher.signing
        yield running


def environment(sim: Simulator, storage: str, **settings: str) -> dict[str, str]:
    """The app's settings, events switched on, with these besides the usual ones."""
    return {
        **app_settings(sim, storage),
        "HUNTER_WEBHOOK_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_WEBHOOK_URL": sim.api_url,
        "HUNTER_WEBHOOK_CERTIFICATE_HOSTS": f"127.0.0.1:{sim.port}",
        "HUNTER_PUBLIC_URL": PUBLIC,
        "HUNTER_TENANT_LOOKUP_ENABLED": "false",
        **settings,
    }


@pytest.fixture
def calm(partner_center: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """Partner Center as it is when nothing has gone wrong; its certificates are trusted."""
    partner_center.reset()
    partner_center.switches.auto_approve = True
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(partner_center.ca_file))
    return partner_center


@pytest.fixture
def make_app(calm: Simulator, storage_account: str) -> Callable[..., App]:
    """Makes the app over empty tables."""

    def make(**settings: str) -> App:
        given = environment(calm, storage_account, **settings)
        return App(Services(given), calm, given)

    return make


@pytest.fixture(scope="module")
def _signed_in(partner_center: Simulator, azurite: Azurite, _unused_accounts: Iterator[str]) -> Iterator[App]:
    given = environment(partner_center, azurite.connection_string_of(next(_unused_accounts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(partner_center.ca_file))
        app = App(Services(given), partner_center, given)
        app.sign_in()
        yield app


@pytest.fixture
def known(calm: Simulator, _signed_in: App) -> App:
    """The app in a new process, somebody signed in, nothing noted; the tables are those of all tests of a module."""
    for kind, row in (("webhook", "registration"), ("webhook", "watch"), ("sync", "wanted")):
        _signed_in.services.work.done(kind, row)
    return _signed_in.another()


@pytest.fixture
def synced(known: App) -> App:
    """The same, synced."""
    known.another().services.sync.run("timer")
    known.sim.requests.clear()
    return known
