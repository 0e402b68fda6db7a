"""Faults that the simulator serves on demand: a queue of them, each for some requests and some times."""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from .messages import Response, html_response, json_response

PAGES = frozenset({"list", "next"})
API = frozenset({"list", "next", "get", "create", "patch"})
ENTRA = frozenset({"token", "devicecode", "authorize", "metadata", "discovery"})
WEBHOOKS = frozenset({"registration", "validation", "certificate"})
GROUPS = {"pages": PAGES, "api": API, "entra": ENTRA, "webhooks": WEBHOOKS, "any": API | ENTRA | WEBHOOKS}
KINDS = frozenset(
    {
        "status",
        "reset",
        "stall",
        "cut",
        "html",
        "invalid_json",
        "wrong_type",
        "wrong_shape",
        "redirect",
        "slow",
        "foreign",
    }
)

# error-codes of the API where one is documented for the status (docs/partner-center-api.md, "Errors")
_CODES = {
    400: "invalidRequest",
    401: "unAuthorized",
    403: "accessDenied",
    404: "itemNotFound",
    409: "resourceModified",
    423: "resourceLocked",
    412: "preconditionFailed",
    503: "serviceNotAvailable",
}
GATEWAY_HTML = (
    "<html>\r\n<head><title>{status} Bad Gateway</title></head>\r\n<body>\r\n<center><h1>{status} Bad Gateway</h1>"
    "</center>\r\n<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n"
)
SIGN_IN_HTML = "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body></body></html>"


def error_response(status: int, message: str, code: str | None = None, inner: str | None = None) -> Response:
    """An error in the shape of the referrals API."""
    error: dict[str, Any] = {"code": code or _CODES.get(status, "generalException"), "message": message}
    error["target"] = "referral"
    if inner is not None:
        error["innerError"] = {"code": inner, "message": message}
    return json_response({"error": error}, status)


@dataclass
class Fault:
    """One fault, served to `times` matching requests (0: to all of them) after `after` others have passed.

    `match` is a kind of request (see RequestInfo) or pages, api, entra, webhooks, any. `delay` is in seconds of real time;
    `retry_after` is seconds, a text sent as it is, or a datetime sent as an HTTP date. `shape` of a status: referrals,
    gateway (`{"statusCode": …, "message": …}`), html or empty; by default as the real hosts do it. `body` (text, or
    anything to be sent as JSON) replaces the body. `location` is where a redirect leads.

    `applies` says what becomes of the request whose answer is another: "" nothing, "first" it is carried out before the
    answer, "late" it is carried out `late` seconds after it. `change` is what a `foreign` fault changes in the referral
    that is asked for, before the request gets its ordinary answer.
    """

    kind: str = "status"
    status: int | None = None
    match: str = "api"
    times: int = 1
    after: int = 0
    delay: float | None = None
    retry_after: float | str | datetime | None = None
    shape: str = ""
    body: Any = None
    content_type: str | None = None
    location: str = "https://login.microsoftonline.com/common/oauth2/authorize"
    headers: dict[str, str] = field(default_factory=dict)
    applies: str = ""
    late: float = 2.0
    change: dict[str, Any] = field(default_factory=dict)
    hits: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind}; there are {', '.join(sorted(KINDS))}.")
        if self.match not in GROUPS and self.match not in GROUPS["any"]:
            raise ValueError(f"No request is of the kind {self.match}.")
        if self.applies not in ("", "first", "late"):
            raise ValueError(f"A request is carried out first or late, not {self.applies}.")

    def matches(self, kind: str) -> bool:
        """Whether a request of this kind is meant."""
        return kind == self.match or kind in GROUPS.get(self.match, ())

    @property
    def spent(self) -> bool:
        """Whether all times are used up."""
        return self.times > 0 and self.hits >= self.times

    def response(self) -> Response | None:
        """The answer to give instead; None: the ordinary answer, perhaps late or cut (see `finish`)."""
        if self.kind in ("slow", "cut", "foreign"):
            return None
        response = self._response()
        response.delay = self.delay or 0.0
        if self.retry_after is not None:
            response.headers["Retry-After"] = _retry_after(self.retry_after)
        response.headers.update(self.headers)
        return response

    def finish(self, response: Response) -> None:
        """What a slow or cut fault does to the ordinary answer."""
        response.delay = self.delay if self.delay is not None else (5.0 if self.kind == "slow" else 0.0)
        if self.kind == "cut":
            response.broken = "cut"

    def _response(self) -> Response:
        if self.kind == "reset":
            return Response(broken="reset")
        if self.kind == "stall":
            return Response(broken="stall")
        if self.kind == "redirect":
            return Response(self.status or 302, headers={"Location": self.location})
        if self.kind == "html":
            status = self.status or 502
            return html_response(GATEWAY_HTML.format(status=status), status)
        if self.kind == "invalid_json":
            return Response(self.status or 200, b'{"@odata.count": 1, "value": [{"id": "c5fbb3b6-be74-4795", ')
        if self.kind == "wrong_type":
            return html_response(SIGN_IN_HTML, self.status or 200)
        if self.kind == "wrong_shape":
            return json_response({"totalCount": 1, "items": []} if self.body is None else self.body, self.status or 200)
        return self._status()

    def _status(self) -> Response:
        status = self.status or 503
        if self.body is not None:
            text = self.body if isinstance(self.body, str) else json.dumps(self.body)
            return Response(status, text.encode(), self.content_type or "application/json; charset=utf-8")
        shape = self.shape or {429: "gateway", 502: "html", 504: "html"}.get(status, "referrals")
        if shape == "html":
            return html_response(GATEWAY_HTML.format(status=status), status)
        if shape == "empty":
            return Response(status)
        if shape == "gateway":
            wait = self.retry_after if isinstance(self.retry_after, int | float) else 57
            message = f"Rate limit is exceeded. Try again in {wait:g} seconds." if status == 429 else "Fault."
            return json_response({"statusCode": status, "message": message}, status)
        return error_response(status, "A fault was asked of the simulator.", inner="innerErrorCode")


class Faults:
    """The queue. The first fault that matches a request and is not spent is served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault | None = None, **fields: Any) -> Fault:
        """Queue a fault, given as one or by its fields. Raises ValueError, TypeError for what makes no fault."""
        fault = fault or Fault(**fields)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, kind: str) -> Fault | None:
        """The fault for a request of this kind, counted as served."""
        with self._lock:
            for fault in self._faults:
                if fault.spent or not fault.matches(kind):
                    continue
                fault.seen += 1
                if fault.seen > fault.after:
                    fault.hits += 1
                    return fault
        return None

    def pending(self) -> list[Fault]:
        """Those that are not spent."""
        with self._lock:
            return [fault for fault in self._faults if not fault.spent]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._faults.clear()


def _retry_after(value: float | str | datetime) -> str:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return value if isinstance(value, str) else f"{value:g}"
