"""The webhook API of Partner Center: the tenant's one registration, and test events.

Facts: Microsoft Learn, "Partner Center webhooks", and its REST reference (Webhook). Its host and audience are not those of
the referrals API, names come in both spellings, and it knows no deletion.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

import msgspec
import requests
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3.exceptions import HTTPError as LowLevelError

from shared.core import events
from shared.core.backoff import Backoff, retry_after
from shared.core.bearer import Bearer
from shared.core.clock import Clock, Deadline
from shared.core.connection import is_lasting
from shared.core.errors import AccessDenied, HunterError, Rejected, SignInRequired, Throttled
from shared.core.log import get_logger
from shared.partner_center import retry
from shared.partner_center.retry import Action, Kind, Rule

log = get_logger(__name__)

SCOPE: Final = "https://api.partnercenter.microsoft.com/.default"
"""Always the public host's, also where the API's address is another: the audience is Microsoft's."""
PATH: Final = "/webhooks/v1/registration"
TESTS: Final = PATH + "/validationEvents"
SECONDS: Final = 30.0
BACKOFF: Final = Backoff(tries=3, first=1.0, most=5.0)
MOST_BYTES: Final = 256 * 1024
TOO_MANY_TESTS: Final = "Partner Center sends no more than two test events a minute. Try again in a minute."
NO_ROLE: Final = (
    "Partner Center refuses the signed-in account here. Managing webhooks needs one of the roles Admin agent, Sales agent, "
    "Helpdesk agent or Global admin there; Referrals admin alone may not be enough."
)


class Authenticator(Protocol):
    """Where access tokens for the webhook API come from."""

    def token(self, *, force_refresh: bool = False) -> str:
        """An access token; may raise a SignInError or ConfigurationError."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered: where events go, which, and in what form they are signed."""

    url: str
    events: tuple[str, ...]
    own_header: bool
    """Whether the signature comes in ``x-ms-signature`` in place of ``Authorization``."""

    def body(self) -> dict[str, Any]:
        """As the API takes it."""
        return {
            "webhookUrl": self.url,
            "webhookEvents": list(self.events),
            "signatureTokenToMsSignatureHeader": self.own_header,
        }


@dataclass(frozen=True, slots=True)
class TestResult:
    """One try to deliver a test event: what our side answered, and when (text as it came)."""

    code: str
    at: str


@dataclass(frozen=True, slots=True)
class TestEvent:
    """What became of a test event."""

    id: str
    status: str
    results: tuple[TestResult, ...]


class _Failure(Exception):
    """One attempt that failed."""

    def __init__(self, rule: Rule, status: int | None, asked: float | None = None) -> None:
        super().__init__(rule.met)
        self.rule, self.status, self.asked = rule, status, asked


class WebhookClient:
    """Manages the registration. Every method raises PartnerCenterError, SignInError or ConfigurationError as the retry
    table says, AccessDenied with what to do about the role.

    Args:
        api_url: address of the API, without a path.
        authenticator: gives access tokens for it.
        clock: the time.
    """

    def __init__(self, api_url: str, authenticator: Authenticator, clock: Clock) -> None:
        self._base, self._authenticator, self._clock = api_url, authenticator, clock

    def registration(self) -> Registered | None:
        """What the tenant has registered, whoever did; None where there is nothing."""
        try:
            members = _members(self._call("GET", PATH))
        except Rejected as error:
            if error.upstream_status == 404:
                return None
            raise
        url, names = members.get("webhookurl"), members.get("webhookevents")
        if not isinstance(url, str) or not url:
            return None
        listed = tuple(str(name) for name in names) if isinstance(names, list) else ()
        return Registered(url, listed, members.get("signaturetokentomssignatureheader") is True)

    def register(self, wanted: Registered, *, replacing: bool) -> None:
        """Register where there is nothing yet, or in place of what there is."""
        self._call("PUT" if replacing else "POST", PATH, wanted.body())

    def send_test(self) -> str:
        """Ask for a test event; its id. Microsoft allows two a minute, beyond that Throttled is raised."""
        try:
            answer = self._call("POST", TESTS)
        except Throttled as error:
            raise Throttled(TOO_MANY_TESTS, retry_after=error.retry_after or 60, upstream_status=429) from None
        identity = answer if isinstance(answer, str) else _members(answer).get("correlationid")
        if not isinstance(identity, str) or not identity:
            raise retry.BROKEN.error()
        return identity

    def test(self, identity: str) -> TestEvent | None:
        """What became of a test event; None where it is not known (they are kept for seven days)."""
        try:
            members = _members(self._call("GET", f"{TESTS}/{quote(identity, safe='')}"))
        except Rejected as error:
            if error.upstream_status in {400, 404}:
                return None
            raise
        results = members.get("results")
        tries = [_members(item) for item in (results if isinstance(results, list) else [])]
        return TestEvent(
            identity,
            str(members.get("status") or "pending"),
            tuple(TestResult(_code(item), str(item.get("datetimeutc") or "")) for item in tries),
        )

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON of an answer, None for an empty one; tried again as the retry table says. Each of these calls may be
        repeated: none does anything twice, but for a test event, which hurts nobody."""
        deadline, intent, renewed = Deadline(self._clock, SECONDS), str(uuid.uuid4()), False

        def attempt() -> Any:
            nonlocal renewed
            try:
                return self._attempt(method, path, body, intent, force_refresh=False)
            except _Failure as failure:
                if failure.rule.action is not Action.RENEW_TOKEN or renewed:
                    raise
                renewed = True
                return self._attempt(method, path, body, intent, force_refresh=True)

        def pause(state: RetryCallState) -> float:
            failure = state.outcome.exception() if state.outcome else None
            wait = BACKOFF.wait(state.attempt_number, failure.asked if isinstance(failure, _Failure) else None)
            if failure and wait > deadline.remaining():
                raise failure
            return wait

        retrying = Retrying(
            stop=stop_after_attempt(BACKOFF.tries),
            retry=retry_if_exception(lambda error: isinstance(error, _Failure) and _may_pass(error, path)),
            wait=pause,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _Failure as failure:
            raise _error(failure) from None

    def _attempt(
        self, method: str, path: str, body: Mapping[str, Any] | None, intent: str, *, force_refresh: bool
    ) -> Any:
        token = self._authenticator.token(force_refresh=force_refresh)
        headers = {"Accept": "application/json", "MS-CorrelationId": str(uuid.uuid4()), "MS-RequestId": intent}
        started = self._clock.monotonic()
        try:
            with (
                requests.Session() as session,
                session.request(
                    method,
                    self._base + path,
                    json=body,
                    headers=headers,
                    auth=Bearer(token),
                    timeout=(retry.CONNECT_SECONDS, retry.READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as answer,
            ):
                status = answer.status_code
                asked = retry_after(answer.headers, self._clock.now())
                rule = retry.rule_for_status(status, on_link=False, has_retry_after=asked is not None)
                if rule and status not in {201, 202, 204}:
                    raise _Failure(rule, status, asked)
                content = answer.raw.read(MOST_BYTES + 1, decode_content=True)
        except requests.RequestException as error:
            kind = Kind.CERTIFICATE if is_lasting(error) else Kind.CONNECTION
            raise _Failure(retry.rule_for_kind(kind), None) from None
        except LowLevelError:
            raise _Failure(retry.CONNECTION, None) from None
        seconds = round(self._clock.monotonic() - started, 3)
        log.info(events.PARTNER_CENTER_ATTEMPT, status=status, method=method, durationSeconds=seconds)
        return _decoded(content, status)


def _decoded(content: bytes, status: int) -> Any:
    if not content.strip():
        return None
    try:
        if len(content) > MOST_BYTES:
            raise ValueError("too long")
        return msgspec.json.decode(content)
    except (ValueError, RecursionError):
        raise _Failure(retry.BROKEN, status) from None


def _may_pass(failure: _Failure, path: str) -> bool:
    """Whether trying again makes sense: not where two test events a minute are the limit."""
    return failure.rule.action is Action.RETRY and not (path == TESTS and failure.rule is retry.THROTTLED)


def _error(failure: _Failure) -> HunterError:
    log.warning(events.PARTNER_CENTER_ATTEMPT, status=failure.status, kind=failure.rule.met)
    kind = failure.rule.error
    message = NO_ROLE if issubclass(kind, AccessDenied) else None
    if issubclass(kind, SignInRequired):
        message = (
            "Partner Center's webhook API does not accept the sign-in. Grant the application the permission "
            "user_impersonation of Microsoft Partner Center in Entra, then sign in again."
        )
    return kind(message, retry_after=failure.asked, upstream_status=failure.status)


def _members(answer: Any) -> dict[str, Any]:
    """An object's members by their names in lower case; {} for what is none."""
    return {str(name).lower(): value for name, value in answer.items()} if isinstance(answer, dict) else {}


def _code(item: Mapping[str, Any]) -> str:
    """What a try ended with. Without an answer of ours Microsoft says so as a system error."""
    code = str(item.get("responsecode") or "")
    return code[:64] if code else ("SystemError" if item.get("systemerror") is True else "")
