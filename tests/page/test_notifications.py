"""Telling people: what is offered first, "Tell me" from the list, the form, the test button, and what went wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.azurite import Azurite
from local.inbox import Inbox
from local.inbox.messages import Message
from local.simulator import Simulator
from tests.hosting import HostProcess, app_settings
from tests.page.conftest import Visit, json_of, wait_for_query

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WRITES = os.environ.get("SCREENSHOTS", "")
KEPT = {"notifications-desktop-light-en", "notifications-phone-light-tr"}
HERE = "/app?view=notifications"
API = "/api/v1/partner-center/subscriptions"


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


@pytest.fixture(scope="module")
def told(
    azurite: Azurite, _unused_accounts: Iterator[str], inbox: Inbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostProcess]:
    with Simulator(referrals=60, seed=4, auto_approve=True) as simulator:
        settings = {**app_settings(simulator, azurite.connection_string_of(next(_unused_accounts))), **inbox.settings()}
        settings["HUNTER_TENANT_LOOKUP_ENABLED"] = "false"
        with HostProcess(settings, tmp_path_factory.mktemp("told") / "host.log") as host:
            host.sign_in()
            host.sync_to_the_end()
            yield host


@pytest.fixture
def host(told: HostProcess, inbox: Inbox) -> HostProcess:
    """Nobody is told anything yet."""
    inbox.reset()
    for each in told.get(API).json()["items"]:
        told.request("DELETE", f"{API}/{each['id']}")
    return told


def subscriptions(host: HostProcess) -> list[Any]:
    found: list[Any] = json_of(host, "/subscriptions")["items"]
    return found


def test_the_first_visit_offers_what_makes_sense(visit: Visit, host: HostProcess) -> None:
    page = visit(HERE, host=host)
    offers = page.locator(".offer")
    expect(offers).to_have_count(2)
    offers.filter(has_text="Every morning").get_by_role("button", name="Tell me").click()
    expect(page.locator(".subscription")).to_contain_text("Daily at 08:30, Europe/Istanbul")
    expect(page.locator(".subscription")).to_contain_text("Email to developer@localhost")
    [made] = subscriptions(host)
    assert (made["events"], made["when"], made["channel"]) == (["due", "expired", "assigned"], "daily", "mail")
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator(".outcome")).to_have_text("Sent. Check whether the message has arrived.")


def test_tell_me_on_a_list_makes_a_view_of_it_and_a_card_arrives(visit: Visit, host: HostProcess, inbox: Inbox) -> None:
    address = "/app?view=referrals&status=New&direction=Incoming&sort=name"
    page = visit(address, host=host, expected="status of 400")
    page.get_by_role("link", name="Tell me").click()
    wait_for_query(page, view=["notifications"], subscription=["new"], tell=["direction=Incoming&status=New"])
    form = page.locator(".subscription-form")
    form.get_by_label("Name", exact=True).fill("Sales team")
    expect(form.get_by_label("Which referrals")).to_have_value("as-listed")
    form.get_by_role("checkbox", name="Expired").check()
    expect(form.get_by_label("Address")).to_be_hidden()
    form.get_by_label("Where").select_option("teams")
    form.get_by_label("Address").fill("https://evil.example/hook?sig=1")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("HUNTER_TEAMS_HOSTS")).to_be_visible()
    form.get_by_label("Address").fill(inbox.teams_url("sales"))
    form.get_by_role("button", name="Save").click()
    card = page.locator(".subscription")
    expect(card).to_contain_text("Teams, by 127.0.0.1")
    expect(card).to_contain_text("view “Sales team”")
    [made] = subscriptions(host)
    assert json_of(host, f"/views/{made['viewId']}")["query"] == "direction=Incoming&status=New"
    card.get_by_role("button", name="Send a test").click()
    expect(card.locator(".outcome")).to_contain_text("Sent.")
    assert trials_to(inbox, "sales")


def trials_to(inbox: Inbox, name: str) -> list[Message]:
    """The tests among what came to a channel; where a minute passes, what is due comes, too."""
    return [message for message in inbox.to(name) if "This is a test" in message.text]


def test_changing_keeps_the_address_and_what_is_typed_survives_a_refresh(
    visit: Visit, host: HostProcess, inbox: Inbox
) -> None:
    body = {"name": "Old", "events": ["due"], "channel": "teams", "target": inbox.teams_url("kept")}
    made = host.post(API, body).json()
    page = visit(HERE, host=host)
    page.get_by_role("link", name="Change").click()
    wait_for_query(page, subscription=[made["id"]])
    form = page.locator(".subscription-form")
    form.get_by_label("Name", exact=True).fill("Renamed")
    form.get_by_role("textbox", name="Days left").fill("5, x")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Give whole numbers")).to_be_visible()
    form.get_by_role("textbox", name="Days left").fill("10, 2")
    page.locator(".subscription").get_by_role("button", name="Switch off").click()
    expect(page.locator(".subscription")).to_contain_text("Switched off")
    expect(form.get_by_label("Name", exact=True)).to_have_value("Renamed")
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".subscription")).to_contain_text("10, 2 days left")
    host.request("PUT", f"{API}/{made['id']}", json={"enabled": True})
    assert host.post(f"{API}/{made['id']}/test").json()["state"] == "sent"
    assert len(trials_to(inbox, "kept")) == 1


def test_a_test_that_fails_says_why(visit: Visit, host: HostProcess, inbox: Inbox) -> None:
    host.post(API, {"events": ["new"], "channel": "mail"})
    inbox.faults.add(match="graph", status=403, times=0)
    page = visit(HERE, host=host, language="tr-TR")
    card = page.locator(".subscription")
    card.get_by_role("button", name="Deneme iletisi gönder").click()
    expect(card.locator(".outcome")).to_contain_text("Hedef kabul etmiyor")


def test_removing_takes_it_away(visit: Visit, host: HostProcess) -> None:
    host.post(API, {"name": "Gone soon", "events": ["new"], "channel": "mail"})
    page = visit(HERE, host=host)
    page.get_by_role("button", name="Remove").click()
    question = page.locator("dialog.ask")
    expect(question).to_contain_text("Remove “Gone soon”?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    assert len(subscriptions(host)) == 1
    page.get_by_role("button", name="Remove").click()
    question.get_by_role("button", name="Remove").click()
    expect(page.locator(".offer")).to_have_count(2)
    bottoms = page.locator(".offer button").evaluate_all("all => all.map(each => each.getBoundingClientRect().bottom)")
    assert bottoms[0] == bottoms[1]
    assert subscriptions(host) == []


def test_at_least_one_event_is_asked_for(visit: Visit, host: HostProcess) -> None:
    page = visit(f"{HERE}&subscription=new", host=host)
    form = page.locator(".subscription-form")
    for name in ("New leads", "Deadlines"):
        form.get_by_role("checkbox", name=name).uncheck()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert").filter(has_text="Choose at least one event.")).to_be_visible()
    assert subscriptions(host) == []


@pytest.mark.parametrize("language", ["en-GB", "tr-TR"])
@pytest.mark.parametrize(("device", "scheme"), [("desktop", "light"), ("desktop", "dark"), ("phone", "light")])
def test_how_it_looks(
    visit: Visit, host: HostProcess, inbox: Inbox, axe_source: str, device: str, scheme: str, language: str
) -> None:
    wanted = {"language": "tr" if language == "tr-TR" else "en", "timeZone": "Europe/Istanbul"}
    host.post(
        API, {"name": "Due", "events": ["due", "expired", "assigned"], "channel": "mail", "when": "daily", **wanted}
    )
    failing = {
        "name": "Sales channel",
        "events": ["new", "closed"],
        "channel": "teams",
        "target": inbox.teams_url("sales"),
    }
    made = host.post(API, {**failing, **wanted}).json()
    page = visit(f"{HERE}&subscription={made['id']}", host=host, device=device, language=language, color_scheme=scheme)
    expect(page.locator(".subscription-form")).to_be_visible()
    expect(page.locator(".subscription")).to_have_count(2)
    expect(page.locator("#sync-status")).to_have_attribute("data-tone", "ok")
    assert violations(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    name = f"notifications-{device}-{scheme}-{language[:2]}"
    if WRITES == "all" or (WRITES and name in KEPT):
        page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", full_page=device == "phone")


def violations(page: Page, axe_source: str) -> list[Any]:
    page.evaluate(axe_source)
    found: list[Any] = page.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))"
    )
    return found
