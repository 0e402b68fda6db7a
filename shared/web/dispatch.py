"""From a route of the table to its answer."""

from __future__ import annotations

from azure.functions import HttpRequest, HttpResponse

from shared.services import Services
from shared.web.app import handle
from shared.web.routes import Route


def answer(request: HttpRequest, route: Route, services: Services) -> HttpResponse:
    """Answer a request to a route; never raises."""
    return handle(
        route.exact(request),
        route.handle(),
        role=route.role,
        function_name=route.name,
        services=services,
        throttle=services.throttles[route.throttle] if route.throttle else None,
    )
