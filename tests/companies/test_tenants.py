"""Which companies are Microsoft 365 customers: asked of Entra after a sync, and in nobody's way."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from msgspec.structs import replace

from local.simulator import Simulator
from shared.companies.book import CompanyBook
from shared.companies.tenant_lookup import GIVE_UP_AFTER, TenantLookup
from shared.core.clock import Clock, SystemClock
from shared.core.settings import load
from shared.model.company_rows import Touched
from shared.model.summary import ReferralSummary
from shared.model.tenant import KEPT, NEVER_ASKED, KnownTenant, TenantAnswer
from shared.partner_center.tenants import lookup_session, lookup_tenant
from shared.storage.engine.tables import TableStore
from shared.storage.tables import tenants
from shared.storage.tables.sync_state import SyncState
from tests.companies.tables import NOW, store_of

FOUND = "0d5b2f6e-5f0c-4f0e-9a51-7d2f6f0c7390"
ENOUGH = 600.0
"""Seconds that no answer of this machine takes."""
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"


@pytest.fixture(scope="module")
def _simulator() -> Iterator[Simulator]:
    with Simulator(referrals=0, seed=1, port=0) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, what is asked here is answered in the end."""
    monkeypatch.setattr("shared.companies.tenant_lookup.REQUEST_SECONDS", ENOUGH)
    monkeypatch.setattr("shared.partner_center.tenants.CONNECT_SECONDS", ENOUGH)


@pytest.fixture
def simulator(_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(_simulator.ca_file))
    _simulator.switches.reset()
    _simulator.faults.clear()
    _simulator.tenants.clear()
    _simulator.requests.clear()
    return _simulator


class MovingClock(SystemClock):
    """The machine's clock, some days on."""

    days = 0.0

    def now(self):  # type: ignore[no-untyped-def]
        return super().now() + timedelta(days=self.days)


def lookup_of(
    simulator: Simulator, store: TableStore, clock: Clock | None = None, enabled: str = "true"
) -> TenantLookup:
    settings = load({"HUNTER_PARTNER_CENTER_AUTHORITY": simulator.authority, "HUNTER_TENANT_LOOKUP_ENABLED": enabled})
    return TenantLookup(settings, store, clock)


def companies(store: TableStore, *domains: str) -> None:
    blank = ReferralSummary(id="", updated_date_time="2026-01-01T00:00:00.0000000Z")
    ones = [replace(blank, id=domain, company_key=domain) for domain in domains]
    CompanyBook(store).apply([Touched(one.id, None, one) for one in ones])


def asked(simulator: Simulator) -> list[str]:
    return [one.path.split("/")[1] for one in simulator.requests if "openid-configuration" in one.path]


def version(store: TableStore) -> str:
    return SyncState(store).load().version


def ask(simulator: Simulator, domain: str, timeout: float = ENOUGH) -> TenantAnswer:
    with lookup_session() as session:
        return lookup_tenant(domain, session, simulator.authority, timeout)


def test_found_unknown_refused_and_failed_are_told_apart(simulator: Simulator) -> None:
    simulator.tenants["contoso.com"] = FOUND
    assert ask(simulator, "contoso.com") == TenantAnswer("found", FOUND)
    assert ask(simulator, "fabrikam.com") == TenantAnswer("unknown")
    simulator.switches.discovery = "refuse"
    assert ask(simulator, "contoso.com") == TenantAnswer("refused")
    simulator.switches.discovery = "fail"
    assert ask(simulator, "contoso.com") == TenantAnswer("failed")
    simulator.switches.discovery, simulator.switches.discovery_delay = "slow", 600.0
    assert ask(simulator, "contoso.com", timeout=0.2) == TenantAnswer("failed")


def test_personal_accounts_are_no_company_s_tenant(simulator: Simulator) -> None:
    simulator.tenants["outlook.com"] = CONSUMERS
    assert ask(simulator, "outlook.com") == TenantAnswer("unknown")


def test_a_certificate_of_nobody_s_is_not_trusted(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator.tenants["contoso.com"] = FOUND
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert ask(simulator, "contoso.com") == TenantAnswer("failed")
    assert asked(simulator) == []


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str] | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything alike; its address, and the paths it was asked for."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            assert "Authorization" not in self.headers
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", paths
        finally:
            server.shutdown()
            thread.join()


ISSUER = f"https://login.microsoftonline.com/{FOUND}/v2.0"


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, f'{{"issuer": "{ISSUER}"}}', "found"),
        (200, f'{{"issuer": "{ISSUER.upper().replace("HTTPS", "https").replace("V2", "v2")}"}}', "found"),
        (200, f'{{"issuer": "https://sts.windows.net/{FOUND}/"}}', "found"),
        (200, '{"issuer": "https://login.microsoftonline.com/common/v2.0"}', "failed"),
        (200, '{"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}', "failed"),
        (200, '{"issuer": 7}', "failed"),
        (200, "{}", "failed"),
        (200, "[]", "failed"),
        (200, "<html>", "failed"),
        (200, "", "failed"),
        (200, "[" * 100_000, "failed"),
        (200, f'{{"issuer": "{ISSUER}", "x": "{"x" * 300_000}"}}', "failed"),
        (400, '{"error": "invalid_tenant", "error_codes": [90002]}', "unknown"),
        (400, '{"error": "other", "error_codes": [90002]}', "unknown"),
        (400, '{"error": "invalid_request", "error_codes": [900023]}', "failed"),
        (400, "{}", "failed"),
        (401, "{}", "refused"),
        (403, "{}", "refused"),
        (429, "{}", "refused"),
        (404, "{}", "failed"),
        (500, "{}", "failed"),
        (503, "", "failed"),
    ],
)
def test_every_answer_has_its_meaning(status: int, body: str, state: str) -> None:
    with answering(status, body.encode()) as (address, paths), lookup_session() as session:
        answer = lookup_tenant("contoso.com", session, address, ENOUGH)
    assert answer == TenantAnswer(state, FOUND if state == "found" else None)  # type: ignore[arg-type]
    assert paths == ["/contoso.com/v2.0/.well-known/openid-configuration"]


def test_redirects_are_not_followed() -> None:
    with (
        answering(200, f'{{"issuer": "{ISSUER}"}}'.encode()) as (elsewhere, visited),
        answering(302, b"", {"Location": f"{elsewhere}/"}) as (address, _),
        lookup_session() as session,
    ):
        assert lookup_tenant("contoso.com", session, address, ENOUGH) == TenantAnswer("failed")
        assert visited == []


def test_nobody_there_is_a_failure() -> None:
    with lookup_session() as session:
        assert lookup_tenant("contoso.com", session, "http://127.0.0.1:9", ENOUGH) == TenantAnswer("failed")


def test_due_domains_are_looked_up_once_and_kept(simulator: Simulator, storage_account: str) -> None:
    store = store_of(storage_account)
    companies(store, "contoso.com", "fabrikam.com", "duns-123456789", "name-tr-litware")
    simulator.tenants["contoso.com"] = FOUND
    before = version(store)
    lookup = lookup_of(simulator, store)
    lookup.run(ENOUGH)
    known = tenants.load_all(store)
    assert {domain: (one.state, one.tenant_id, one.is_m365) for domain, one in known.items()} == {
        "contoso.com": ("found", FOUND, True),
        "fabrikam.com": ("unknown", None, False),
    }
    assert all(one.checked_at for one in known.values())
    after = version(store)
    assert after != before
    lookup.run(ENOUGH)
    assert sorted(asked(simulator)) == ["contoso.com", "fabrikam.com"]
    assert version(store) == after, "nothing was learned, so lists need not load anew"


def test_answers_are_asked_for_again_after_thirty_days(simulator: Simulator, storage_account: str) -> None:
    store, clock = store_of(storage_account), MovingClock()
    companies(store, "contoso.com")
    lookup = lookup_of(simulator, store, clock)
    lookup.run(ENOUGH)
    assert not tenants.load_all(store)["contoso.com"].is_m365
    simulator.tenants["contoso.com"] = FOUND
    clock.days = 29.9
    lookup.run(ENOUGH)
    assert not tenants.load_all(store)["contoso.com"].is_m365
    clock.days = 30.1
    lookup.run(ENOUGH)
    assert tenants.load_all(store)["contoso.com"].is_m365


def test_off_means_off(simulator: Simulator, storage_account: str) -> None:
    store = store_of(storage_account)
    companies(store, "contoso.com")
    lookup_of(simulator, store, enabled="false").run(ENOUGH)
    assert asked(simulator) == []


@pytest.mark.parametrize("discovery", ["fail", "refuse"])
def test_failing_and_refusing_end_soon_and_later_lookups_fill_in(
    simulator: Simulator, storage_account: str, discovery: str
) -> None:
    store = store_of(storage_account)
    domains = [f"c{number}.com" for number in range(40)]
    companies(store, *domains)
    simulator.tenants.update(dict.fromkeys(domains, FOUND))
    simulator.switches.update({"discovery": discovery})
    lookup = lookup_of(simulator, store)
    before = version(store)
    lookup.run(ENOUGH)
    assert len(asked(simulator)) < GIVE_UP_AFTER + 8, "Entra is left in peace"
    known = tenants.load_all(store).values()
    assert {one.state for one in known} == {"refused" if discovery == "refuse" else "failed"}
    assert {one.checked_at for one in known} == {None}
    assert version(store) == before, "lists show nothing new"
    simulator.switches.discovery = "ok"
    lookup.run(ENOUGH)
    assert {one.state for one in tenants.load_all(store).values()} == {"found"}
    assert len(tenants.load_all(store)) == 40


def test_slow_answers_are_not_waited_for(simulator: Simulator, storage_account: str) -> None:
    store = store_of(storage_account)
    companies(store, *(f"c{number}.com" for number in range(40)))
    simulator.switches.discovery, simulator.switches.discovery_delay = "slow", 600.0
    started = time.monotonic()
    lookup_of(simulator, store).run(budget_seconds=0.5)
    assert time.monotonic() - started < 60, "the budget is the budget"
    simulator.switches.discovery = "ok"
    lookup_of(simulator, store).run(ENOUGH)
    assert len(tenants.load_all(store)) == 40


def test_storage_that_fails_fails_nothing_else(
    simulator: Simulator, storage_account: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret text")

    store = store_of(storage_account)
    store.intercept = broken
    with caplog.at_level("INFO"):
        lookup_of(simulator, store).run(ENOUGH)
    assert "tenant_lookup_finished" in caplog.text
    assert "unexpected_error" in caplog.text
    assert "secret" not in caplog.text


def test_what_was_known_stays_known_while_entra_fails() -> None:
    found = NEVER_ASKED.after(TenantAnswer("found", FOUND), NOW)
    later = found.after(TenantAnswer("failed"), NOW + KEPT)
    assert (later.state, later.tenant_id, later.checked_at) == ("found", FOUND, found.checked_at)
    assert later.is_due(NOW + KEPT)
    assert later.after(TenantAnswer("unknown"), NOW + KEPT).state == "unknown"


@pytest.mark.parametrize(
    ("failures", "wait"),
    [(1, timedelta()), (2, timedelta()), (3, timedelta(hours=1)), (4, timedelta(hours=2)), (50, timedelta(days=1))],
)
def test_failures_in_a_row_make_longer_waits(failures: int, wait: timedelta) -> None:
    known = NEVER_ASKED
    for _ in range(failures):
        known = known.after(TenantAnswer("refused"), NOW)
    assert known.failures == failures
    assert known.is_due(NOW + wait)
    if wait:
        assert not known.is_due(NOW + wait - timedelta(seconds=1))


def test_those_never_asked_for_come_first(simulator: Simulator, storage_account: str) -> None:
    store = store_of(storage_account)
    companies(store, "failed.com", "old.com", "new.com")
    failed = NEVER_ASKED.after(TenantAnswer("failed"), NOW)
    old = NEVER_ASKED.after(TenantAnswer("unknown"), NOW - KEPT)
    tenants.save(store, {"failed.com": failed, "old.com": old})
    lookup = lookup_of(simulator, store)
    order: Callable[[dict[str, KnownTenant]], list[str]] = lookup._due
    assert order(tenants.load_all(store)) == ["new.com", "old.com", "failed.com"]
