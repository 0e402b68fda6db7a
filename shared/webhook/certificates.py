"""Fetching the certificate that an event names: from allowed hosts alone, rarely, and never for longer than a moment.

Whoever sends an event is unknown until its certificate was fetched, so fetching is what they could make this app do for
them. One fetch (of a certificate and its issuer's) a minute is all that this instance does, whoever asks; what it knows
already it goes on using, untouched by that limit.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import certifi
import requests
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import Store
from urllib3.exceptions import HTTPError as LowLevelError

from shared.core import events
from shared.core.clock import Clock, Deadline
from shared.core.errors import CertificateUnavailable
from shared.core.log import get_logger
from shared.webhook.addresses import Host, may_hold_issuer
from shared.webhook.signature import Verdict, issuer_urls, read_certificate, trusted

log = get_logger(__name__)

MOST_BYTES: Final = 16 * 1024
CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 2.5
FETCH_SECONDS: Final = 5.0
"""For a certificate and its issuer's together."""
PAUSE_SECONDS: Final = 60.0
KNOWN_FOR: Final = timedelta(hours=24)
"""Then it is fetched again; where that can't be, what is known serves until it expires."""
WRONG_FOR: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that was had, and whether it can be trusted."""

    certificate: x509.Certificate | None
    verdict: Verdict
    fresh_until: datetime
    good_until: datetime

    @property
    def is_good(self) -> bool:
        """Whether it is one to believe."""
        return self.verdict is Verdict.VERIFIED


class Certificates:
    """The certificates of one process; thread-safe.

    Args:
        hosts: where certificates may lie.
        subjects: whose they may be; DNS names, lower case.
        clock: the time.
        roots: loads who is trusted; by default as ``load_roots`` says.
    """

    def __init__(
        self,
        hosts: frozenset[Host],
        subjects: Collection[str],
        clock: Clock,
        roots: Callable[[], Store] | None = None,
    ) -> None:
        self._hosts, self._subjects, self._clock = hosts, frozenset(subjects), clock
        self._roots = roots or load_roots
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}
        self._flights: dict[str, Future[Held]] = {}
        self._pause_ends = float("-inf")

    def get(self, url: str) -> Held:
        """The certificate of an allowed address: a known one, or fetched.

        Raises:
            CertificateUnavailable: it can't be had: unreachable, redirected, too large, or no fetch is left this minute.
        """
        held, now = self._held.get(url), self._clock.now()
        if held and now < held.fresh_until:
            return held
        usable = held if held and held.is_good and now < held.good_until else None
        try:
            fetched = self._fetched(url)
        except CertificateUnavailable:
            if usable:
                return usable
            raise
        return usable if usable and not fetched.is_good else fetched

    def renewed(self, url: str) -> Held | None:
        """A known certificate fetched again, for a signature that does not fit it; None where that can't be now.

        Microsoft may put a new certificate where the old one was.
        """
        try:
            return self._fetched(url)
        except CertificateUnavailable:
            return None

    def _fetched(self, url: str) -> Held:
        """Fetch, or wait for whoever is fetching the same."""
        with self._lock:
            flight = self._flights.get(url)
            mine = flight is None
            if flight is None:
                self._take_turn()
                flight = self._flights[url] = Future()
        if mine:
            try:
                held = self._fetch(url)
                self._keep(url, held)
                flight.set_result(held)
            except CertificateUnavailable as error:
                log.warning(events.WEBHOOK_CERTIFICATE_UNAVAILABLE)
                flight.set_exception(error)
            finally:
                with self._lock:
                    del self._flights[url]
                if not flight.done():
                    flight.cancel()  # an error that nobody foresaw: whoever waits is not left waiting
        try:
            return flight.result(FETCH_SECONDS)
        except (FutureTimeout, CancelledError):
            raise CertificateUnavailable(retry_after=PAUSE_SECONDS) from None

    def _take_turn(self) -> None:
        now = self._clock.monotonic()
        if now < self._pause_ends:
            raise CertificateUnavailable(retry_after=self._pause_ends - now)
        self._pause_ends = now + PAUSE_SECONDS

    def _keep(self, url: str, held: Held) -> None:
        """Remember it, and forget what is over: one new address a minute can't fill the memory."""
        now = self._clock.now()
        with self._lock:
            known = self._held.get(url)
            if not held.is_good and known and known.is_good and now < known.good_until:
                return  # a good one is not pushed out by a broken file
            self._held = {at: kept for at, kept in self._held.items() if now < kept.good_until} | {url: held}

    def _fetch(self, url: str) -> Held:
        deadline, now = Deadline(self._clock, FETCH_SECONDS), self._clock.now()
        leaf = read_certificate(_download(url, deadline))
        if leaf is None:
            return _wrong(Verdict.CERTIFICATE, now)
        try:
            roots = self._roots()
        except (OSError, ValueError):
            log.error(events.WEBHOOK_ROOTS_UNREADABLE)
            raise CertificateUnavailable(retry_after=PAUSE_SECONDS) from None
        between: list[x509.Certificate] = []
        verdict = trusted(leaf, between, roots=roots, subjects=self._subjects, now=now)
        if verdict is Verdict.CHAIN:
            where = next((at for at in issuer_urls(leaf) if may_hold_issuer(at, self._hosts)), None)
            issuer = read_certificate(_download(where, deadline)) if where else None
            if issuer:
                between = [issuer]
                verdict = trusted(leaf, between, roots=roots, subjects=self._subjects, now=now)
        if verdict is not Verdict.VERIFIED:
            return _wrong(verdict, now)
        ends = min(item.not_valid_after_utc for item in (leaf, *between))
        return Held(leaf, verdict, min(now + KNOWN_FOR, ends), ends)


def load_roots(environ: Mapping[str, str] | None = None) -> Store:
    """Who is trusted: the file (or folder) of REQUESTS_CA_BUNDLE or SSL_CERT_FILE, else certifi's.

    Raises:
        OSError, ValueError: there is no such file, or no certificate in it.
    """
    environ = os.environ if environ is None else environ
    path = Path(environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE") or certifi.where())
    files = sorted(item for item in path.iterdir() if item.is_file()) if path.is_dir() else [path]
    return Store([root for file in files for root in _certificates_in(file.read_bytes())])


def _certificates_in(content: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file; one that can't be read hides no other."""
    mark, found = b"-----BEGIN CERTIFICATE-----", []
    with warnings.catch_warnings():
        # Some roots are older than the rule that serial numbers are positive.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for block in content.split(mark)[1:]:
            certificate = read_certificate(mark + block)
            if certificate:
                found.append(certificate)
    return found


def _wrong(verdict: Verdict, now: datetime) -> Held:
    return Held(None, verdict, now + WRONG_FOR, now + WRONG_FOR)


def _download(url: str, deadline: Deadline) -> bytes:
    """A small file: no redirects, no credentials, at most so large and so long.

    Raises:
        CertificateUnavailable: anything else happened.
    """
    unavailable = CertificateUnavailable(retry_after=PAUSE_SECONDS)
    left = max(0.1, deadline.remaining())
    timeout = (min(CONNECT_SECONDS, left), min(READ_SECONDS, left))
    try:
        with (
            requests.Session() as session,
            session.get(
                url,
                headers={"Accept-Encoding": "identity"},
                auth=_no_credentials,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            if answer.status_code != 200:
                raise unavailable
            pieces, size = [], 0
            while piece := answer.raw.read1(MOST_BYTES + 1):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES or deadline.passed():
                    raise unavailable
    except (requests.RequestException, LowLevelError, OSError):
        raise unavailable from None
    return b"".join(pieces)


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """In place of what requests would take from a .netrc file."""
    return request
