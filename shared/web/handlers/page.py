"""The page at /app and its files: those that lie in ``static/`` with a known ending, and nothing else."""

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
    name = request.route_params.get("file") or INDEX
    # The name is looked up among what lies there, never joined to a path: no "..", no link, no other folder.
    path = next((path for path in folder.rglob("*") if path.relative_to(folder).as_posix() == name), None)
    if path is None or path.suffix not in TYPES or path.is_symlink() or not path.is_file():
        raise NotFound("The page has no such file.")
    status = path.stat()
    return responses.file(_content(path, status.st_mtime_ns, status.st_size), TYPES[path.suffix])


@lru_cache(maxsize=64)
def _content(path: Path, modified: int, size: int) -> bytes:
    """A file's content, read again when it was changed."""
    return path.read_bytes()
