"""The gate of the one open route: who may come in, with nothing but a signature to show."""

from __future__ import annotations

from collections.abc import Mapping

from shared.core import events
from shared.core.errors import CertificateUnavailable, InvalidSignature
from shared.core.log import get_logger
from shared.core.throttle import Throttle
from shared.webhook.addresses import Host, may_hold_certificate
from shared.webhook.certificates import Certificates
from shared.webhook.signature import Claim, Verdict, claim_of, signed

log = get_logger(__name__)


class Gate:
    """Says whether an event is Microsoft's. Thread-safe.

    Args:
        certificates: where signing certificates come from.
        hosts: where they may lie.
        refusals: how many others are told why; from then on they are only told to wait.
    """

    def __init__(self, certificates: Certificates, hosts: frozenset[Host], refusals: Throttle) -> None:
        self._certificates, self._hosts, self._refusals = certificates, hosts, refusals

    def check(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Let an event of Microsoft's through. Nothing but the body's bytes and the headers of the signature is looked at.

        Raises:
            InvalidSignature: it is not Microsoft's.
            CertificateUnavailable: that can't be found out now.
            TooManyRequests: there have been too many of both lately.
        """
        try:
            verdict = self._judge(body, headers)
        except CertificateUnavailable:
            self._refusals.take()
            raise
        if verdict is not Verdict.VERIFIED:
            self._refusals.take()
            log.warning(events.WEBHOOK_REFUSED, reason=verdict.value)
            raise InvalidSignature

    def _judge(self, body: bytes, headers: Mapping[str, str]) -> Verdict:
        claim = claim_of(headers)
        if not isinstance(claim, Claim):
            return claim
        if not may_hold_certificate(claim.certificate_url, self._hosts):
            return Verdict.ADDRESS
        held = self._certificates.get(claim.certificate_url)
        if not held.certificate:
            return held.verdict
        verdict = signed(body, claim.signature, held.certificate)
        if verdict is Verdict.SIGNATURE:
            # Perhaps the key is a new one. If there is a fetch left this minute, see.
            newer = self._certificates.renewed(claim.certificate_url)
            if newer and newer.certificate:
                verdict = signed(body, claim.signature, newer.certificate)
        return verdict
