"""Who is asking, and what they find switched on."""

from __future__ import annotations

from azure.functions import HttpRequest, HttpResponse

from shared.services import Services
from shared.web import parameters, responses
from shared.web.access import Principal


def get_me(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET me: the person, their roles, and the features that are on."""
    parameters.no_parameters(request)
    settings, person = services.settings, principal.person
    return responses.json(
        {
            "id": person.id,
            "name": person.name,
            "mail": person.mail,
            "roles": [role.name.lower() for role in principal.roles],
            "features": {
                "write": settings.write_enabled,
                "webhook": settings.webhook_enabled,
                "dynamics": settings.dynamics_enabled,
                "mail": settings.mail_via != "none",
            },
        }
    )
