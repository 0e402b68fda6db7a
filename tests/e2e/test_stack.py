"""The whole product by HTTP: the real host, Azurite, the simulator."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from local.azurite import Azurite
from local.simulator import RequestInfo, Simulator
from shared.model import times
from tests.hosting import API, HostProcess, app_settings, eventually

REFERRALS = 739
MakeHost = Callable[..., HostProcess]


def _counts_add_up(run: dict[str, Any]) -> bool:
    parts = ("inserted", "updated", "unchanged", "repeated", "quarantined")
    return bool(run["fetched"] == sum(run[part] for part in parts))


def _stored(connection_string: str) -> dict[tuple[str, str, str], str]:
    """The ETag of every row that holds data; what runs keep about themselves is left out."""
    with TableServiceClient.from_connection_string(connection_string) as service:
        return {
            (table.name, row["PartitionKey"], row["RowKey"]): str(row.metadata["etag"])
            for table in service.list_tables()
            if table.name not in {"SyncState", "SignIn"}
            for row in service.get_table_client(table.name).list_entities(select=["PartitionKey", "RowKey"])
        }


def _items(host: HostProcess, path: str) -> list[dict[str, Any]]:
    """All items of a list, page after page."""
    items: list[dict[str, Any]] = []
    separator = "&" if "?" in path else "?"
    while True:
        answer = host.get(f"{API}{path}{separator}pageSize=200&page={len(items) // 200 + 1}").json()
        items += answer["items"]
        if len(items) >= answer["total"]:
            return items


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(referrals=REFERRALS, seed=1, auto_approve=True) as running:
        yield running


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    with Azurite() as azurite:
        yield azurite.connection_string


@pytest.fixture(scope="module")
def host(sim: Simulator, storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    log = tmp_path_factory.mktemp("stack") / "host.log"
    with HostProcess(app_settings(sim, storage), log) as running:
        running.sign_in()
        yield running


class TestAStackThatWasSynced:
    """One host, one own simulator; the tests run in their order and tell one story."""

    pytestmark = pytest.mark.xdist_group("stack")

    def test_the_first_sync_stores_every_referral_and_its_counts_add_up(
        self, host: HostProcess, sim: Simulator
    ) -> None:
        run = host.sync_to_the_end()
        # The lookup of tenants goes on behind the answer and changes companies.
        eventually(lambda: "tenant_lookup_finished" in host.log, "the end of the tenant lookup")
        unusable = sim.data.unusable()
        assert (run["state"], run["mode"], run["fetched"]) == ("succeeded", "full", REFERRALS)
        assert run["inserted"] == REFERRALS - unusable
        assert run["quarantined"] == unusable
        assert _counts_add_up(run)
        listed = _items(host, "/referrals?missing=include")
        assert sorted(item["id"] for item in listed) == sorted(sim.data.ids())
        assert len(listed) == REFERRALS - unusable
        assert host.get(API + "/quarantine").json()["total"] == unusable
        sync = host.get(API + "/sync").json()
        assert sync["runs"][0]["id"] == run["id"]
        assert sync["fresh"] is True
        companies = _items(host, "/companies")
        assert run["companiesInserted"] == len(companies) > 100

    def test_a_second_sync_finds_all_unchanged_and_writes_nothing(
        self, host: HostProcess, sim: Simulator, storage: str
    ) -> None:
        before, asked = _stored(storage), len(sim.requests_of("list", "next"))
        run = host.sync_to_the_end()
        assert run["mode"] == "incremental"
        assert run["fetched"] == run["unchanged"] + run["quarantined"]
        assert run["inserted"] == run["updated"] == run["companiesInserted"] == run["companiesUpdated"] == 0
        assert len(sim.requests_of("list", "next")) - asked == 1, "one request upstream"
        assert _stored(storage) == before, "nothing written"

    def test_three_changes_are_three_updates_with_their_history(self, host: HostProcess, sim: Simulator) -> None:
        open_ones = [item for item in _items(host, "/referrals?status=Active") if item["dealValue"] is not None][:3]
        for number, item in enumerate(open_ones, 1):
            sim.data.change(item["id"], status="Closed", substatus="Won", details={"dealValue": number})
        run = host.sync_to_the_end()
        assert (run["updated"], run["inserted"], run["pages"]) == (3, 0, 1)
        for number, item in enumerate(open_ones, 1):
            now = host.get(f"{API}/referrals/{item['id']}").json()
            assert (now["status"], now["substatus"], now["dealValue"]) == ("Closed", "Won", number)
            changes = {change["field"]: (change["from"], change["to"]) for change in now["history"][0]["changes"]}
            assert changes["status"] == ("Active", "Closed")
            assert changes["dealValue"] == (item["dealValue"], number)

    def test_the_timer_can_be_triggered(self, host: HostProcess, sim: Simulator) -> None:
        added = sim.data.create()
        assert host.post("/admin/functions/sync_on_schedule", {}).status_code == 202
        eventually(lambda: host.get(f"{API}/referrals/{added}").status_code == 200, "the new referral")

        def finished() -> bool:
            newest = host.get(API + "/sync").json()["runs"][0]
            return bool((newest["trigger"], newest["state"]) == ("timer", "succeeded"))

        eventually(finished, "the end of the timer's run")

    def test_the_log_holds_no_token_no_address_no_name(self, host: HostProcess, sim: Simulator) -> None:
        log = host.log
        assert "Executed 'Functions.sync_referrals'" in log
        assert "eyJ" not in log, "tokens begin so"
        for text in _personal(sim.data.payloads()):
            assert text not in log, text

    def test_a_restart_keeps_everything(self, host: HostProcess, sim: Simulator, storage: str, tmp_path: Path) -> None:
        listed = host.get(API + "/referrals").json()
        with HostProcess(app_settings(sim, storage), tmp_path / "host.log") as second:
            assert second.get(API + "/referrals").json()["total"] == listed["total"]
            assert second.get(API + "/sync").json()["signIn"]["state"] == "signedIn"
            assert second.sync_to_the_end()["state"] == "succeeded"


def _personal(payloads: list[Any]) -> set[str]:
    """Names of people, e-mail addresses, phone numbers and notes in payloads, as they would be found in a log."""
    found: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, dict):
            for name, item in value.items():
                if name in {"email", "phoneNumber", "lastName", "notes"} and isinstance(item, str) and len(item) > 4:
                    found.add(item)
                collect(item)

    collect(payloads)
    assert len(found) > 500
    return found


def test_the_timer_syncs_by_itself(make_app_host: MakeHost) -> None:
    host = make_app_host(HUNTER_PARTNER_CENTER_SYNC_SCHEDULE="*/2 * * * * *")
    host.sign_in()

    def synced() -> bool:
        return any(
            (run["trigger"], run["state"]) == ("timer", "succeeded") for run in host.get(API + "/sync").json()["runs"]
        )

    eventually(synced, "a run of the timer")
    assert host.get(API + "/referrals").json()["total"] > 700


class TestClearAnswers:
    def test_the_feature_is_off(self, make_app_host: MakeHost) -> None:
        host = make_app_host(HUNTER_PARTNER_CENTER_ENABLED="false")
        for path in ("/referrals/sync", "/sign-in"):
            answer = host.post(API + path)
            assert (answer.status_code, answer.json()["code"]) == (403, "feature_disabled")
        assert host.get(API + "/sync").json()["enabled"] is False
        assert host.get(API + "/referrals").json()["total"] == 0
        assert host.post("/admin/functions/sync_on_schedule", {}).status_code == 202
        eventually(lambda: "Executed 'Functions.sync_on_schedule' (Succeeded" in host.log, "the timer's quiet end")

    def test_nobody_is_signed_in(self, make_app_host: MakeHost) -> None:
        host = make_app_host()
        answer = host.post(API + "/referrals/sync")
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert (answer.status_code, answer.json()["code"]) == (503, "sign_in_required")
        assert host.get(API + "/sync").json()["signIn"]["state"] == "signedOut"
        host.post("/admin/functions/sync_on_schedule", {})
        eventually(lambda: "Executed 'Functions.sync_on_schedule'" in host.log, "the timer's end")
        assert host.get("/api/health").status_code == 200

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("HUNTER_PARTNER_CENTER_TENANT_ID", None),
            ("HUNTER_PARTNER_CENTER_API_URL", "http://api.partner.microsoft.com"),
            ("HUNTER_TOKEN_CACHE_KEY", "not-a-key-and-secret"),
            ("HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS", "soon"),
            ("HUNTER_PARTNER_CENTER_SYNC_SCHEDULE", "every morning"),
            ("HUNTER_STORAGE", None),
        ],
    )
    def test_a_setting_is_wrong(self, make_app_host: MakeHost, name: str, value: str | None) -> None:
        host = make_app_host(**{name: value})
        assert host.get("/api/health").status_code == 200
        answer = host.post(API + "/referrals/sync")
        assert (answer.status_code, answer.json()["code"]) == (500, "configuration_error")
        assert name in answer.json()["detail"]
        assert host.get("/app").status_code == 200
        assert host.get(API + "/referrals").status_code == (500 if name == "HUNTER_STORAGE" else 200)
        assert "not-a-key-and-secret" not in answer.text + host.log

    def test_everything_at_once_is_named_at_once(self, make_app_host: MakeHost) -> None:
        wrong: dict[str, str | None] = {
            "HUNTER_PARTNER_CENTER_TENANT_ID": None,
            "HUNTER_PARTNER_CENTER_CLIENT_ID": None,
            "HUNTER_TOKEN_CACHE_KEY": None,
            "HUNTER_STORAGE": None,
        }
        detail = make_app_host(**wrong).post(API + "/referrals/sync").json()["detail"]
        assert all(name in detail for name in wrong)


def _let_the_lease_run_out(connection_string: str) -> None:
    with TableServiceClient.from_connection_string(connection_string) as service:
        state = service.get_table_client("SyncState")
        [lease] = state.query_entities("RowKey eq 'head-lease'")
        assert lease["runId"], "nobody holds it"
        lease["expiresAt"] = times.from_datetime(datetime.now(UTC))
        state.update_entity(lease)


@pytest.mark.xdist_group("killed")
def test_a_host_killed_in_the_middle_of_the_first_sync_loses_nothing(
    make_app_host: MakeHost, storage_account: str
) -> None:
    """SIGKILL while pages come in. What is left of the dead host's minute is taken off instead of waited for."""
    with Simulator(referrals=REFERRALS, seed=1, auto_approve=True) as sim:
        host = make_app_host(simulator=sim, storage=storage_account)
        host.sign_in()
        # Started before, for on a slow machine that may take longer than a dead host's lease lasts.
        second = make_app_host(simulator=sim, storage=storage_account)
        killed = threading.Event()

        def hold(_: RequestInfo) -> None:
            if len(sim.requests_of("list", "next")) > 4:
                killed.wait(600)

        sim.before_request = hold
        host.post("/admin/functions/sync_on_schedule", {})
        eventually(lambda: len(sim.requests_of("list", "next")) > 4, "the middle of the walk")
        assert host.stop(signal.SIGKILL) == -signal.SIGKILL
        sim.before_request = None
        killed.set()
        changed = sim.data.ids()[0]
        sim.data.change(changed, name="Changed while the host was dead")

        blocked = second.post(API + "/referrals/sync")
        assert (blocked.status_code, blocked.json()["code"]) == (409, "sync_running")
        assert "run" in blocked.json()
        _let_the_lease_run_out(storage_account)

        run = second.sync_to_the_end()
        assert run["mode"] == "full", "the walk of the dead host goes on, or begins anew"
        listed = {item["id"]: item for item in _items(second, "/referrals")}
        assert sorted(listed) == sorted(sim.data.ids())
        assert listed[changed]["name"] == "Changed while the host was dead"
        for payload in sim.data.payloads()[::50]:
            if isinstance(payload, dict) and payload.get("id") in listed:
                raw = second.get(f"{API}/referrals/{payload['id']}?raw=true").json()["raw"]
                assert (json.loads(raw) if isinstance(raw, str) else raw) == payload
