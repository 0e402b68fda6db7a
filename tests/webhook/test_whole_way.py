"""The whole way over sockets: Partner Center's dispatcher, the real host behind a front end of authentication, lists."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import requests

from local.azurite import Azurite
from local.simulator import Simulator
from tests.hosting import API, ROOT, HostProcess, app_settings, eventually

from .front_end import FrontEnd
from .signing import BODY

pytestmark = pytest.mark.xdist_group("webhook-way")


@pytest.fixture(scope="module")
def way(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HostProcess, Simulator, FrontEnd]]:
    """The app, signed in, synced and registered, reached through a front end that stands in for App Service."""
    with Simulator(60, auto_approve=True) as sim:
        settings = {
            **app_settings(sim, azurite.connection_string_of(next(_unused_accounts))),
            "HUNTER_WEBHOOK_ENABLED": "true",
            "HUNTER_PARTNER_CENTER_WEBHOOK_URL": sim.api_url,
            "HUNTER_WEBHOOK_CERTIFICATE_HOSTS": f"127.0.0.1:{sim.port}",
            "HUNTER_TENANT_LOOKUP_ENABLED": "false",
            "HUNTER_PUBLIC_URL": "",
        }
        with FrontEnd() as front:
            settings["HUNTER_PUBLIC_URL"] = front.url
            with HostProcess(settings, tmp_path_factory.mktemp("way") / "host.log") as host:
                front.leads_to(host.url)
                host.sign_in()
                host.sync_to_the_end()
                assert host.post(API + "/webhook").status_code == 200
                yield host, sim, front


def listed(host: HostProcess, name: str) -> bool:
    items: list[dict[str, Any]] = host.get(API + "/referrals", params={"q": name}).json()["items"]
    return any(item["name"] == name for item in items)


def test_a_change_shows_within_seconds(way: tuple[HostProcess, Simulator, FrontEnd]) -> None:
    host, sim, front = way
    seconds = []
    for number in range(3):
        name = f"Seconds{number}x"
        begin = time.monotonic()
        sim.data.create(name=name)
        eventually(partial(listed, host, name), "the change in the list", 30)
        seconds.append(time.monotonic() - begin)
    sim.webhooks.dispatcher.settle()
    assert all(delivery.delivered for delivery in sim.webhooks.dispatcher.deliveries)
    assert host.get(API + "/sync").json()["runs"][0]["trigger"] == "event"
    shown = host.get(API + "/webhook").json()
    assert (shown["ours"], shown["url"]) == (True, f"{front.url}{API}/events")
    assert (shown["lastChangeSeenBy"], shown["silent"]) == ("event", False)
    assert shown["lastEventAt"]


def test_a_test_event_comes_through(way: tuple[HostProcess, Simulator, FrontEnd]) -> None:
    host, _, _ = way
    identity = host.post(API + "/webhook/test").json()["id"]

    def codes() -> list[str]:
        found = host.get(f"{API}/webhook/test/{identity}").json()
        return [result["code"] for result in found["results"]]

    eventually(lambda: codes() == ["OK"], "the test event's result", 30)


def test_doubled_late_and_turned_events_change_nothing_but_the_time(
    way: tuple[HostProcess, Simulator, FrontEnd],
) -> None:
    host, sim, _ = way
    sim.webhooks.dispatcher.delay = 0.2
    sim.webhooks.dispatcher.retry_seconds = 0.1
    names = []
    for fault in ("duplicate", "reorder", "delay", "changed_byte", "silence", ""):
        sim.webhooks.dispatcher.fail(fault) if fault else None
        names.append(f"Way{fault}x")
        sim.data.create(name=names[-1])
    sim.webhooks.dispatcher.settle(60)
    eventually(lambda: all(listed(host, name) for name in names), "all changes in the list", 30)
    total = host.get(API + "/referrals", params={"q": "Way", "pageSize": 1}).json()["total"]
    assert total == len(names)


def test_the_front_end_opens_one_route_and_the_app_believes_none_of_its_headers(
    way: tuple[HostProcess, Simulator, FrontEnd],
) -> None:
    """On the open path a caller's identity headers come through; everything else is refused before the app."""
    _, sim, front = way
    body, headers = sim.webhooks.dispatcher.message(BODY, "changed_byte")
    forged = {"X-MS-CLIENT-PRINCIPAL": "eyJjbGFpbXMiOltdfQ==", "X-MS-CLIENT-PRINCIPAL-ID": "x"}
    answer = requests.post(f"{front.url}{API}/events", body, headers={**headers, **forged}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
    assert "X-Correlation-Id" in answer.headers, "it is the app that refuses here"
    for path in ("/sync", "/webhook", "/events/", "/EVENTS", "/events/x", "/events%2f", "/referrals", "/../events"):
        refused = requests.get(f"{front.url}{API}{path}", headers=forged, timeout=30)
        assert refused.status_code == 401
        assert "X-Correlation-Id" not in refused.headers, path


SMOKE = ROOT / "infra" / "hooks" / "smoke.sh"


def smoke(*arguments: str, **environment: str) -> tuple[int, str]:
    """What the check after a deployment says of an address: exit code and what it printed."""
    done = subprocess.run(
        ["sh", str(SMOKE), *arguments],
        env={"PATH": os.environ["PATH"], "HUNTER_SMOKE_TRIES": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_check_after_a_deployment_looks_at_both_sides(way: tuple[HostProcess, Simulator, FrontEnd]) -> None:
    host, _, front = way
    code, said = smoke(HUNTER_PAGE_URL=f"{front.url}/app")
    assert (code, said) == (0, "Nobody gets in without a sign-in, and events only with Microsoft's signature.\n")
    code, said = smoke(host.url)
    assert code == 1
    assert f"{host.url}/app has to be refused by the platform, and was answered: 200 app" in said
    assert f"{host.url}/api/v1/partner-center/webhook has to be refused" in said


def test_it_notices_that_events_do_not_get_through(way: tuple[HostProcess, Simulator, FrontEnd]) -> None:
    host, _, _ = way
    with FrontEnd(excluded=("/api/health",)) as closed:
        closed.leads_to(host.url)
        code, said = smoke(closed.url)
    assert code == 1
    assert "The events route has to be refused by the app itself, and was answered: 401 platform" in said


def test_it_says_what_it_could_not_check() -> None:
    nowhere = "http://127.0.0.1:9"
    assert smoke() == (0, "")
    assert smoke(nowhere)[0] == 1
    code, said = smoke("--if-deployed", nowhere)
    assert code == 0
    assert "was not checked" in said
