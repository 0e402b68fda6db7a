"""The simulator as tests and the local stack hold it."""

import tempfile
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.simulator.messages import Request, Response
from local.simulator.server import Server
from local.simulator.tls import certificates
from local.simulator.tokens import Signer

from .api import Api
from .control import Control
from .entra import Entra
from .errors import NOT_A_MEMBER, Refused
from .faults import RATES, Faults
from .identity import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from .people import People
from .schema import Key
from .store import SYSTEM_USER, Store
from .switches import Switches


@dataclass(frozen=True)
class Asked:
    """One request to the Web API, as it is kept: no token."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int


class DynamicsSimulator:
    """One Dataverse environment and its sign-in on one loopback port, http and https. Safe from any thread.

    Attributes: ``store`` (rows; ``store.writes``), ``people`` (what users and flows do), ``switches``, ``faults``,
    ``requests`` (every request to the Web API), ``entra``.
    """

    def __init__(self, port: int = 0, *, ca_dir: Path | None = None, with_key: bool = False) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="dynamics-") if ca_dir is None else None
        folder = ca_dir if ca_dir is not None else Path(self._temporary.name if self._temporary else "")
        self._certificates = certificates(folder)
        self._port = port
        self._server: Server | None = None
        self._lock = threading.Lock()
        self.switches = Switches()
        self.faults = Faults()
        self.store = Store(self.switches)
        self.people = People(self.store)
        self.entra = Entra(Signer(folder), self.switches, TENANT_ID, CLIENT_ID, CLIENT_SECRET)
        self.api = Api(self.store)
        self.requests: list[Asked] = []
        self._control = Control(self)
        self._busy = 0
        if with_key:
            self.make_keys()

    @property
    def ca_file(self) -> Path:
        """What a client has to trust."""
        return self._certificates.ca_file

    @property
    def url(self) -> str:
        """HUNTER_DYNAMICS_URL."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def authority(self) -> str:
        """HUNTER_DYNAMICS_AUTHORITY."""
        return f"https://127.0.0.1:{self._port}"

    def make_keys(self) -> None:
        """The columns and keys that setup would make."""
        from .schema import text

        for table in ("lead", "opportunity"):
            schema = self.store.schemas[table]
            for name, most in (("hnt_referralid", 100), ("hnt_referrallink", 500), ("hnt_referralstatus", 50)):
                schema.columns[name] = replace(text(most), schema_name=name)
            schema.keys["hnt_referralkey"] = Key("hnt_ReferralKey", ["hnt_referralid"])

    def advance(self, step: timedelta) -> None:
        """Move the server's clock."""
        self.store.advance(step)

    def start(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        server = Server("127.0.0.1", self._port, self._certificates.server_context(), self._answer)
        self._server, self._port = server, server.server_address[1]
        self.entra.audience = self.url
        self.api.base = f"{self.url}/api/data/v9.2/"
        server.start()
        return self

    def settings(self) -> dict[str, str]:
        """The app's settings for this environment, with the connection switched on."""
        return {
            "HUNTER_DYNAMICS_ENABLED": "true",
            "HUNTER_DYNAMICS_URL": self.url,
            "HUNTER_DYNAMICS_AUTHORITY": self.authority,
            "HUNTER_DYNAMICS_TENANT_ID": TENANT_ID,
            "HUNTER_DYNAMICS_CLIENT_ID": CLIENT_ID,
            "HUNTER_DYNAMICS_CLIENT_SECRET": CLIENT_SECRET,
        }

    def stop(self) -> None:
        """Stop listening, and leave no thread behind."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Answering

    def _answer(self, request: Request) -> Response:
        if request.path == "/control" or request.path.startswith("/control/"):
            return self._control.answer(request)
        given = self.entra.answer(request, self.authority if request.secure else self.url)
        if given is not None:
            return given
        if request.path.rstrip("/") in {"", "/main.aspx"}:
            return Response(200, self._control.page(), "text/html; charset=utf-8")
        with self._lock:
            self._busy += 1
        try:
            response = self._served(request)
        finally:
            with self._lock:
                self._busy -= 1
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        status = -1 if response.broken else response.status
        with self._lock:
            self.requests.append(Asked(request.method, request.path, request.raw_query, headers, request.body, status))
        return response

    def _served(self, request: Request) -> Response:
        fault = self.faults.take(request.method, request.path)
        if fault is not None and not fault.applied:
            return fault.response()
        if not self.entra.accepts(request.headers.get("authorization", "")):
            return self._unauthorised()
        if not self.switches.member:
            return Refused(403, *NOT_A_MEMBER).response()
        if not self.switches.roles:
            sentence = f"The user with id {SYSTEM_USER} has not been assigned any roles."
            return Refused(403, "0x80042f09", sentence).response()
        if self._busy > self.switches.concurrent_limit:
            sentence = f"Number of concurrent requests exceeded the limit of {self.switches.concurrent_limit}."
            return Refused(429, "0x80072326", sentence, {"Retry-After": "1", **RATES}).response()
        response = self.api.answer(request)
        return fault.response() if fault is not None else response

    def _unauthorised(self) -> Response:
        where = f"Bearer authorization_uri={self.authority}/{TENANT_ID}/oauth2/authorize, resource_id={self.url}/"
        if self.switches.html_401:
            return Response(401, b"<html><body>401</body></html>", "text/html", {"WWW-Authenticate": where})
        return Response(401, headers={"WWW-Authenticate": where})

    # What tests ask

    def asked(self, *methods: str) -> list[Asked]:
        """The requests with these methods, in order; all without any."""
        with self._lock:
            return [one for one in self.requests if not methods or one.method in methods]

    def forget(self) -> None:
        """Forget requests and writes, so that the next run can be counted."""
        with self._lock:
            self.requests.clear()
        self.store.writes.clear()

    def reset(self) -> None:
        """Empty tables of customers' rows, no faults, no requests: another test begins."""
        for table in ("lead", "opportunity", "account", "contact", "opportunityclose"):
            self.store.rows[table].clear()
        self.store.after_write = None
        self.faults.clear()
        self.forget()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table."""
        return list(self.store.all(table))
