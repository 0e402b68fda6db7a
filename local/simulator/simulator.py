"""The simulator as tests and the local stack hold it."""

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote

from .control import Control
from .entra import Entra, Identity
from .faults import ENTRA, WEBHOOKS, Fault, Faults
from .messages import Request, RequestInfo, Response, json_response
from .paging import Pager
from .referrals_api import ReferralsApi
from .seed import seed
from .seed_companies import DEFAULT_REFERRALS
from .server import Server
from .store import ReferralStore
from .switches import Switches
from .times import SimulatedClock
from .tls import LOOPBACK, certificates
from .tokens import Signer
from .webhooks import Webhooks
from .writes import Applied

_SECRET_HEADERS = frozenset({"authorization", "cookie"})


class Simulator:
    """Partner Center and Entra on one loopback port, http and https. A context manager; safe from any thread.

    `referrals` and `seed` choose the data, `now` sets its clock (default: the present), `seeded_at` the time that the
    data is relative to (default: `now`), `port` 0 a free port, `ca_dir` the folder of certificates and token key
    (default: a temporary one), `auto_approve` whether sign-ins approve themselves, `fast` whether pages are made
    beforehand (which doubles the memory), `page_delay` seconds that each page takes, `certificate_for` the names of a
    new certificate (other ones, for a client that has to find out).

    Attributes: `data` (ReferralStore), `switches`, `faults`, `requests` (RequestInfo of every request but control),
    `tenants` (domain to tenant id), `clock`, `entra`, `webhooks` (registration and dispatcher), `before_request` (called
    before each answer of the referrals API is computed; it may change anything).
    """

    def __init__(
        self,
        referrals: int = DEFAULT_REFERRALS,
        seed: int = 1,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        ca_dir: Path | None = None,
        now: datetime | None = None,
        seeded_at: datetime | None = None,
        auto_approve: bool = False,
        fast: bool = False,
        page_delay: float = 0.0,
        certificate_for: Sequence[str] = LOOPBACK,
    ) -> None:
        self._host, self._port = host, port
        self._temporary = tempfile.TemporaryDirectory(prefix="simulator-") if ca_dir is None else None
        folder = ca_dir if ca_dir is not None else Path(self._temporary.name if self._temporary else "")
        self._certificates = certificates(folder, certificate_for)
        self.ca_file = self._certificates.ca_file
        self.clock = SimulatedClock(now)
        self.switches = Switches(auto_approve=auto_approve)
        self.faults = Faults()
        self.requests: list[RequestInfo] = []
        self.before_request: Callable[[RequestInfo], None] | None = None
        self.page_delay = page_delay
        self.identity = Identity()
        self.data = ReferralStore(self.clock, seeded_at)
        self.entra = Entra(self.identity, self.switches, Signer(folder))
        self._pager = Pager(self.data, self.switches, lambda: self.api_url)
        self._api = ReferralsApi(self.data, self.switches, self.entra, self._pager, fast=fast)
        self.webhooks = Webhooks(self.data, self.switches, self.entra, lambda: self.api_url, self.ca_file)
        self._control = Control(self)
        self._fast = fast
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self._late: list[threading.Timer] = []
        self._server: Server | None = None
        self._fill(referrals, seed, seeded_at or self.clock.now())

    def _fill(self, referrals: int, number: int, moment: datetime) -> None:
        seeded = seed(referrals, number, moment, self.identity.account)
        self.data.load((item.body, item.created, item.updated) for item in seeded.items)
        self.entra.tenants.update(seeded.tenants)

    # Running

    def start(self) -> "Simulator":
        """Listen. Raises OSError when the port is taken, ValueError for a host that is not loopback."""
        try:
            server = Server(self._host, self._port, self._certificates.server_context(), self._answer)
        except (OSError, ValueError):
            self.stop()
            raise
        self._server, self._port = server, server.server_address[1]
        self.entra.authority = self.authority
        if self._fast:
            self._api.prepare()
        server.start()
        return self

    def stop(self) -> None:
        """Stop listening, break open connections, leave no thread behind."""
        self.webhooks.dispatcher.stop()
        if self._server is not None:
            self._server.stop()
            self._server = None
        for timer in self._late:
            timer.cancel()
            if timer.is_alive():
                timer.join()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> "Simulator":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Where it is and who signs in

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def api_url(self) -> str:
        """HUNTER_PARTNER_CENTER_API_URL."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def secure_api_url(self) -> str:
        """The same API by https, for what a client does about certificates."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def authority(self) -> str:
        """HUNTER_PARTNER_CENTER_AUTHORITY; needs `ca_file` to be trusted."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def tenant_id(self) -> str:
        """HUNTER_PARTNER_CENTER_TENANT_ID."""
        return self.identity.tenant_id

    @property
    def client_id(self) -> str:
        """HUNTER_PARTNER_CENTER_CLIENT_ID."""
        return self.identity.client_id

    @property
    def client_secret(self) -> str:
        """HUNTER_PARTNER_CENTER_CLIENT_SECRET of a confidential client; public clients leave it out."""
        return self.identity.client_secret

    @property
    def account(self) -> str:
        """The user principal name of the person who signs in."""
        return self.identity.account

    @property
    def tenants(self) -> dict[str, str]:
        """Which domains are Entra tenants, with the tenant's id; may be changed."""
        return self.entra.tenants

    def reset(self) -> None:
        """Forget switches, faults, requests, the hook, and what happened to the account; the data stays."""
        self.switches.reset()
        self.faults.clear()
        self.requests.clear()
        self.applied.clear()
        self.before_request = None
        self.entra.revoke(None)
        self.webhooks.registration = None
        self.webhooks.dispatcher.forget()

    @property
    def applied(self) -> list[Applied]:
        """Every change that was carried out through the API, oldest first."""
        return self._api.applied

    # What happens

    def approve(self) -> None:
        """A person approves the sign-in that waits (of a browser: the next one, when none waits)."""
        self.entra.decide("approve")

    def decline(self) -> None:
        """A person declines it."""
        self.entra.decide("decline")

    def expire(self) -> None:
        """The device code that waits runs out."""
        self.entra.decide("expire")

    def revoke(self, reason: str | None = "revoked") -> None:
        """Refresh tokens given so far die: revoked, password_changed, inactive, mfa_required, mfa_enrollment,
        consent_missing, disabled; None ends the two that last (consent_missing, disabled)."""
        self.entra.revoke(reason)

    def expire_access_tokens(self) -> None:
        """The API refuses access tokens given so far with 401."""
        self.entra.expire_access_tokens()

    def expire_links(self) -> None:
        """The API refuses next links given so far (switch `expired_token_status`)."""
        self._pager.expire_tokens()

    def advance(self, step: timedelta) -> int:
        """Move Partner Center's clock; what is unanswered for 14 days expires. How many did."""
        self.clock.advance(step)
        return self.data.expire(late=step >= timedelta(days=1))

    def access_token(self, resource: str = "https://api.partner.microsoft.com") -> str:
        """An access token as a sign-in would give it, for tests that do not test the sign-in."""
        return self.entra.access_token(resource)

    def requests_of(self, *kinds: str) -> list[RequestInfo]:
        """The requests of these kinds, in order."""
        return [request for request in list(self.requests) if request.kind in kinds]

    # Answering

    def _answer(self, request: Request) -> Response:
        if request.path == "/control" or request.path.startswith("/control/"):
            return self._control.answer(request)
        request.kind = (
            self._api.kind_of(request.method, request.path, request.query)
            or self.entra.kind_of(request.path)
            or self.webhooks.kind_of(request.path)
        )
        info = self._note(request)
        response = self._compute(request, info)
        info.status = -1 if response.broken in ("reset", "stall") else response.status
        return response

    def _compute(self, request: Request, info: RequestInfo) -> Response:
        if not request.kind:
            return json_response({"message": "The simulator serves no such address."}, 404)
        of_entra = request.kind in ENTRA or request.kind == "signing_page"
        if of_entra and not request.secure:
            return json_response({"message": "Entra is served by https alone."}, 400)
        if not of_entra and self.before_request is not None:
            self.before_request(info)
        fault = self.faults.take(request.kind)
        instead = fault.response() if fault is not None else None
        if fault is not None and not of_entra:
            self._carry_out(request, fault)
        if instead is not None:
            if not of_entra and request.kind not in WEBHOOKS:
                self._api.label(request, instead)
            return instead
        rooms = self.entra if of_entra else self.webhooks if request.kind in WEBHOOKS else self._api
        response = rooms.answer(request)
        if request.kind in ("list", "next"):
            response.delay += self.page_delay
        if fault is not None:
            fault.finish(response)
        return response

    def _carry_out(self, request: Request, fault: Fault) -> None:
        """What a fault lets happen to the referral besides the answer that it gives."""
        if fault.change:
            self.data.change(unquote(request.path.rpartition("/")[2]), **fault.change)
        if fault.applies == "first":
            self._api.answer(request)
        elif fault.applies == "late":
            timer = threading.Timer(fault.late, self._api.answer, (request,))
            timer.daemon = True
            self._late.append(timer)
            timer.start()

    def wait_for_late(self) -> None:
        """Wait until every request that a fault carries out late has been."""
        for timer in self._late:
            timer.join()

    def _note(self, request: Request) -> RequestInfo:
        headers = {name: value for name, value in request.headers.items() if name not in _SECRET_HEADERS}
        query = request.query
        if request.kind == "authorize":
            query.pop("code_challenge", None)
        info = RequestInfo(
            kind=request.kind,
            method=request.method,
            path=request.path,
            query=query,
            headers=headers,
            secure=request.secure,
            received=self.clock.now(),
        )
        with self._lock:
            now = time.monotonic()
            info.waited, self._last = now - self._last, now
            self.requests.append(info)
        return info
