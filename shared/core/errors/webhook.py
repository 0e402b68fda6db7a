"""What is wrong with an event, or with its registration."""

from __future__ import annotations

from shared.core.errors.base import HunterError


class InvalidSignature(HunterError):
    """An event's signature is not Microsoft's."""

    code = "invalid_signature"
    status = 401
    default = "The event's signature could not be verified."


class CertificateUnavailable(HunterError):
    """The certificate that signed an event can't be fetched at the moment."""

    code = "certificate_unavailable"
    status = 503
    default = "The certificate behind the event's signature can't be fetched at the moment. Send the event again later."


class WebhookDisabled(HunterError):
    """`HUNTER_WEBHOOK_ENABLED` is not true."""

    code = "webhook_disabled"
    status = 403
    default = "Events are switched off. The administrator can set HUNTER_WEBHOOK_ENABLED to true."


class WebhookTaken(HunterError):
    """Partner Center already sends events to another address; the answer carries its `url`."""

    code = "webhook_taken"
    status = 409
    default = "Partner Center already sends its events to another address. Take over only if that address is no longer needed."


class WebhookNoFormer(HunterError):
    """There is no former registration to put back; Microsoft knows no deletion."""

    code = "webhook_no_former"
    status = 409
    default = "There is no former registration to put back, and Partner Center offers no way to delete one."
