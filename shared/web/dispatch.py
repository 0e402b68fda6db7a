"""From a route of the table to its answer."""

from __future__ import annotations

from contextlib import suppress

from azure.functions import HttpRequest, HttpResponse

from shared.core.api import API
from shared.core.errors import HunterError
from shared.services import Services
from shared.web.access import Principal
from shared.web.app import handle
from shared.web.route import Route


def answer(request: HttpRequest, route: Route, services: Services) -> HttpResponse:
    """Answer a request to a route; never raises."""
    handler = route.handle()

    def noted(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
        """Who uses the API is somebody whom others may make an owner."""
        with suppress(HunterError):  # storage that is away is the handler's to tell
            services.people.note(principal.person, services.clock.now())
        return handler(request, principal, services)

    return handle(
        route.exact(request),
        noted if route.role and route.template.startswith(API) else handler,
        role=route.role,
        function_name=route.name,
        services=services,
        throttle=services.throttles[route.throttle] if route.throttle else None,
    )
