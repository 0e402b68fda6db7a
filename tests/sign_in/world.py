"""A sign-in with everything real but time: MSAL, the simulator's Entra over TLS, Table Storage by Azurite."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
from cryptography.fernet import Fernet

from local.simulator import Simulator
from shared.core.settings import Settings, load
from shared.sign_in.sign_in import SignIn
from shared.sign_in.token_cache import SignInStore
from shared.storage.engine.tables import TableStore

KEY: Final = Fernet.generate_key().decode()
OTHER_KEY: Final = Fernet.generate_key().decode()
CALLBACK: Final = "http://127.0.0.1:7071/api/v1/partner-center/sign-in/callback"


class Clock:
    """A clock that moves when it is told to, or when somebody sleeps by it. It begins at the real time, as MSAL has it."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds=seconds)

    def advance(self, **delta: float) -> None:
        step = timedelta(**delta)
        self._now += step
        self._passed += step.total_seconds()


class World:
    """Instances of the app that share one storage and one Entra."""

    def __init__(self, simulator: Simulator, storage: str) -> None:
        self.simulator = simulator
        self.storage = storage
        self.clock = Clock()

    def settings(self, **changes: str) -> Settings:
        """The settings of a public client, with changes."""
        simulator = self.simulator
        environ = {
            "HUNTER_PARTNER_CENTER_ENABLED": "true",
            "HUNTER_PARTNER_CENTER_API_URL": simulator.api_url,
            "HUNTER_PARTNER_CENTER_AUTHORITY": simulator.authority,
            "HUNTER_PARTNER_CENTER_TENANT_ID": simulator.tenant_id,
            "HUNTER_PARTNER_CENTER_CLIENT_ID": simulator.client_id,
            "HUNTER_STORAGE": self.storage,
            "HUNTER_TOKEN_CACHE_KEY": KEY,
        }
        return load({**environ, **changes})

    def instance(self, **changes: str) -> SignIn:
        """One instance of the app, with nothing in memory."""
        settings = self.settings(**changes)
        return SignIn(settings, TableStore.from_settings(settings, self.clock), self.clock)

    def confidential(self) -> SignIn:
        """One with a client secret."""
        return self.instance(HUNTER_PARTNER_CENTER_CLIENT_SECRET=self.simulator.client_secret)

    def signed_in(self) -> SignIn:
        """One on which a person has signed in by device code."""
        sign_in = self.instance()
        begun = sign_in.begin(CALLBACK)
        self.simulator.approve()
        assert sign_in.check(begun["id"])["state"] == "signedIn"
        return sign_in

    def rows(self) -> SignInStore:
        """What is stored, decrypted."""
        settings = self.settings()
        return SignInStore(settings, TableStore.from_settings(settings, self.clock))

    def edit(self, **changes: Any) -> None:
        """Change the stored sign-in behind everybody's back."""
        rows = self.rows()
        rows.save(replace(rows.load(), **changes), None)

    def redeemed(self) -> int:
        """How many requests for tokens Entra has met."""
        return len(self.simulator.requests_of("token"))


def browse(simulator: Simulator, address: str) -> dict[str, str]:
    """What a browser that opens the authorization address is sent back with."""
    with warnings.catch_warnings():
        answer = requests.get(address, allow_redirects=False, verify=str(simulator.ca_file), timeout=120)
    assert answer.status_code == 302, answer.text
    target = answer.headers["Location"]
    assert target.startswith(CALLBACK)
    return dict(parse_qsl(urlsplit(target).query))
