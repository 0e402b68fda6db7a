"""A real browser on the real page, served by the real host over Azurite and the simulator."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from local.azurite import Azurite
from local.simulator import Simulator
from tests.hosting import API, HostProcess, app_settings

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
PATIENCE_MS = 60_000.0
"""How long what is expected may take. A machine that has much else to do is slow, and not wrong."""
expect.set_options(timeout=PATIENCE_MS)
WIDER = "(all) => all.filter((each) => each.scrollWidth > each.clientWidth).length"
"""How many are wider than their place."""
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.effectiveDirective} blocked ${event.blockedURI} ${event.sample}`));
"""


class Visit(Protocol):
    """Opens the page; see the fixture ``visit``."""

    def __call__(
        self,
        path: str = "/app",
        *,
        host: HostProcess | None = None,
        device: str = "desktop",
        language: str = "en-GB",
        expected: str | None = None,
        before: Callable[[Page], object] | None = None,
        **context: Any,
    ) -> Page: ...


@dataclass
class World:
    """An app and a Partner Center of its own that a test may change."""

    simulator: Simulator
    host: HostProcess
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def create(self, name: str | None = None, **fields: Any) -> tuple[str, str]:
        """A new referral in Partner Center with a name that nothing else has; its id and name."""
        name = name or f"Test deal {next(self.numbers)}"
        return self.simulator.data.create(name=name, **fields), name

    def sync(self) -> None:
        """Sync as somebody else does, without the page."""
        self.host.sync_to_the_end()

    def get(self, path: str) -> Any:
        """JSON of the API."""
        return json_of(self.host, path)


def query_of(page: Page) -> dict[str, list[str]]:
    """What the address of the page asks for, as it is at this moment."""
    return parse_qs(urlsplit(page.url).query)


def wait_for_query(page: Page, /, **wanted: list[str] | None) -> None:
    """Wait until the address has these parameters; None: not this one."""

    def fits(url: str) -> bool:
        query = parse_qs(urlsplit(url).query)
        return all(query.get(name) == values for name, values in wanted.items())

    page.wait_for_url(fits)


def wait_until(page: Page, read: Callable[[], object], wanted: object) -> None:
    """Wait until what is read off the page is what is wanted; for what Playwright's expectations do not know."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while (found := read()) != wanted:
        assert time.monotonic() < deadline, f"{found!r}, not {wanted!r}"
        page.wait_for_timeout(20)


def wait_for_clipboard(page: Page, text: str) -> None:
    """Wait until the clipboard has the text; it gets there some time after the click that copies."""
    wait_until(page, lambda: page.evaluate("navigator.clipboard.readText()"), text)


def json_of(host: HostProcess, path: str) -> Any:
    """What the API answers to a GET of a path under its root."""
    answer = host.get(API + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, or Playwright's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS, timeout=2 * PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def visit(
    chromium: Browser, make_app_host: Callable[..., HostProcess], request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """Opens the page in a new browser profile: `visit("/app?view=referrals", device="phone", language="tr-TR")`.

    Whatever the browser complains about (an error in the console, a script that failed, a violation of the content
    security policy, a request to another host) fails the test at its end, but for what matches `expected`. `before` is
    called with the page before it is opened.

    It asks for `make_app_host` so that pages close before the hosts they look at: a page left open would ask one that is
    gone, and complain.
    """
    complaints: list[str] = []
    with ExitStack() as stack:

        def open_page(
            path: str = "/app",
            *,
            host: HostProcess | None = None,
            device: str = "desktop",
            language: str = "en-GB",
            expected: str | None = None,
            before: Callable[[Page], object] | None = None,
            **context: Any,
        ) -> Page:
            url: str = (host or request.getfixturevalue("app_host")).url
            options = {"locale": language, "timezone_id": "Europe/Istanbul", "reduced_motion": "reduce"}
            profile = chromium.new_context(base_url=url, **{**DEVICES[device], **options, **context})
            stack.callback(profile.close)
            profile.set_default_timeout(PATIENCE_MS)
            profile.grant_permissions(["clipboard-read", "clipboard-write"])
            profile.add_init_script(WATCH)
            page = profile.new_page()
            stack.callback(page.unroute_all, behavior="ignoreErrors")

            def complain(text: str) -> None:
                if not (expected and re.search(expected, text)):
                    complaints.append(text)

            def console(message: ConsoleMessage) -> None:
                if message.type in {"error", "warning"}:
                    complain(message.text)

            def outside(sent: Request) -> None:
                if urlsplit(sent.url).scheme in {"http", "https"} and not sent.url.startswith(url):
                    complain(f"a request to {sent.url}")

            page.on("console", console)
            page.on("pageerror", lambda error: complain(str(error)))
            page.on("request", outside)
            if before:
                before(page)
            page.goto(path)
            return page

        yield open_page
    assert complaints == []


@pytest.fixture(scope="session")
def world(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """60 referrals, signed in and synced; every test makes what it changes, so they don't disturb each other."""
    with Simulator(referrals=60, seed=4, auto_approve=True) as simulator:
        settings = app_settings(simulator, azurite.connection_string_of(next(_unused_accounts)))
        settings["HUNTER_TENANT_LOOKUP_ENABLED"] = "false"  # it changes companies some time after a sync
        with HostProcess(settings, tmp_path_factory.mktemp("page-host") / "host.log") as host:
            host.sign_in()
            host.sync_to_the_end()
            yield World(simulator, host)


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core, to be run in the page by evaluate(), which the content security policy does not concern."""
    return (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
