"""Tokens for one environment: client credentials through MSAL, or a managed identity through azure-identity.

An application is let in as an application user of the environment; no consent and no sign-in of a person has part in it
(Microsoft Learn, "Use OAuth authentication with Microsoft Dataverse").
"""

from __future__ import annotations

import threading
from typing import Any, Final

from shared.core import events
from shared.core.errors import ConfigurationError, DynamicsSignInFailed
from shared.core.log import get_logger

log = get_logger(__name__)
_TIMEOUT: Final = 15


class ClientSecretTokens:
    """Client credentials.

    Args:
        authority: Entra's address.
        tenant_id, client_id, secret: the application.
        url: the environment, whose token it is.
    """

    def __init__(self, authority: str, tenant_id: str, client_id: str, secret: str, *, url: str) -> None:
        self._authority = f"{authority.rstrip('/')}/{tenant_id}"
        self._client_id, self._secret = client_id, secret
        self._scope = f"{url.rstrip('/')}/.default"
        self._application: Any = None
        self._lock = threading.Lock()

    def token(self, *, renew: bool = False) -> str:
        """An access token; MSAL keeps it until it ends."""
        import msal  # type: ignore[import-untyped]
        import requests

        with self._lock:
            try:
                if self._application is None or renew:
                    self._application = msal.ConfidentialClientApplication(
                        self._client_id,
                        client_credential=self._secret,
                        authority=self._authority,
                        instance_discovery=False,
                        timeout=_TIMEOUT,
                    )
                answer = self._application.acquire_token_for_client([self._scope])
            except requests.RequestException:
                raise DynamicsSignInFailed(
                    "Microsoft's sign-in service does not answer, so Dynamics 365 can't be asked. The next run tries again.",
                    extra={"phrase": "dynamics_sign_in_failed.silent"},
                ) from None
            except ValueError:
                raise DynamicsSignInFailed(
                    "Microsoft's sign-in service does not know the tenant. Check HUNTER_DYNAMICS_TENANT_ID and "
                    "HUNTER_DYNAMICS_AUTHORITY.",
                    extra={"phrase": "dynamics_sign_in_failed.tenant"},
                ) from None
        if isinstance(answer, dict) and answer.get("access_token"):
            return str(answer["access_token"])
        error = str((answer or {}).get("error", ""))
        log.warning(events.DYNAMICS_SIGN_IN_FAILED, kind=error if error.replace("_", "").isalpha() else "unknown")
        if error in {"invalid_client", "unauthorized_client"}:
            raise DynamicsSignInFailed(
                "Entra does not accept the application's credentials for Dynamics 365. Check HUNTER_DYNAMICS_CLIENT_ID and "
                "HUNTER_DYNAMICS_CLIENT_SECRET; the secret may have ended.",
                extra={"phrase": "dynamics_sign_in_failed.secret"},
            )
        raise DynamicsSignInFailed()


class ManagedIdentityTokens:
    """The identity that Azure gives the app; no secret anywhere.

    Args:
        client_id: of a user-assigned identity; None for the system-assigned one.
        url: the environment, whose token it is.
    """

    def __init__(self, client_id: str | None, *, url: str) -> None:
        self._client_id = client_id
        self._scope = f"{url.rstrip('/')}/.default"
        self._credential: Any = None
        self._lock = threading.Lock()

    def token(self, *, renew: bool = False) -> str:
        """An access token; azure-identity keeps it until it ends."""
        from azure.core.exceptions import AzureError
        from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

        with self._lock:
            try:
                if self._credential is None or renew:
                    self._credential = ManagedIdentityCredential(client_id=self._client_id)
                return str(self._credential.get_token(self._scope).token)
            except CredentialUnavailableError:
                raise ConfigurationError(
                    "There is no managed identity here. Give the app one, or set HUNTER_DYNAMICS_CLIENT_SECRET."
                ) from None
            except AzureError:
                raise DynamicsSignInFailed(
                    "Azure gives no token for the managed identity HUNTER_DYNAMICS_CLIENT_ID. Is it assigned to the app?",
                    extra={"phrase": "dynamics_sign_in_failed.identity"},
                ) from None


class DeviceCodeTokens:
    """A person who signs in on another device: for setup, whose rights the runtime should not have.

    Args:
        authority, tenant_id, client_id: the public application.
        url: the environment.
        show: called with the sentence that says where to sign in.
    """

    def __init__(self, authority: str, tenant_id: str, client_id: str, *, url: str, show: Any) -> None:
        self._authority = f"{authority.rstrip('/')}/{tenant_id}"
        self._client_id = client_id
        self._scope = f"{url.rstrip('/')}/user_impersonation"
        self._show = show
        self._token = ""

    def token(self, *, renew: bool = False) -> str:
        """The token; asked for once."""
        import msal

        if not self._token or renew:
            application = msal.PublicClientApplication(
                self._client_id, authority=self._authority, instance_discovery=False, timeout=_TIMEOUT
            )
            flow = application.initiate_device_flow([self._scope])
            if "user_code" not in flow:
                raise DynamicsSignInFailed(
                    "Entra gives no code for HUNTER_DYNAMICS_SETUP_CLIENT_ID. Does it allow public flows?"
                )
            self._show(f"Open {flow['verification_uri']} and enter {flow['user_code']}.")
            answer = application.acquire_token_by_device_flow(flow)
            if not isinstance(answer, dict) or not answer.get("access_token"):
                raise DynamicsSignInFailed("The sign-in was not completed. Run setup again.")
            self._token = str(answer["access_token"])
        return self._token
