"""Partner Center's events in the dialog of the sync: registering, taking over, giving back, a test event, silence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from local.azurite import Azurite
from local.simulator import Simulator
from tests.hosting import API, HostProcess, app_settings
from tests.page.conftest import Visit, World

THEIRS = "https://other-product.example/api/hook?Type=PartnerCenter"
PANEL = "/app?panel=sync"
SHOTS = os.environ.get("WEBHOOK_SHOTS")


@pytest.fixture(scope="module")
def listening(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """An app that takes events in, signed in and synced."""
    with Simulator(referrals=30, seed=4, auto_approve=True) as sim:
        settings = {
            **app_settings(sim, azurite.connection_string_of(next(_unused_accounts))),
            "HUNTER_TENANT_LOOKUP_ENABLED": "false",
            "HUNTER_WEBHOOK_ENABLED": "true",
            "HUNTER_PARTNER_CENTER_WEBHOOK_URL": sim.api_url,
            "HUNTER_WEBHOOK_CERTIFICATE_HOSTS": f"127.0.0.1:{sim.port}",
        }
        with HostProcess(settings, tmp_path_factory.mktemp("webhook-host") / "host.log") as host:
            host.sign_in()
            host.sync_to_the_end()
            yield World(sim, host)


@pytest.fixture
def events(listening: World) -> World:
    """Nothing registered yet."""
    listening.simulator.webhooks.registration = None
    listening.simulator.webhooks._tests.clear()
    return listening


def card(page: Page, name: str = "Events") -> Locator:
    return page.locator("section.part").filter(has=page.get_by_role("heading", name=name, exact=True))


def press(page: Page, name: str) -> None:
    card(page).get_by_role("button", name=name, exact=True).click()


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def answering(**changes: Any) -> Callable[[Page], None]:
    """The registration as the server tells it, with some of it changed."""

    def before(page: Page) -> None:
        def fulfill(route: Any) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), **changes})

        page.route(f"**{API}/webhook", fulfill)

    return before


def signed_out(route: Any) -> None:
    """The state of the sync as the server tells it when nobody is signed in."""
    answer = route.fetch()
    told = answer.json()
    route.fulfill(response=answer, json={**told, "signIn": {**told["signIn"], "state": "signedOut"}})


def test_from_nobody_to_a_verified_test_event(visit: Visit, events: World) -> None:
    page = visit(PANEL, host=events.host)
    expect(card(page)).to_contain_text("no address")
    shoot(page, "nobody")
    press(page, "Receive events")
    expect(page.get_by_text("Partner Center now sends its events here")).to_be_visible()
    expect(card(page)).to_contain_text("this app")
    press(page, "Send a test event")
    expect(card(page)).to_contain_text("The test event arrived and was verified.")
    expect(card(page).locator("time")).to_be_visible()
    shoot(page, "tested")
    events.create("Told by an event")
    page.goto("/app?view=referrals&q=Told+by+an+event")
    expect(page.get_by_text("Told by an event").first).to_be_visible()


def test_somebody_elses_address_is_taken_over_only_when_asked_and_given_back(visit: Visit, events: World) -> None:
    events.simulator.webhooks.register(THEIRS, ["test-created"])
    page = visit(PANEL, host=events.host)
    expect(card(page)).to_contain_text(THEIRS)
    press(page, "Take over…")
    expect(card(page)).to_contain_text("the following address no longer receives any")
    shoot(page, "take-over")
    press(page, "Leave as it is")
    expect(card(page).get_by_role("button", name="Take over…")).to_be_focused()
    press(page, "Take over…")
    card(page).get_by_role("button", name="Take over", exact=True).click()
    expect(card(page)).to_contain_text("this app")
    press(page, "Restore previous address")
    expect(card(page)).to_contain_text(THEIRS)
    assert (events.simulator.webhooks.registration or {}).get("webhookUrl") == THEIRS


def test_what_cannot_be_done_is_said(visit: Visit, events: World) -> None:
    events.simulator.switches.webhook_role = False
    page = visit(PANEL, host=events.host, expected=r"status of 502|status of 409")
    expect(card(page).get_by_role("alert")).to_be_visible()
    events.simulator.switches.webhook_role = True
    press(page, "Try again")
    press(page, "Receive events")
    press(page, "Restore previous address")
    expect(page.locator("#alerts")).to_contain_text("There is no previous registration to restore.")
    page.route(f"**{API}/sync", signed_out)
    page.reload()
    expect(card(page)).to_contain_text("Sign in to Partner Center first.")
    expect(card(page).get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(("device", "scheme"), [("desktop", "light"), ("phone", "dark")])
@pytest.mark.parametrize(("language", "name"), [("en-GB", "Events"), ("tr-TR", "Olaylar")])
def test_silence_is_shown_in_both_languages_and_can_be_read_by_everyone(
    visit: Visit, events: World, axe_source: str, device: str, scheme: Any, language: str, name: str
) -> None:
    shown = {"registered": True, "ours": True, "url": "http://x", "lastChangeSeenBy": "poll", "silent": True}
    page = visit(
        PANEL, host=events.host, device=device, language=language, color_scheme=scheme, before=answering(**shown)
    )
    expect(card(page, name).locator("p.error")).to_be_visible()
    shoot(page, f"silent-{device}-{language}")
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then(({ violations }) => violations.map(({ id, help }) => `${id}: ${help}`))")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_switched_off_it_says_what_to_do(visit: Visit, world: World) -> None:
    page = visit(PANEL, host=world.host)
    expect(card(page)).to_contain_text("HUNTER_WEBHOOK_ENABLED")


def test_whoever_may_not_operate_does_not_see_it(visit: Visit, events: World) -> None:
    def reader(page: Page) -> None:
        def fulfill(route: Any) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "roles": ["read"]})

        page.route(f"**{API}/me", fulfill)

    page = visit(PANEL, host=events.host, before=reader)
    expect(page.get_by_role("heading", name="Recent runs")).to_be_visible()
    expect(card(page)).to_have_count(0)
