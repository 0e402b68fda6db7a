"""What the parts of the local stack are started with: folders, keys, settings, commands."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from local.dev.steps import StepFailedError, say
from local.dev.tools import ROOT, STATE, child_environment
from shared.core import local_settings
from shared.core.setting_list import SETTINGS

LOCAL_SETTINGS = ROOT / "local.settings.json"
SIMULATOR_FOLDER = STATE / "simulator"


def own_folder(name: str) -> tuple[Path, IO[str] | None]:
    """A data folder under .local that no other running stack uses, and what holds it until it is closed."""
    for number in range(1, 100):
        folder = STATE / "azurite" / (name if number == 1 else f"{name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        if os.name == "nt":
            return folder, None
        import fcntl

        holder = (folder / "in-use").open("w")
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder.close()
            continue
        if number > 1:
            say(f"  Another stack is running on the usual data; this one has its own in {folder.relative_to(ROOT)}.")
        return folder, holder
    raise StepFailedError("There are too many running stacks.")


def token_cache_key() -> str:
    """The key that encrypts the token cache of this machine's stack: made once, readable by its owner alone."""
    path = STATE / "token-cache.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError, ValueError):  # none, or half of one: its process was stopped
        key = path.read_text().strip()
        Fernet(key)
        return key
    handle, name = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    with os.fdopen(handle, "w") as file:
        file.write(key := Fernet.generate_key().decode())
    Path(name).replace(path)
    return key


def simulated_settings(control: dict[str, Any], storage: str) -> dict[str, str]:
    """All settings for a host on the simulator. Each is set, so that local.settings.json can add nothing to them.

    control: what GET /control of the simulator answers. storage: connection string.
    """
    defaults = {setting.name: setting.default for setting in SETTINGS}
    return {
        **defaults,
        "HUNTER_PARTNER_CENTER_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_API_URL": control["apiUrl"],
        "HUNTER_PARTNER_CENTER_AUTHORITY": control["authority"],
        "HUNTER_PARTNER_CENTER_TENANT_ID": control["tenantId"],
        "HUNTER_PARTNER_CENTER_CLIENT_ID": control["clientId"],
        "HUNTER_WRITE_ENABLED": "true",
        "HUNTER_WEBHOOK_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_WEBHOOK_URL": control["apiUrl"],
        "HUNTER_WEBHOOK_CERTIFICATE_HOSTS": urlsplit(control["apiUrl"]).netloc,
        "HUNTER_STORAGE": storage,
        "HUNTER_TOKEN_CACHE_KEY": token_cache_key(),
        "REQUESTS_CA_BUNDLE": control["caFile"],
    }


def dynamics_settings(control: dict[str, Any]) -> dict[str, str]:
    """The settings of Dynamics 365 for a host on its simulator; control: what its GET /control answers."""
    return {
        "HUNTER_DYNAMICS_ENABLED": "true",
        "HUNTER_DYNAMICS_URL": control["url"],
        "HUNTER_DYNAMICS_AUTHORITY": control["authority"],
        "HUNTER_DYNAMICS_TENANT_ID": control["tenantId"],
        "HUNTER_DYNAMICS_CLIENT_ID": control["clientId"],
        "HUNTER_DYNAMICS_CLIENT_SECRET": control["clientSecret"],
    }


def own_settings() -> dict[str, str]:
    """The Values of local.settings.json. Raises StepFailedError when the file is missing or wrong."""
    if not LOCAL_SETTINGS.exists():
        raise StepFailedError(
            "--live needs local.settings.json: copy local.settings.example.json and fill in what belongs to you."
        )
    try:
        return local_settings.read(LOCAL_SETTINGS.parent)
    except local_settings.LocalSettingsError as error:
        raise StepFailedError(str(error)) from error


def is_emulator(connection_string: str) -> bool:
    """Whether a connection string means Azurite on this machine."""
    return "devstoreaccount1" in connection_string or "usedevelopmentstorage=true" in connection_string.lower()


def host_command(port: int) -> tuple[str, list[str]]:
    """Name and command of the Functions host: Core Tools where they are on PATH, else the local host."""
    func = shutil.which("func")
    if func:
        return "func", [func, "start", "--port", str(port)]
    return "host", [sys.executable, "-m", "local.leash", "local.host", "--port", str(port), "--root", str(ROOT)]


def host_environment(settings: dict[str, str], all_storage: str) -> dict[str, str]:
    """The environment of the host: the settings, and what Core Tools need to find Python and their own storage."""
    return child_environment(
        {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureWebJobsStorage": all_storage,
            "VIRTUAL_ENV": sys.prefix,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            **settings,
        }
    )


def simulator_command(port: int, referrals: int) -> list[str]:
    """The command of the simulator, whose sign-ins approve themselves."""
    options = [
        "--port",
        str(port),
        "--referrals",
        str(referrals),
        "--ca-dir",
        str(SIMULATOR_FOLDER),
        "--auto-approve",
        "--keep",
    ]
    return [sys.executable, "-m", "local.leash", "local.simulator", *options]


def dynamics_command(port: int, referrals: int) -> list[str]:
    """The command of the CRM's simulator: an environment in which setup has been run, under the same authority."""
    kept = SIMULATOR_FOLDER / f"dynamics-{referrals}.pickle"
    options = ["--port", str(port), "--ca-dir", str(SIMULATOR_FOLDER), "--with-key", "--keep", str(kept)]
    return [sys.executable, "-m", "local.leash", "local.dynamics", *options]


def inbox_command(port: int) -> list[str]:
    """The command of the inbox for Teams cards and mails."""
    return [sys.executable, "-m", "local.leash", "local.inbox", "--port", str(port)]
