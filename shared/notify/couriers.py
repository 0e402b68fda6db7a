"""Who carries a message: a Teams workflow, Microsoft Graph, or Communication Services; and what their answers mean."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec
from azure.core.exceptions import AzureError

from shared.core.backoff import retry_after
from shared.core.clock import Clock
from shared.core.errors import HunterError
from shared.core.setting_forms import LOOPBACK_HOSTS
from shared.core.settings import Settings
from shared.model.subscription import Subscription
from shared.notify import bounded, mail, targets, teams
from shared.notify.letter import Letter
from shared.notify.rules import SPARING, USUAL, Failure, Limits

_JSON: Final = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
_MAIL_OFF: Final = Failure(
    "configuration_error",
    "Mail is not set up. The administrator sets HUNTER_MAIL_VIA, _FROM and _ENDPOINT.",
    lasting=True,
)
_NO_IDENTITY: Final = Failure(
    "mail_identity_unavailable",
    "The app's managed identity gives no token for mail. docs/notifications.md says how to set it up.",
)
_UNREACHABLE: Final = Failure("target_unreachable", "The target could not be reached, or did not answer in time.")
_REFUSED: Final[Mapping[str, str]] = {
    "teams": "The workflow refuses the address. It may have been changed or switched off: copy it again.",
    "mail": "The mail service refuses the app's identity. docs/notifications.md says which permission it needs.",
}


class Tokens(Protocol):
    """Where access tokens come from."""

    def token(self, scope: str) -> str:
        """A token; raises AzureError where there is none."""


class ManagedIdentity:
    """Tokens of a managed identity; azure-identity keeps and renews them. Thread-safe."""

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._credential: Any = None
        self._lock = threading.Lock()

    def token(self, scope: str) -> str:
        """A token for a scope such as ``https://graph.microsoft.com/.default``. Raises AzureError."""
        if not os.environ.get("IDENTITY_ENDPOINT"):
            # Elsewhere azure-identity would ask an address that only virtual machines have, and wait for it.
            raise AzureError("There is no managed identity here.")
        with self._lock:
            if self._credential is None:
                from azure.identity import ManagedIdentityCredential  # 200 ms that only mail needs

                self._credential = ManagedIdentityCredential(
                    client_id=self._client_id or None, retry_total=1, connection_timeout=5, read_timeout=10
                )
            credential = self._credential
        return str(credential.get_token(scope).token)


class Couriers:
    """Sends messages to wherever subscriptions want them.

    Args:
        settings: the app's settings.
        clock: the time.
        tokens: of the identity that may send mail.
    """

    def __init__(self, settings: Settings, clock: Clock, tokens: Tokens | None = None) -> None:
        self._settings, self._clock = settings, clock
        self._tokens = tokens or ManagedIdentity(settings.mail_client_id)

    def limits(self, subscription: Subscription) -> Limits:
        """From when on many become one."""
        return SPARING if subscription.wish.channel == "mail" and self._settings.mail_via == "acs" else USUAL

    def send(self, subscription: Subscription, letter: Letter, key: str) -> Failure | None:
        """Send a message; None when it was taken.

        Args:
            subscription: where to.
            letter: what.
            key: the same when the message is sent again.
        """
        try:
            if subscription.wish.channel == "teams":
                return self._by_teams(subscription.wish.target, letter)
            address = targets.check_mail(subscription.wish.target)
            self._settings.require_mail()
        except HunterError as error:  # of settings that are wrong, shorter lists, or keys that no longer decrypt
            return Failure(error.code, error.message, lasting=True)
        match self._settings.mail_via:
            case "graph":
                return self._by_graph(address, letter, key)
            case "acs":
                return self._by_acs(address, letter, key)
            case _:
                return _MAIL_OFF

    def _by_teams(self, address: str, letter: Letter) -> Failure | None:
        targets.check_teams(address, self._settings.teams_hosts)
        return self._post("teams", address, teams.encoded(teams.card_message(letter)), _JSON, "")

    def _by_graph(self, address: str, letter: Letter, key: str) -> Failure | None:
        endpoint = self._settings.mail_endpoint or mail.GRAPH
        public = urlsplit(endpoint).hostname in LOOPBACK_HOSTS
        url = f"{endpoint}/v1.0/users/{targets.mail_path(self._settings.mail_from)}/sendMail"
        body = mail.graph_body(letter, address, key)
        return self._by_mail(url, body, _JSON, f"{mail.GRAPH if public else endpoint}/.default")

    def _by_acs(self, address: str, letter: Letter, key: str) -> Failure | None:
        url = f"{self._settings.mail_endpoint}/emails:send?api-version={mail.ACS_VERSION}"
        headers = {**_JSON, "Operation-Id": mail.operation_id(key)}
        return self._by_mail(url, mail.acs_body(letter, address, self._settings.mail_from), headers, mail.ACS_SCOPE)

    def _by_mail(self, url: str, body: mail.Json, headers: Mapping[str, str], scope: str) -> Failure | None:
        try:
            token = self._tokens.token(scope)
        except (AzureError, ValueError):
            return _NO_IDENTITY
        return self._post("mail", url, msgspec.json.encode(body), headers, token)

    def _post(self, channel: str, url: str, body: bytes, headers: Mapping[str, str], token: str) -> Failure | None:
        try:
            status, answered = bounded.post(url, body, headers, token)
        except bounded.Unreached:
            return _UNREACHABLE
        return judge(channel, status, retry_after(answered, self._clock.now()))


def judge(channel: str, status: int, asked: float | None) -> Failure | None:
    """What a status means; None for a message that was taken.

    Args:
        channel: teams or mail.
        status: of the answer.
        asked: seconds of its Retry-After, if it has one.
    """
    pause = timedelta(seconds=asked) if asked is not None else None
    if 200 <= status < 300:
        return None
    if status == 429:
        return Failure("target_throttled", "The target asks for a pause. What waits is sent after it.", asked=pause)
    if status == 408 or status >= 500 or status < 200:
        return Failure("target_unavailable", "The target does not take messages at the moment.", asked=pause)
    if status < 400:
        text = "The target leads elsewhere, and redirects are not followed. Enter the address that it leads to."
        return Failure("target_redirects", text, lasting=True, asked=pause)
    if status in (401, 403):
        return Failure("target_access_denied", _REFUSED[channel], lasting=True, asked=pause)
    if status in (404, 410):
        return Failure("target_gone", "The target is there no more. Enter a new address.", lasting=True, asked=pause)
    return Failure("target_rejected", f"The target refuses messages (HTTP {status}).", lasting=True, asked=pause)
