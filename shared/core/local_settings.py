"""The Values of ``local.settings.json``, for all who read it: the host, the command line and ``dev.py``. Standard library only.

Core Tools and editors on Windows write it with a byte order mark, PowerShell's ``>`` in UTF-16; ``"Values": null`` is what an
emptied section looks like.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILE: Final = "local.settings.json"


class LocalSettingsError(Exception):
    """The file can't be used; the message says why, and never a value."""


def read(folder: Path) -> dict[str, str]:
    """The settings in a folder's ``local.settings.json``; empty without one.

    Raises:
        LocalSettingsError: it is there and can't be used.
    """
    path = folder / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LocalSettingsError(f"{FILE} can't be read: {error.strerror}.") from None
    try:
        settings = json.loads(_text(content))
    except ValueError as error:
        raise LocalSettingsError(f"{FILE} is no JSON{_place(error)}.") from None
    if not isinstance(settings, dict):
        raise LocalSettingsError(f"{FILE} must hold a JSON object.")
    if settings.get("IsEncrypted") is True:
        raise LocalSettingsError(f"{FILE} is encrypted; decrypt it with `func settings decrypt`.")
    values = settings.get("Values") or {}
    if not isinstance(values, dict):
        raise LocalSettingsError(f"Values in {FILE} must be an object.")
    for name, value in values.items():
        if not isinstance(value, str):
            raise LocalSettingsError(f"{name} in {FILE} must be a text: put its value in quotes.")
    return values


def below(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment, and below it what the file sets; raises as ``read``."""
    return {**read(folder), **environ}


def _text(content: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding)
    return content.decode("utf-8")


def _place(error: ValueError) -> str:
    return f": {error.msg}, line {error.lineno}" if isinstance(error, json.JSONDecodeError) else " in UTF-8"
