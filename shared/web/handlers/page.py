"""The page at /app and its files: those that lie under ``static/`` with a known ending, and nothing else."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from azure.functions import HttpRequest, HttpResponse

from shared.core.errors import NotFound
from shared.services import Services
from shared.web import responses
from shared.web.access import Principal

STATIC: Final = Path(__file__).parent.parent / "static"
INDEX: Final = "index.html"
TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}
"""What is served, and as what. Other files (type declarations, maps) belong to development."""


def get_page(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET /app and /app/{file}: the page and its files. Raises NotFound."""
    return page_file(request)


def get_health(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET /api/health: that the process serves."""
    return responses.json({"status": "ok"})


def page_file(request: HttpRequest, folder: Path = STATIC) -> HttpResponse:
    """One file of the page; /app alone is the page itself.

    Raises:
        NotFound: there is no such file.
    """
    path = _find(folder, request.route_params.get("file") or INDEX)
    if path is None or path.suffix not in TYPES:
        raise NotFound("The page has no such file.")
    status = path.stat()
    return responses.file(_content(path, status.st_mtime_ns, status.st_size), TYPES[path.suffix])


def _find(folder: Path, name: str) -> Path | None:
    """The file of a name such as ``core/dom.js``: each part is looked up among what lies there, never joined to a path."""
    place = folder
    for part in name.split("/"):
        entries = place.iterdir() if place.is_dir() else ()
        found = next((entry for entry in entries if entry.name == part and not entry.is_symlink()), None)
        if found is None:
            return None
        place = found
    return place if place.is_file() else None


@lru_cache(maxsize=256)
def _content(path: Path, modified: int, size: int) -> bytes:
    """A file's content, read again when it was changed."""
    return path.read_bytes()
