"""Timer triggers: each has one thread, so that it never overlaps itself; ticks missed meanwhile are dropped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from azure.functions.decorators.timer import TimerTrigger

from local.host.configuration import ConfigurationError, resolve
from local.host.functions import LoadedFunction
from shared.core import ncrontab

log = logging.getLogger("local.host")
_LONGEST_WAIT_SECONDS = 30.0  # the wall clock is looked at again: it may be set, and a laptop may have slept


def _now() -> datetime:
    return datetime.now(UTC)


class Timer:
    """A timer function and its schedule.

    function: the function to call. environment: where `%SETTING%` names in the schedule are looked up.
    Raises ConfigurationError when the schedule can't be read.
    """

    def __init__(
        self, function: LoadedFunction, environment: Mapping[str, str], now: Callable[[], datetime] = _now
    ) -> None:
        trigger = function.trigger
        if not isinstance(trigger, TimerTrigger):
            raise TypeError(f"{function.name} has no timer trigger.")
        self.function = function
        try:
            self.expression = resolve(trigger.schedule, environment)
            self._schedule = ncrontab.parse(self.expression)
        except ValueError as error:
            raise ConfigurationError(f"The schedule of {function.name} is wrong. {error}") from error
        self._on_startup = bool(trigger.run_on_startup)
        self._now = now
        self._running = threading.Lock()
        self._stopping = threading.Event()
        self._last: datetime | None = None
        self._thread = threading.Thread(target=self._keep, name=f"timer-{function.name}", daemon=True)

    def start(self) -> None:
        """Begin to fire."""
        self._thread.start()

    def stop(self) -> None:
        """Fire no more. A call that is under way is not waited for."""
        self._stopping.set()

    def fire(self, reason: str) -> None:
        """Call the function, after the call that may be under way. Failures are logged and raise nothing."""
        with self._running:
            if self._stopping.is_set():
                return
            started = self._now()
            try:
                self.function.invoke_timer(reason=reason, last=self._last, following=self._schedule.next_after(started))
            except Exception:
                log.exception("The function %s failed.", self.function.name)
            self._last = started

    def _keep(self) -> None:
        if self._on_startup:
            self.fire("Timer fired on startup")
        while (due := self._schedule.next_after(self._now())) is not None:
            while (remaining := (due - self._now()).total_seconds()) > 0:
                if self._stopping.wait(min(remaining, _LONGEST_WAIT_SECONDS)):
                    return
            self.fire(f"Timer fired at {due.isoformat()}")
            if self._stopping.is_set():
                return
        log.warning("The schedule of %s, %s, has no next time.", self.function.name, self.expression)
