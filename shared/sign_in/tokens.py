"""Access tokens from the stored sign-in: from memory, from the stored cache, or by redeeming the refresh token.

Refresh tokens rotate, and may be good for one use. So one process at a time renews: it claims the row with If-Match,
redeems, and writes back with If-Match. The others wait for its result and use that. Where a claim did not hold (its
process died, or was slow), whoever finds the row changed reads again and decides again, so the newer refresh token is
never overwritten, and nobody is sent to sign in because another process was faster.
"""

from __future__ import annotations

import contextlib
import random
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msal  # type: ignore[import-untyped]

from shared.core import events
from shared.core.clock import Clock, Deadline
from shared.core.errors import ConfigurationError, HunterError, SignInRequired, SignInUnavailable, StorageUnavailable
from shared.core.log import get_logger
from shared.core.settings import Settings
from shared.model.times import from_datetime, to_datetime
from shared.sign_in.entra import Entra, EntraRefused
from shared.sign_in.reasons import REASONS, Refusal
from shared.sign_in.token_cache import SignInStore, StoredSignIn
from shared.storage.engine.tables import RowConflict

log = get_logger(__name__)

MARGIN_SECONDS: Final = 300.0
"""A token with less left than this is renewed (MSAL's own margin), or half its life when that is less."""
CHECK_SECONDS: Final = 60.0
"""For so long a token in memory is used without looking whether somebody signed out or in elsewhere."""
CLAIM_SECONDS: Final = 30.0
WAIT_SECONDS: Final = 45.0
FIRST_PAUSE: Final = 0.03
LONGEST_PAUSE: Final = 0.5
"""Seconds between two looks at whether the process that renews is done; doubled each time."""
KEEP_ALIVE_HOURS: Final = 12.0
"""Refresh tokens live 90 days from their last use; renewing twice a day also shows a dead one within half a day."""


OTHER_API: Final = (
    "Microsoft gives no access to this part of Partner Center. {sentence} It needs the permission user_impersonation of "
    "Microsoft Partner Center with an administrator's consent; the sync goes on without."
)


@dataclass(frozen=True, repr=False)
class _Token:
    """An access token in memory."""

    secret: str
    good_until: datetime
    sign_in_id: str
    checked: float
    """Monotonic seconds at which storage was last seen to hold this sign-in."""


class Tokens:
    """The access tokens of one process for one API; thread-safe.

    Args:
        settings: the app's settings.
        store: where the sign-in is kept.
        entra: who renews.
        clock: the time.
        other_scope: that of an API besides the referrals API, by the same sign-in. What Entra refuses for it says nothing
            about the sign-in, which is left as it is.
    """

    def __init__(
        self, settings: Settings, store: SignInStore, entra: Entra, clock: Clock, other_scope: str = ""
    ) -> None:
        self._settings = settings
        self._scope, self._is_other = other_scope or settings.scope, bool(other_scope)
        self._store = store
        self._entra = entra
        self._clock = clock
        self._token: _Token | None = None
        self._unwritten: tuple[StoredSignIn, StoredSignIn] | None = None
        """A renewal that storage did not take: the claim, and what has to be written."""
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Drop the token in memory: somebody signed in or out."""
        self._token = None

    def heed(self, stored: StoredSignIn) -> None:
        """Drop the token in memory when what storage has just said is that its sign-in is over, or another."""
        with self._lock:
            token = self._token
            if token and (stored.state == "signedOut" or stored.sign_in_id != token.sign_in_id):
                self._token = None

    def get(self, *, force_refresh: bool = False) -> str:
        """An access token; renewed when needed.

        Args:
            force_refresh: the token given before was refused; get another. A token that another thread or process got
                meanwhile is another.

        Raises:
            FeatureDisabled, ConfigurationError: settings, or Entra does not accept the application.
            SignInRequired: a person has to sign in; the message says why.
            SignInUnavailable: Entra does not answer; the sign-in is kept.
            StorageUnavailable: table storage does not answer.
        """
        self._settings.require_partner_center()
        seen = self._token
        with self._lock:
            self._catch_up()
            token = self._token
            if token and token is not seen:
                force_refresh = False
            if token and not force_refresh and self._is_good(token):
                return token.secret
            self._token = self._obtain(token, force=force_refresh)
            return self._token.secret

    def keep_alive(self) -> bool:
        """Renew a sign-in that nothing has renewed for half a day; returns whether it did. Never raises.

        Called by the timer, so that the refresh token does not age out while nothing is synced, and so that a dead one
        is shown soon.
        """
        try:
            self._settings.require_partner_center()
            stored = self._store.load()
            if stored.state != "signedIn" or stored.unreadable:
                return False
            age = self._clock.now() - to_datetime(stored.last_renewed_at)
            if age < timedelta(hours=KEEP_ALIVE_HOURS):
                return False
            self.get(force_refresh=True)
            return True
        except HunterError as error:
            log.warning(events.SIGN_IN_RENEWAL_FAILED, code=error.code)
            return False

    def _is_good(self, token: _Token) -> bool:
        """Whether a token in memory has time left and its sign-in is still the stored one."""
        if self._clock.now() >= token.good_until:
            return False
        if self._clock.monotonic() - token.checked < CHECK_SECONDS:
            return True
        stored = self._store.load()
        if stored.state == "signedOut" or stored.sign_in_id != token.sign_in_id:
            return False
        self._token = replace(token, checked=self._clock.monotonic())
        return True

    def _obtain(self, held: _Token | None, *, force: bool) -> _Token:
        """A token from the stored cache or, failing that, from Entra."""
        deadline = Deadline(self._clock, WAIT_SECONDS)
        refused = held.secret if held and force else None
        pause = FIRST_PAUSE
        while True:
            stored = self._signed_in()
            cached = _cached_token(stored, self._scope)
            if force and refused is None:
                refused = cached.get("secret", "")
            if cached and cached["secret"] != refused:
                lifetime = int(cached["expires_on"]) - int(cached["cached_at"])
                left = int(cached["expires_on"]) - self._clock.now().timestamp()
                if left > _margin(lifetime):
                    return self._remembered(cached["secret"], left, lifetime, stored)
            if stored.claimed_until > from_datetime(self._clock.now()):
                if deadline.passed():
                    raise SignInUnavailable(retry_after=CLAIM_SECONDS)
                self._clock.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads those who wait
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            claim = from_datetime(self._clock.now() + timedelta(seconds=CLAIM_SECONDS))
            try:
                claimed = self._written(replace(stored, claimed_until=claim), stored.etag)
            except RowConflict:
                continue
            token = self._renewed(claimed)
            if token:
                return token
            if deadline.passed():
                raise SignInUnavailable(retry_after=CLAIM_SECONDS)

    def _renewed(self, claimed: StoredSignIn) -> _Token | None:
        """Redeem the refresh token and write back what came; None when the row changed meanwhile: read again."""
        cache = _deserialised(claimed.cache)
        try:
            answer = self._entra.renew(cache, self._scope)
        except EntraRefused as error:
            self._refused(claimed, error.refusal)
            return None
        except (SignInUnavailable, ConfigurationError) as error:
            log.warning(events.SIGN_IN_RENEWAL_FAILED, code=error.code)
            self._unclaimed(claimed)
            raise
        if answer is None:
            self._refused(claimed, Refusal(REASONS["refused"], None))
            return None
        renewed = replace(
            claimed,
            state="signedIn",
            cache=cache.serialize(),
            last_renewed_at=from_datetime(self._clock.now()),
            reason_code="",
            reason_number=0,
            claimed_until="",
        )
        try:
            if not self._written_back(claimed, renewed):
                return None
        except StorageUnavailable:
            self._unwritten = (claimed, renewed)  # the only place that has the newer refresh token
        log.info(events.SIGN_IN_RENEWED)
        lifetime = int(answer["expires_in"])
        return self._remembered(answer["access_token"], lifetime, lifetime, renewed)

    def _catch_up(self) -> None:
        """Write what storage did not take; when it still does not, next time."""
        if self._unwritten:
            with contextlib.suppress(StorageUnavailable):
                self._written_back(*self._unwritten)
                self._unwritten = None

    def _written_back(self, claimed: StoredSignIn, renewed: StoredSignIn) -> bool:
        """Store what a renewal brought; False when a person signed out, or in anew, meanwhile.

        Another process may have taken an overdue claim over. While it has not renewed, the newer refresh token is ours
        and has to be stored; once it has, its own is newer and stays, and our access token is as good as its.
        """
        etag = claimed.etag
        while True:
            try:
                self._store.save(renewed, etag)
                return True
            except RowConflict:
                stored = self._store.load()
            if stored.sign_in_id != claimed.sign_in_id or stored.unreadable:
                return False
            if _refresh_tokens(stored.cache) not in (_refresh_tokens(claimed.cache), _refresh_tokens(renewed.cache)):
                return True
            etag = stored.etag

    def _refused(self, claimed: StoredSignIn, refusal: Refusal) -> None:
        """Entra refuses the refresh token: remember why, and say it; returns when the row changed meanwhile."""
        if self._is_other:
            self._unclaimed(claimed)
            log.warning(events.SIGN_IN_RENEWAL_FAILED, reasonCode=refusal.reason.code, aadsts=refusal.number)
            raise SignInRequired(OTHER_API.format(sentence=refusal.sentence))
        to_configuration = refusal.reason.remedy == "configuration"
        refused = replace(
            claimed,
            state=claimed.state if to_configuration else "expired",
            reason_code=refusal.reason.code,
            reason_number=refusal.number or 0,
            claimed_until="",
        )
        try:
            self._store.save(refused, claimed.etag)
        except RowConflict:
            return
        if to_configuration:
            log.error(events.SIGN_IN_RENEWAL_FAILED, reasonCode=refusal.reason.code, aadsts=refusal.number)
            raise ConfigurationError(refusal.sentence)
        raise self._required(refusal.reason.code, refusal.number)

    def _required(self, code: str, number: int | None = None) -> SignInRequired:
        log.error(events.SIGN_IN_REQUIRED, reasonCode=code, aadsts=number)
        return SignInRequired(Refusal(REASONS[code], number).sentence)

    def _unclaimed(self, claimed: StoredSignIn) -> None:
        """Let others try; whoever wrote meanwhile has ended the claim already."""
        with contextlib.suppress(RowConflict, HunterError):  # else the claim ends by itself in a moment
            self._store.save(replace(claimed, claimed_until=""), claimed.etag)

    def _signed_in(self) -> StoredSignIn:
        stored = self._store.load()
        if stored.unreadable:
            raise self._required("token_cache_unreadable")
        if stored.state == "signedOut" or not stored.cache:
            raise self._required("signed_out")
        return stored

    def _written(self, sign_in: StoredSignIn, etag: str | None) -> StoredSignIn:
        return replace(sign_in, etag=self._store.save(sign_in, etag))

    def _remembered(self, secret: str, left: float, lifetime: float, stored: StoredSignIn) -> _Token:
        good_until = self._clock.now() + timedelta(seconds=left - _margin(lifetime))
        return _Token(secret, good_until, stored.sign_in_id, self._clock.monotonic())


def _margin(lifetime: float) -> float:
    return min(MARGIN_SECONDS, lifetime / 2)


def _deserialised(text: str) -> Any:
    cache = msal.SerializableTokenCache()
    cache.deserialize(text)
    return cache


def _cached_token(stored: StoredSignIn, scope: str) -> dict[str, Any]:
    """The newest access token in the stored cache for our API; {} when there is none."""
    resources = tuple(f"{wanted_scope.rpartition('/')[0]}/" for wanted_scope in scope.split())
    tokens = [
        token
        for token in _deserialised(stored.cache).search("AccessToken")
        if any(granted.startswith(resources) for granted in token.get("target", "").split())
    ]
    return max(tokens, key=lambda token: int(token["expires_on"]), default={})


def _refresh_tokens(cache: str) -> frozenset[str]:
    return frozenset(token["secret"] for token in _deserialised(cache).search("RefreshToken"))
