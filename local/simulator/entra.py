"""Entra as a sign-in library meets it: discovery, device code, authorization code with PKCE, refresh with rotation."""

import base64
import hashlib
import html
import re
import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from . import entra_errors as errors
from .messages import Json, Request, Response, json_response, page_response
from .switches import Switches
from .tokens import Claims, Signer, b64

RESOURCE = "https://api.partner.microsoft.com"
WEBHOOKS = "https://api.partnercenter.microsoft.com"
KNOWN_RESOURCES = frozenset({RESOURCE, WEBHOOKS, "https://graph.microsoft.com"})
_PROTOCOL_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
REFRESH_LIFETIME = 90 * 86_400


@dataclass(frozen=True)
class Identity:
    """Who signs in, and as which application; fixed, so that a stored sign-in outlives a restart."""

    tenant_id: str = "5f1c4c52-0e4b-4c0b-9a51-7d2f6f0c7390"
    client_id: str = "b3a1f6de-7c44-4f1e-8a0f-3f7390a11017"
    client_secret: str = "simulator-secret-of-no-value"
    account: str = "sales@fabrikam-partner.com"
    account_name: str = "Selin Işık"
    account_id: str = "9d0c7a55-51a3-4b0b-8f0f-2f1d77390017"


@dataclass
class _DeviceCode:
    user_code: str
    resource: str
    ends: float
    decision: str = ""


@dataclass
class _Code:
    claims: Claims
    redirect_uri: str
    challenge: str
    nonce: str | None
    ends: float


@dataclass
class Entra:
    """The sign-in side. `tenants` maps a domain to the id of the Entra tenant that it belongs to."""

    identity: Identity
    switches: Switches
    signer: Signer
    tenants: dict[str, str] = field(default_factory=dict)
    authority: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._device_codes: dict[str, _DeviceCode] = {}
        self._codes: dict[str, _Code] = {}
        self._used: set[str] = set()
        self._decision = ""
        self._problem: str | None = None
        self._problem_since = 0.0
        self._dead_before = 0.0

    # What a person or an administrator does

    def decide(self, decision: str) -> None:
        """Approve, decline or expire every sign-in that waits; with none waiting, the next one of a browser."""
        if decision not in ("approve", "decline", "expire"):
            raise ValueError(f"A sign-in is approved, declined or expired; not {decision}.")
        with self._lock:
            waiting = [code for code in self._device_codes.values() if not code.decision]
            for code in waiting:
                code.decision = decision
            if not waiting:
                self._decision = decision

    def revoke(self, problem: str | None) -> None:
        """From now on refresh tokens given before are refused for this reason (see PROBLEMS); None ends it."""
        if problem is not None and problem not in errors.PROBLEMS:
            raise ValueError(f"There is no problem {problem}; there are {', '.join(errors.PROBLEMS)}.")
        with self._lock:
            self._problem, self._problem_since = problem, time.time()

    def expire_access_tokens(self) -> None:
        """Access tokens given before are refused by the API with 401."""
        with self._lock:
            self._dead_before = time.time()

    def state(self) -> Json:
        """For GET /control."""
        with self._lock:
            waiting = [code.user_code for code in self._device_codes.values() if not code.decision]
            return {"waiting": waiting, "problem": self._problem, "account": self.identity.account}

    # What the API asks

    def access(self, token: str) -> tuple[Claims | None, str]:
        """The claims of an access token for the referrals API, or None and the reason."""
        claims = self.signer.read(token, "access") if token.count(".") == 2 else None
        if claims is None or claims["made"] < self._dead_before:
            return None, "The access token is missing, malformed or expired."
        if claims["aud"] != RESOURCE:
            return None, "The access token is for another audience (900420)."
        if "upn" not in claims:
            return None, "Only App+User access is supported; the token has no user."
        if self.switches.require_mfa and "mfa" not in claims["amr"]:
            return None, "The access token does not prove multi-factor authentication."
        return claims, ""

    def is_for(self, token: str, resource: str) -> bool:
        """Whether this is a live access token for a resource, of a user or of an application."""
        claims = self.signer.read(token, "access") if token.count(".") == 2 else None
        return claims is not None and claims["made"] >= self._dead_before and claims["aud"] == resource

    def access_token(self, resource: str = RESOURCE) -> str:
        """An access token of the user, as a sign-in gives it now."""
        return self._user_token(resource, ["pwd", "mfa"] if self.switches.mfa else ["pwd"])

    # The endpoints

    def kind_of(self, path: str) -> str:
        """Which kind of request a path is, "" for none of Entra's."""
        for pattern, kind in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found:
                own = found[1] in self._own_names()
                return ("metadata" if own else "discovery") if kind == "openid" else kind
        return ""

    def answer(self, request: Request) -> Response:
        """The answer to one request of a kind of `kind_of`."""
        tenant = request.path.split("/")[1]
        if request.kind == "discovery":
            return self._discovery(tenant)
        if tenant not in self._own_names():
            return errors.UNKNOWN_TENANT.response(tenant=tenant)
        if request.kind == "metadata":
            return self._metadata(self.identity.tenant_id)
        if request.kind == "authorize":
            return self._authorize(request)
        if request.kind == "signing_page":
            return self._device_page(request)
        if request.method != "POST":
            return Response(405)
        refusal = self._check_client(request.form)
        if refusal is not None:
            return refusal
        return self._device_code(request.form) if request.kind == "devicecode" else self._token(request.form)

    def _own_names(self) -> frozenset[str]:
        return frozenset({self.identity.tenant_id, "common", "organizations"})

    def _metadata(self, tenant: str) -> Response:
        base = f"{self.authority}/{tenant}"
        return json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid"],
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
                "msgraph_host": "graph.microsoft.com",
            }
        )

    def _discovery(self, domain: str) -> Response:
        if self.switches.discovery == "fail":
            return Response(503, b"Service Unavailable", "text/plain")
        if self.switches.discovery == "refuse":
            return Response(403, b"Forbidden", "text/plain")
        domain = domain.lower()
        if domain in self.tenants:
            response = self._metadata(self.tenants[domain])
        elif "." in domain:
            response = errors.UNKNOWN_TENANT.response(tenant=domain)
        else:
            response = errors.NO_DOMAIN_NAME.response(tenant=domain)
        if self.switches.discovery == "slow":
            response.delay = self.switches.discovery_delay
        return response

    def _check_client(self, form: dict[str, str]) -> Response | None:
        client, secret = form.get("client_id", ""), form.get("client_secret")
        if client != self.identity.client_id:
            return errors.UNKNOWN_CLIENT.response(client=client, tenant=self.identity.tenant_id)
        if secret is not None and secret != self.identity.client_secret:
            return errors.BAD_SECRET.response(client=client)
        return None

    def _resource(self, scope: str) -> str | Response:
        wanted = {name for name in scope.split() if name not in _PROTOCOL_SCOPES}
        if not wanted:
            return errors.NO_SCOPE.response()
        resource = next(iter(wanted)).rpartition("/")[0].rstrip("/")
        if resource == WEBHOOKS and not self.switches.webhook_consent:
            return errors.PROBLEMS["consent_missing"].response(client=self.identity.client_id)
        if resource not in KNOWN_RESOURCES:
            return errors.UNKNOWN_RESOURCE.response(resource=resource, tenant=self.identity.tenant_id)
        return resource

    def _device_code(self, form: dict[str, str]) -> Response:
        resource = self._resource(form.get("scope", ""))
        if isinstance(resource, Response):
            return resource
        user_code = "".join(secrets.choice("BCDFGHJKLMNPQRSTVWXYZ23456789") for _ in range(9))
        code = _DeviceCode(user_code, resource, time.time() + self.switches.device_code_lifetime)
        device_code = secrets.token_urlsafe(48)
        with self._lock:
            self._device_codes[device_code] = code
        page = f"{self.authority}/common/oauth2/deviceauth"
        return json_response(
            {
                "user_code": user_code,
                "device_code": device_code,
                "verification_uri": page,
                "expires_in": self.switches.device_code_lifetime,
                "interval": max(1, self.switches.device_code_interval),  # with 0 MSAL polls without end
                "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to "
                "authenticate.",
            }
        )

    def _device_page(self, request: Request) -> Response:
        """Where a person would enter the code; `?code=…&decision=approve` decides."""
        query = request.query
        with self._lock:
            codes = [code for code in self._device_codes.values() if code.user_code == query.get("code")]
            if codes and query.get("decision") in ("approve", "decline"):
                codes[0].decision = query["decision"]
                return page_response("<p>Done. You may close this page.</p>")
        return page_response(
            "<h1>Simulated sign-in</h1><form><label>Code <input name=code></label> "
            "<button name=decision value=approve>Approve</button> "
            "<button name=decision value=decline>Decline</button></form>"
        )

    def _authorize(self, request: Request) -> Response:
        query = request.query
        uri = query.get("redirect_uri", "")
        parts = urlsplit(uri)
        if parts.scheme not in ("http", "https") or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            return page_response(
                f"<p>{html.escape(errors.BAD_REDIRECT.as_json(uri=uri)['error_description'])}</p>", 400
            )
        reply: dict[str, str] = {"state": query["state"]} if "state" in query else {}
        refusal = self._authorize_refusal(query)
        if refusal is not None:
            return self._redirect(uri, query, {**reply, **refusal})
        with self._lock:
            decision, self._decision = query.get("decision") or self._decision, ""
        if not decision and self.switches.auto_approve:
            decision = "approve"
        if decision == "approve":
            code = self._new_code(query, uri)
            return self._redirect(uri, query, {"code": code, **reply, "session_state": str(uuid.uuid4())})
        if decision:
            refusal = {"error": "access_denied", "error_description": "AADSTS65004: User declined to consent."}
            return self._redirect(uri, query, {**reply, **refusal})
        here = html.escape(f"{request.path}?{request.raw_query}", quote=True)
        return page_response(
            f'<h1>Simulated sign-in of {html.escape(self.identity.account)}</h1><p><a href="{here}&amp;decision=approve">'
            f'Approve</a> <a href="{here}&amp;decision=decline">Decline</a></p>'
        )

    def _authorize_refusal(self, query: dict[str, str]) -> dict[str, str] | None:
        refusal: Json | None = None
        if query.get("client_id") != self.identity.client_id:
            client = query.get("client_id", "")
            refusal = errors.UNKNOWN_CLIENT.as_json(client=client, tenant=self.identity.tenant_id)
        elif query.get("response_type") != "code":
            refusal = errors.NO_PARAMETER.as_json(parameter="response_type")
        elif query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            refusal = errors.NO_CHALLENGE.as_json()
        elif self._problem in errors.LASTING:
            refusal = errors.PROBLEMS[self._problem].as_json(client=self.identity.client_id)
        else:
            resource = self._resource(query.get("scope", ""))
            if isinstance(resource, Response):
                refusal = {"error": "invalid_resource", "error_description": "AADSTS500011: Unknown resource."}
        if refusal is None:
            return None
        return {"error": str(refusal["error"]), "error_description": str(refusal["error_description"])}

    def _new_code(self, query: dict[str, str], uri: str) -> str:
        resource = self._resource(query["scope"])
        claims = self._family(str(resource), confidential=self.switches.require_secret)
        code = secrets.token_urlsafe(64)
        with self._lock:
            self._codes[code] = _Code(claims, uri, query["code_challenge"], query.get("nonce"), time.time() + 600)
        return code

    @staticmethod
    def _redirect(uri: str, query: dict[str, str], reply: dict[str, str]) -> Response:
        if query.get("response_mode") == "form_post":
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(value, quote=True)}">'
                for name, value in reply.items()
            )
            form = (
                f'<form method="post" action="{html.escape(uri, quote=True)}">{fields}<button>Continue</button></form>'
            )
            return page_response(f"{form}<script>document.forms[0].submit()</script>")
        joint = "&" if "?" in uri else "?"
        return Response(302, headers={"Location": f"{uri}{joint}{urlencode(reply, quote_via=quote)}"})

    def _token(self, form: dict[str, str]) -> Response:
        grant = form.get("grant_type", "")
        if grant == "urn:ietf:params:oauth:grant-type:device_code":
            return self._by_device_code(form)
        if grant == "authorization_code":
            return self._by_code(form)
        if grant == "refresh_token":
            return self._by_refresh_token(form)
        if grant == "client_credentials":
            return self._by_client(form)
        return errors.BAD_GRANT_TYPE.response(grant=grant)

    def _by_device_code(self, form: dict[str, str]) -> Response:
        with self._lock:
            code = self._device_codes.get(form.get("device_code", ""))
            if code is None:
                return errors.BAD_DEVICE_CODE.response()
            if code.decision == "expire" or time.time() >= code.ends:
                return errors.CODE_EXPIRED.response()
            if code.decision == "decline":
                return errors.DECLINED.response()
            if not code.decision and not self.switches.auto_approve:
                return errors.PENDING.response()
            if self._problem in errors.LASTING:
                return errors.PROBLEMS[self._problem].response(client=self.identity.client_id)
            del self._device_codes[form["device_code"]]
        return self._grant(self._family(code.resource, confidential=False), code.resource)

    def _by_code(self, form: dict[str, str]) -> Response:
        with self._lock:
            code = self._codes.pop(form.get("code", ""), None)  # a code is good for one use
        if code is None or time.time() >= code.ends or form.get("redirect_uri") != code.redirect_uri:
            return errors.BAD_CODE.response()
        if self.switches.require_secret and "client_secret" not in form:
            return errors.NO_SECRET.response()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if not secrets.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), code.challenge):
            return errors.BAD_VERIFIER.response()
        return self._grant(code.claims, str(code.claims["res"]), code.nonce)

    def _by_refresh_token(self, form: dict[str, str]) -> Response:
        token = form.get("refresh_token", "")
        claims = self.signer.read(token, "refresh") if token.count(".") == 2 else None
        if claims is None:
            return errors.BAD_REFRESH_TOKEN.response()
        if claims["conf"] and "client_secret" not in form:
            return errors.NO_SECRET.response()
        with self._lock:
            lasting = self._problem in errors.LASTING
            if self._problem is not None and (lasting or claims["began"] < self._problem_since):
                return errors.PROBLEMS[self._problem].response(client=self.identity.client_id)
            if self.switches.rotation_kills_old and claims["jti"] in self._used:
                return errors.BAD_REFRESH_TOKEN.response()
            self._used.add(claims["jti"])
        resource = self._resource(form.get("scope", ""))
        return resource if isinstance(resource, Response) else self._grant(claims, resource)

    def _by_client(self, form: dict[str, str]) -> Response:
        """A token without a user, as the older page of the documentation shows; no referral page accepts one."""
        if "client_secret" not in form:
            return errors.NO_SECRET.response()
        resource = self._resource(form.get("scope", ""))
        if isinstance(resource, Response):
            return resource
        token = self._access_token(resource, {"knd": "access", "idtyp": "app", "amr": []})
        return json_response(
            {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}
        )

    def _family(self, resource: str, *, confidential: bool) -> Claims:
        """What all refresh tokens of one sign-in have in common."""
        amr = ["pwd", "mfa"] if self.switches.mfa else ["pwd"]
        return {"knd": "refresh", "began": time.time(), "res": resource, "conf": confidential, "amr": amr}

    def _access_token(self, resource: str, claims: Claims) -> str:
        now = time.time()
        lifetime = self.switches.access_token_lifetime
        common = {"aud": resource, "tid": self.identity.tenant_id, "appid": self.identity.client_id, "made": now}
        return self.signer.sign({**common, **claims, "iat": int(now), "exp": int(now) + lifetime})

    def _user_token(self, resource: str, amr: list[str]) -> str:
        who = self.identity
        user = {"knd": "access", "upn": who.account, "oid": who.account_id, "scp": "user_impersonation", "amr": amr}
        return self._access_token(resource, user)

    def _grant(self, family: Claims, resource: str, nonce: str | None = None) -> Response:
        who, now = self.identity, int(time.time())
        lifetime = self.switches.access_token_lifetime
        id_claims: Claims = {
            "aud": who.client_id,
            "iss": f"{self.authority}/{who.tenant_id}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "name": who.account_name,
            "oid": who.account_id,
            self.switches.account_claim: who.account,
            "sub": b64(hashlib.sha256(who.account_id.encode()).digest()),
            "tid": who.tenant_id,
            "ver": "2.0",
        }
        if nonce is not None:
            id_claims["nonce"] = nonce
        refresh = {**family, "jti": secrets.token_hex(16), "exp": now + REFRESH_LIFETIME}
        info = f'{{"uid":"{who.account_id}","utid":"{who.tenant_id}"}}'
        return json_response(
            {
                "token_type": "Bearer",
                "scope": f"{resource}/user_impersonation {resource}/.default",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": self._user_token(resource, family["amr"]),
                "refresh_token": self.signer.sign(refresh),
                "id_token": self.signer.sign(id_claims),
                "client_info": b64(info.encode()),
            }
        )


_NAME = r"/([^/]+)"
_ROUTES = (
    (rf"{_NAME}/v2\.0/\.well-known/openid-configuration", "openid"),
    (rf"{_NAME}/oauth2/v2\.0/devicecode", "devicecode"),
    (rf"{_NAME}/oauth2/v2\.0/token", "token"),
    (rf"{_NAME}/oauth2/v2\.0/authorize", "authorize"),
    (rf"{_NAME}/oauth2/deviceauth", "signing_page"),
)
