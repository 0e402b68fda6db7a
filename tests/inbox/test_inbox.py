"""The inbox plays what Teams, Graph, Communication Services and App Service's identity endpoint do to a sender."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

from local.inbox import Inbox

CARD: dict[str, Any] = {
    "type": "message",
    "attachments": [
        {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Hello"}]},
        }
    ],
}
GRAPH_MAIL: dict[str, Any] = {
    "message": {
        "subject": "Due tomorrow",
        "body": {"contentType": "HTML", "content": "<p>Hello</p>"},
        "toRecipients": [{"emailAddress": {"address": "deniz@partner.example"}}],
        "internetMessageHeaders": [{"name": "x-hunter-key", "value": "7"}],
    },
    "saveToSentItems": False,
}
ACS_MAIL: dict[str, Any] = {
    "senderAddress": "DoNotReply@sample.azurecomm.net",
    "recipients": {"to": [{"address": "deniz@partner.example"}]},
    "content": {"subject": "Due tomorrow", "plainText": "Hello", "html": "<p>Hello</p>"},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


@pytest.fixture
def inbox(running: Inbox, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    running.reset()
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.setenv(name, running.settings()[name])
    return running


def token(
    inbox: Inbox, resource: str = "https://graph.microsoft.com", client: str | None = "client-1"
) -> dict[str, str]:
    """A header with a token that azure-identity fetched."""
    with ManagedIdentityCredential(client_id=client, retry_total=0) as credential:
        return {"Authorization": f"Bearer {credential.get_token(f'{resource}/.default').token}"}


def post(url: str, body: Any = None, **options: Any) -> requests.Response:
    return requests.post(url, json=body, timeout=20, allow_redirects=False, **options)


def test_azure_identity_gets_a_token_for_the_resource_and_client_that_it_asks_for(inbox: Inbox) -> None:
    header = token(inbox)
    assert inbox.identity.clients() == {"client-1"}
    assert post(f"{inbox.url}/v1.0/users/sales@partner.example/sendMail", GRAPH_MAIL, headers=header).status_code == 202


def test_an_unknown_identity_gets_no_token(inbox: Inbox) -> None:
    inbox.identity.known_clients = {"another"}
    with pytest.raises((CredentialUnavailableError, ClientAuthenticationError)):
        token(inbox)


def test_a_wrong_identity_header_gets_no_token(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with pytest.raises((CredentialUnavailableError, ClientAuthenticationError)):
        token(inbox)


def test_a_card_is_taken_with_202_and_an_empty_answer(inbox: Inbox) -> None:
    answer = post(inbox.teams_url("sales"), CARD)
    assert (answer.status_code, answer.content) == (202, b"")
    [message] = inbox.to("sales")
    assert (message.via, message.problem, message.text) == ("teams", "", "Hello")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"text": "plain"}, "of type 'Null'"),
        (CARD["attachments"][0]["content"], "of type 'Null'"),
        ({"type": "message", "attachment": CARD["attachments"]}, "of type 'Null'"),
        ({"type": "message", "attachments": [{"contentType": "text/plain", "content": "x"}]}, "AdaptiveCard"),
        ({**CARD, "padding": "x" * 29_000}, "Too Large"),
    ],
    ids=["plain text", "bare card", "singular", "no card", "too large"],
)
def test_what_a_flow_would_fail_with_is_202_all_the_same_and_is_noted(inbox: Inbox, body: Any, problem: str) -> None:
    assert post(inbox.teams_url(), body).status_code == 202
    assert problem in inbox.messages[-1].problem


def test_an_address_without_its_signature_is_refused(inbox: Inbox) -> None:
    assert post(inbox.teams_url().partition("?")[0], CARD).status_code == 401
    assert inbox.messages == []


def test_graph_takes_a_mail(inbox: Inbox) -> None:
    answer = post(f"{inbox.url}/v1.0/users/sales%40partner.example/sendMail", GRAPH_MAIL, headers=token(inbox))
    assert (answer.status_code, answer.content) == (202, b"")
    [message] = inbox.to("deniz@partner.example")
    assert (message.subject, message.html, message.sender) == ("Due tomorrow", "<p>Hello</p>", "sales@partner.example")
    assert message.headers == {"x-hunter-key": "7"}


def test_graph_refuses_what_graph_refuses(inbox: Inbox) -> None:
    url = f"{inbox.url}/v1.0/users/sales@partner.example/sendMail"
    wrong_audience = token(inbox, "https://communication.azure.com")
    assert post(url, GRAPH_MAIL, headers=wrong_audience).status_code == 401
    assert post(url, GRAPH_MAIL).status_code == 401
    header = token(inbox)
    own_header = json.loads(json.dumps(GRAPH_MAIL))
    own_header["message"]["internetMessageHeaders"][0]["name"] = "Auto-Submitted"
    assert post(url, own_header, headers=header).json()["error"]["code"] == "InvalidInternetMessageHeader"
    inbox.senders = {"other@partner.example"}
    answer = post(url, GRAPH_MAIL, headers=header)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ErrorAccessDenied")
    assert inbox.messages == []


def test_communication_services_takes_the_same_operation_once(inbox: Inbox) -> None:
    url = f"{inbox.url}/emails:send?api-version=2025-09-01"
    headers = {
        **token(inbox, "https://communication.azure.com"),
        "Operation-Id": "00000000-0000-4000-8000-000000000001",
    }
    for _ in range(2):
        answer = post(url, ACS_MAIL, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (202, "Running")
    assert [message.key for message in inbox.to("deniz@partner.example")] == [headers["Operation-Id"]]
    state = requests.get(answer.headers["Operation-Location"], timeout=20)
    assert state.json()["status"] == "Succeeded"
    assert post(url, ACS_MAIL, headers=token(inbox)).status_code == 401


def test_communication_services_has_the_limits_of_a_managed_domain_on_demand(inbox: Inbox) -> None:
    post(f"{inbox.url}/control/limits", {"acs": True})
    url, header = f"{inbox.url}/emails:send?api-version=2025-09-01", token(inbox, "https://communication.azure.com")
    statuses = [post(url, ACS_MAIL, headers=header).status_code for _ in range(5)]
    refused = post(url, ACS_MAIL, headers=header)
    assert statuses == [202] * 5
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61


def test_faults_come_as_often_as_asked_and_only_where_asked(inbox: Inbox) -> None:
    post(
        f"{inbox.url}/control/faults",
        {"match": "teams", "path": "/slow/", "status": 429, "retryAfter": "30", "times": 2},
    )
    assert post(inbox.teams_url("quick"), CARD).status_code == 202
    answers = [post(inbox.teams_url("slow"), CARD) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 202]
    assert answers[0].headers["Retry-After"] == "30"
    inbox.faults.add("redirect", match="teams")
    assert post(inbox.teams_url(), CARD).headers["Location"] == "http://127.0.0.1:9/elsewhere"


def test_connections_break_stall_and_drip_on_demand(inbox: Inbox) -> None:
    inbox.faults.add("reset")
    with pytest.raises(requests.ConnectionError):
        post(inbox.teams_url(), CARD)
    inbox.faults.add("stall")
    with pytest.raises(requests.ReadTimeout):
        requests.post(inbox.teams_url(), json=CARD, timeout=0.3)
    inbox.faults.add("drip")
    begin = time.monotonic()
    with requests.post(inbox.teams_url(), json=CARD, timeout=5, stream=True) as answer:
        assert answer.raw.read(3) == b"   "
    assert time.monotonic() - begin < 5
    assert [attempt.status for attempt in inbox.attempts] == [0, 0, 202]


def test_the_page_shows_what_came_and_runs_nothing_of_it(inbox: Inbox) -> None:
    evil = json.loads(json.dumps(GRAPH_MAIL))
    evil["message"]["subject"] = "<script>alert(1)</script>"
    post(f"{inbox.url}/v1.0/users/s@partner.example/sendMail", evil, headers=token(inbox))
    listed = requests.get(inbox.url, timeout=20)
    assert "&lt;script&gt;alert(1)" in listed.text
    assert "<script>alert" not in listed.text
    shown = requests.get(f"{inbox.url}/messages/1", timeout=20)
    assert shown.status_code == 200
    assert "sandbox" in requests.get(f"{inbox.url}/messages/1/html", timeout=20).headers["Content-Security-Policy"]
    assert requests.get(f"{inbox.url}/messages/9", timeout=20).status_code == 404


def test_control_is_for_this_machine_alone(inbox: Inbox) -> None:
    assert requests.get(f"{inbox.url}/control", headers={"Host": "evil.example"}, timeout=20).status_code == 403
    state = requests.get(f"{inbox.url}/control", timeout=20).json()
    assert state["settings"]["HUNTER_MAIL_ENDPOINT"] == inbox.url
    assert post(f"{inbox.url}/control/faults", {"kind": "nonsense"}).status_code == 400


def test_the_sample_card_of_the_documents_passes(inbox: Inbox) -> None:
    """The form that the Workflows template takes, as others were seen to send it."""
    sample = json.loads(Path(__file__).parent.joinpath("card.json").read_text(encoding="utf-8"))
    assert post(inbox.teams_url(), sample).status_code == 202
    assert inbox.messages[-1].problem == ""
