"""Everything that can go wrong, as people and programs are told it.

::

    HunterError
    ├── InternalError                      internal_error                    500
    ├── ConfigurationError                 configuration_error               500
    ├── FeatureDisabled                    feature_disabled                  403
    ├── StorageUnavailable                 storage_unavailable               503
    ├── RequestError
    │   ├── InvalidRequest                 invalid_request                   400
    │   ├── InvalidParameter               invalid_parameter                 400
    │   ├── NotFound                       not_found                         404
    │   ├── RequestTooLarge                request_too_large                 413
    │   ├── UnsupportedMediaType           unsupported_media_type            415
    │   ├── TooManyRequests                too_many_requests                 429
    │   ├── InvalidTarget                  invalid_target                    400
    │   └── InvalidView                    invalid_view                      400
    ├── AccessError
    │   ├── Unauthenticated                unauthenticated                   401
    │   ├── Forbidden                      forbidden                         403
    │   └── CrossSiteRequest               cross_site_request                403
    ├── SignInError
    │   ├── SignInRequired                 sign_in_required                  503
    │   └── SignInUnavailable              sign_in_unavailable               502
    ├── PartnerCenterError
    │   ├── AccessDenied                   access_denied                     502
    │   ├── Rejected                       partner_center_rejected           502
    │   ├── Throttled                      partner_center_throttled          503
    │   ├── Unavailable                    partner_center_unavailable        502
    │   ├── InvalidResponse                partner_center_invalid_response   502
    │   ├── Unreachable                    partner_center_unreachable        502
    │   ├── UntrustedLink                  partner_center_untrusted_link     502
    │   └── ContractChanged                partner_center_contract_changed   502
    ├── SyncRunning                        sync_running                      409
    ├── RunInterrupted                     run_interrupted                   500
    ├── WritingDisabled                    writing_disabled                  403
    ├── ActionConflict                     action_conflict                   409
    ├── ActionInProgress                   action_in_progress                409
    ├── ActionNotAllowed                   action_not_allowed                422
    ├── ActionTooLate                      action_too_late                   409
    ├── ActionNotFailed                    action_not_failed                 409
    ├── IdempotencyKeyReused               idempotency_key_reused            422
    ├── ViewInUse                          view_in_use                       409
    ├── CompanyMerged                      company_merged                    409
    ├── InvalidSignature                   invalid_signature                 401
    ├── CertificateUnavailable             certificate_unavailable           503
    ├── WebhookDisabled                    webhook_disabled                  403
    ├── WebhookTaken                       webhook_taken                     409
    ├── WebhookNoFormer                    webhook_no_former                 409
    ├── DynamicsDisabled                   dynamics_disabled                 403
    ├── DynamicsRunning                    dynamics_running                  409
    ├── DynamicsUnavailable                dynamics_unavailable              502
    ├── DynamicsAccessDenied               dynamics_access_denied            502
    ├── DynamicsSignInFailed               dynamics_sign_in_failed           502
    ├── DynamicsThrottled                  dynamics_throttled                503
    ├── RecordNotFound                     record_not_found                  404
    └── RecordTaken                        record_taken                      409

``code`` is stable and for programs; the message is a sentence for people and says what to do. Neither ever holds a token,
a secret or text that came from upstream. Each class's docstring is its line of docs/errors.md. Storage's ``RowConflict`` is
no HunterError: it is an answer that callers handle.
"""

from __future__ import annotations

from shared.core.errors.actions import (
    ActionConflict,
    ActionInProgress,
    ActionNotAllowed,
    ActionNotFailed,
    ActionTooLate,
    IdempotencyKeyReused,
    WritingDisabled,
)
from shared.core.errors.base import (
    ConfigurationError,
    FeatureDisabled,
    HunterError,
    InternalError,
    StorageUnavailable,
    error_of,
)
from shared.core.errors.desk import CompanyMerged, InvalidTarget, InvalidView, ViewInUse
from shared.core.errors.dynamics import (
    DynamicsAccessDenied,
    DynamicsDisabled,
    DynamicsRunning,
    DynamicsSignInFailed,
    DynamicsThrottled,
    DynamicsUnavailable,
    RecordNotFound,
    RecordTaken,
)
from shared.core.errors.requests import (
    AccessError,
    CrossSiteRequest,
    Forbidden,
    InvalidParameter,
    InvalidRequest,
    NotFound,
    RequestError,
    RequestTooLarge,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
)
from shared.core.errors.sync import RunInterrupted, SyncRunning
from shared.core.errors.upstream import (
    AccessDenied,
    ContractChanged,
    InvalidResponse,
    PartnerCenterError,
    Rejected,
    SignInError,
    SignInRequired,
    SignInUnavailable,
    Throttled,
    Unavailable,
    Unreachable,
    UntrustedLink,
)
from shared.core.errors.webhook import (
    CertificateUnavailable,
    InvalidSignature,
    WebhookDisabled,
    WebhookNoFormer,
    WebhookTaken,
)

__all__ = [
    "AccessDenied",
    "AccessError",
    "ActionConflict",
    "ActionInProgress",
    "ActionNotAllowed",
    "ActionNotFailed",
    "ActionTooLate",
    "CertificateUnavailable",
    "CompanyMerged",
    "ConfigurationError",
    "ContractChanged",
    "CrossSiteRequest",
    "DynamicsAccessDenied",
    "DynamicsDisabled",
    "DynamicsRunning",
    "DynamicsSignInFailed",
    "DynamicsThrottled",
    "DynamicsUnavailable",
    "FeatureDisabled",
    "Forbidden",
    "HunterError",
    "IdempotencyKeyReused",
    "InternalError",
    "InvalidParameter",
    "InvalidRequest",
    "InvalidResponse",
    "InvalidSignature",
    "InvalidTarget",
    "InvalidView",
    "NotFound",
    "PartnerCenterError",
    "RecordNotFound",
    "RecordTaken",
    "Rejected",
    "RequestError",
    "RequestTooLarge",
    "RunInterrupted",
    "SignInError",
    "SignInRequired",
    "SignInUnavailable",
    "StorageUnavailable",
    "SyncRunning",
    "Throttled",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "UnsupportedMediaType",
    "UntrustedLink",
    "ViewInUse",
    "WebhookDisabled",
    "WebhookNoFormer",
    "WebhookTaken",
    "WritingDisabled",
    "error_of",
]
