"""The sync on the page: the button, what the header says, toasts, runs, quarantine, and refreshing in place."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from local.simulator import RequestInfo, Simulator
from tests.hosting import API, HostProcess
from tests.page.conftest import Visit, World, wait_for_query, wait_until

STATUS = f"**{API}/sync"


class Gate:
    """Holds Partner Center's answers back until they are let go."""

    def __init__(self, world: World) -> None:
        self._world, self._opened = world, threading.Event()
        self._passing = 0

    def shut(self, passing: int = 0) -> None:
        """Hold all answers from now on, but for so many."""
        self._passing = passing
        self._opened.clear()
        self._world.simulator.before_request = self._wait

    def open(self) -> None:
        """Let all answers go."""
        self._world.simulator.before_request = None
        self._opened.set()

    def _wait(self, _: RequestInfo) -> None:
        self._passing -= 1
        if self._passing < 0:
            self._opened.wait(600)


@pytest.fixture
def gate(world: World) -> Iterator[Gate]:
    """One that is open, and is again at the end of the test."""
    made = Gate(world)
    yield made
    made.open()


@pytest.fixture(autouse=True)
def whole(world: World) -> Iterator[None]:
    """Whatever a test made fail or slow works again for the next."""
    yield
    world.simulator.faults.clear()
    world.simulator.page_delay = 0
    world.simulator.switches.page_size = 100


def status(page: Page) -> Locator:
    return page.locator("#sync-status")


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Sync", exact=True)


def answering(**changes: Any) -> Callable[[Page], None]:
    """The state of the sync as the server tells it, with some of it changed."""

    def before(page: Page) -> None:
        def fulfill(route: Any) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), **changes})

        page.route(STATUS, fulfill)

    return before


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_button_syncs_and_the_data_follows(visit: Visit, world: World, device: str, gate: Gate) -> None:
    page = visit("/app?view=referrals", host=world.host, device=device)
    expect(page.locator("tbody tr").first).to_be_visible()
    _, name = world.create()
    gate.shut()
    expect(button(page)).to_be_visible()
    button(page).click()
    expect(page.locator("#messages .toast")).to_contain_text(["Sync started"])
    expect(button(page)).to_be_disabled()
    expect(status(page)).to_have_attribute("data-tone", "busy")
    expect(status(page)).to_have_attribute("title", re.compile("Syncing…"))
    gate.open()
    expect(page.locator("#messages .toast").last).to_contain_text("Sync finished: 1 new")
    expect(button(page)).to_be_enabled()
    expect(status(page)).to_have_attribute("data-tone", "ok")
    expect(page.locator("tbody a.opener").first).to_have_text(name)


def test_progress_is_shown_while_it_runs(visit: Visit, world: World, gate: Gate) -> None:
    world.simulator.switches.page_size = 8
    world.simulator.page_delay = 1.2  # how far a run is, it says every two seconds
    gate.shut(passing=5)
    page = visit("/app?panel=sync", host=world.host)
    page.get_by_role("dialog").get_by_role("button", name="Full sync").click()
    expect(page.locator(".running-line")).to_contain_text(
        re.compile(r"Syncing… [1-9]\d* pages? · \d+ read · \d+ changed")
    )
    expect(status(page)).to_contain_text(re.compile(r"[1-9]\d* pages? · \d+ read"))
    world.simulator.page_delay = 0
    gate.open()
    expect(page.locator("#messages .toast").last).to_contain_text("Sync finished")
    expect(page.locator(".running-line")).to_have_count(0)
    expect(page.locator(".run").first).to_contain_text("Succeeded")
    expect(page.locator(".run").first).to_contain_text("full · from the page")


def test_what_happens_while_an_answer_is_on_its_way_is_asked_for_after_it(visit: Visit, world: World) -> None:
    """The first answer about the sync knows nothing of the run that the button starts."""
    held: list[tuple[Any, Any]] = []

    def first(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    def hold(page: Page) -> None:
        page.clock.install()
        page.route(STATUS, first)

    page = visit("/app?view=referrals", host=world.host, before=hold)
    wait_until(page, lambda: len(held), 1)
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=10))  # from now on the page asks nothing at its own pace
    _, name = world.create()
    button(page).click()
    expect(page.locator("#messages .toast").last).to_contain_text("Sync finished: 1 new")
    expect(page.locator("tbody a.opener").first).not_to_have_text(name)
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(page.locator("tbody a.opener").first).to_have_text(name)
    expect(status(page)).to_contain_text("1 new")


def test_what_changed_before_the_first_answer_is_shown(visit: Visit, world: World) -> None:
    """The view is loaded first; somebody's sync comes to its end before the page hears of any."""
    held: list[Any] = []

    def hold(page: Page) -> None:
        page.clock.install()
        page.route(STATUS, lambda route: held.append(route))

    page = visit("/app?view=referrals", host=world.host, before=hold)
    wait_until(page, lambda: len(held), 1)
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=10))
    _, name = world.create()
    world.sync()
    held[0].continue_()
    expect(page.locator("tbody a.opener").first).to_have_text(name)


def test_the_header_says_what_came_when_and_what_comes(visit: Visit, world: World) -> None:
    world.create()
    world.sync()
    ended = datetime.fromisoformat(world.get("/sync")["runs"][0]["finishedAt"])
    page = visit(host=world.host, before=lambda page: page.clock.set_fixed_time(ended + timedelta(seconds=5)))
    expect(status(page)).to_have_text(re.compile(r"^1 new · just now · next in \d+ (day|month|year)s?$"))
    expect(status(page).locator(".dot")).to_have_class("dot ok")
    page.reload()
    expect(status(page)).to_have_text(re.compile(r"^1 new · "))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-GB", ["just now", "4 minutes ago", "59 minutes ago", "1 hour ago"]),
        ("tr-TR", ["az önce", "4 dakika önce", "59 dakika önce", "1 saat önce"]),
    ],
)
def test_how_long_ago_it_was_goes_on_without_a_reload(
    visit: Visit, world: World, language: str, said: list[str]
) -> None:
    world.sync()
    ended = datetime.fromisoformat(world.get("/sync")["runs"][0]["finishedAt"])
    page = visit(host=world.host, language=language, before=lambda page: page.clock.install(time=ended))
    expect(status(page)).not_to_be_empty()
    for seconds, text in zip((10, 250, 3550, 3610), said, strict=True):
        page.clock.set_fixed_time(ended + timedelta(seconds=seconds))
        page.clock.fast_forward("00:16")  # the header is painted anew every 15 seconds
        expect(status(page)).to_contain_text(text)


def test_a_sync_started_elsewhere_shows_and_its_data_arrives_in_place(visit: Visit, world: World) -> None:
    identity, *others = [world.create()[0] for _ in range(13)]
    world.sync()
    page = visit(
        "/app?view=referrals&sort=-createdDateTime&status=New&q=Test",
        host=world.host,
        before=lambda page: page.clock.install(),
    )
    rows = page.locator("tbody tr")
    expect(rows.nth(10).locator("td.tick")).to_be_visible()  # once it is known who reads, rows can be ticked
    page.evaluate("scrollTo(0, 120)")
    kept = page.locator(f"tbody tr[data-key='{others[5]}'] a.opener")
    kept.focus()
    kept.evaluate("(link) => { link.mark = 'same node'; getSelection().selectAllChildren(link); }")
    selected = page.evaluate("String(getSelection())")
    place = page.evaluate("scrollY")
    world.simulator.data.change(identity, details={"dealValue": 4321, "currency": "USD"})
    world.sync()
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if "/referrals?" in answer.url else None)
    page.clock.fast_forward("00:31")
    expect(page.locator(f"tbody tr[data-key='{identity}'] td.value")).to_contain_text("$4,321")
    expect(status(page)).to_contain_text("1 changed")
    expect(page.locator("#sync-live")).to_have_text("1 changed")
    expect(kept).to_be_focused()
    assert kept.evaluate("(link) => link.mark") == "same node"
    assert page.evaluate("String(getSelection())") == selected
    assert page.evaluate("scrollY") == place
    page.clock.fast_forward("00:31")
    expect(status(page)).to_contain_text("1 changed")
    assert answers == [200], "no second request for a list that did not change"


def test_an_unchanged_answer_costs_a_304(visit: Visit, world: World) -> None:
    page = visit("/app?view=referrals", host=world.host, before=lambda page: page.clock.install())
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(status(page)).to_contain_text("next")
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if answer.url.endswith("/referrals") else None)
    world.host.post(API + "/referrals/sync", {"dryRun": True})
    with page.expect_response(re.compile("/referrals$")):
        page.clock.fast_forward("00:31")
    assert answers == [304]
    expect(page.locator("tbody tr").first).to_be_visible()


def test_nothing_is_asked_while_nobody_looks(visit: Visit, world: World) -> None:
    page = visit(host=world.host, before=lambda page: page.clock.install())
    expect(status(page)).to_contain_text("next")
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    hide = """
        Object.defineProperty(document, "hidden", { configurable: true, get: () => %s });
        document.dispatchEvent(new Event("visibilitychange"));
    """
    page.evaluate(hide % "true")
    page.clock.fast_forward("10:00")
    with page.expect_request(STATUS):
        page.evaluate(hide % "false")
    assert asked == [world.host.url + API + "/sync"], "once, and not before somebody looked again"


@pytest.mark.parametrize(
    ("fault", "english", "advice"),
    [
        (
            {"status": 403},
            "The signed-in account has no access to referrals.",
            "Give the account the Referrals admin role",
        ),
        ({"status": 400}, "Partner Center rejected the request.", "give your administrator this code"),
        (
            {"kind": "redirect", "location": "https://example.com/"},
            "Partner Center rejected the request.",
            "give your administrator this code",
        ),
    ],
)
def test_a_failure_is_said_with_what_to_do(
    visit: Visit, world: World, fault: dict[str, Any], english: str, advice: str
) -> None:
    page = visit(host=world.host, expected="status of 50")
    expect(page.locator(".waiting")).to_be_visible()
    world.simulator.faults.add(**fault, times=0)
    button(page).click()
    toast = page.locator("#alerts .toast")
    expect(toast).to_contain_text("Sync failed")
    expect(toast).to_contain_text(english)
    expect(toast).to_contain_text(advice)
    expect(toast).to_contain_text("Code:")
    expect(button(page)).to_be_enabled()


def test_a_failure_stays_on_the_page_until_the_next_success(visit: Visit, world: World) -> None:
    world.simulator.faults.add(status=403, times=0)
    world.host.post(API + "/referrals/sync")
    page = visit(host=world.host, language="tr-TR")
    notice = page.locator("[data-notice=failed]")
    expect(notice).to_contain_text("Son eşitleme başarısız oldu")
    expect(notice).to_contain_text("Oturum açan hesabın fırsatlara erişimi yok.")
    expect(status(page)).to_have_attribute("data-tone", "fail")
    expect(status(page)).to_contain_text("başarısız oldu")
    world.simulator.faults.clear()
    notice.get_by_role("button", name="Şimdi eşitle").click()
    expect(page.locator("#messages .toast").last).to_contain_text("Eşitleme bitti")
    expect(notice).to_have_count(0)
    expect(status(page)).to_have_attribute("data-tone", "ok")


def test_an_error_stays_and_a_success_leaves(visit: Visit, world: World) -> None:
    page = visit(host=world.host, expected="status of 502", before=lambda page: page.clock.install())
    expect(page.locator(".waiting")).to_be_visible()
    world.simulator.faults.add(status=403, times=1)
    button(page).click()
    expect(page.locator("#alerts .toast")).to_have_count(1)
    expect(button(page)).to_be_enabled()
    button(page).click()
    expect(page.locator("#messages .toast").last).to_contain_text("Sync finished")
    page.clock.fast_forward("00:20")
    expect(page.locator("#messages .toast")).to_have_count(0)
    expect(page.locator("#alerts .toast")).to_have_count(1)
    page.locator("#alerts").get_by_role("button", name="Dismiss message").click()
    expect(page.locator("#alerts .toast")).to_have_count(0)


def test_a_toast_waits_while_it_is_pointed_at(visit: Visit, world: World) -> None:
    page = visit(host=world.host, before=lambda page: page.clock.install())
    button(page).click()
    done = page.locator("#messages .toast", has_text="Sync finished")
    expect(done).to_be_visible()
    done.hover()
    page.clock.fast_forward("00:20")
    expect(done).to_be_visible()
    page.mouse.move(5, 5)
    page.clock.fast_forward("00:20")
    expect(done).to_have_count(0)


def test_the_regions_are_there_before_a_message_is(visit: Visit, world: World) -> None:
    page = visit(host=world.host)
    expect(page.locator("#messages")).to_have_attribute("role", "status")
    expect(page.locator("#messages")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#alerts")).to_have_attribute("role", "alert")
    expect(page.locator("#sync-live")).to_have_attribute("aria-live", "polite")


def test_a_sync_that_runs_already_is_no_error(visit: Visit, world: World) -> None:
    def refuse(page: Page) -> None:
        body = {"type": "x", "title": "x", "status": 409, "detail": "x", "code": "sync_running", "correlationId": "c"}
        page.route("**/referrals/sync", lambda route: route.fulfill(status=409, json=body))

    page = visit(host=world.host, expected="status of 409", before=refuse)
    button(page).click()
    expect(page.locator("#messages .toast").last).to_contain_text("A sync is already running.")
    expect(page.locator("#alerts .toast")).to_have_count(0)


def test_a_dry_run_changes_nothing_and_says_so(visit: Visit, world: World) -> None:
    identity, _ = world.create()
    page = visit("/app?panel=sync", host=world.host)
    page.get_by_role("dialog").get_by_role("button", name="Dry run").click()
    expect(page.locator("#messages .toast").last).to_contain_text("Dry run finished: 1 new")
    assert world.get(f"/referrals?q={identity}")["total"] == 0
    expect(page.locator(".run").first).to_contain_text("dry run")
    world.sync()


def test_the_runs_and_the_account(visit: Visit, world: World) -> None:
    page = visit("/app", host=world.host)
    status(page).click()
    box = page.get_by_role("dialog")
    expect(box.get_by_role("heading", level=2)).to_have_text("Sync")
    wait_for_query(page, panel=["sync"])
    expect(box.locator(".run")).to_have_count(len(world.get("/sync")["runs"]))
    expect(box).to_contain_text(world.simulator.account)
    expect(box.locator("dt", has_text="Last renewed")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(status(page)).to_be_focused()


def test_the_quarantine_shows_what_could_not_be_stored(visit: Visit, world: World) -> None:
    # So old that only a full sync meets it: the others' counts are not touched by it.
    old = f"{datetime.now(UTC) - timedelta(days=99):%Y-%m-%dT%H:%M:%SZ}"
    world.simulator.data.add({"name": "<b>no id</b>", "status": "New"}, created=old, updated=old)
    world.host.sync_to_the_end({"mode": "full"})
    page = visit("/app?panel=sync", host=world.host, language="tr-TR")
    box = page.get_by_role("dialog")
    box.get_by_role("link", name="Okunamayan kayıtlar").click()
    expect(box.locator(".run")).to_contain_text(["Kaydın kimliği yok."])
    box.get_by_text("Özgün veri").click()
    expect(box.locator("pre")).to_contain_text('"name": "<b>no id</b>"')


def test_stale_data_offers_a_sync(visit: Visit, world: World) -> None:
    page = visit(host=world.host, before=answering(fresh=False))
    notice = page.locator("[data-notice=stale]")
    expect(notice).to_contain_text("The data is not up to date")
    notice.get_by_role("button", name="Sync now").click()
    expect(page.locator("#messages .toast").last).to_contain_text("Sync finished")


def test_a_pause_that_microsoft_wants_is_said(visit: Visit, make_app_host: Callable[..., HostProcess]) -> None:
    with Simulator(referrals=10, seed=4, auto_approve=True) as simulator:
        host = make_app_host(simulator=simulator)
        host.sign_in()
        page = visit(host=host, expected="status of 503")
        expect(page.locator(".waiting")).to_be_visible()
        simulator.faults.add(status=429, retry_after=3600, times=0)
        button(page).click()
        expect(page.locator("#alerts .toast")).to_contain_text("Partner Center asked the app to pause.")
        expect(page.locator("#alerts .toast")).to_contain_text(re.compile(r"Try again in (59|60) minutes"))
        expect(page.locator("[data-notice=throttled]")).to_contain_text(re.compile(r"in 5\d minutes"))

        page.locator("#sync-status").click()
        pause = page.locator("#sheet .pause")
        expect(pause).to_contain_text("Microsoft asked for a pause")
        pause.get_by_role("button", name="End the pause").click()
        question = page.locator("dialog.ask")
        expect(question).to_contain_text("may make the app wait longer")
        question.get_by_role("button", name="Cancel").click()
        assert host.get(f"{API}/sync").json()["throttledUntil"]
        pause.get_by_role("button", name="End the pause").click()
        question.get_by_role("button", name="End the pause").click()
        expect(page.locator("#messages .toast").last).to_contain_text("The pause is over.")
        expect(pause).to_have_count(0)
        expect(page.locator("[data-notice=throttled]")).to_have_count(0)
        simulator.faults.clear()
        page.locator("#sheet").get_by_role("button", name="Sync now").click()
        expect(page.locator("#messages .toast").last).to_contain_text("Sync finished")


def test_who_may_not_operate_sees_a_pause_and_no_button(visit: Visit, world: World) -> None:
    reader = {"id": "r", "name": "Reader", "mail": "reader@contoso.com", "roles": ["read"], "features": {}}

    def as_reader(page: Page) -> None:
        page.route("**/me", lambda route: route.fulfill(json=reader))
        answering(throttledUntil="2099-01-01T00:00:00Z")(page)

    page = visit("/app?panel=sync", host=world.host, before=as_reader)
    expect(page.locator("#sheet .pause")).to_contain_text("continues automatically")
    expect(page.locator("#sheet .pause button")).to_have_count(0)


def test_vanished_referrals_and_a_pause_are_said(visit: Visit, world: World) -> None:
    page = visit(host=world.host, before=answering(visibilityChanged=True, throttledUntil="2099-01-01T00:00:00Z"))
    expect(page.locator("[data-notice=visibility]")).to_contain_text("Many referrals disappeared at once")
    expect(page.locator("[data-notice=throttled]")).to_contain_text("Microsoft asked for a pause")


def test_a_renewal_that_fails_while_signed_in_is_said(visit: Visit, world: World) -> None:
    sign_in = {**world.get("/sync")["signIn"], "reason": "x", "reasonCode": "unavailable"}
    page = visit(host=world.host, before=answering(signIn=sign_in))
    expect(page.locator("[data-notice=renewal]")).to_contain_text("The sign-in could not be renewed")
    expect(page.locator("[data-notice=renewal]")).to_contain_text(
        "Microsoft's sign-in service is not available at the moment."
    )


@pytest.mark.parametrize(
    ("code", "status_code", "said"),
    [
        ("forbidden", 403, "An administrator can give you the role you need."),
        ("too_many_requests", 429, "Too many attempts in a short time. Try again in 7 seconds."),
        ("unauthenticated", 401, "You are no longer signed in to this page."),
    ],
)
def test_what_the_app_itself_refuses_is_said(
    visit: Visit, world: World, code: str, status_code: int, said: str
) -> None:
    def refuse(page: Page) -> None:
        body = {"type": "x", "title": "x", "status": status_code, "detail": "x", "code": code, "correlationId": "c"}
        headers = {"Retry-After": "7"} if status_code == 429 else {}
        page.route("**/referrals/sync", lambda route: route.fulfill(status=status_code, json=body, headers=headers))

    page = visit(host=world.host, expected=f"status of {status_code}", before=refuse)
    button(page).click()
    expect(page.locator("#alerts .toast")).to_contain_text(said)


def test_a_state_that_can_not_be_had_is_said(visit: Visit, world: World) -> None:
    page = visit(
        host=world.host, before=lambda page: page.route(STATUS, lambda route: route.abort()), expected="ERR_FAILED"
    )
    expect(status(page)).to_contain_text("Sync status unavailable")
    expect(page.locator(".waiting")).to_be_visible()


def test_before_the_first_sync(visit: Visit, make_app_host: Callable[..., HostProcess], simulator: Simulator) -> None:
    host = make_app_host()
    host.sign_in()
    page = visit("/app?view=referrals", host=host)
    expect(status(page)).to_contain_text("Not synced yet")
    expect(page.locator(".empty")).to_contain_text("Nothing here yet")
    page.locator("[data-notice=stale]").get_by_role("button").click()
    expect(page.locator("#messages .toast").last).to_contain_text("736 new, 3 unreadable")
    expect(page.locator("tbody tr")).to_have_count(50)
