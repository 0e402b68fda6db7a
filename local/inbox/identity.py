"""The identity endpoint of App Service: tokens for a managed identity, as azure-identity asks for them.

GET ?resource=...&api-version=2019-08-01[&client_id=...] with the header X-IDENTITY-HEADER (Microsoft Learn, "How to use
managed identities for App Service and Azure Functions", REST endpoint reference).
"""

import secrets
import threading
import time

from local.simulator.messages import Request, Response, json_response

API_VERSION = "2019-08-01"
LIFETIME = 86_400


class IdentityEndpoint:
    """Gives tokens, and knows later for which resource and client each of them is."""

    def __init__(self, header: str) -> None:
        self.header = header
        self.known_clients: set[str] | None = None
        """Client ids of user-assigned identities that the app has; None: any."""
        self._tokens: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """The answer to a request for a token."""
        query = request.query
        client, resource = query.get("client_id", ""), query.get("resource", "")
        if request.headers.get("x-identity-header") != self.header:
            return json_response(
                {"statusCode": 403, "message": "The header X-IDENTITY-HEADER is missing or wrong."}, 403
            )
        if query.get("api-version") != API_VERSION or not resource:
            return json_response({"statusCode": 400, "message": "Give resource and api-version 2019-08-01."}, 400)
        if self.known_clients is not None and client not in self.known_clients:
            return json_response(
                {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found."}, 400
            )
        token = f"inbox.{secrets.token_urlsafe(24)}"
        with self._lock:
            self._tokens[token] = (resource, client)
        return json_response(
            {
                "access_token": token,
                "expires_on": str(int(time.time()) + LIFETIME),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": client or "00000000-0000-4000-8000-0000000000aa",
            }
        )

    def resource_of(self, request: Request) -> str:
        """For which resource the request's token is; empty for none of ours."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            return self._tokens.get(token, ("", ""))[0] if scheme.lower() == "bearer" else ""

    def forget(self) -> None:
        """Forget what was given."""
        with self._lock:
            self._tokens.clear()

    def clients(self) -> set[str]:
        """The client ids that tokens were asked for with."""
        with self._lock:
            return {client for _, client in self._tokens.values()}
