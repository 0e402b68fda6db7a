"""What keeps strangers' text and other sites out, and what the page keeps of the data: nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from local import node
from tests.hosting import HostProcess
from tests.page.conftest import Visit, json_of

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "shared" / "web" / "static"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


@pytest.mark.parametrize("path", ["/app", "/app/app.js", "/app/core/dom.js", "/app/app.css"])
def test_the_policy_allows_nothing_but_the_pages_own_files(app_host: HostProcess, path: str) -> None:
    answer = app_host.get(path)
    assert answer.status_code == 200
    given = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";") if part.strip()
    )
    assert {name: given.get(name) for name in POLICY} == POLICY
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_violation_would_be_noticed(visit: Visit) -> None:
    """The listener that all tests rely on does hear what the policy blocks."""
    page = visit(expected="CSP|Content Security Policy|example.com")
    blocked = {"img-src": "<img src='https://example.com/x.png'>", "style-src": "<p style='color: red'>x</p>"}
    for directive, html in blocked.items():
        heard = f"CSP: {directive}"
        with page.expect_event("console", lambda message, heard=heard: heard in message.text):
            page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", html)


def test_the_document_has_no_script_or_style_of_its_own() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>", html) == ['<script type="module" src="/app/app.js">']
    assert "<style" not in html
    assert not re.search(r"\s(style|on\w+)=", html)
    assert not re.search(r"(src|href)=\"(https?:)?//", html)


def test_no_file_asks_another_host_or_parses_html() -> None:
    for path in STATIC.rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        hosts = set(re.findall(r"https?://[\w.-]+", text)) - {"http://www.w3.org", "https://partner.microsoft.com"}
        assert hosts == set(), path.name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function", text
        ), path.name


def test_nothing_is_kept_in_the_browser_but_preferences(visit: Visit, app_host: HostProcess) -> None:
    identity = json_of(app_host, "/referrals")["items"][0]["id"]
    page = visit(f"/app?view=referrals&id={identity}")
    expect(page.get_by_role("dialog").locator(".part").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="TR, Türkçe").click()
    page.locator("#theme").select_option("dark")
    expect(page.locator("h1")).to_have_text("Fırsatlar")
    kept = page.evaluate("({ ...localStorage })")
    assert kept == {"hunter.language": "tr", "hunter.theme": "dark"}
    assert page.evaluate("sessionStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("indexedDB.databases()") == []


def test_data_is_not_left_in_the_browsers_cache(app_host: HostProcess) -> None:
    for path in ("/summary", "/referrals", "/sync"):
        assert app_host.get("/api/v1/partner-center" + path).headers["Cache-Control"] == "no-store"


def test_files_that_are_not_the_pages_are_not_served(app_host: HostProcess) -> None:
    for path in (
        "/app/core/contract.ts",
        "/app/..%2Fpage.py",
        "/app/core/..%2F..%2Fapp.py",
        "/app/nothing.js",
        "/app/core",
    ):
        assert app_host.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "command", [("typescript/bin/tsc", "--noEmit", "-p", "jsconfig.json"), ("eslint/bin/eslint.js", ".")]
)
def test_the_javascript_is_typed_and_linted(command: tuple[str, ...]) -> None:
    tool, *arguments = command
    done = subprocess.run(
        [node.node(), str(ROOT / "node_modules" / tool), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_type_check_would_find(tmp_path: Path) -> None:
    """The type check is strict and does read JavaScript: a wrong field of the API is an error."""
    wrong = tmp_path / "wrong.js"
    contract = (STATIC / "core" / "contract.ts").as_posix()
    wrong.write_text(f'/** @param {{import("{contract}").Referral}} one */\nexport const name = (one) => one.nmae;\n')
    tsc = str(ROOT / "node_modules" / "typescript" / "bin" / "tsc")
    options = ["--noEmit", "--checkJs", "--allowJs", "--strict", "--allowImportingTsExtensions", "--module", "esnext"]
    done = subprocess.run(
        [node.node(), tsc, *options, "--moduleResolution", "bundler", str(wrong)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "nmae" in done.stdout
