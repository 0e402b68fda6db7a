"""Signing in to Partner Center from the page, and what it says when that is not possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from local.simulator import Simulator
from tests.hosting import HostProcess
from tests.page.conftest import Visit, wait_for_clipboard, wait_for_query, wait_until

Hosts = Callable[..., HostProcess]
CHECK = "00:06"
"""By then the page has asked by itself what became of the sign-in."""


@pytest.fixture(scope="module")
def entra() -> Iterator[Simulator]:
    """A Partner Center in which a person decides about each sign-in."""
    with Simulator(referrals=30, seed=5) as simulator:
        simulator.switches.device_code_interval = 1
        yield simulator


def notice(page: Page, name: str) -> Locator:
    return page.locator(f"[data-notice={name}]")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_device_code_from_beginning_to_end(visit: Visit, make_app_host: Hosts, entra: Simulator, device: str) -> None:
    host = make_app_host(simulator=entra)
    page = visit(host=host, device=device, before=lambda page: page.clock.install())
    expect(notice(page, "signedOut")).to_contain_text("Nobody is signed in to Partner Center")
    expect(page.locator(".waiting")).to_contain_text("No referrals yet.")
    expect(page.locator(".figures")).not_to_contain_text("0")
    expect(page.locator("#sync-button")).to_be_disabled()
    notice(page, "signedOut").get_by_role("button", name="Sign in to Partner Center").click()
    box = notice(page, "code")
    code = box.locator("code.code")
    expect(code).to_have_text(re.compile(r"^\w{6,}$"))
    expect(box.get_by_role("link", name="Open Microsoft's page")).to_have_attribute("href", re.compile("^https://"))
    expect(box.get_by_role("link", name="Open Microsoft's page")).to_have_attribute("rel", "noopener noreferrer")
    expect(box).to_contain_text(re.compile(r"The code expires in 1\d minutes"))
    box.get_by_role("button", name="Copy code").click()
    wait_for_clipboard(page, code.inner_text())
    box.get_by_role("button", name="I have entered the code").click()
    expect(box).to_be_visible()
    entra.approve()
    page.clock.fast_forward(CHECK)
    expect(page.locator("#messages .toast").last).to_contain_text(f"Signed in as {entra.account}")
    expect(page.locator("#messages .toast").last).to_contain_text("The account can see 30 referrals.")
    expect(box).to_have_count(0)
    expect(page.locator("#messages .toast").last).to_contain_text("Sync finished: 30 new")
    page.locator("#sync-status").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(entra.account)
    expect(dialog.get_by_role("button", name="Sync now")).to_be_enabled()
    dialog.get_by_role("button", name="Disconnect Partner Center").click()
    question = page.locator("dialog.ask")
    expect(question).to_contain_text("for everybody")
    question.get_by_role("button", name="Disconnect Partner Center").click()
    expect(page.locator("#messages .toast").last).to_contain_text("Partner Center is disconnected.")
    expect(dialog.get_by_role("button", name="Sign in to Partner Center")).to_be_visible()
    expect(dialog.get_by_role("button", name="Sync now")).to_be_disabled()
    whole = dialog.locator(".actions > *").last.bounding_box()
    assert whole is not None
    assert page.viewport_size is not None
    assert whole["x"] + whole["width"] <= page.viewport_size["width"], "no button is beside the screen"


@pytest.mark.parametrize(
    ("decision", "said"),
    [("decline", "Oturum açma reddedildi."), ("expire", "Kodun süresi doldu.")],
)
def test_a_sign_in_that_comes_to_nothing(
    visit: Visit, make_app_host: Hosts, entra: Simulator, decision: str, said: str
) -> None:
    page = visit(host=make_app_host(simulator=entra), language="tr-TR", before=lambda page: page.clock.install())
    notice(page, "signedOut").get_by_role("button", name="Partner Center'da oturum aç").click()
    expect(notice(page, "code").locator("code.code")).to_be_visible()
    getattr(entra, decision)()
    page.clock.fast_forward(CHECK)
    expect(page.locator("#alerts .toast")).to_contain_text(said)
    expect(notice(page, "code")).to_have_count(0)


def test_a_sign_in_is_finished_by_itself_even_after_a_reload(
    visit: Visit, make_app_host: Hosts, entra: Simulator
) -> None:
    page = visit(host=make_app_host(simulator=entra), before=lambda page: page.clock.install())
    notice(page, "signedOut").get_by_role("button").click()
    expect(notice(page, "code")).to_be_visible()
    page.reload()
    expect(notice(page, "pending")).to_contain_text("in progress")
    entra.approve()
    page.clock.fast_forward(CHECK)
    expect(page.locator("#messages .toast")).to_contain_text("Signed in as", timeout=15_000)
    expect(notice(page, "pending")).to_have_count(0)


@pytest.mark.parametrize("lost", ["network", 502, 503, 429])
def test_a_lost_question_keeps_the_code(visit: Visit, make_app_host: Hosts, entra: Simulator, lost: str | int) -> None:
    host = make_app_host(simulator=entra)
    page = visit(host=host, before=lambda page: page.clock.install(), expected="Failed to load resource")
    notice(page, "signedOut").get_by_role("button").click()
    box = notice(page, "code")
    code = box.locator("code.code").inner_text()
    asked: list[str] = []

    def lose(route: Route) -> None:
        asked.append(route.request.url)
        if isinstance(lost, str):
            route.abort()
        else:
            route.fulfill(
                status=lost,
                content_type="application/problem+json",
                body='{"code": "sign_in_unavailable", "detail": "x"}',
            )

    page.route("**/sign-in/check", lose)
    for times in (1, 2):
        with page.expect_request("**/sign-in/check"):
            page.clock.fast_forward(CHECK)
        expect(box.locator("code.code")).to_have_text(code)
        assert len(asked) == times
    expect(page.locator("#alerts .toast")).to_have_count(0)
    page.unroute("**/sign-in/check")
    entra.approve()
    page.clock.fast_forward(CHECK)
    expect(page.locator("#messages .toast").last).to_contain_text("Signed in as")
    expect(box).to_have_count(0)


def test_a_reader_s_page_asks_nothing_about_a_sign_in(visit: Visit, make_app_host: Hosts, entra: Simulator) -> None:
    host = make_app_host(simulator=entra)
    assert host.post("/api/v1/partner-center/sign-in").status_code == 200
    asked: list[str] = []

    def as_reader(page: Page) -> None:
        page.clock.install()
        person = {"id": "r", "name": "Reader", "mail": "reader@contoso.com", "roles": ["read"]}
        features = {"write": False, "webhook": False, "dynamics": False, "mail": False}
        page.route("**/me", lambda route: route.fulfill(json={**person, "features": features}))
        page.on("request", lambda request: asked.append(request.url) if "sign-in/check" in request.url else None)

    page = visit(host=host, before=as_reader)
    expect(notice(page, "pending")).to_be_visible()
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.url) if answer.url.endswith("/sync") else None)

    def answered_later() -> int:
        page.clock.fast_forward("00:31")
        return min(len(answers), 3)

    wait_until(page, answered_later, 3)
    assert asked == []


def test_an_account_without_the_role_is_said(visit: Visit, make_app_host: Hosts, entra: Simulator) -> None:
    entra.switches.role = "none"
    try:
        page = visit(host=make_app_host(simulator=entra), before=lambda page: page.clock.install())
        notice(page, "signedOut").get_by_role("button").click()
        expect(notice(page, "code")).to_be_visible()
        entra.approve()
        page.clock.fast_forward(CHECK)
        expect(page.locator("#alerts .toast")).to_contain_text("The signed-in account has no access to referrals.")
        expect(page.locator("#alerts .toast")).to_contain_text("Referrals admin")
    finally:
        entra.switches.role = "admin"


def test_the_redirect_there_and_back(visit: Visit, make_app_host: Hosts) -> None:
    # An Entra of its own: what others left to be decided there would be decided first.
    with Simulator(referrals=5, seed=5) as entra:
        host = make_app_host(simulator=entra, HUNTER_PARTNER_CENTER_CLIENT_SECRET=entra.client_secret)
        page = visit(host=host, ignore_https_errors=True, expected=re.escape(entra.authority))
        notice(page, "signedOut").get_by_role("button").click()
        page.get_by_role("link", name="Approve").click()
        page.wait_for_url(f"{host.url}/app*")
        expect(page.locator("#messages .toast").first).to_contain_text(f"Signed in as {entra.account}")
        wait_for_query(page, signIn=None)
        expect(notice(page, "signedOut")).to_have_count(0)
        expect(page.locator("#messages .toast").last).to_contain_text("Sync finished: 5 new")


@pytest.mark.parametrize(
    ("reason", "english", "turkish"),
    [
        ("password_changed", "password was changed", "parolası değiştiği için"),
        ("mfa_required", "multi-factor", "çok faktörlü"),
    ],
)
def test_a_renewal_that_fails_is_said_with_the_reason_and_the_way_out(
    visit: Visit, make_app_host: Hosts, reason: str, english: str, turkish: str
) -> None:
    with Simulator(referrals=10, seed=5, auto_approve=True) as simulator:
        host = make_app_host(simulator=simulator)
        host.sign_in()
        host.sync_to_the_end()
        simulator.revoke(reason)
        simulator.expire_access_tokens()
        host.post("/api/v1/partner-center/referrals/sync")
        for language, said in (("en-GB", english), ("tr-TR", turkish)):
            page = visit(host=host, language=language)
            expect(notice(page, "expired")).to_contain_text(said)
            expect(notice(page, "expired").get_by_role("button")).to_be_visible()
            expect(notice(page, "failed")).to_have_count(0)
            expect(page.locator(".waiting")).to_be_visible()


@pytest.mark.parametrize(("language", "said"), [("en-GB", "switched off"), ("tr-TR", "eşitlemesi kapalı")])
def test_the_feature_flag_off_is_said_and_reading_works(
    visit: Visit, make_app_host: Hosts, language: str, said: str
) -> None:
    host = make_app_host(HUNTER_PARTNER_CENTER_ENABLED="false")
    page = visit("/app?view=referrals", host=host, language=language)
    expect(notice(page, "disabled")).to_contain_text(said)
    expect(page.locator("#sync-button")).to_be_disabled()
    expect(page.locator(".empty")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Sign in|oturum aç"))).to_have_count(0)


def test_problems_of_the_settings_are_named(visit: Visit, make_app_host: Hosts) -> None:
    host = make_app_host(HUNTER_TOKEN_CACHE_KEY=None, HUNTER_PARTNER_CENTER_CLIENT_ID=None)
    page = visit(host=host)
    box = notice(page, "configuration")
    expect(box).to_contain_text("2 settings are missing or wrong")
    expect(box.locator("code")).to_have_text(["HUNTER_PARTNER_CENTER_CLIENT_ID", "HUNTER_TOKEN_CACHE_KEY"])
    expect(box).to_contain_text("docs/deploy.md shows how to make a key.")
    sync = page.locator("#sync-button")
    expect(sync).to_be_disabled()
    expect(sync).to_have_attribute("title", "A setting is missing or wrong.")
    expect(notice(page, "signedOut")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in to Partner Center")).to_have_count(0)
    page.get_by_role("button", name="Türkçe").click()
    expect(box).to_contain_text("Eşitleme açıkken zorunludur. Entra'daki uygulama kaydından kopyalayın.")


@pytest.mark.parametrize(("name", "stops"), [("HUNTER_RETENTION_MONTHS", True), ("HUNTER_UNDO_SECONDS", False)])
def test_a_wrong_setting_takes_the_sign_in_away_where_it_would_stop_it(
    visit: Visit, make_app_host: Hosts, name: str, stops: bool
) -> None:
    page = visit(host=make_app_host(**{name: "soon"}))
    expect(notice(page, "configuration").locator("code")).to_have_text([name])
    expect(notice(page, "signedOut").get_by_role("button")).to_have_count(0 if stops else 1)


def test_an_address_that_is_no_https_is_not_offered(visit: Visit, make_app_host: Hosts, entra: Simulator) -> None:
    answer: dict[str, Any] = {
        "id": "a",
        "flow": "deviceCode",
        "userCode": "ABC123",
        "verificationUri": "javascript:alert(1)",
    }
    answer["expiresAt"] = "2099-01-01T00:00:00Z"

    def forge(page: Page) -> None:
        page.route("**/sign-in", lambda route: route.fulfill(json=answer))

    page = visit(host=make_app_host(simulator=entra), before=forge)
    notice(page, "signedOut").get_by_role("button").click()
    expect(notice(page, "code").locator("code.code")).to_have_text("ABC123")
    expect(notice(page, "code").get_by_role("link")).to_have_count(0)
