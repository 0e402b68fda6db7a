"""What carries messages, over real sockets to the inbox: what is sent, what answers mean, and that nothing holds up anything."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from local.inbox import Inbox
from shared.core.clock import SystemClock
from shared.core.log import configure
from shared.core.settings import load
from shared.model.subscription import Subscription
from shared.notify import bounded, letter
from shared.notify.couriers import Couriers, judge
from shared.notify.letter import Letter, Telling
from tests.notify.samples import NOW, PAGE, referral, subscription


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


def couriers(inbox: Inbox, **changed: str) -> Couriers:
    settings = load({"HUNTER_STORAGE": "UseDevelopmentStorage=true", **inbox.settings(), **changed})
    assert settings.problems == ()
    return Couriers(settings, SystemClock())


def made(wanted: Subscription) -> Letter:
    return letter.compose(wanted, None, [Telling("new", {}, referral())], PAGE, NOW)


def test_a_card_arrives_in_the_form_that_a_flow_posts(inbox: Inbox) -> None:
    wanted = subscription(channel="teams", target=inbox.teams_url("sales"))
    assert couriers(inbox).send(wanted, made(wanted), "k") is None
    [message] = inbox.to("sales")
    assert message.problem == ""
    assert "Örnek Müşteri A.Ş." in message.text


def test_mail_by_graph_uses_the_identity_and_graphs_own_audience(inbox: Inbox) -> None:
    wanted = subscription()
    assert couriers(inbox, HUNTER_MAIL_CLIENT_ID="identity-1").send(wanted, made(wanted), "k") is None
    [message] = inbox.to("deniz@partner.example")
    assert (message.via, message.sender) == ("graph", "referrals@partner.example")
    assert message.headers["x-auto-submitted"] == "auto-generated"
    assert inbox.identity.clients() == {"identity-1"}


def test_the_identity_of_storage_is_the_default(inbox: Inbox) -> None:
    wanted = subscription()
    assert couriers(inbox, HUNTER_STORAGE__clientId="identity-2").send(wanted, made(wanted), "k") is None
    assert inbox.identity.clients() == {"identity-2"}


def test_mail_by_communication_services_is_taken_once_however_often_it_is_sent(inbox: Inbox) -> None:
    wanted = subscription()
    courier = couriers(inbox, HUNTER_MAIL_VIA="acs")
    for key in ("same", "same", "other"):
        assert courier.send(wanted, made(wanted), key) is None
    first, _ = inbox.to("deniz@partner.example")
    assert (first.via, first.headers["Auto-Submitted"]) == ("acs", "auto-generated")
    assert first.text.startswith("New lead")
    assert first.html.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("fault", "code", "lasting", "asked"),
    [
        ({"status": 500}, "target_unavailable", False, None),
        ({"status": 503, "retry_after": "90"}, "target_unavailable", False, 90),
        ({"status": 429, "retry_after": "120"}, "target_throttled", False, 120),
        ({"status": 429}, "target_throttled", False, None),
        ({"status": 408}, "target_unavailable", False, None),
        ({"kind": "redirect", "status": 302}, "target_redirects", True, None),
        ({"kind": "redirect", "status": 307}, "target_redirects", True, None),
        ({"status": 400}, "target_rejected", True, None),
        ({"status": 401}, "target_access_denied", True, None),
        ({"status": 403}, "target_access_denied", True, None),
        ({"status": 404}, "target_gone", True, None),
        ({"status": 410}, "target_gone", True, None),
        ({"status": 413}, "target_rejected", True, None),
        ({"kind": "reset"}, "target_unreachable", False, None),
    ],
)
def test_what_answers_mean(inbox: Inbox, fault: dict[str, Any], code: str, lasting: bool, asked: int | None) -> None:
    inbox.faults.add(**{"match": "teams", **fault})
    wanted = subscription(channel="teams", target=inbox.teams_url())
    failure = couriers(inbox).send(wanted, made(wanted), "k")
    assert failure is not None
    assert (failure.code, failure.lasting) == (code, lasting)
    assert failure.asked == (timedelta(seconds=asked) if asked else None)
    assert inbox.messages == []
    assert len(inbox.attempts) == 1
    assert "127.0.0.1" not in failure.message


def test_a_redirect_is_not_followed(inbox: Inbox) -> None:
    inbox.faults.add("redirect", match="teams", status=307, location=inbox.teams_url("elsewhere"))
    wanted = subscription(channel="teams", target=inbox.teams_url())
    couriers(inbox).send(wanted, made(wanted), "k")
    assert inbox.messages == []


def test_the_list_of_hosts_is_checked_again_before_each_message(inbox: Inbox) -> None:
    wanted = subscription(channel="teams", target=inbox.teams_url())
    failure = couriers(inbox, HUNTER_TEAMS_HOSTS="logic.azure.com").send(wanted, made(wanted), "k")
    assert failure is not None
    assert (failure.code, failure.lasting) == ("invalid_target", True)
    assert inbox.attempts == []


@pytest.mark.parametrize(
    "setting",
    [
        {"HUNTER_MAIL_FROM": ""},
        {"HUNTER_MAIL_FROM": "nobody"},
        {"HUNTER_MAIL_VIA": "smtp"},
        {"HUNTER_MAIL_VIA": "acs", "HUNTER_MAIL_ENDPOINT": ""},
        {"HUNTER_MAIL_ENDPOINT": "http://mail.example"},
    ],
)
def test_settings_of_mail_that_are_wrong_are_named_and_nothing_is_sent(inbox: Inbox, setting: dict[str, str]) -> None:
    wanted = subscription()
    wrong = load({"HUNTER_STORAGE": "UseDevelopmentStorage=true", **inbox.settings(), **setting})
    failure = Couriers(wrong, SystemClock()).send(wanted, made(wanted), "k")
    assert failure is not None
    assert (failure.code, failure.lasting) == ("configuration_error", True)
    assert failure.message.startswith(f"{[*setting][-1]}: ")
    assert inbox.attempts == []


def test_without_mail_or_an_identity_it_says_so(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = subscription()
    off = couriers(inbox, HUNTER_MAIL_VIA="none").send(wanted, made(wanted), "k")
    assert off is not None
    assert off.code == "configuration_error"
    inbox.identity.known_clients = {"another"}
    refused = couriers(inbox, HUNTER_MAIL_CLIENT_ID="mine").send(wanted, made(wanted), "k")
    assert refused is not None
    assert (refused.code, refused.lasting) == ("mail_identity_unavailable", False)
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    begin = time.monotonic()
    nowhere = couriers(inbox).send(wanted, made(wanted), "k")
    assert nowhere is not None
    assert nowhere.code == "mail_identity_unavailable"
    assert time.monotonic() - begin < 5


def test_graph_that_refuses_the_mailbox_is_told_with_the_way_out(inbox: Inbox) -> None:
    inbox.senders = {"other@partner.example"}
    failure = couriers(inbox).send(subscription(), made(subscription()), "k")
    assert failure is not None
    assert failure.code == "target_access_denied"
    assert "docs/notifications.md" in failure.message


def test_statuses_between_are_judged_too() -> None:
    assert judge("teams", 204, None) is None
    assert judge("teams", 199, None) is not None
    assert judge("mail", 599, None) is not None


class Dripping:
    """A server that never says enough: nothing, or a byte of a header now and then."""

    def __init__(self, drops: bytes) -> None:
        self._drops = drops
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopping = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/x"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        with closing(connection):
            for drop in self._drops * 1_000:
                if self._stopping.wait(0.05):
                    return
                try:
                    connection.send(bytes([drop]))
                except OSError:
                    return

    def close(self) -> None:
        self._stopping.set()
        self._listener.close()


@pytest.mark.parametrize("drops", [b"", b"x", b"HTTP/1.1 200 OK\r\nX-Y: z\r\n"], ids=["silent", "garbage", "headers"])
def test_a_post_ends_in_time_whatever_the_other_side_does(drops: bytes) -> None:
    with closing(Dripping(drops)) as server:
        begin = time.monotonic()
        with pytest.raises(bounded.Unreached):
            bounded.post(server.url, b"{}", {}, seconds=1.0)
        assert time.monotonic() - begin < 5


def test_the_address_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    configure()
    with closing(Dripping(b"HTTP/1.1 200 OK\r\nX-Y: z\r\n")) as server:
        with pytest.raises(bounded.Unreached) as failed:
            bounded.post(f"{server.url}?sig=secret", b"{}", {}, seconds=0.6)
        assert "secret" not in str(failed.value)
        assert failed.value.__cause__ is None
    assert "secret" not in caplog.text


def test_a_dripping_handshake_ends_in_time_too() -> None:
    with closing(Dripping(b"\x16\x03\x03\x40\x00\x02")) as server:
        begin = time.monotonic()
        with pytest.raises(bounded.Unreached):
            bounded.post(server.url.replace("http:", "https:"), b"{}", {}, seconds=1.0)
        assert time.monotonic() - begin < 5


def test_a_dripping_body_is_not_waited_for(inbox: Inbox) -> None:
    inbox.faults.add("drip", match="teams")
    wanted = subscription(channel="teams", target=inbox.teams_url())
    begin = time.monotonic()
    assert couriers(inbox).send(wanted, made(wanted), "k") is None
    assert time.monotonic() - begin < 3


def test_what_is_sent_is_small_json(inbox: Inbox) -> None:
    wanted = subscription(channel="teams", target=inbox.teams_url())
    couriers(inbox).send(wanted, made(wanted), "k")
    assert len(json.dumps(inbox.messages[0].content)) < 20_000
