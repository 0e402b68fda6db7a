"""One person signs in to Partner Center once; after that the sign-in renews itself, whichever instance needs it.

signedOut ──begin──> pending ──person──> signedIn <──renewal──> expired
    ^                   │ declined, expired            │           │
    └───────────────────┴──────────── sign-out ────────┴───────────┘
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal

import msal  # type: ignore[import-untyped]

from shared.core import events
from shared.core.clock import Clock, SystemClock
from shared.core.errors import ConfigurationError, HunterError, SignInRequired
from shared.core.log import get_logger
from shared.core.settings import Settings
from shared.model.times import from_datetime, public
from shared.sign_in.entra import Answer, Entra, EntraRefused
from shared.sign_in.reasons import REASONS, Refusal
from shared.sign_in.token_cache import Pending, SignInStore, StoredSignIn, Unreadable
from shared.sign_in.tokens import Tokens
from shared.storage.engine.tables import RowConflict, TableStore

log = get_logger(__name__)

CODE_FLOW_MINUTES: Final = 15

CheckState = Literal["pending", "signedIn", "expired", "declined"]


@dataclass(frozen=True)
class SignInStatus:
    """What the status shows. ``last_renewed_at`` is our 7-digit text; ``reason`` a sentence, set when a person can act."""

    state: Literal["signedOut", "pending", "signedIn", "expired"]
    account: str | None
    last_renewed_at: str | None
    reason: str | None
    reason_code: str | None


class OtherApi:
    """What one more API needs of the sign-in."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def token(self, *, force_refresh: bool = False) -> str:
        """An access token for it; renewed when needed. Args and errors: see ``Tokens.get``."""
        return self._tokens.get(force_refresh=force_refresh)


class SignIn:
    """The sign-in to Partner Center; one for each process, thread-safe."""

    def __init__(self, settings: Settings, store: TableStore, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock: Clock = clock or SystemClock()
        self._store = SignInStore(settings, store)
        self._entra = Entra(settings, self._clock)
        self._tokens = Tokens(settings, self._store, self._entra, self._clock)
        self._polling = threading.Lock()

    def token(self, *, force_refresh: bool = False) -> str:
        """An access token for the referrals API; renewed when needed. Args and errors: see ``Tokens.get``."""
        return self._tokens.get(force_refresh=force_refresh)

    def for_api(self, scope: str) -> OtherApi:
        """Access tokens for another API of Microsoft's, by the same sign-in."""
        return OtherApi(Tokens(self._settings, self._store, self._entra, self._clock, scope))

    def keep_alive(self) -> bool:
        """Renew a sign-in that nothing has renewed for half a day; see ``Tokens.keep_alive``."""
        return self._tokens.keep_alive()

    def begin(self, redirect_uri: str, owner: str = "") -> dict[str, Any]:
        """Begin a sign-in.

        Args:
            redirect_uri: where Entra sends the browser back to; used with a client secret only.
            owner: whoever begins it (Principal.id): checks and the callback of others don't touch it.

        Returns:
            ``{id, flow: "deviceCode", userCode, verificationUri, expiresAt}`` or
            ``{id, flow: "authorizationCode", authorizationUri, expiresAt}``.

        Raises:
            FeatureDisabled, ConfigurationError, SignInUnavailable, StorageUnavailable.
        """
        self._settings.require_partner_center()
        self._forget_old()
        name, now = secrets.token_hex(16), self._clock.now()
        try:
            if self._entra.is_confidential:
                flow = self._entra.begin_code(redirect_uri, f"{name}.{secrets.token_urlsafe(32)}")
                expires = from_datetime(now + timedelta(minutes=CODE_FLOW_MINUTES))
                answer = {"flow": "authorizationCode", "authorizationUri": flow["auth_uri"]}
            else:
                flow = self._entra.begin_device_code()
                expires = from_datetime(now + timedelta(seconds=int(flow["expires_in"])))
                uri = str(flow["verification_uri"])
                answer = {"flow": "deviceCode", "userCode": str(flow["user_code"]), "verificationUri": uri}
        except EntraRefused as error:
            raise self._not_begun(error.refusal) from None
        sealed = self._store.seal_flow(flow)
        self._store.save_pending(Pending(name, str(answer["flow"]), owner, from_datetime(now), expires, sealed))
        return {"id": name, **answer, "expiresAt": public(expires)}

    def check(self, pending_id: str | None = None, owner: str = "") -> dict[str, Any]:
        """Ask once what became of a sign-in.

        Args:
            pending_id: the ``id`` that ``begin`` gave; None: the newest of this owner, and signed in when any of them is.
            owner: as given to ``begin``.

        Returns:
            ``{state: "pending"|"signedIn"|"expired"|"declined", account}``; ``reason`` and ``reasonCode`` when it failed,
            ``signedInAt`` (text of ``model.times``) when somebody is signed in.

        Raises:
            FeatureDisabled, ConfigurationError, SignInUnavailable, StorageUnavailable.
        """
        self._settings.require_partner_center()
        with self._polling:
            stored, everything = self._store.load_all()
            mine = [attempt for attempt in everything if attempt.owner == owner and pending_id in (None, attempt.id)]
            is_signed_in = stored.state == "signedIn" and not stored.unreadable
            if not mine or (is_signed_in and not pending_id and stored.signed_in_at > mine[0].created_at):
                return _checked("signedIn" if is_signed_in else "expired", stored)
            polled = []
            for pending in mine:
                polled.append(self._polled(pending))
                if polled[-1] is None:
                    return _checked("signedIn", self._store.load())
            newest = polled[0] or mine[0]
            state: CheckState = "pending" if newest.is_waiting(self._clock.now()) else "expired"
            if newest.outcome == "declined":
                state = "declined"
            return _checked(state, StoredSignIn(reason_code=newest.reason_code, reason_number=newest.reason_number))

    def complete(self, query: Mapping[str, str], owner: str = "") -> bool:
        """Finish an authorization-code sign-in with what Entra sent the browser back with.

        Args:
            query: the callback's parameters: code and state, or error and state.
            owner: whose browser it is; a sign-in that somebody else began is not finished.

        Returns:
            Whether somebody is signed in now; if not, ``check`` says why.

        Raises:
            FeatureDisabled, ConfigurationError, SignInUnavailable, StorageUnavailable.
        """
        self._settings.require_partner_center()
        state = query.get("state", "")
        _, everything = self._store.load_all()
        pending = next((attempt for attempt in everything if attempt.id == state.partition(".")[0]), None)
        if pending is None or pending.owner != owner or not pending.is_waiting(self._clock.now()):
            return False
        try:
            flow = self._store.open_flow(pending)
            if not hmac.compare_digest(str(flow.get("state", "")).encode(), state.encode()):
                return False
            # One use, even when the browser sends it twice: whoever writes this first goes on.
            used = self._store.save_pending(replace(pending, outcome="used"))
        except (Unreadable, RowConflict):
            return False
        cache = msal.SerializableTokenCache()
        try:
            self._signed_in_now(self._entra.redeem_code(flow, query, cache), cache)
        except EntraRefused as error:
            self._failed(used, error.refusal)
            return False
        self._store.remove_pending(pending)
        return True

    def sign_out(self) -> None:
        """Forget the tokens and every sign-in that waits, on all instances; works with the feature switched off too.

        Raises:
            StorageUnavailable: table storage does not answer; nothing is forgotten for certain.
        """
        self._store.save(StoredSignIn(), None)
        self._tokens.forget()
        for pending in self._store.load_all()[1]:
            self._store.remove_pending(pending)
        log.info(events.SIGNED_OUT)

    def status(self) -> SignInStatus:
        """What the status shows: one read of storage, nothing of Entra.

        Raises:
            StorageUnavailable: table storage does not answer.
        """
        stored, pending = self._store.load_all()
        code = stored.reason_code
        state: Literal["signedOut", "pending", "signedIn", "expired"] = stored.state
        if stored.unreadable:
            state, code = "signedOut", "token_cache_unreadable"
        if state != "signedIn" and any(attempt.is_waiting(self._clock.now()) for attempt in pending):
            state = "pending"
        reason = Refusal(REASONS[code], stored.reason_number or None).sentence if code in REASONS else None
        return SignInStatus(state, stored.account or None, stored.last_renewed_at or None, reason, code or None)

    def own_domain(self) -> str | None:
        """The domain of the signed-in account, lower case; None when nobody is signed in.

        A sync asks for it first, so this is also where an instance hears that somebody signed out on another one.

        Raises:
            StorageUnavailable: table storage does not answer.
        """
        stored = self._store.load()
        self._tokens.heed(stored)
        return stored.account.rpartition("@")[2].lower() or None

    def _polled(self, pending: Pending) -> Pending | None:
        """Ask Entra about a device code once; None: signed in, else what is known of it now."""
        now = from_datetime(self._clock.now())
        if not pending.is_waiting(self._clock.now()) or pending.kind != "deviceCode" or now < pending.not_before:
            return pending
        cache = msal.SerializableTokenCache()
        try:
            answer = self._entra.poll_device_code(self._store.open_flow(pending), cache)
        except Unreadable:
            return self._failed(pending, Refusal(REASONS["expired"], None))
        except EntraRefused as error:
            if error.refusal.reason.remedy == "configuration":
                self._store.remove_pending(pending)
                raise self._not_begun(error.refusal) from None
            return self._failed(pending, error.refusal)
        if "access_token" in answer:
            self._signed_in_now(answer, cache)
            self._store.remove_pending(pending)
            return None
        if answer:
            later = replace(pending, not_before=from_datetime(self._clock.now() + timedelta(seconds=5)))
            return self._kept(later)
        return pending

    def _failed(self, pending: Pending, refusal: Refusal) -> Pending:
        log.warning(events.SIGN_IN_FAILED, reasonCode=refusal.reason.code, aadsts=refusal.number)
        code = refusal.reason.code
        outcome: Literal["expired", "declined"] = "expired" if code in {"expired", "revoked"} else "declined"
        return self._kept(replace(pending, outcome=outcome, reason_code=code, reason_number=refusal.number or 0))

    def _kept(self, pending: Pending) -> Pending:
        # On a conflict another instance was asked at the same moment and says the same.
        with contextlib.suppress(RowConflict):
            self._store.save_pending(pending)
        return pending

    def _signed_in_now(self, answer: Answer, cache: Any) -> None:
        """Store a person's sign-in over whatever is there: the person's word is the newest."""
        claims = answer.get("id_token_claims") or {}
        now = from_datetime(self._clock.now())
        sign_in = StoredSignIn(
            state="signedIn",
            cache=cache.serialize(),
            account=_account(claims),
            sign_in_id=secrets.token_hex(16),
            signed_in_at=now,
            last_renewed_at=now,
        )
        self._store.save(sign_in, None)
        self._tokens.forget()
        log.info(events.SIGNED_IN)

    def _not_begun(self, refusal: Refusal) -> HunterError:
        log.error(events.SIGN_IN_FAILED, reasonCode=refusal.reason.code, aadsts=refusal.number)
        if refusal.reason.remedy == "configuration":
            return ConfigurationError(refusal.sentence)
        return SignInRequired(refusal.sentence)

    def _forget_old(self) -> None:
        """Remove sign-ins that ended, or that nobody decided in time, once their browser had time to ask."""
        limit = from_datetime(self._clock.now() - timedelta(minutes=CODE_FLOW_MINUTES))
        for pending in self._store.load_all()[1]:
            if pending.expires_at < limit:
                self._store.remove_pending(pending)


def _account(claims: Mapping[str, Any]) -> str:
    """Who signed in. Which claims an ID token has is up to the tenant; the first that is an address also gives the own domain.

    Source: learn.microsoft.com/entra/identity-platform/id-token-claims-reference.
    """
    named = [str(claims[name]) for name in ("preferred_username", "upn", "email", "unique_name") if claims.get(name)]
    return next((each for each in named if "@" in each), named[0] if named else "")


def _checked(state: CheckState, stored: StoredSignIn) -> dict[str, Any]:
    answer: dict[str, Any] = {"state": state, "account": stored.account or None if state == "signedIn" else None}
    if state == "signedIn":
        answer["signedInAt"] = stored.signed_in_at
    elif stored.reason_code in REASONS:
        answer["reason"] = Refusal(REASONS[stored.reason_code], stored.reason_number or None).sentence
        answer["reasonCode"] = stored.reason_code
    return answer
