"""Partner Center's webhook API: one registration for a tenant, test events, and where signing certificates lie.

Facts: Microsoft Learn, "Partner Center webhooks" and its REST reference. What those leave open (what is answered where
there is no registration, the spelling of names) is a switch.
"""

import re
import threading
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .dispatcher import Dispatcher, Target
from .entra import Entra
from .messages import Json, Request, Response, json_response
from .store import ReferralStore
from .switches import Switches

RESOURCE = "https://api.partnercenter.microsoft.com"
REGISTRATION = "/webhooks/v1/registration"
EVENTS = (
    "azure-fraud-event-detected",
    "dap-admin-relationship-approved",
    "granular-admin-relationship-approved",
    "granular-admin-relationship-terminated",
    "invoice-ready",
    "referral-created",
    "referral-updated",
    "related-referral-created",
    "related-referral-updated",
    "subscription-updated",
    "test-created",
)
TESTS_A_MINUTE = 2
_PATHS = (
    (REGISTRATION, "registration"),
    (REGISTRATION + "/events", "registration"),
    (REGISTRATION + r"/validationEvents(/[^/]+)?", "validation"),
    (r"/cert/[^/]+", "certificate"),
)


class Webhooks:
    """The registration, and the dispatcher that follows it."""

    def __init__(self, data: ReferralStore, switches: Switches, entra: Entra, base: Any, ca_file: Path) -> None:
        self._data, self._switches, self._entra = data, switches, entra
        self._lock = threading.Lock()
        self._tests: list[float] = []
        self.registration: Json | None = None
        self.dispatcher = Dispatcher(switches, self._target, base, ca_file)
        data.watch = self._watch

    @staticmethod
    def kind_of(path: str) -> str:
        """Which kind of request a path is, "" for none of these."""
        return next((kind for pattern, kind in _PATHS if re.fullmatch(pattern, path)), "")

    def register(self, url: str, events: list[str], *, own_header: bool = True) -> None:
        """What some product has registered."""
        self.registration = {
            "subscriberId": str(uuid.uuid4()),
            "webhookUrl": url,
            "webhookEvents": list(events),
            "signatureTokenToMsSignatureHeader": own_header,
            "lastModifiedTimestamp": self._data.now(),
        }

    def state(self) -> Json:
        """For GET /control/webhook."""
        deliveries = [delivery.as_dict() for delivery in list(self.dispatcher.deliveries)]
        return {"registration": self.registration, "deliveries": deliveries}

    def answer(self, request: Request) -> Response:
        """The answer to one request of a kind of `kind_of`."""
        if request.kind == "certificate":
            return self.dispatcher.certificate(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._entra.is_for(token, RESOURCE):
            return _error(401, "The access token is missing, malformed, expired or for another audience.")
        if not self._switches.webhook_role:
            return _error(403, "The user has none of the roles that may manage webhooks.")
        try:
            if request.kind == "validation":
                return self._validation(request)
            if request.path.endswith("/events"):
                return json_response(list(EVENTS))
            return self._registration(request)
        except ValueError as problem:
            return _error(400, str(problem))

    def _registration(self, request: Request) -> Response:
        with self._lock:
            known = self.registration
            if request.method == "GET":
                if known is None and self._switches.webhook_none == "empty":
                    return json_response(self._spelt({"webhookUrl": None, "webhookEvents": []}))
                return json_response(self._spelt(known)) if known else _error(404, "There is no registration.")
            if request.method not in ("POST", "PUT"):
                return _error(405, "Method not allowed.")
            if request.method == "POST" and known:
                return _error(409, "A registration exists. Use PUT to change it.")
            if request.method == "PUT" and not known:
                return _error(404, "There is no registration.")
            url, events, own = _checked(request.json())
            subscriber = known["subscriberId"] if known else None
            self.register(url, events, own_header=own)
            if self.registration and subscriber:
                self.registration["subscriberId"] = subscriber
            return json_response(self._spelt(self.registration or {}))

    def _validation(self, request: Request) -> Response:
        identity = request.path.removeprefix(REGISTRATION + "/validationEvents").lstrip("/")
        if request.method == "GET":
            return self._test(identity)
        if request.method != "POST" or identity:
            return _error(405, "Method not allowed.")
        target = self._target()
        if target is None or "test-created" not in target.events:
            return _error(404, "There is no registration for test-created.")
        with self._lock:
            now = time.monotonic()
            self._tests = [moment for moment in self._tests if now - moment < 60]
            if len(self._tests) >= TESTS_A_MINUTE:
                return _error(429, "Two test events a minute are allowed.")
            self._tests.append(now)
        identity = str(uuid.uuid4())
        self.dispatcher.test(identity, self._data.now())
        return json_response(self._spelt({"correlationId": identity}))

    def _test(self, identity: str) -> Response:
        found = [delivery for delivery in self.dispatcher.deliveries if delivery.id and delivery.id == identity]
        if not found:
            return _error(404, "There is no such test event.")
        delivery = found[0]
        results = [
            {
                "responseCode": _STATUS_NAMES.get(status, str(status) if status else ""),
                "responseMessage": "",
                "systemError": status == 0,
                "dateTimeUtc": moment,
            }
            for status, moment in zip(delivery.statuses, delivery.times, strict=False)
        ]
        return json_response(
            self._spelt(
                {
                    "correlationId": identity,
                    "partnerId": self._entra.identity.tenant_id,
                    "status": "completed" if delivery.ended.is_set() else "pending",
                    "callbackUrl": (self.registration or {}).get("webhookUrl"),
                    "results": [self._spelt(result) for result in results],
                }
            )
        )

    def _spelt(self, body: Json) -> Json:
        if self._switches.webhook_names == "camel":
            return body
        return {name[:1].upper() + name[1:]: value for name, value in body.items()}

    def _target(self) -> Target | None:
        known = self.registration
        if known is None:
            return None
        own = bool(known["signatureTokenToMsSignatureHeader"])
        return Target(str(known["webhookUrl"]), frozenset(known["webhookEvents"]), own)

    def _watch(self, name: str, identity: str) -> None:
        if self.registration is not None:
            self.dispatcher.changed(name, identity, self._data.now(), related=self._data.has_relatives(identity))


_STATUS_NAMES = {200: "OK", 401: "Unauthorized", 404: "NotFound", 429: "TooManyRequests", 503: "ServiceUnavailable"}


def _checked(body: Any) -> tuple[str, list[str], bool]:
    """What is registered, names in any case. Raises ValueError."""
    if not isinstance(body, dict):
        raise ValueError("The body must be a registration.")
    fields = {str(name).lower(): value for name, value in body.items()}
    url, events = fields.get("webhookurl"), fields.get("webhookevents")
    parts = urlsplit(url if isinstance(url, str) else "")
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("WebhookUrl must be an https address.")
    if not isinstance(events, list) or not events or not set(events) <= set(EVENTS):
        raise ValueError("WebhookEvents must name known events.")
    return str(url), events, fields.get("signaturetokentomssignatureheader") is True


def _error(status: int, description: str) -> Response:
    return json_response({"code": status, "description": description, "data": [], "source": "PartnerFD"}, status)
