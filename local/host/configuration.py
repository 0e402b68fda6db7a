"""What the host reads before it starts: host.json, local.settings.json and `%SETTING%` names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from shared.core import local_settings


class ConfigurationError(Exception):
    """A file that the host needs can't be used; the message says which and why."""


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path.name} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError(f"{path.name} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path.name} must hold a JSON object.")
    return value


def route_prefix(root: Path) -> str:
    """The prefix of all HTTP routes from host.json, without slashes at its ends; `api` when host.json does not set it.

    Raises ConfigurationError when host.json is missing or wrong.
    """
    extensions = _read_object(root / "host.json").get("extensions") or {}
    http = extensions.get("http") if isinstance(extensions, dict) else None
    prefix = http.get("routePrefix", "api") if isinstance(http, dict) else "api"
    if not isinstance(prefix, str):
        raise ConfigurationError("extensions.http.routePrefix in host.json must be a text.")
    return prefix.strip("/")


def fill_environment(root: Path, environment: MutableMapping[str, str]) -> list[str]:
    """Put the Values of local.settings.json into the environment where it does not set them already.

    Returns the names that were filled in. A missing file fills nothing. Raises ConfigurationError when the file is
    wrong or encrypted.
    """
    try:
        values = local_settings.read(root)
    except local_settings.LocalSettingsError as error:
        raise ConfigurationError(str(error)) from error
    filled = []
    for name, value in values.items():
        if name not in environment:
            environment[name] = value
            filled.append(name)
    return filled


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """Replace every `%NAME%` by that setting. Raises ConfigurationError, naming the setting, when one is missing."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise ConfigurationError(f"The setting {name} is missing.")
        return environment[name]

    return re.sub(r"%([^%\s]+)%", value, text)
