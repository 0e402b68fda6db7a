"""Who gets Partner Center's events: looked at first, taken over only when told, and given back.

A tenant has one registration with one address. Registering ours would silence whatever was there (another product, a
co-sell connector, another copy of this app), so what was there is kept before ours takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from shared.core import events
from shared.core.api import API
from shared.core.clock import Clock
from shared.core.errors import WebhookNoFormer, WebhookTaken
from shared.core.log import get_logger
from shared.model import times
from shared.partner_center.webhooks import Registered, WebhookClient
from shared.sign_in.token_cache import Unreadable, Vault
from shared.storage.tables.work import NEVER, Board, WorkTable

log = get_logger(__name__)

EVENTS: Final = (
    "referral-created",
    "referral-updated",
    "related-referral-created",
    "related-referral-updated",
    "test-created",
)
KIND: Final = "webhook"
ROW: Final = "registration"
_PURPOSE: Final = "webhook-former"


class _Kept(msgspec.Struct, rename="camel"):
    """What storage keeps: since when the registration is ours, and, sealed, what it replaced."""

    ours_since: str = ""
    former: str = ""


_former = msgspec.json.Decoder(Registered)
_kept = msgspec.json.Decoder(_Kept)


@dataclass(frozen=True, slots=True)
class Look:
    """What is registered now."""

    registered: Registered | None
    ours: bool


class Registration:
    """The registration of this app.

    Args:
        client: Partner Center's webhook API.
        work: where is kept what the registration replaced.
        vault: seals it, for an address may hold a secret.
        public_url: where this app is reached, without a path.
        clock: the time.

    All but ``since`` raise what the client raises, and StorageUnavailable.
    """

    def __init__(self, client: WebhookClient, work: WorkTable, vault: Vault, public_url: str, clock: Clock) -> None:
        self._client, self._work, self._vault, self._clock = client, work, vault, clock
        self.url = f"{public_url.rstrip('/')}/{API}/events"

    def look(self) -> Look:
        """What is registered. What others did to it meanwhile is noted."""
        registered, kept = self._client.registration(), self._kept()
        ours = registered is not None and is_same(registered.url, self.url)
        if ours != bool(kept.ours_since):
            self._keep(msgspec.structs.replace(kept, ours_since=self._now() if ours else ""))
        return Look(registered, ours)

    def register(self, *, take_over: bool) -> Look:
        """Have events sent here.

        Raises:
            WebhookTaken: they go somewhere else, and nobody said that this may take over.
        """
        there, wanted = self._client.registration(), Registered(self.url, EVENTS, own_header=True)
        if there and not is_same(there.url, self.url):
            if not take_over:
                raise WebhookTaken(extra={"url": there.url})
            self._keep(_Kept(former=self._sealed(there)))  # before it is replaced: afterwards nobody knows it
        self._client.register(wanted, replacing=there is not None)
        self._keep(msgspec.structs.replace(self._kept(), ours_since=self._now()))
        log.info(events.WEBHOOK_REGISTERED, tookOver=there is not None and not is_same(there.url, self.url))
        return Look(wanted, ours=True)

    def restore(self) -> Look:
        """Have events sent where they went before; Microsoft knows no deletion.

        Raises:
            WebhookNoFormer: nothing was replaced.
            WebhookTaken: meanwhile they go to a third address.
        """
        kept = self._kept()
        former = self._opened(kept.former)
        if former is None:
            raise WebhookNoFormer
        there = self._client.registration()
        if there and not is_same(there.url, former.url):
            if not is_same(there.url, self.url):
                raise WebhookTaken(extra={"url": there.url})
            self._client.register(former, replacing=True)
        elif there is None:
            self._client.register(former, replacing=False)
        self._keep(_Kept())
        log.info(events.WEBHOOK_RESTORED)
        return Look(former, ours=False)

    def _kept(self) -> _Kept:
        item = self._work.get(KIND, ROW)
        return _read(item.data) if item else _Kept()

    def _keep(self, kept: _Kept) -> None:
        self._work.put(KIND, ROW, NEVER, msgspec.json.encode(kept).decode())

    def _sealed(self, former: Registered) -> str:
        return self._vault.seal(_PURPOSE, msgspec.json.encode(former).decode()).decode()

    def _opened(self, sealed: str) -> Registered | None:
        if not sealed:
            return None
        try:
            return _former.decode(self._vault.open(_PURPOSE, sealed.encode()))
        except (Unreadable, msgspec.DecodeError):
            return None

    def _now(self) -> str:
        return times.from_datetime(self._clock.now())


def ours_since(board: Board) -> str:
    """Since when the registration is ours, as it was last seen; "" when it is not."""
    item = board.find(KIND, ROW)
    return _read(item.data).ours_since if item else ""


def is_same(address: str, other: str) -> bool:
    """Whether two addresses are the same but for the spelling of scheme and host."""
    try:
        first, second = urlsplit(address), urlsplit(other)
        return (first.scheme, first.hostname, _port(first.scheme, first.port), *first[2:]) == (
            second.scheme,
            second.hostname,
            _port(second.scheme, second.port),
            *second[2:],
        )
    except ValueError:
        return False


def _port(scheme: str, port: int | None) -> int | None:
    return port or {"https": 443, "http": 80}.get(scheme)


def _read(data: str) -> _Kept:
    try:
        return _kept.decode(data)
    except msgspec.DecodeError:
        return _Kept()
