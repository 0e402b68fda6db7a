"""Faults on demand: each for some requests, so many times."""

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from local.simulator.messages import Response

LIMITS = {
    "requests": ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds."),
    "time": (
        "0x80072321",
        "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time window of 300 "
        "seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
    ),
    "concurrent": ("0x80072326", "Number of concurrent requests exceeded the limit of 52."),
}

RATES = {
    "x-ms-ratelimit-burst-remaining-xrm-requests": "0",
    "x-ms-ratelimit-time-remaining-xrm-requests": "843,210.00",
}
"""Headers of an answer that asks for a pause."""


@dataclass
class Fault:
    """One fault, served ``times`` times (0: always) to requests whose method and path match, after ``after`` others.

    ``applied``: the request is carried out, and its answer is lost.
    """

    kind: str = "status"
    status: int = 503
    code: str = ""
    message: str = ""
    method: str = ""
    path: str = ""
    times: int = 1
    after: int = 0
    retry_after: float | None = None
    applied: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    hits: int = 0
    seen: int = 0

    @property
    def spent(self) -> bool:
        """Whether all times are used up."""
        return self.times > 0 and self.hits >= self.times

    def response(self) -> Response:
        """What is answered."""
        if self.kind in {"reset", "stall"}:
            return Response(broken=self.kind)
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = f"{self.retry_after:g}"
        status, code, message = self.status, self.code, self.message
        if self.kind in LIMITS:
            status, (code, message) = 429, LIMITS[self.kind]
            headers |= RATES
        if self.kind == "html":
            return Response(status, b"<html><body>Bad gateway</body></html>", "text/html", headers)
        body: Any = {"error": {"code": code, "message": message}}
        return Response(status, json.dumps(body).encode(), "application/json; odata.metadata=minimal", headers)


class Faults:
    """The queue; the first that fits is served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, **details: Any) -> Fault:
        """Queue a fault. Raises TypeError for what makes none."""
        fault = Fault(**details)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of a request, counted."""
        with self._lock:
            for fault in self._faults:
                if fault.spent or (fault.method and fault.method != method) or not re.search(fault.path, path):
                    continue
                fault.seen += 1
                if fault.seen > fault.after:
                    fault.hits += 1
                    return fault
        return None

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._faults.clear()
