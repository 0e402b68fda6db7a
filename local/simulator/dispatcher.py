"""Partner Center's webhook dispatcher: signs what changed, sends it, tries ten times, and goes wrong on demand.

The body is compact JSON, as the documented Content-Length of Microsoft's sample shows, and the signature is over exactly
those bytes. It sends to loopback addresses alone: nothing ever leaves this machine.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import hashes

from . import signing
from .messages import Json, Request, Response
from .signing import CERTIFICATE_PATH, ISSUER_PATH, Signing
from .switches import Switches

TRIES = 10
SENDERS = 8
LARGE = 1024 * 1024
_RESOURCE = "https://api.partnercenter.microsoft.com/engagements/v1/referrals/"
_REAL_HOST = "3psostorageacct.blob.core.windows.net"
HANDLING = ("duplicate", "reorder", "delay", "silence")
"""Faults of the way an event takes."""
CERTIFICATE_FAULTS = (
    "foreign",
    "expired",
    "not_yet",
    "other_name",
    "other_organization",
    "other_usage",
    "no_issuer",
    "redirect",
    "large",
    "garbage",
    "missing",
)
"""Faults of the certificate: served as /cert/NAME.cer."""
MESSAGE_FAULTS = (
    "wrong_hash",
    "sha1",
    "changed_byte",
    "pretty",
    "http_url",
    "other_host",
    "other_path",
    "no_signature",
    "not_json",
)
FAULTS = (*MESSAGE_FAULTS, *CERTIFICATE_FAULTS, *HANDLING)


@dataclass
class Delivery:
    """One event on its way. `statuses` holds one entry a try: the answer's status, or 0 when there was none."""

    name: str
    body: bytes
    fault: str = ""
    id: str = ""
    statuses: list[int] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def delivered(self) -> bool:
        """Whether it was taken."""
        return bool(self.statuses) and self.statuses[-1] == 200

    def wait(self, seconds: float = 30) -> "Delivery":
        """Wait until it was delivered or given up. Raises TimeoutError."""
        if not self.ended.wait(seconds):
            raise TimeoutError(f"{self.name} is still on its way after {seconds} s")
        return self

    def as_dict(self) -> Json:
        """For the control endpoint."""
        return {"name": self.name, "fault": self.fault, "statuses": list(self.statuses), "ended": self.ended.is_set()}


@dataclass
class Target:
    """Where events go: the registration as the dispatcher needs it."""

    url: str
    events: frozenset[str]
    own_header: bool


class Dispatcher:
    """Sends events to the registered address. `retry_seconds` is the pause between two tries, `delay` that of the
    fault of this name; `deliveries` keeps all of them."""

    def __init__(
        self, switches: Switches, target: Callable[[], Target | None], base: Callable[[], str], ca: Path
    ) -> None:
        self._switches, self._target, self._base, self._ca_file = switches, target, base, ca
        self._lock = threading.Lock()
        self._signing: Signing | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._stopping = threading.Event()
        self._faults: list[str] = []
        self._held: list[Delivery] = []
        self.retry_seconds = 0.2
        self.delay = 1.0
        self.deliveries: list[Delivery] = []

    # What happens at Partner Center

    def changed(self, name: str, referral_id: str, moment: str, *, related: bool) -> None:
        """A referral was created or changed: say so to whoever registered for it."""
        self.send(f"referral-{name}", referral_id, moment)
        if related:
            self.send(f"related-referral-{name}", referral_id, moment)

    def send(self, name: str, referral_id: str, moment: str, *, fault: str | None = None, id: str = "") -> Delivery:
        """Send one event of a referral, unless nobody registered for it (then it has ended at once).

        `fault` is one of FAULTS, by default the next that was asked for with `fail`.
        """
        return self._post(Delivery(name, event_body(name, _RESOURCE + referral_id, "referral", moment), id=id), fault)

    def test(self, id: str, moment: str) -> Delivery:
        """Send a test event."""
        resource = f"http://localhost:16722/v1/webhooks/registration/validationEvents/{id}"
        return self._post(Delivery("test-created", event_body("test-created", resource, "test", moment), id=id), None)

    def storm(self, referral_ids: Iterable[str], moment: str) -> list[Delivery]:
        """Many events at once, as after an upload of many referrals."""
        return [self.send("referral-updated", identity, moment) for identity in referral_ids]

    def fail(self, fault: str, times: int = 1) -> None:
        """The next events go wrong in this way. Raises ValueError."""
        if fault not in FAULTS:
            raise ValueError(f"There is no fault {fault}; there are {', '.join(FAULTS)}.")
        with self._lock:
            self._faults += [fault] * times

    def forget(self) -> None:
        """Forget faults and deliveries."""
        with self._lock:
            self._faults.clear()
            self._held.clear()
            self.deliveries.clear()

    def settle(self, seconds: float = 30) -> None:
        """Wait until nothing is on its way. Raises TimeoutError."""
        ends = time.monotonic() + seconds
        for delivery in list(self.deliveries):
            delivery.wait(max(0.01, ends - time.monotonic()))

    def stop(self) -> None:
        """Stop sending."""
        self._stopping.set()
        if self._executor:
            self._executor.shutdown(wait=True, cancel_futures=True)

    # What it shows

    @property
    def signing(self) -> Signing:
        """Keys and certificates, made when they are first needed; from then on the simulator's CA file has the root."""
        with self._lock:
            return self._signing or self._made(new_key=False)

    def change_key(self) -> None:
        """Sign with a new key from now on; its certificate takes the old one's place."""
        with self._lock:
            self._made(new_key=True)

    def _made(self, *, new_key: bool) -> Signing:
        self._signing = signing.make(self._base(), new_key=new_key)
        aside = self._ca_file.with_suffix(".new")
        aside.write_bytes(self._ca_file.read_bytes() + self._signing.root)
        aside.replace(self._ca_file)
        return self._signing

    def certificate(self, request: Request) -> Response:
        """The answer to GET /cert/…: certificates, and what goes wrong with them."""
        made, kind = self.signing, request.path.removeprefix("/cert/").removesuffix(".cer")
        if request.path == ISSUER_PATH:
            return Response(body=made.issuer, content_type="application/pkix-cert")
        if kind == "redirect":
            return Response(302, headers={"Location": self._base() + CERTIFICATE_PATH})
        if kind == "large":
            return Response(body=made.certificates["good"] + b"\0" * LARGE, content_type="application/pkix-cert")
        if kind == "garbage":
            return Response(body=b"<html>Not a certificate</html>", content_type="text/html")
        der = made.certificates.get("good" if request.path == CERTIFICATE_PATH else kind)
        return Response(404) if der is None else Response(body=der, content_type="application/pkix-cert")

    def message(self, body: bytes, fault: str = "", *, own_header: bool = True) -> tuple[bytes, dict[str, str]]:
        """The body and headers that are sent for a body, with a fault."""
        made, base = self.signing, self._base()
        signature = made.sign(body, hashes.SHA1() if fault == "sha1" else None)
        path = f"/cert/{fault}.cer" if fault in CERTIFICATE_FAULTS else CERTIFICATE_PATH
        url = {
            "http_url": f"http://{_REAL_HOST}{CERTIFICATE_PATH}",
            "other_host": f"https://{_REAL_HOST}.example.com{CERTIFICATE_PATH}",
            "other_path": f"{base}/control",
        }.get(fault, base + path)
        headers = {
            "Content-Type": "application/json",
            "X-MS-Certificate-Url": url,
            "X-MS-Signature-Algorithm": "rsa-sha1" if fault == "wrong_hash" else "rsa-sha256",
        }
        text = signature if own_header and self._switches.webhook_signature == "bare" else f"Signature {signature}"
        if fault != "no_signature":
            headers["x-ms-signature" if own_header else "Authorization"] = text
        if fault == "changed_byte":
            body = body[:-1] + bytes([body[-1] ^ 1])
        elif fault == "pretty":
            body = json.dumps(json.loads(body), indent=2).encode()
        elif fault == "not_json":
            headers["Content-Type"] = "text/plain"
        return body, headers

    # How it sends

    def _post(self, delivery: Delivery, fault: str | None) -> Delivery:
        target = self._target()
        if target is None or delivery.name not in target.events or self._switches.webhook_silence:
            delivery.ended.set()
            return delivery
        with self._lock:
            delivery.fault = fault if fault is not None else (self._faults.pop(0) if self._faults else "")
            self.deliveries.append(delivery)
            self._executor = self._executor or ThreadPoolExecutor(SENDERS, "dispatcher")
            if delivery.fault == "reorder":
                self._held.append(delivery)
                return delivery
            ready, self._held = [delivery, *self._held], []
        for item in ready:
            if item.fault == "silence":
                item.ended.set()
            else:
                self._executor.submit(self._deliver, item, target)
        return delivery

    def _deliver(self, delivery: Delivery, target: Target) -> None:
        try:
            if delivery.fault == "delay":
                self._stopping.wait(self.delay)
            if delivery.fault == "duplicate":
                self._try(delivery, target)
            for _ in range(TRIES):
                if self._stopping.is_set() or self._try(delivery, target):
                    return
                self._stopping.wait(self.retry_seconds)
        finally:
            delivery.ended.set()

    def _try(self, delivery: Delivery, target: Target) -> bool:
        status = 0
        if urlsplit(target.url).hostname in ("127.0.0.1", "localhost"):
            body, headers = self.message(delivery.body, delivery.fault, own_header=target.own_header)
            try:
                with requests.Session() as session:
                    session.trust_env = False
                    answer = session.post(target.url, body, headers=headers, timeout=60, allow_redirects=False)
                    status = answer.status_code
            except requests.RequestException:
                pass  # nobody answered: status 0
        delivery.statuses.append(status)
        delivery.times.append(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".0000000")
        return status == 200


def event_body(name: str, resource: str, kind: str, moment: str) -> bytes:
    """The body of an event, as compact as it is sent."""
    event = {
        "EventName": name,
        "ResourceUri": resource,
        "ResourceName": kind,
        "AuditUri": None,
        "ResourceChangeUtcDate": moment.removesuffix("Z") + "+00:00",
    }
    return json.dumps(event, separators=(",", ":")).encode()
