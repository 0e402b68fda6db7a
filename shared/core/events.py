"""The names of the logged events, in one place: the code emits them, the alerts' queries and docs/operations.md name them.

In Application Insights each event is one trace whose message is a JSON object, so a query reads

    AppTraces | extend e = parse_json(Message) | where tostring(e.event) == "sync_failed"

Units are in the field's name; a field that has no value is left out. No field holds a name of a person or company, an
address, a note, a payload or a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SYNC_SUCCEEDED: Final = "sync_succeeded"
"""A run ended and everything it met is stored."""
SYNC_FAILED: Final = "sync_failed"
"""A run ended without success; ``code`` is that of the answer (shared/core/errors.py)."""
SYNC_PAUSED: Final = "sync_paused"
"""A run used up its time, or was told to wait longer than it has; the next run goes on at its place."""
SYNC_SKIPPED: Final = "sync_skipped"
"""A timer tick that had nothing to do; ``code`` says why (feature_disabled, sync_running)."""
SIGN_IN_REQUIRED: Final = "sign_in_required"
"""Nobody is signed in to Partner Center, or the sign-in has died: a person must sign in on the page."""
SIGN_IN_RENEWED: Final = "sign_in_renewed"
"""Entra renewed the sign-in by its refresh token."""
SIGN_IN_RENEWAL_FAILED: Final = "sign_in_renewal_failed"
"""Entra did not renew the sign-in; ``code`` tells a passing failure (sign_in_unavailable) from the others."""
SIGNED_IN: Final = "signed_in"
"""A person signed in to Partner Center."""
SIGN_IN_FAILED: Final = "sign_in_failed"
"""A person's attempt to sign in was refused; ``aadsts`` is the number of Entra's error."""
SIGNED_OUT: Final = "signed_out"
"""A person signed out: the tokens are forgotten."""
PARTNER_CENTER_ATTEMPT: Final = "partner_center_attempt"
"""One request to Partner Center was answered, or failed. ``waitSeconds`` is the wait before the next attempt."""
PARTNER_CENTER_THROTTLED: Final = "partner_center_throttled"
"""Partner Center answered 429, or 503 with Retry-After."""
STORAGE_RETRY: Final = "storage_retry"
"""A call to Table Storage failed in a passing way and is tried again."""
STORAGE_FAILED: Final = "storage_failed"
"""A call to Table Storage failed after all tries, or was refused."""
FUNCTION_EXECUTED: Final = "function_executed"
"""A function answered; ``status`` is the HTTP status (timers: absent)."""
UNEXPECTED_ERROR: Final = "unexpected_error"
"""An error that nobody foresaw; ``kind`` is its type and ``at`` where it was raised."""
CONTACTS_NOT_BLANKED: Final = "contacts_not_blanked"
"""Contacts that were due to be blanked (HUNTER_RETENTION_MONTHS) could not be; ``referrals`` says of how many."""
VISIBILITY_CHANGED: Final = "visibility_changed"
"""A full walk met far fewer referrals than before: the account may have lost its role. Nothing was marked missing."""
WORK_FAILED: Final = "work_failed"
"""A part of the minute's work failed and is tried again the next minute; ``worker`` names it."""
EXPORTED: Final = "exported"
"""Somebody took a list away as a file; ``who`` is an opaque id, ``contacts`` says whether customers' people are in it."""
NOTIFICATION_SENT: Final = "notification_sent"
"""A message was taken by Teams or a mail service; ``occasions`` is how many it tells of."""
NOTIFICATION_FAILED: Final = "notification_failed"
"""A message was not taken; ``shown`` says whether it shows as the subscription's last error by now."""
QUARANTINED: Final = "quarantined"
"""A record could not be stored and lies in quarantine; ``reason`` says why."""
TENANT_LOOKUP_FINISHED: Final = "tenant_lookup_finished"
"""The domains that were due have been looked up in Entra."""
ACTION_ENDED: Final = "action_ended"
"""A person's action on a referral went through, or was refused, in conflict or put off; ``state`` says which."""
ACTION_FAILED: Final = "action_failed"
"""An action failed, or nobody knows yet whether it was applied (``state`` unconfirmed); ``code`` says why."""
ACTION_TAKEN_OVER: Final = "action_taken_over"
"""An action took so long that the timer went on with it; what that finds out counts."""
COMPANY_OVERSIZE: Final = "company_oversize"
"""A company has more referrals than its row can hold: its figures change with full walks only."""

WEBHOOK_REFUSED: Final = "webhook_refused"
"""Somebody sent an event that Microsoft did not sign; ``reason`` says what was wrong."""
WEBHOOK_CERTIFICATE_UNAVAILABLE: Final = "webhook_certificate_unavailable"
"""The certificate behind an event's signature could not be fetched."""
WEBHOOK_ROOTS_UNREADABLE: Final = "webhook_roots_unreadable"
"""The file of trusted certificates (REQUESTS_CA_BUNDLE or SSL_CERT_FILE) can't be read."""
WEBHOOK_REGISTERED: Final = "webhook_registered"
"""Partner Center's events come here now; ``tookOver`` says whether they went somewhere else before."""
WEBHOOK_RESTORED: Final = "webhook_restored"
"""They go again where they went before."""
WEBHOOK_SILENT: Final = "webhook_silent"
"""So many polls in a row found changes that no event announced."""
WANTED_SYNC_FAILED: Final = "wanted_sync_failed"
"""A sync that an event asked for failed; it is tried again, or left to the schedule."""
DYNAMICS_ATTEMPT: Final = "dynamics_attempt"
"""One request to Dynamics 365 that was answered, or whose connection failed (``kind``)."""
DYNAMICS_REFUSED: Final = "dynamics_refused"
"""Dynamics 365 answered with an error; ``kind`` is what it means to us, ``upstreamCode`` Dataverse's own code."""
DYNAMICS_SIGN_IN_FAILED: Final = "dynamics_sign_in_failed"
"""Entra gave no token for Dynamics 365; ``kind`` is its error."""
DYNAMICS_RUN: Final = "dynamics_run"
"""An exchange with Dynamics 365 ended; ``code`` says why it ended early, if it did."""
DYNAMICS_SKIPPED: Final = "dynamics_skipped"
"""A tick left Dynamics 365 alone; ``code`` says why (dynamics_running, dynamics_throttled)."""
DYNAMICS_RECORD_STOPPED: Final = "dynamics_record_stopped"
"""A record was stopped since a field flips between both sides: something in the CRM fights the sync."""

COMMON_FIELDS: Final = ("event", "runId", "correlationId", "function")
"""What any event may carry; ``runId`` is that of the run it happened in."""

_RUN: Final = (
    "mode",
    "trigger",
    "dryRun",
    "state",
    "startedAt",
    "finishedAt",
    "durationSeconds",
    "watermark",
    "pages",
    "retries",
    "fetched",
    "inserted",
    "updated",
    "unchanged",
    "repeated",
    "quarantined",
    "missing",
    "companiesInserted",
    "companiesUpdated",
    "visibilityChanged",
    "notBlanked",
    "code",
)
"""A run as ``Run.log_fields`` gives it."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        SYNC_SUCCEEDED: _RUN,
        SYNC_FAILED: (*_RUN, "requestId"),
        SYNC_PAUSED: (*_RUN, "waitSeconds"),
        SYNC_SKIPPED: ("code",),
        SIGN_IN_REQUIRED: ("reasonCode", "aadsts"),
        SIGN_IN_RENEWED: (),
        SIGN_IN_RENEWAL_FAILED: ("code", "reasonCode", "aadsts"),
        SIGNED_IN: (),
        SIGN_IN_FAILED: ("code", "reasonCode", "aadsts"),
        SIGNED_OUT: (),
        PARTNER_CENTER_ATTEMPT: ("status", "method", "attempt", "kind", "waitSeconds", "durationSeconds", "requestId"),
        PARTNER_CENTER_THROTTLED: ("status", "retryAfterSeconds", "requestId"),
        STORAGE_RETRY: ("status", "attempt", "kind", "waitSeconds", "table", "operation"),
        STORAGE_FAILED: ("status", "kind", "table", "operation"),
        FUNCTION_EXECUTED: ("status", "code", "method", "durationMs"),
        UNEXPECTED_ERROR: ("kind", "at", "worker", "actionId"),
        VISIBILITY_CHANGED: ("missing",),
        WORK_FAILED: ("worker", "code"),
        EXPORTED: ("list", "format", "columns", "contacts", "rows", "who"),
        NOTIFICATION_SENT: ("channel", "occasions"),
        NOTIFICATION_FAILED: ("channel", "code", "failures", "shown"),
        QUARANTINED: ("reason",),
        CONTACTS_NOT_BLANKED: ("referrals",),
        TENANT_LOOKUP_FINISHED: ("asked", "found", "unknown", "refused", "failed", "durationSeconds"),
        ACTION_ENDED: ("actionId", "action", "state", "tries", "code", "requestId"),
        ACTION_FAILED: ("actionId", "action", "state", "tries", "code", "requestId"),
        ACTION_TAKEN_OVER: ("actionId",),
        COMPANY_OVERSIZE: ("referrals",),
        WEBHOOK_REFUSED: ("reason",),
        WEBHOOK_CERTIFICATE_UNAVAILABLE: (),
        WEBHOOK_ROOTS_UNREADABLE: (),
        WEBHOOK_REGISTERED: ("tookOver",),
        WEBHOOK_RESTORED: (),
        WEBHOOK_SILENT: ("polls",),
        WANTED_SYNC_FAILED: ("code", "tries"),
        DYNAMICS_ATTEMPT: ("method", "status", "kind", "requestId", "durationSeconds"),
        DYNAMICS_REFUSED: ("status", "kind", "upstreamCode", "waitSeconds"),
        DYNAMICS_SIGN_IN_FAILED: ("kind",),
        DYNAMICS_RUN: (
            *("scope", "created", "updated", "unchanged", "pulled", "failed", "requests", "pending", "conflicts"),
            *("durationSeconds", "code"),
        ),
        DYNAMICS_SKIPPED: ("code",),
        DYNAMICS_RECORD_STOPPED: ("referralId",),
    }
)
"""Each event and the fields it may carry besides ``COMMON_FIELDS``. A query may name only these."""
