"""Every setting of the app: its name, its default and what it means. docs/settings.md is written from this list."""

from __future__ import annotations

from dataclasses import dataclass

PUBLIC_API_URL = "https://api.partner.microsoft.com"
PUBLIC_WEBHOOK_URL = "https://api.partnercenter.microsoft.com"


@dataclass(frozen=True)
class Setting:
    """One setting as the documents list it."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUNTER_PARTNER_CENTER_ENABLED", "false", "Feature flag. Off: no sync and no sign-in; reading still works."
    ),
    Setting("HUNTER_PARTNER_CENTER_API_URL", PUBLIC_API_URL, "The referrals API; http only for a loopback host."),
    Setting("HUNTER_PARTNER_CENTER_TENANT_ID", "", "Entra tenant of the application; required when enabled."),
    Setting("HUNTER_PARTNER_CENTER_CLIENT_ID", "", "Entra application id; required when enabled."),
    Setting(
        "HUNTER_PARTNER_CENTER_CLIENT_SECRET",
        "",
        "Set: confidential client, sign-in by authorization code. Unset: public client, sign-in by device code.",
        secret=True,
    ),
    Setting(
        "HUNTER_PARTNER_CENTER_AUTHORITY",
        "https://login.microsoftonline.com",
        "Entra's host; https, without a tenant behind it.",
    ),
    Setting("HUNTER_PARTNER_CENTER_SCOPE", f"{PUBLIC_API_URL}/.default", "The scope that is asked for."),
    Setting(
        "HUNTER_PARTNER_CENTER_SYNC_SCHEDULE", "0 */10 * * * *", "When the timer syncs: NCRONTAB, six fields, UTC."
    ),
    Setting("HUNTER_PARTNER_CENTER_FULL_SYNC_HOURS", "24", "A full walk when the last one is older than this."),
    Setting(
        "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS",
        "0.2",
        "Least time between two requests of a run to Partner Center.",
    ),
    Setting("HUNTER_PARTNER_CENTER_OVERLAP_MINUTES", "60", "How far an incremental walk reads behind the watermark."),
    Setting(
        "HUNTER_STORAGE",
        "",
        "Connection string of the data's Table Storage; or give HUNTER_STORAGE__tableServiceUri.",
        secret=True,
    ),
    Setting("HUNTER_STORAGE__tableServiceUri", "", "Address of the table service, reached by managed identity."),
    Setting("HUNTER_STORAGE__clientId", "", "Client id of a user-assigned identity for the table service."),
    Setting(
        "HUNTER_TOKEN_CACHE_KEY",
        "",
        "Fernet key of the token cache, or several, comma separated: the first encrypts, all decrypt. Required when enabled.",
        secret=True,
    ),
    Setting("HUNTER_TENANT_LOOKUP_ENABLED", "true", "Ask Entra which tenant a company's domain belongs to."),
    Setting(
        "HUNTER_PARTNER_DOMAINS", "", "The partner's own domains, comma separated, besides the signed-in account's."
    ),
    Setting("HUNTER_ROLE_READ", "Referrals.Read", "App role that may read."),
    Setting("HUNTER_ROLE_WRITE", "Referrals.Write", "App role that may act, own, comment and link; reads too."),
    Setting(
        "HUNTER_ROLE_OPERATE",
        "Referrals.Operate",
        "App role that may sync, sign in and manage; writes too.",
    ),
    Setting(
        "HUNTER_RETENTION_MONTHS",
        "0",
        "Blank the contacts of referrals closed for that many months; 0 keeps them.",
    ),
    Setting(
        "HUNTER_WRITE_ENABLED",
        "false",
        "Whether people may act on referrals; off, actions answer 403.",
    ),
    Setting("HUNTER_UNDO_SECONDS", "20", "How long a final action waits and can be cancelled; 0 to 120."),
    Setting(
        "HUNTER_PUBLIC_URL", "", "Where links in messages and exports lead; by default the platform's own host name."
    ),
    Setting(
        "HUNTER_TEAMS_HOSTS",
        "logic.azure.com,api.powerplatform.com",
        "Hosts, with their sub-domains, that a Teams address may have; http only for a loopback host that is listed.",
    ),
    Setting(
        "HUNTER_MAIL_VIA", "none", "How mail is sent: none, graph (Microsoft Graph) or acs (Communication Services)."
    ),
    Setting("HUNTER_MAIL_FROM", "", "The sender's address; required when mail is sent."),
    Setting(
        "HUNTER_MAIL_ENDPOINT",
        "",
        "Endpoint of Communication Services, required there; for Graph https://graph.microsoft.com by default.",
    ),
    Setting(
        "HUNTER_MAIL_CLIENT_ID",
        "",
        "Managed identity that sends mail; by default HUNTER_STORAGE__clientId.",
    ),
    Setting("HUNTER_WEBHOOK_ENABLED", "false", "Whether events of Partner Center are taken in."),
    Setting(
        "HUNTER_PARTNER_CENTER_WEBHOOK_URL",
        PUBLIC_WEBHOOK_URL,
        "Where webhooks are registered; http only for a loopback host.",
    ),
    Setting(
        "HUNTER_WEBHOOK_CERTIFICATE_HOSTS",
        "3psostorageacct.blob.core.windows.net",
        "Where a signing certificate may lie: host or host:port, comma separated; http only for loopback.",
    ),
    Setting(
        "HUNTER_WEBHOOK_CERTIFICATE_SUBJECTS",
        "pcnotifications-dispatch.microsoft.com",
        "Whose the signing certificate may be: common names, comma separated.",
    ),
    Setting("HUNTER_DYNAMICS_ENABLED", "false", "Whether referrals and Dynamics 365 are kept in step."),
    Setting(
        "HUNTER_DYNAMICS_URL",
        "",
        "The environment's address; required when enabled.",
    ),
    Setting("HUNTER_DYNAMICS_TENANT_ID", "", "Entra tenant of the environment; by default that of Partner Center."),
    Setting("HUNTER_DYNAMICS_CLIENT_ID", "", "With a secret: the application. Without: the managed identity."),
    Setting(
        "HUNTER_DYNAMICS_CLIENT_SECRET",
        "",
        "Set: client credentials. Unset: the managed identity of the client id.",
        secret=True,
    ),
    Setting(
        "HUNTER_DYNAMICS_SETUP_CLIENT_ID", "", "The application that makes columns and keys; by default the one above."
    ),
    Setting("HUNTER_DYNAMICS_SETUP_SECRET", "", "Its client secret.", secret=True),
    Setting("HUNTER_DYNAMICS_AUTHORITY", "", "Entra's host for Dynamics 365; by default that of Partner Center."),
    Setting(
        "HUNTER_DYNAMICS_PUSH",
        "accepted",
        "Which referrals go to the CRM by themselves: manual, accepted (and those once linked) or all.",
    ),
    Setting("HUNTER_DYNAMICS_APP_ID", "", "Id of the model-driven app in which links open records."),
)
