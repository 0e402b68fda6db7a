"""One route: where it is, who may use it, and what answers it.

A handler is named ``room:function`` and lives in ``handlers/room.py``. It takes the request, the caller and the services,
and is imported when its route is first used, so that a cold start pays for nothing it does not need.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from azure.functions import HttpRequest

from shared.web.access import Role
from shared.web.app import Handler


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    name: str
    """The function's name."""
    method: str
    template: str
    handler: str
    role: Role | None
    """None: open to everybody."""
    summary: str
    throttle: str | None = None
    """Which of the services' throttles it shares."""

    def handle(self) -> Handler:
        """The function that answers it."""
        room, _, function = self.handler.partition(":")
        handler: Handler = getattr(importlib.import_module(f"shared.web.handlers.{room}"), function)
        return handler

    def exact(self, request: HttpRequest) -> HttpRequest:
        """The request with the values of its path as the caller meant them.

        The host decodes all of a segment but ``%2F``, so ``a%2Fb`` may have been ``a%2Fb`` or ``a%252Fb``; the address as
        it came knows.
        """
        given: dict[str, str] = dict(request.route_params)
        if not any("%" in value for value in given.values()):
            return request
        segments = [segment for segment in urlsplit(request.url).path.split("/") if segment]
        for position, part in enumerate(self.template.split("/")):
            name = part.strip("{}*")
            if part.startswith("{") and name in given and position < len(segments):
                meant = unquote(segments[position])
                if meant.replace("/", "%2F").casefold() == given[name].casefold():
                    given[name] = meant
        return HttpRequest(
            request.method,
            request.url,
            headers=dict(request.headers),
            params=dict(request.params),
            route_params=given,
            body=request.get_body(),
        )
