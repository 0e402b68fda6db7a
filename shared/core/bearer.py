"""The one way in which a request carries an access token."""

from __future__ import annotations

import requests
import requests.auth


class Bearer(requests.auth.AuthBase):
    """The token as ``auth=``: as a plain header, requests would replace it by what a .netrc has for the host.

    An empty one sends none, and still keeps requests from looking for credentials in files.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the token."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request
