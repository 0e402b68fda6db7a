"""Asking Entra for tokens, through MSAL: one host, no redirects, certificates always checked, a bounded number of tries.

Facts about MSAL (1.39, read in its source and tried out) that shape this module:

* An application object keeps Entra's refusals for 60 s and answers from that memory, so every try gets a fresh object.
* ``instance_discovery=False`` keeps it from asking login.microsoftonline.com about an authority that it does not know.
* It logs answers that are no JSON and puts ID tokens into exception texts, so neither gets that far or is passed on.
* ``requests`` takes REQUESTS_CA_BUNDLE over ``verify=True``: a private CA needs no setting of ours.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import urlsplit

import msal  # type: ignore[import-untyped]
import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from shared.core.backoff import Backoff, retry_after
from shared.core.clock import Clock, Deadline
from shared.core.connection import is_wrong_certificate
from shared.core.errors import ConfigurationError, SignInUnavailable
from shared.core.settings import Settings
from shared.sign_in.reasons import Refusal, refusal_of

Answer = dict[str, Any]
T = TypeVar("T")

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 10
MOST_BYTES: Final = 256 * 1024
BACKOFF: Final = Backoff(tries=3, first=1.0, most=8.0)
"""Seconds: the longest that a person who signs in, or a run, is kept waiting between two tries."""


class EntraRefused(Exception):
    """Entra said no; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason.code)
        self.refusal = refusal


class _Busy(requests.RequestException):
    """Entra failed or could not be reached, and trying again makes sense. MSAL lets a RequestException through."""

    def __init__(self, retry_after: float = 0) -> None:
        super().__init__("Entra is unavailable")
        self.retry_after = retry_after


@dataclass(frozen=True, repr=False)
class _Response:
    """What MSAL reads of an answer, and the JSON object that it is."""

    status_code: int
    headers: Mapping[str, str]
    text: str
    content: Answer


class _Http:
    """The HTTP client that MSAL is given: the authority's host alone, and answers that are JSON objects alone."""

    def __init__(self, authority: str, clock: Clock) -> None:
        self._origin = _origin(authority)
        self._clock = clock
        self._session = requests.Session()
        self._session.auth = _no_credentials

    def __enter__(self) -> _Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def post(self, url: str, **options: Any) -> _Response:
        """As MSAL calls it."""
        return self._send("POST", url, options)

    def get(self, url: str, **options: Any) -> _Response:
        """As MSAL calls it, for the tenant's metadata: anything but an answer is a refusal."""
        response = self._send("GET", url, options)
        if response.status_code != 200:
            raise EntraRefused(refusal_of(response.content))
        return response

    def _send(self, method: str, url: str, options: Mapping[str, Any]) -> _Response:
        if _origin(url) != self._origin:
            raise ConfigurationError(
                "Entra's metadata point to another host than HUNTER_PARTNER_CENTER_AUTHORITY; nothing was sent there."
            )
        wanted = {name: options.get(name) for name in ("params", "data", "headers")}
        timeout = (CONNECT_SECONDS, READ_SECONDS)
        try:
            with self._session.request(
                method, url, **wanted, timeout=timeout, allow_redirects=False, verify=True, stream=True
            ) as response:
                status, headers = response.status_code, response.headers
                if status in {408, 429} or status >= 500:
                    raise _Busy(retry_after(headers, self._clock.now()) or 0)
                body = self._read(response)
        except _Busy:
            raise
        except requests.RequestException as error:
            if is_wrong_certificate(error):
                raise SignInUnavailable(
                    "The certificate of Microsoft's sign-in service can't be trusted. Check "
                    "HUNTER_PARTNER_CENTER_AUTHORITY and the network. The sign-in is kept."
                ) from None
            raise _Busy from None
        except OSError:
            raise SignInUnavailable(
                "The file of trusted certificates (REQUESTS_CA_BUNDLE) can't be read. The sign-in is kept."
            ) from None
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            content = None
        if 300 <= status < 400 or not isinstance(content, dict):
            raise _Busy
        return _Response(status, headers, body.decode(), content)

    def _read(self, response: requests.Response) -> bytes:
        """The body, within a size and a time: one that drips must not outlive the claim on the renewal."""
        body, deadline = bytearray(), Deadline(self._clock, READ_SECONDS)
        for chunk in response.iter_content(16 * 1024):
            body += chunk
            if len(body) > MOST_BYTES or deadline.passed():
                raise _Busy
        return bytes(body)


class Entra:
    """Entra, for one application. Every method raises

    * EntraRefused: Entra said no, and why;
    * SignInUnavailable: it does not answer after three tries, or not as it should; the sign-in is kept.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def is_confidential(self) -> bool:
        """Whether the application has a secret, and so signs in by authorization code."""
        return bool(self._settings.client_secret)

    def begin_device_code(self) -> Answer:
        """A device flow, as MSAL keeps it: user_code, verification_uri, expires_in, and what is for MSAL alone."""
        flow: Answer = self._ask(None, lambda app: app.initiate_device_flow(scopes=self._scopes))
        if "user_code" not in flow or urlsplit(str(flow.get("verification_uri"))).scheme != "https":
            raise _unexpected()
        return flow

    def poll_device_code(self, flow: Answer, cache: msal.SerializableTokenCache) -> Answer:
        """Ask once; {} while the person has not decided, {"slow_down": True} when asked too often.

        Once signed in, the answer is MSAL's, and ``cache`` holds the tokens.
        """
        # An interval of 0 would make MSAL loop, and an earlier attempt would make it warn.
        once = {**flow, "interval": 1, "latest_attempt_at": 0}

        def poll(app: Any) -> Answer:
            answer = _tokens(app.acquire_token_by_device_flow(once, exit_condition=lambda _: True))
            if answer.get("error") == "authorization_pending":
                return {}
            return {"slow_down": True} if answer.get("error") == "slow_down" else answer

        return self._ask(cache, poll)

    def begin_code(self, redirect_uri: str, state: str) -> Answer:
        """An authorization-code flow with PKCE: auth_uri, and what is for MSAL alone (verifier, nonce, state)."""

        def begin(app: Any) -> Answer:
            with warnings.catch_warnings():
                # MSAL would rather have the answer posted. A post from another site comes without the cookies of the
                # app's own sign-in, and the code is worth nothing without the verifier.
                warnings.filterwarnings("ignore", message="response_mode=", category=UserWarning)
                flow: Answer = app.initiate_auth_code_flow(self._scopes, redirect_uri=redirect_uri, state=state)
                return flow

        flow = self._ask(None, begin)
        if _origin(str(flow["auth_uri"])) != _origin(self._settings.authority):
            raise _unexpected()
        return flow

    def redeem_code(self, flow: Answer, answer: Mapping[str, str], cache: msal.SerializableTokenCache) -> Answer:
        """Redeem what Entra sent the browser back with; checks state, nonce and verifier."""

        def redeem(app: Any) -> Answer:
            return _tokens(app.acquire_token_by_auth_code_flow(dict(flow), dict(answer)))

        return self._ask(cache, redeem)

    def renew(self, cache: msal.SerializableTokenCache, scope: str) -> Answer | None:
        """A new access token by the refresh token in ``cache``, which takes what comes back; None when it has none.

        A refresh token is good for every API that the application may use (Microsoft Learn, "Refresh tokens in the
        Microsoft identity platform"), so ``scope`` may be another than the one that was signed in for.
        """

        def renew(app: Any) -> Answer | None:
            accounts = app.get_accounts()
            if not accounts:
                return None
            answer = app.acquire_token_silent_with_error(scope.split(), accounts[0], force_refresh=True)
            return None if answer is None else _tokens(answer)

        return self._ask(cache, renew)

    @property
    def _scopes(self) -> list[str]:
        return self._settings.scope.split()

    def _ask(self, cache: msal.SerializableTokenCache | None, call: Callable[[Any], T]) -> T:
        retrying = Retrying(
            stop=stop_after_attempt(BACKOFF.tries),
            retry=retry_if_exception_type(_Busy),
            wait=_wait,
            sleep=self._clock.sleep,
            retry_error_callback=_give_up,
        )
        answer: T = retrying(self._try, cache, call)
        if isinstance(answer, dict) and "error" in answer:
            raise EntraRefused(refusal_of(answer))
        return answer

    def _try(self, cache: msal.SerializableTokenCache | None, call: Callable[[Any], T]) -> T:
        settings = self._settings
        with _Http(settings.authority, self._clock) as http:
            options: dict[str, Any] = {
                "authority": f"{settings.authority}/{settings.tenant_id}",
                "instance_discovery": False,
                "http_client": http,
                "token_cache": cache or msal.SerializableTokenCache(),
            }
            try:
                if settings.client_secret:
                    secret = settings.client_secret
                    answer = call(
                        msal.ConfidentialClientApplication(settings.client_id, client_credential=secret, **options)
                    )
                else:
                    answer = call(msal.PublicClientApplication(settings.client_id, **options))
            except (ValueError, KeyError, TypeError, RuntimeError):
                # MSAL on an answer that lacks what it needs, or whose ID token or state is not ours; its texts stay here.
                raise _unexpected() from None
            if isinstance(answer, dict) and "error" in answer and refusal_of(answer).reason.remedy == "wait":
                raise _Busy
            return answer


def _wait(state: RetryCallState) -> float:
    """Full jitter, and never less than Entra asked for."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, _Busy) else 0
    if asked > BACKOFF.most:
        raise SignInUnavailable(retry_after=asked)
    return BACKOFF.wait(state.attempt_number, asked)


def _give_up(state: RetryCallState) -> NoReturn:
    error = state.outcome.exception() if state.outcome else None
    raise SignInUnavailable(retry_after=max(error.retry_after if isinstance(error, _Busy) else 0, 60)) from None


def _tokens(answer: Any) -> Answer:
    """What a token request brought: tokens or an error; anything else is a failure of Entra or of what is in between."""
    if not isinstance(answer, dict) or not ("error" in answer or "access_token" in answer):
        raise _Busy
    return answer


def _unexpected() -> SignInUnavailable:
    return SignInUnavailable("Microsoft's sign-in service gave an answer that could not be used. The sign-in is kept.")


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """In place of what requests would take from a .netrc file."""
    return request


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or 443
    except ValueError:
        return "", "", 0
