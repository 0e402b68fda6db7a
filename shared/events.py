"""The names of all log events, in one place: alerts and queries are written against them."""

from __future__ import annotations

from typing import Final

SYNC_SUCCEEDED: Final = "sync_succeeded"
SYNC_FAILED: Final = "sync_failed"
SYNC_PAUSED: Final = "sync_paused"
SYNC_SKIPPED: Final = "sync_skipped"
SIGN_IN_REQUIRED: Final = "sign_in_required"
SIGN_IN_RENEWED: Final = "sign_in_renewed"
SIGN_IN_RENEWAL_FAILED: Final = "sign_in_renewal_failed"
PARTNER_CENTER_ATTEMPT: Final = "partner_center_attempt"
PARTNER_CENTER_THROTTLED: Final = "partner_center_throttled"
STORAGE_RETRY: Final = "storage_retry"
STORAGE_FAILED: Final = "storage_failed"
FUNCTION_EXECUTED: Final = "function_executed"
VISIBILITY_CHANGED: Final = "visibility_changed"
QUARANTINED: Final = "quarantined"
TENANT_LOOKUP_FINISHED: Final = "tenant_lookup_finished"
