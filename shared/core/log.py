"""Structured logs: an event's name and its fields, as one JSON object in Azure and as a readable line elsewhere.

Fields are ids, codes, counts and seconds. Names, e-mail addresses, phone numbers, notes, payloads and tokens have no
place here; nothing of them is ever passed in, and text that came from elsewhere (exception texts) is not logged either.
"""

from __future__ import annotations

import contextvars
import json
import logging
import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_context: contextvars.ContextVar[Mapping[str, object]] = contextvars.ContextVar("log_context", default={})  # noqa: B039


def in_azure(environ: Mapping[str, str] | None = None) -> bool:
    """Whether this process runs in Azure (App Service and Functions set these)."""
    environ = os.environ if environ is None else environ
    return bool(environ.get("WEBSITE_SITE_NAME") or environ.get("WEBSITE_INSTANCE_ID"))


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Put these fields (runId, correlationId, function) on every event logged inside."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def current(name: str) -> Any:
    """A field bound around the caller, or None."""
    return _context.get().get(name)


def configure() -> None:
    """Set the logging of this process up: our events show, libraries say warnings only, and MSAL nothing.

    Libraries' debug and information lines hold addresses and headers. MSAL's warnings and errors quote Entra's answers and
    ID tokens; what they are about, our own events say.
    """
    logging.getLogger("shared").setLevel(logging.INFO)
    for library in ("azure", "requests", "charset_normalizer"):
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings quote addresses, and some of those are secrets
    logging.getLogger("msal").setLevel(logging.CRITICAL)
    if not in_azure() and not logging.getLogger().handlers:
        logging.basicConfig(format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")


class EventLog:
    """Logs events of one module."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: object) -> None:
        """Something happened as it should."""
        self._emit(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Something went wrong and was dealt with."""
        self._emit(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Something went wrong and a person should know."""
        self._emit(logging.ERROR, event, fields)

    def _emit(self, level: int, event: str, fields: Mapping[str, object]) -> None:
        if not self._logger.isEnabledFor(level):
            return
        everything = {**_context.get(), **{name: value for name, value in fields.items() if value is not None}}
        if in_azure():
            message = json.dumps({"event": event, **everything}, default=str, ensure_ascii=False)
        else:
            message = " ".join([event, *(f"{name}={_plain(value)}" for name, value in everything.items())])
        self._logger.log(level, "%s", message)


def _plain(value: object) -> str:
    """A value on one line: line breaks from anywhere can't forge a second log line."""
    text = str(value)
    return text if text.isprintable() and " " not in text else json.dumps(text)


def get_logger(name: str) -> EventLog:
    """The event log of a module."""
    return EventLog(name)


def location(error: BaseException) -> str:
    """Where an error was raised, as file:line of each of our frames, innermost last; no values and no message."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_ROOT / "shared")]
    return " > ".join(
        f"{Path(frame.filename).relative_to(_ROOT).as_posix()}:{frame.lineno}"
        for frame in (ours or frames)[-5:]
        if Path(frame.filename).is_relative_to(_ROOT)
    )
