"""Webhooks of the simulator: one registration, and a dispatcher that signs, tries again, and goes wrong on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.x509.verification import Store

from local.simulator import Simulator
from local.simulator.dispatcher import CERTIFICATE_FAULTS, LARGE, event_body
from local.simulator.signing import CERTIFICATE_PATH, ISSUER_PATH, SUBJECT
from local.simulator.webhooks import RESOURCE
from shared.webhook.signature import Verdict, claim_of, verdict
from tests.webhook.signing import now

EVENTS = ["referral-created", "referral-updated", "related-referral-updated", "test-created"]


class Receiver:
    """An address that events can be sent to; answers with `statuses` in turn, the last one for ever."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.statuses = [200]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((body, dict(self.headers.items())))
                self.send_response(receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def names(self) -> list[str]:
        return [json.loads(body)["EventName"] for body, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def hooked(small: Simulator, receiver: Receiver) -> Simulator:
    """A simulator whose tenant has registered the receiver."""
    small.webhooks.register(receiver.url, EVENTS)
    small.webhooks.dispatcher.retry_seconds = 0.01
    return small


def _call(sim: Simulator, method: str, path: str = "", body: Any = None, token: str | None = None) -> requests.Response:
    token = sim.access_token(RESOURCE) if token is None else token
    url = f"{sim.api_url}/webhooks/v1/registration{path}"
    return requests.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def _judged(sim: Simulator, body: bytes, headers: dict[str, str]) -> Verdict:
    """What a receiver that does everything right says: it has the simulator's CA file alone."""
    claim = claim_of(headers)
    if isinstance(claim, Verdict):
        return claim
    leaf = requests.get(claim.certificate_url, timeout=30).content
    issuer = requests.get(sim.api_url + ISSUER_PATH, timeout=30).content
    roots = Store(x509.load_pem_x509_certificates(sim.ca_file.read_bytes()))
    return verdict(body, headers, leaf, [issuer], roots=roots, subjects=[SUBJECT], now=now())


def test_a_tenant_has_one_registration(small: Simulator) -> None:
    wanted = {
        "webhookUrl": "https://a.example/hook",
        "webhookEvents": EVENTS,
        "signatureTokenToMsSignatureHeader": True,
    }
    assert _call(small, "GET").status_code == 404
    assert _call(small, "PUT", body=wanted).status_code == 404
    assert _call(small, "POST", body=wanted).json()["webhookUrl"] == "https://a.example/hook"
    assert _call(small, "POST", body=wanted).status_code == 409
    changed = _call(small, "PUT", body={"WebhookUrl": "https://b.example/hook", "WebhookEvents": ["test-created"]})
    assert changed.json()["webhookEvents"] == ["test-created"]
    small.switches.webhook_names = "pascal"
    read = _call(small, "GET").json()
    assert (read["WebhookUrl"], read["SignatureTokenToMsSignatureHeader"]) == ("https://b.example/hook", False)
    assert "referral-updated" in _call(small, "GET", "/events").json()


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"webhookUrl": "http://a.example", "webhookEvents": EVENTS},
        {"webhookUrl": "https://a", "webhookEvents": ["x"]},
    ],
)
def test_what_is_no_registration_is_refused(small: Simulator, body: Any) -> None:
    assert _call(small, "POST", body=body).status_code == 400


def test_other_tokens_and_roles_are_refused(small: Simulator) -> None:
    assert _call(small, "GET", token=small.access_token()).status_code == 401
    small.switches.webhook_role = False
    assert _call(small, "GET").status_code == 403


def test_nothing_registered_may_look_like_an_empty_registration(small: Simulator) -> None:
    small.switches.webhook_none = "empty"
    assert _call(small, "GET").json() == {"webhookUrl": None, "webhookEvents": []}


@pytest.mark.parametrize("own_header", [True, False])
@pytest.mark.parametrize("form", ["scheme", "bare"])
def test_changes_are_signed_and_sent(hooked: Simulator, receiver: Receiver, own_header: bool, form: Any) -> None:
    hooked.webhooks.register(receiver.url, EVENTS, own_header=own_header)
    hooked.switches.webhook_signature = form
    identity = hooked.data.create()
    hooked.webhooks.dispatcher.settle()
    hooked.data.change(identity, status="Active")
    hooked.webhooks.dispatcher.settle()

    assert receiver.names() == ["referral-created", "referral-updated"]
    for body, headers in receiver.got:
        assert b" " not in body
        assert json.loads(body)["ResourceUri"].endswith(f"/engagements/v1/referrals/{identity}")
        assert _judged(hooked, body, headers) is Verdict.VERIFIED


def test_the_body_is_as_compact_as_microsofts_sample() -> None:
    """Whose Content-Length is 195."""
    resource = "http://localhost:16722/v1/webhooks/registration/test"
    assert len(event_body("test-created", resource, "test", "2017-11-16T16:19:06.3520276Z")) == 195


def test_what_is_related_is_told_and_expiry_and_removal_are_not(hooked: Simulator, receiver: Receiver) -> None:
    first = hooked.data.create()
    engagement = (hooked.data.get(first) or {})["engagementId"]
    second = hooked.data.create(engagementId=engagement)
    hooked.data.change(second, status="Active")
    hooked.data.remove(second)
    assert hooked.advance(timedelta(days=20)) > 0
    hooked.webhooks.dispatcher.settle()
    assert sorted(receiver.names()) == [
        "referral-created",
        "referral-created",
        "referral-updated",
        "related-referral-updated",
    ]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("wrong_hash", Verdict.ALGORITHM),
        ("no_signature", Verdict.HEADERS),
        ("sha1", Verdict.SIGNATURE),
        ("changed_byte", Verdict.SIGNATURE),
        ("pretty", Verdict.SIGNATURE),
        ("foreign", Verdict.CHAIN),
        ("expired", Verdict.DATES),
        ("not_yet", Verdict.DATES),
        ("other_name", Verdict.SUBJECT),
        ("other_organization", Verdict.SUBJECT),
        ("other_usage", Verdict.CHAIN),
        ("garbage", Verdict.CERTIFICATE),
        ("large", Verdict.CERTIFICATE),
    ],
)
def test_each_fault_is_one(hooked: Simulator, receiver: Receiver, fault: str, expected: Verdict) -> None:
    hooked.webhooks.dispatcher.fail(fault)
    hooked.data.create()
    hooked.webhooks.dispatcher.settle()
    (body, headers), *others = receiver.got
    assert not others
    assert _judged(hooked, body, headers) is expected


def test_addresses_that_lead_elsewhere(small: Simulator) -> None:
    message = small.webhooks.dispatcher.message
    assert message(b"{}", "http_url")[1]["X-MS-Certificate-Url"].startswith(
        "http://3psostorageacct.blob.core.windows.net/"
    )
    assert ".example.com/cert/" in message(b"{}", "other_host")[1]["X-MS-Certificate-Url"]
    assert message(b"{}", "other_path")[1]["X-MS-Certificate-Url"] == f"{small.api_url}/control"
    moved = requests.get(f"{small.api_url}/cert/redirect.cer", allow_redirects=False, timeout=30)
    assert (moved.status_code, moved.headers["Location"]) == (302, small.api_url + CERTIFICATE_PATH)
    assert len(requests.get(f"{small.api_url}/cert/large.cer", timeout=30).content) > LARGE
    assert requests.get(f"{small.api_url}/cert/missing.cer", timeout=30).status_code == 404
    assert set(CERTIFICATE_FAULTS) >= {"redirect", "large", "missing"}


def test_it_tries_ten_times_and_then_drops_the_event(hooked: Simulator, receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 200]
    hooked.data.create()
    hooked.webhooks.dispatcher.settle()
    receiver.statuses = [503]
    hooked.data.create()
    hooked.webhooks.dispatcher.settle()
    first, second = hooked.webhooks.dispatcher.deliveries
    assert (first.statuses, first.delivered) == ([500, 503, 200], True)
    assert (second.statuses, second.delivered) == ([503] * 10, False)


def test_the_way_may_double_turn_and_lose_events(hooked: Simulator, receiver: Receiver) -> None:
    identity = hooked.data.create()
    hooked.webhooks.dispatcher.settle()
    dispatcher = hooked.webhooks.dispatcher
    receiver.got.clear()
    dispatcher.send("referral-updated", identity, "t1", fault="duplicate").wait()
    assert receiver.names() == ["referral-updated"] * 2
    receiver.got.clear()
    dispatcher.send("referral-updated", "first", "t2", fault="silence")
    held = dispatcher.send("referral-updated", "second", "t3", fault="reorder")
    assert not held.ended.is_set()
    dispatcher.delay = 0.01
    dispatcher.send("referral-updated", "third", "t4", fault="delay")
    dispatcher.settle()
    assert {json.loads(body)["ResourceUri"].rpartition("/")[2] for body, _ in receiver.got} == {"second", "third"}
    hooked.switches.webhook_silence = True
    assert dispatcher.send("referral-updated", identity, "t5").ended.is_set()
    assert len(receiver.got) == 2


def test_a_storm_is_sent_side_by_side(hooked: Simulator, receiver: Receiver) -> None:
    for delivery in hooked.webhooks.dispatcher.storm([f"id-{number}" for number in range(100)], hooked.data.now()):
        delivery.wait()
    assert len(receiver.got) == 100


def test_a_test_event_is_sent_and_its_result_can_be_asked_for(hooked: Simulator, receiver: Receiver) -> None:
    asked = _call(hooked, "POST", "/validationEvents")
    identity = asked.json()["correlationId"]
    hooked.webhooks.dispatcher.settle()
    result = _call(hooked, "GET", f"/validationEvents/{identity}").json()
    assert receiver.names() == ["test-created"]
    assert (result["status"], [item["responseCode"] for item in result["results"]]) == ("completed", ["OK"])
    assert _call(hooked, "POST", "/validationEvents").status_code == 200
    assert _call(hooked, "POST", "/validationEvents").status_code == 429
    assert _call(hooked, "GET", "/validationEvents/none").status_code == 404


def test_events_leave_this_machine_never(small: Simulator) -> None:
    small.webhooks.register("https://hooks.example.com/", EVENTS)
    small.webhooks.dispatcher.retry_seconds = 0.0
    delivery = small.webhooks.dispatcher.send("referral-updated", "x", "t").wait()
    assert delivery.statuses == [0] * 10


def test_the_control_endpoint_does_the_same(hooked: Simulator, receiver: Receiver) -> None:
    control = f"{hooked.api_url}/control/webhook"
    assert requests.post(f"{control}/faults", json={"fault": "pretty"}, timeout=30).status_code == 200
    assert requests.post(f"{control}/faults", json={"fault": "none such"}, timeout=30).status_code == 400
    requests.post(control, json={"referrals": ["a", "b"]}, timeout=30)
    hooked.webhooks.dispatcher.settle()
    state = requests.get(control, timeout=30).json()
    assert state["registration"]["webhookUrl"] == receiver.url
    assert [item["fault"] for item in state["deliveries"]] == ["pretty", ""]
    assert len(receiver.got) == 2


def test_consent_may_be_missing_for_webhooks_alone(small: Simulator) -> None:
    small.switches.auto_approve = True
    form = {"client_id": small.client_id, "scope": f"{small.identity.client_id}/.default"}
    token = f"{small.authority}/{small.tenant_id}/oauth2/v2.0/token"
    begun = requests.post(
        f"{small.authority}/{small.tenant_id}/oauth2/v2.0/devicecode",
        {**form, "scope": "https://api.partner.microsoft.com/.default"},
        verify=str(small.ca_file),
        timeout=30,
    ).json()
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["device_code"]}
    refresh = requests.post(token, {**form, **grant}, verify=str(small.ca_file), timeout=30).json()["refresh_token"]

    def renewed(resource: str) -> int:
        body = {**form, "grant_type": "refresh_token", "refresh_token": refresh, "scope": f"{resource}/.default"}
        return requests.post(token, body, verify=str(small.ca_file), timeout=30).status_code

    assert renewed(RESOURCE) == 200
    small.switches.webhook_consent = False
    assert renewed(RESOURCE) == 400
    assert renewed("https://api.partner.microsoft.com") == 200
