"""The referrals API over one requests session: pages, one referral, and nothing else of HTTP for anybody else to know."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import quote

import msgspec
import requests
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3.exceptions import HTTPError as LowLevelError

from shared.core import events
from shared.core.backoff import retry_after
from shared.core.bearer import Bearer
from shared.core.clock import Clock, Deadline
from shared.core.connection import is_lasting
from shared.core.errors import HunterError, PartnerCenterError
from shared.core.log import get_logger
from shared.model import odd_json
from shared.partner_center import retry
from shared.partner_center.next_links import PATH, next_query
from shared.partner_center.pace import Pace
from shared.partner_center.retry import Action, Kind, Rule

log = get_logger(__name__)

MOST_BYTES: Final = 64 * 1024 * 1024
"""The longest answer that is read."""
BY_UPDATE: Final = "$orderby=updatedDateTime%20desc"
BY_CREATION: Final = "$orderby=createdDateTime%20asc"


class Authenticator(Protocol):
    """Where access tokens come from."""

    def token(self, *, force_refresh: bool = False) -> str:
        """An access token for the referrals API; may raise a SignInError or ConfigurationError."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of referrals: the records' JSON as received, and the query of the next page."""

    records: list[msgspec.Raw]
    next: str | None


class _Envelope(msgspec.Struct):
    value: list[msgspec.Raw]
    link: str | None = msgspec.field(name="@odata.nextLink", default=None)


_envelope = msgspec.json.Decoder(_Envelope)


class LinkExpired(Exception):
    """A next link is no longer valid; ``error`` is what the run ends with when it happens twice."""

    def __init__(self, error: PartnerCenterError) -> None:
        super().__init__()
        self.error = error


class Stopped(Exception):
    """Nothing is to be sent any more."""


class WaitTooLong(Exception):
    """The wait that Partner Center asks for does not fit the time that is left; the run pauses."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class ChangeFailed(Exception):
    """A change that was not confirmed; ``rule`` says what that means, ``asked`` the seconds that Retry-After asks for."""

    def __init__(self, rule: Rule, error: HunterError, asked: float | None = None) -> None:
        super().__init__(rule.met)
        self.rule, self.error, self.asked = rule, error, asked


class _Failure(Exception):
    """One attempt that failed, with the rule that applies."""

    def __init__(self, rule: Rule, status: int | None, request_id: str | None, asked: float | None = None) -> None:
        super().__init__(rule.met)
        self.rule, self.status, self.request_id, self.asked = rule, status, request_id, asked


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request, and the rules for its answer."""

    method: str
    url: str
    decode: Callable[[bytes], Any]
    is_link: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def rule_for_status(self, status: int, *, has_retry_after: bool, about_etag: bool) -> Rule | None:
        """The rule for an answer's status; None where it is the answer that was asked for."""
        if self.method == "GET":
            return retry.rule_for_status(status, on_link=self.is_link, has_retry_after=has_retry_after)
        return retry.rule_for_change(status, has_retry_after=has_retry_after, about_etag=about_etag)

    def rule_for_kind(self, kind: Kind) -> Rule:
        """The rule for a failure without a status."""
        return retry.rule_for_kind(kind, changes=self.method != "GET")


_OF_CHANGES: Final = {"Content-Type": "application/json", "Prefer": "return=representation"}


class PartnerCenterClient:
    """Reads referrals, and changes them. One for each run: it keeps the run's pace and deadline.

    Args:
        api_url: address of the API, without a path.
        authenticator: gives access tokens.
        clock: the time.
        deadline: when the run's time is up.
        interval: least seconds between two requests.
        alive: called before every attempt and in long waits, so that the run can renew its lease.
        turn: called before every attempt: comes back when it is this client's turn.
        retried: called before every attempt but the first.
    """

    def __init__(
        self,
        api_url: str,
        authenticator: Authenticator,
        clock: Clock,
        deadline: Deadline,
        *,
        interval: float = 0.0,
        alive: Callable[[], None] = lambda: None,
        turn: Callable[[], None] = lambda: None,
        retried: Callable[[], None] = lambda: None,
    ) -> None:
        self._api_url = api_url
        self._authenticator = authenticator
        self._clock = clock
        self._deadline = deadline
        self._pace = Pace(clock, interval)
        self._alive = alive
        self._turn = turn
        self._session = requests.Session()
        self._retried = retried
        self._stopped = False

    @property
    def _base(self) -> str:
        return self._api_url + PATH

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def stop(self) -> None:
        """Send nothing any more: what waits for its turn, or for another try, raises Stopped."""
        self._stopped = True

    def page(self, query: str, *, is_link: bool = False) -> Page:
        """One page.

        Args:
            query: the query string, escaped; that of ``Page.next`` or one of ours.
            is_link: whether it came from a next link.

        Raises:
            LinkExpired: the link is no longer valid.
            WaitTooLong: Partner Center asks for a wait that does not fit.
            PartnerCenterError, SignInError, ConfigurationError: see the retry table.
        """
        envelope: _Envelope = self._get(f"{self._base}?{query}", _page, is_link=is_link)
        return Page(envelope.value, next_query(envelope.link, self._api_url) if envelope.link else None)

    def newest(self) -> Page:
        """The page with the one referral that was changed last."""
        return self.page(f"{BY_UPDATE}&$top=1")

    def referral(self, referral_id: str) -> bytes:
        """One referral's JSON by its id; errors as for ``page``, with Rejected or AccessDenied where it is gone or hidden."""
        body: bytes = self._get(f"{self._base}/{quote(referral_id, safe='')}", _object)
        return body

    def change(self, referral_id: str, operations: Sequence[Mapping[str, Any]], etag: str, intent: str) -> bytes | None:
        """Send one change, once: what is unclear afterwards is for the caller to find out, never to be sent again blindly.

        Microsoft documents no key that makes a change happen once; the one id of an intent on every try may help and does
        no harm (Learn, "Partner Center REST headers"). What makes it safe is ``If-Match`` (Learn, "Update a referral").

        Args:
            referral_id: whose.
            operations: the JSON Patch.
            etag: the version that the change is made for.
            intent: the id that every request for the same wish carries.

        Returns:
            The referral's JSON after the change; None where it was applied and the answer has no body.

        Raises:
            ChangeFailed: everything else.
        """
        exchange = _Exchange(
            "PATCH",
            f"{self._base}/{quote(referral_id, safe='')}",
            _object,
            headers={
                **_OF_CHANGES,
                "If-Match": etag,
                **dict.fromkeys(("client-request-id", "MS-RequestId", "MS-CorrelationId"), intent),
            },
            body=_encode(operations),
        )
        try:
            try:
                body: bytes | None = self._attempt(exchange)
            except _Failure as failure:
                if failure.rule.action is not Action.RENEW_TOKEN:
                    raise
                body = self._attempt(exchange, force_refresh=True)
        except _Failure as failure:
            _log_attempt(failure, None)
            error = failure.rule.error(
                retry_after=failure.asked, request_id=failure.request_id, upstream_status=failure.status
            )
            raise ChangeFailed(failure.rule, error, failure.asked) from None
        return body

    def _get(self, url: str, decode: Callable[[bytes], Any], *, is_link: bool = False) -> Any:
        """One answer, decoded, after as many tries as the table allows."""
        exchange, renewed = _Exchange("GET", url, decode, is_link=is_link), False

        def attempt() -> Any:
            nonlocal renewed
            try:
                return self._attempt(exchange)
            except _Failure as failure:
                if failure.rule.action is not Action.RENEW_TOKEN or renewed:
                    raise
                renewed = True
                return self._attempt(exchange, force_refresh=True)

        retrying = Retrying(
            stop=stop_after_attempt(retry.BACKOFF.tries),
            retry=retry_if_exception(lambda error: isinstance(error, _Failure) and error.rule.action is Action.RETRY),
            wait=_wait,
            sleep=self._sleep,
            before_sleep=self._log_wait,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _Failure as failure:
            _log_attempt(failure, retrying.statistics.get("attempt_number"))
            error = failure.rule.error(
                retry_after=failure.asked, request_id=failure.request_id, upstream_status=failure.status
            )
            if failure.rule.action is Action.RESTART_WALK and isinstance(error, PartnerCenterError):
                raise LinkExpired(error) from None
            raise error from None

    def _attempt(self, exchange: _Exchange, *, force_refresh: bool = False) -> Any:
        self._turn()
        self._pace.keep()
        self._go_on()
        token = self._authenticator.token(force_refresh=force_refresh)
        headers = {
            "Accept": "application/json",
            "client-request-id": str(uuid.uuid4()),
            **exchange.headers,
        }
        sent = self._pace.sent()
        request_id: str | None = None
        try:
            with self._session.request(
                exchange.method,
                exchange.url,
                headers=headers,
                data=exchange.body,
                auth=Bearer(token),
                timeout=(retry.CONNECT_SECONDS, self._within_time(retry.READ_SECONDS)),
                allow_redirects=False,
                stream=True,
            ) as answer:
                request_id = _plain_id(answer.headers.get("request-id"))
                body = self._body_of(answer, exchange, request_id)
        except requests.exceptions.RequestException as error:
            kind = Kind.CERTIFICATE if is_lasting(error) else Kind.CONNECTION
            raise _Failure(exchange.rule_for_kind(kind), None, request_id) from None
        except LowLevelError:
            raise _Failure(exchange.rule_for_kind(Kind.CONNECTION), None, request_id) from None
        try:
            body.decode("utf-8")
            result = exchange.decode(body) if answer.status_code != 204 else None
        except ValueError:
            raise _Failure(exchange.rule_for_kind(Kind.BROKEN), answer.status_code, request_id) from None
        log.info(
            events.PARTNER_CENTER_ATTEMPT,
            method=exchange.method,
            status=answer.status_code,
            requestId=request_id,
            durationSeconds=round(self._clock.monotonic() - sent, 3),
        )
        return result

    def _body_of(self, answer: requests.Response, exchange: _Exchange, request_id: str | None) -> bytes:
        """The body of an answer that is what was asked for. Raises _Failure."""
        asked, status = retry_after(answer.headers, self._clock.now()), answer.status_code
        about_etag = exchange.method != "GET" and status == 400 and _is_about_etag(self._read(answer, exchange))
        rule = exchange.rule_for_status(status, has_retry_after=asked is not None, about_etag=about_etag)
        if rule:
            raise _Failure(rule, status, request_id, asked)
        if status == 204:
            return b""
        body = self._read(answer, exchange)
        if "json" not in answer.headers.get("Content-Type", "").lower():
            raise _Failure(exchange.rule_for_kind(Kind.BROKEN), status, request_id)
        return body

    def _read(self, answer: requests.Response, exchange: _Exchange) -> bytes:
        """The body, within a time and a size: a server that drips must not outlive the lease.

        ``iter_content`` would wait until a whole piece has come, each drop of it with a timeout of its own.
        """
        started, most = self._clock.monotonic(), self._within_time(retry.ANSWER_SECONDS)
        pieces, size = [], 0
        while piece := answer.raw.read1(256 * 1024, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES or self._clock.monotonic() - started > most:
                raise _Failure(exchange.rule_for_kind(Kind.CONNECTION), answer.status_code, None)
            self._alive()
        return b"".join(pieces)

    def _within_time(self, seconds: float) -> float:
        """So many seconds, or what is left of the run's time: whoever waits for its answer does not wait longer."""
        return min(seconds, max(1.0, self._deadline.remaining()))

    def _log_wait(self, state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, _Failure) and state.next_action:
            self._retried()
            _log_attempt(failure, state.attempt_number, state.next_action.sleep)
            remaining = self._deadline.remaining()
            if state.next_action.sleep > remaining:
                if failure.rule is retry.THROTTLED or (failure.asked or 0.0) > remaining:
                    raise WaitTooLong(failure.asked if failure.asked is not None else state.next_action.sleep)
                raise failure.rule.error(request_id=failure.request_id) from None

    def _sleep(self, seconds: float) -> None:
        """Wait, in slices, so that the lease can be renewed in between."""
        while seconds > 0:
            self._clock.sleep(min(seconds, 10.0))
            seconds -= 10.0
            self._go_on()

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped
        self._alive()


def _wait(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.asked if isinstance(failure, _Failure) else None
    return retry.BACKOFF.wait(state.attempt_number, asked)


def _log_attempt(failure: _Failure, attempt: int | None, wait: float | None = None) -> None:
    log.warning(
        events.PARTNER_CENTER_ATTEMPT,
        status=failure.status,
        requestId=failure.request_id,
        attempt=attempt,
        waitSeconds=round(wait, 3) if wait is not None else None,
        kind=failure.rule.met,
    )
    if failure.rule is retry.THROTTLED:
        log.warning(events.PARTNER_CENTER_THROTTLED, status=failure.status, retryAfterSeconds=failure.asked)


def _page(body: bytes) -> _Envelope:
    """A page; what msgspec can't read although it is JSON is split by hand."""
    try:
        return _envelope.decode(body)
    except (msgspec.DecodeError, RecursionError):
        records, link = odd_json.split_page(body)
        return _Envelope([msgspec.Raw(record) for record in records], link)


def _object(body: bytes) -> bytes:
    """A body that is one JSON object, as received."""
    try:
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        if not isinstance(odd_json.loads(body, parse_int=float), dict):
            raise ValueError("no object") from None
    return body


_encode = msgspec.json.Encoder(decimal_format="number").encode


def _is_about_etag(body: bytes) -> bool:
    """Whether a refusal is about a version that is no longer there, as Partner Center's other host says it with 400 and
    its error 2055; nothing of the text is kept."""
    text = body[:65_536].decode("utf-8", "replace").lower()
    return "etag" in text or '"2055"' in text or '"code":2055' in text.replace(" ", "")


def _plain_id(value: str | None) -> str | None:
    """A request id, if it looks like one: it goes into the log."""
    return value if value and len(value) <= 64 and value.replace("-", "").isalnum() else None
