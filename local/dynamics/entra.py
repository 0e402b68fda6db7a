"""Client credentials, a device code, and App Service's identity endpoint: how an app or a person gets a token for one
environment."""

import secrets
import time
from typing import Any, Final

from local.simulator.messages import Request, Response, json_response
from local.simulator.tokens import Signer

from .switches import Switches

_DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_UNFINISHED: Final = {
    "declined": ("authorization_declined", "AADSTS70000: The user declined the sign-in."),
    "expired": ("expired_token", "AADSTS70020: The provided value for the input parameter 'device_code' has expired."),
}


class Entra:
    """Tokens for applications, and for a person who signs in with a device code."""

    def __init__(self, signer: Signer, switches: Switches, tenant_id: str, client_id: str, secret: str) -> None:
        self._signer = signer
        self._switches = switches
        self._tenant, self._client, self._secret = tenant_id, client_id, secret
        self._dead_before = 0.0
        self._codes: dict[str, int] = {}
        """Device codes, and how often each was asked for."""
        self.audience = ""
        """The environment's own address, set when the port is known."""
        self.identity_header = "simulated-identity-header"

    def expire(self) -> None:
        """Tokens given so far are refused."""
        self._dead_before = time.time()

    def accepts(self, authorization: str) -> bool:
        """Whether an Authorization header lets somebody in here."""
        scheme, _, token = authorization.partition(" ")
        claims = self._signer.read(token, "app") if scheme == "Bearer" and token.count(".") == 2 else None
        return bool(claims and claims.get("aud") == self.audience and claims["iat"] > self._dead_before)

    def application(self, authorization: str) -> str:
        """The application of a token."""
        claims = self._signer.read(authorization.partition(" ")[2], "app")
        return str((claims or {}).get("appid", ""))

    def token(self, client_id: str, audience: str) -> str:
        """A token as Entra would give it."""
        now = time.time()
        claims = {
            "knd": "app",
            "aud": audience,
            "appid": client_id,
            "iat": now,
            "exp": now + self._switches.token_lifetime,
        }
        return self._signer.sign(claims)

    def answer(self, request: Request, origin: str) -> Response | None:
        """The answer to a request for a token or for metadata, or None."""
        if request.path.endswith("/.well-known/openid-configuration"):
            return json_response(self._metadata(origin))
        if request.path.endswith("/oauth2/v2.0/token") and request.method == "POST":
            form = request.form
            return (
                self._by_device_code(form) if form.get("grant_type") == _DEVICE_CODE else self._client_credentials(form)
            )
        if request.path.endswith("/oauth2/v2.0/devicecode") and request.method == "POST":
            return self._device_code(request.form, origin)
        if request.path == "/msi/token":
            return self._managed_identity(request)
        return None

    def _metadata(self, origin: str) -> dict[str, Any]:
        base = f"{origin}/{self._tenant}"
        return {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }

    def _client_credentials(self, form: dict[str, str]) -> Response:
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if form.get("client_secret") != self._secret:
            return _refused("invalid_client", "AADSTS7000215: Invalid client secret provided.")
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            return _refused("invalid_scope", "AADSTS1002012: The provided value for scope is not valid.")
        return json_response(self._given(form.get("client_id", ""), scope.removesuffix("/.default")))

    def _device_code(self, form: dict[str, str], origin: str) -> Response:
        if not self._switches.public_client:
            return _refused("invalid_client", "AADSTS7000218: The request body must contain client_secret.")
        code = secrets.token_urlsafe(24)
        self._codes[code] = 0
        page = f"{origin}/common/oauth2/deviceauth"
        return json_response(
            {
                "user_code": secrets.token_hex(4).upper(),
                "device_code": code,
                "verification_uri": page,
                "expires_in": 900,
                "interval": 1,
                "message": f"Open {page}.",
            }
        )

    def _by_device_code(self, form: dict[str, str]) -> Response:
        """The first time nobody has signed in yet; then it ends as the switch says."""
        code, decision = form.get("device_code", ""), self._switches.device_sign_in
        if code not in self._codes:
            return _refused("bad_verification_code", "AADSTS70000: The verification code does not match.")
        self._codes[code] += 1
        if self._codes[code] == 1:
            return _refused("authorization_pending", "AADSTS70016: Authorization is pending. Continue polling.")
        del self._codes[code]
        if decision in _UNFINISHED:
            return _refused(*_UNFINISHED[decision])
        return json_response(self._given(form.get("client_id", ""), self.audience))

    def _managed_identity(self, request: Request) -> Response:
        if request.headers.get("x-identity-header") != self.identity_header:
            return json_response({"statusCode": 400, "message": "The identity header is missing or wrong."}, 400)
        query = request.query
        given = self._given(query.get("client_id", self._client), query.get("resource", ""))
        return json_response(
            {**given, "expires_on": str(int(time.time()) + 3600), "resource": query.get("resource", "")}
        )

    def _given(self, client_id: str, audience: str) -> dict[str, Any]:
        lifetime = self._switches.token_lifetime
        access = self.token(client_id, audience.rstrip("/"))
        return {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": access}


def _refused(error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description, "error_codes": []}, 401)
