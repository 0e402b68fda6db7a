"""Faults on demand: each for some requests and some times, in the order in which they were asked for."""

import threading
from dataclasses import dataclass, field

from local.simulator.messages import Response

WHERE = frozenset({"teams", "graph", "acs", "identity", "any"})
KINDS = frozenset({"status", "redirect", "reset", "stall", "drip", "slow"})


@dataclass
class Fault:
    """One fault, served to ``times`` requests (0: to all) to a place.

    Args:
        kind: status, redirect, reset, stall (no answer at all), drip (an answer byte by byte), slow (the usual one, late).
        match: teams, graph, acs, identity or any.
        path: a part of the address that a request has to have; empty fits all.
        delay: seconds before the answer.
        retry_after: the header, as it is sent.
    """

    kind: str = "status"
    match: str = "any"
    path: str = ""
    status: int = 503
    times: int = 1
    delay: float = 0.0
    retry_after: str = ""
    location: str = "http://127.0.0.1:9/elsewhere"
    headers: dict[str, str] = field(default_factory=dict)
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind}; there are {', '.join(sorted(KINDS))}.")
        if self.match not in WHERE:
            raise ValueError(f"No request goes to {self.match}; there are {', '.join(sorted(WHERE))}.")

    def fits(self, kind: str, path: str) -> bool:
        """Whether it is meant for this request."""
        return self.match in (kind, "any") and self.path in path and not self.spent

    @property
    def spent(self) -> bool:
        """Whether all its times are used up."""
        return 0 < self.times <= self.hits

    def response(self) -> Response | None:
        """The answer to give instead; None for the usual one, late."""
        if self.kind == "slow":
            return None
        if self.kind in ("reset", "stall"):
            return Response(broken=self.kind)
        response = Response(
            self.status, b'{"error":{"code":"Injected","message":"A fault of the inbox."}}', delay=self.delay
        )
        if self.kind == "drip":
            response = Response(202, b" " * 2_000, delay=self.delay, broken="drip")
        if self.kind == "redirect":
            response = Response(self.status if 300 <= self.status < 400 else 302, headers={"Location": self.location})
        if self.retry_after:
            response.headers["Retry-After"] = self.retry_after
        response.headers.update(self.headers)
        return response


class Faults:
    """The faults that wait. Thread-safe."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: str = "status", **options: object) -> Fault:
        """Ask for a fault; options as Fault has them. Raises ValueError, TypeError."""
        fault = Fault(kind, **options)  # type: ignore[arg-type]
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, kind: str, path: str) -> Fault | None:
        """The first that fits a request; it is used once."""
        with self._lock:
            fault = next((each for each in self._faults if each.fits(kind, path)), None)
            if fault is not None:
                fault.hits += 1
            return fault

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        """Those that will yet be served."""
        with self._lock:
            return [fault for fault in self._faults if not fault.spent]
