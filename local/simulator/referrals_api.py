"""The referrals API of Partner Center: list, one, create, change (docs/partner-center-api.md, "Lists")."""

import re
import threading
import uuid
from typing import Any
from urllib.parse import unquote

from . import writes
from .entra import Entra
from .faults import error_response
from .messages import Request, Response
from .odata import OPTIONS, ODataError, Predicate, has_member, read_query
from .paging import LIST_PATH, ExpiredToken, Pager
from .store import ReferralStore, decode, encode
from .switches import Switches

_ENTITY_CONTEXT = "https://api.partner.microsoft.com/v1.0/engagments/referrals/$metadata#Referrals/$entity"  # sic


class ReferralsApi:
    """Answers requests to `/v1.0/engagements/referrals`. With `fast`, equal lists of unchanged data are kept as bytes."""

    def __init__(self, store: ReferralStore, switches: Switches, entra: Entra, pager: Pager, *, fast: bool) -> None:
        self._store = store
        self._switches = switches
        self._entra = entra
        self._pager = pager
        self._fast = fast
        self._lock = threading.Lock()
        self._kept: dict[tuple[tuple[str, str], ...], bytes] = {}
        self._kept_for: Any = None
        self.applied: list[writes.Applied] = []
        """Every change that was carried out, oldest first."""

    @staticmethod
    def kind_of(method: str, path: str, query: dict[str, str]) -> str:
        """Which kind of request this is, "" for none of the API's."""
        if path.rstrip("/") == LIST_PATH:
            if method == "POST":
                return "create"
            return "next" if "$skiptoken" in query else "list"
        if re.fullmatch(LIST_PATH + r"/[^/]+", path):
            return "patch" if method == "PATCH" else "get"
        return ""

    def prepare(self) -> None:
        """Make the pages of the usual walks beforehand, so that serving them costs nothing measurable."""
        for options in (
            {"$orderby": "createdDateTime asc"},
            {"$orderby": "updatedDateTime desc"},
            {"$orderby": "updatedDateTime desc", "$top": "1"},
        ):
            while options:
                link = decode(self._list(options, None)).get("@odata.nextLink")
                options = {"$skiptoken": unquote(link.partition("$skiptoken=")[2])} if link else {}

    def answer(self, request: Request) -> Response:
        """The answer to one request of a kind of `kind_of`."""
        self._store.expire()
        response = self._answer(request)
        self.label(request, response)
        return response

    def label(self, request: Request, response: Response) -> None:
        """The headers that every answer of the API carries (docs/partner-center-api.md, "Errors"), and gzip."""
        response.headers["request-id"] = str(uuid.uuid4())
        if "client-request-id" in request.headers:
            response.headers["client-request-id"] = request.headers["client-request-id"]
        if request.headers.get("validatemfa", "").lower() == "true":
            response.headers["isMfaCompliant"] = "true" if self._switches.mfa else "false"
        if self._switches.gzip and "gzip" in request.headers.get("accept-encoding", "") and response.body:
            response.headers["Content-Encoding"] = "gzip"

    def _answer(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        claims, reason = (
            self._entra.access(token) if scheme.lower() == "bearer" else (None, "There is no access token.")
        )
        if claims is None:
            return error_response(401, reason)
        if self._switches.role == "none":
            return error_response(403, "The user has none of the roles Referrals admin and Referrals user.")
        writing = request.kind in ("create", "patch")
        if writing and self._switches.role == "user" and not self._switches.user_may_write:
            return error_response(403, "A Referrals user may only read.")
        visible = self._visible(str(claims["upn"]).lower())
        try:
            if request.kind in ("list", "next"):
                if request.method != "GET":
                    return error_response(405, "Method not allowed.")
                return Response(body=self._list(request.query, visible))
            if request.kind == "create":
                return self._created(request)
            return self._one(request, visible)
        except ExpiredToken as problem:
            return error_response(self._switches.expired_token_status, str(problem))
        except (ODataError, writes.Refused) as problem:
            return error_response(getattr(problem, "status", 400), str(problem))

    def _visible(self, account: str) -> Predicate | None:
        if self._switches.role == "admin":
            return None
        return lambda payload: has_member(payload, account)

    def _list(self, options: dict[str, str], visible: Predicate | None) -> bytes:
        if not self._fast or visible is not None:
            return self._page(options, visible)
        state = (self._store.version, self._switches.as_dict(), self._pager.generation)
        key = tuple(sorted(options.items()))
        with self._lock:
            if self._kept_for != state:
                self._kept.clear()
                self._kept_for = state
            if key not in self._kept:
                self._kept[key] = self._page(options, visible)
            return self._kept[key]

    def _page(self, options: dict[str, str], visible: Predicate | None) -> bytes:
        token = options.get("$skiptoken")
        if token is None:
            return self._pager.page(self._pager.first(read_query(options)), visible)
        extra = [name for name in options if name in OPTIONS and name != "$skiptoken"]
        if extra:
            raise ODataError(f"A $skiptoken carries its query; {', '.join(extra)} may not be given with it.")
        return self._pager.page(self._pager.resume(token), visible, token)

    def _one(self, request: Request, visible: Predicate | None) -> Response:
        identity = unquote(request.path.rpartition("/")[2])
        with self._store.locked():
            payload = self._store.get(identity)
            if payload is None or (visible is not None and not visible(payload)):
                return error_response(self._switches.absent, "The referral was not found.")
            if request.kind == "patch":
                self._store.put(identity, writes.patched(payload, request, self._store.now(), self._switches))
                intent = request.headers.get("ms-requestid", "")
                self.applied.append(writes.Applied(identity, request.json(), intent, self._store.now()))
                wanted = "return=representation" in request.headers.get("prefer", "")
                if not wanted or not self._switches.representation:
                    return Response(204)
                payload = self._store.get(identity) or payload
            elif request.method != "GET":
                return error_response(405, "Method not allowed.")
        return Response(body=encode({"@odata.context": _ENTITY_CONTEXT, **payload}))

    def _created(self, request: Request) -> Response:
        payload = writes.new_referral(request, self._store.now())
        self._store.add(payload)
        return Response(201, encode({"@odata.context": _ENTITY_CONTEXT, **payload}))
