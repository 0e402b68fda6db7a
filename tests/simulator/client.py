"""A bare client of the simulated referrals API, written against the documentation and nothing of the app."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import requests

from local.simulator import Simulator

PATH = "/v1.0/engagements/referrals"


class Client:
    """One session with an access token."""

    def __init__(self, simulator: Simulator) -> None:
        self.url = simulator.api_url + PATH
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {simulator.access_token()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def get(self, suffix: str = "", **options: str) -> requests.Response:
        """A GET; options are named without their `$`."""
        params = {f"${name}": value for name, value in options.items()}
        return self.session.get(self.url + suffix, params=params, timeout=60, allow_redirects=False)

    def pages(self, **options: str) -> Iterator[dict[str, Any]]:
        """All pages of a list, going on by the query of each next link."""
        answer = self.get(**options)
        while True:
            assert answer.status_code == 200, answer.text
            page = answer.json()
            yield page
            if "@odata.nextLink" not in page:
                return
            answer = self.follow(page["@odata.nextLink"])

    def follow(self, link: str) -> requests.Response:
        """The page behind a next link, asked of the simulator itself."""
        token = dict(parse_qsl(urlsplit(link).query))["$skiptoken"]
        return self.get(skiptoken=token)

    def all(self, **options: str) -> list[Any]:
        """All records of a list."""
        return [record for page in self.pages(**options) for record in page["value"]]
