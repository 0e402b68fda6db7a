"""Every route: where it is, who may use it, and what answers it. function_app.py registers this table.

A handler is named ``room:function`` and lives in ``handlers/room.py``. It takes the request, the caller and the services,
and is imported when its route is first used, so that a cold start pays for nothing it does not need.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from azure.functions import HttpRequest

from shared.web.access import Role
from shared.web.app import Handler

API: Final = "api/v1/partner-center"


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    name: str
    """The function's name."""
    method: str
    template: str
    handler: str
    role: Role | None
    """None: open to everybody."""
    summary: str
    throttle: str | None = None
    """Which of the services' throttles it shares."""

    def handle(self) -> Handler:
        """The function that answers it."""
        room, _, function = self.handler.partition(":")
        handler: Handler = getattr(importlib.import_module(f"shared.web.handlers.{room}"), function)
        return handler

    def exact(self, request: HttpRequest) -> HttpRequest:
        """The request with the values of its path as the caller meant them.

        The host decodes all of a segment but ``%2F``, so ``a%2Fb`` may have been ``a%2Fb`` or ``a%252Fb``; the address as
        it came knows.
        """
        given: dict[str, str] = dict(request.route_params)
        if not any("%" in value for value in given.values()):
            return request
        segments = [segment for segment in urlsplit(request.url).path.split("/") if segment]
        for position, part in enumerate(self.template.split("/")):
            name = part.strip("{}*")
            if part.startswith("{") and name in given and position < len(segments):
                meant = unquote(segments[position])
                if meant.replace("/", "%2F").casefold() == given[name].casefold():
                    given[name] = meant
        return HttpRequest(
            request.method,
            request.url,
            headers=dict(request.headers),
            params=dict(request.params),
            route_params=given,
            body=request.get_body(),
        )


READING: Final = (
    Route(
        "list_referrals",
        "GET",
        f"{API}/referrals",
        "reading:list_referrals",
        Role.READ,
        "A page of referrals with facets; filters, search, sort; ETag.",
    ),
    Route(
        "get_referral",
        "GET",
        f"{API}/referrals/{{id}}",
        "reading:get_referral",
        Role.READ,
        "One referral with contacts, history and related ones; `?raw=true` adds the payload.",
    ),
    Route(
        "link_company",
        "POST",
        f"{API}/referrals/{{id}}/company",
        "reading:link_company",
        Role.WRITE,
        'Links it by hand: `{"key"}`, `{"domain", "name"}`, or `{"key": null}` for back.',
    ),
    Route("list_companies", "GET", f"{API}/companies", "reading:list_companies", Role.READ, "A page of companies."),
    Route(
        "get_company",
        "GET",
        f"{API}/companies/{{key}}",
        "reading:get_company",
        Role.READ,
        "One company with its referrals and their changes.",
    ),
    Route(
        "get_quarantine",
        "GET",
        f"{API}/quarantine",
        "reading:get_quarantine",
        Role.READ,
        "Records that can't be stored, with the reason.",
    ),
    Route("get_summary", "GET", f"{API}/summary", "reading:get_summary", Role.READ, "The figures of the overview."),
    Route(
        "get_me", "GET", f"{API}/me", "me:get_me", Role.READ, "Who is signed in, their roles, and what is switched on."
    ),
)
SYNC: Final = (
    Route(
        "sync_referrals",
        "POST",
        f"{API}/referrals/sync",
        "sync:post_sync",
        Role.OPERATE,
        'Syncs now. Body, optional: `{"mode": "incremental" or "full", "dryRun": false, "acceptMissing": false}`. 200 with '
        "the run; 202 when its time was up.",
        throttle="sync",
    ),
    Route(
        "get_sync",
        "GET",
        f"{API}/sync",
        "sync:get_sync",
        Role.READ,
        "Sign-in, running and past runs, freshness, the next run, wrong settings.",
    ),
    Route("get_run", "GET", f"{API}/sync/runs/{{id}}", "sync:get_run", Role.READ, "One run."),
    Route(
        "lift_pause",
        "DELETE",
        f"{API}/sync/pause",
        "sync:lift_pause",
        Role.OPERATE,
        "Ends the pause that Partner Center asked for before its time.",
    ),
)
SUBSCRIPTIONS: Final = (
    Route(
        "list_subscriptions",
        "GET",
        f"{API}/subscriptions",
        "subscriptions:list_subscriptions",
        Role.READ,
        "Who is told what: one's own, or for an operator all.",
    ),
    Route(
        "create_subscription",
        "POST",
        f"{API}/subscriptions",
        "subscriptions:create_subscription",
        Role.READ,
        "A new one, to one's own address; another target asks for Operate.",
    ),
    Route(
        "get_subscription",
        "GET",
        f"{API}/subscriptions/{{id}}",
        "subscriptions:get_subscription",
        Role.READ,
        "One, with when it was last sent to and what went wrong.",
    ),
    Route(
        "change_subscription",
        "PUT",
        f"{API}/subscriptions/{{id}}",
        "subscriptions:change_subscription",
        Role.READ,
        "Changes it; without `target`, or with it as shown, that stays.",
    ),
    Route(
        "delete_subscription",
        "DELETE",
        f"{API}/subscriptions/{{id}}",
        "subscriptions:delete_subscription",
        Role.READ,
        "Removes it.",
    ),
    Route(
        "test_subscription",
        "POST",
        f"{API}/subscriptions/{{id}}/test",
        "subscriptions:test_subscription",
        Role.READ,
        "Sends a message now and says what came of it.",
        throttle="test_message",
    ),
)
SIGN_IN: Final = (
    Route(
        "begin_sign_in",
        "POST",
        f"{API}/sign-in",
        "sign_in:begin",
        Role.OPERATE,
        "Begins a sign-in to Partner Center.",
        throttle="sign_in",
    ),
    Route(
        "check_sign_in",
        "POST",
        f"{API}/sign-in/check",
        "sign_in:check",
        Role.OPERATE,
        "Asks once what became of it.",
        throttle="sign_in",
    ),
    Route(
        "complete_sign_in",
        "GET",
        f"{API}/sign-in/callback",
        "sign_in:callback",
        Role.OPERATE,
        "Where Entra sends the browser back to.",
    ),
    Route("sign_out", "POST", f"{API}/sign-out", "sign_in:sign_out", Role.OPERATE, "Forgets the tokens."),
)
EVENTS: Final = (
    Route(
        "post_event",
        "POST",
        f"{API}/events",
        "events:post_event",
        None,
        "Where Partner Center says that something changed; open to the platform, believed by Microsoft's signature alone.",
    ),
    Route(
        "get_webhook",
        "GET",
        f"{API}/webhook",
        "webhook:get_webhook",
        Role.OPERATE,
        "Where Partner Center's events go, and whether they come.",
    ),
    Route(
        "register_webhook",
        "POST",
        f"{API}/webhook",
        "webhook:register",
        Role.OPERATE,
        'Has events sent here. Body, optional: `{"takeOver": false}`; 409 where they go somewhere else.',
    ),
    Route(
        "restore_webhook",
        "DELETE",
        f"{API}/webhook",
        "webhook:restore",
        Role.OPERATE,
        "Has them sent where they went before.",
    ),
    Route(
        "test_webhook",
        "POST",
        f"{API}/webhook/test",
        "webhook:send_test",
        Role.OPERATE,
        "Asks Partner Center for a test event; two a minute are allowed.",
    ),
    Route(
        "get_webhook_test",
        "GET",
        f"{API}/webhook/test/{{id}}",
        "webhook:get_test",
        Role.OPERATE,
        "What became of a test event.",
    ),
)
SHARING: Final = (
    Route("list_views", "GET", f"{API}/views", "views:list_views", Role.READ, "One's own views and the shared ones."),
    Route(
        "create_view",
        "POST",
        f"{API}/views",
        "views:create_view",
        Role.READ,
        'Keeps `{"name", "list", "query", "shared"}`; shared ones ask for Write.',
    ),
    Route("get_view", "GET", f"{API}/views/{{id}}", "views:get_view", Role.READ, "One view."),
    Route(
        "update_view",
        "PUT",
        f"{API}/views/{{id}}",
        "views:update_view",
        Role.READ,
        "Changes one's own; a shared one asks for Write, somebody else's for Operate.",
    ),
    Route(
        "delete_view",
        "DELETE",
        f"{API}/views/{{id}}",
        "views:delete_view",
        Role.READ,
        "Removes it, by the same rule; 409 while a subscription uses it.",
    ),
    Route(
        "set_owner",
        "POST",
        f"{API}/referrals/{{id}}/owner",
        "owners:set_owner",
        Role.WRITE,
        'Gives it an owner, `{"mail"}`, or none, `{"mail": null}`.',
    ),
    Route(
        "set_owners",
        "POST",
        f"{API}/referrals/owner",
        "owners:set_owners",
        Role.WRITE,
        'The same for many: `{"ids", "mail"}`.',
    ),
    Route("list_people", "GET", f"{API}/people", "owners:list_people", Role.READ, "Who has used the app."),
    Route(
        "add_comment",
        "POST",
        f"{API}/referrals/{{id}}/comments",
        "comments:add_comment",
        Role.WRITE,
        'Says `{"text"}` to colleagues; Partner Center never sees it.',
    ),
    Route(
        "delete_comment",
        "DELETE",
        f"{API}/referrals/{{id}}/comments/{{commentId}}",
        "comments:delete_comment",
        Role.WRITE,
        "Removes one's own, or as an operator.",
    ),
    Route(
        "export_referrals",
        "GET",
        f"{API}/referrals/export",
        "exports:export_referrals",
        Role.READ,
        "All that the list's filters find, as `format=xlsx`, `csv` or `ndjson`.",
    ),
    Route(
        "export_companies",
        "GET",
        f"{API}/companies/export",
        "exports:export_companies",
        Role.READ,
        "The same of companies.",
    ),
    Route(
        "get_report",
        "GET",
        f"{API}/report",
        "exports:get_report",
        Role.READ,
        "A manager's figures for `from` to `to`, each with the query that leads to its rows.",
    ),
)
DYNAMICS: Final = (
    Route(
        "get_dynamics",
        "GET",
        f"{API}/dynamics",
        "dynamics:get_dynamics",
        Role.READ,
        "How the exchange with Dynamics 365 is doing; the CRM is not asked.",
    ),
    Route(
        "sync_dynamics",
        "POST",
        f"{API}/dynamics/sync",
        "dynamics:post_sync",
        Role.OPERATE,
        'Brings Dynamics 365 in step now. Body, optional: `{"dryRun": true}` answers the plan and writes nothing.',
        throttle="sync",
    ),
    Route(
        "link_dynamics",
        "POST",
        f"{API}/referrals/{{id}}/dynamics",
        "dynamics:post_referral",
        Role.WRITE,
        'One referral: `{"action": "push" | "retry" | "ignore" | "unlink" | "link", "recordId", "table", "accountId", '
        '"contactId"}`.',
    ),
)
PAGE: Final = (
    Route("page", "GET", "app", "page:get_page", Role.READ, "The page."),
    Route("page_file", "GET", "app/{*file}", "page:get_page", Role.READ, "Its files."),
    Route("health", "GET", "api/health", "page:get_health", None, "200 while the process serves; open to everybody."),
    Route("health_head", "HEAD", "api/health", "page:get_health", None, "The same without a body, for load balancers."),
)
ACTIONS: Final = (
    Route(
        "post_action",
        "POST",
        f"{API}/referrals/{{id}}/actions",
        "actions:post_action",
        Role.WRITE,
        'Acts on a referral: `{"action", "changes", "reason", "remark", "seen", "dryRun"}`. 200 applied; 202 waits.',
    ),
    Route(
        "post_batch",
        "POST",
        f"{API}/actions",
        "actions:post_batch",
        Role.WRITE,
        'Acts on many: `{"action", "ids", "changes", "reason", "remark"}`. 202 with the batch.',
    ),
    Route("list_actions", "GET", f"{API}/actions", "actions:list_actions", Role.READ, "Who did what, newest first."),
    Route("get_action", "GET", f"{API}/actions/{{id}}", "actions:get_action", Role.READ, "One action."),
    Route(
        "cancel_action",
        "POST",
        f"{API}/actions/{{id}}/cancel",
        "actions:cancel_action",
        Role.WRITE,
        "Takes back an action that waits.",
    ),
    Route(
        "send_action",
        "POST",
        f"{API}/actions/{{id}}/send",
        "actions:send_action",
        Role.WRITE,
        "Sends an action that waits, now.",
    ),
    Route(
        "retry_action",
        "POST",
        f"{API}/actions/{{id}}/retry",
        "actions:retry_action",
        Role.WRITE,
        "Tries an action that failed once more.",
    ),
    Route(
        "get_batch",
        "GET",
        f"{API}/batches/{{id}}",
        "actions:get_batch",
        Role.READ,
        "A batch with its actions.",
    ),
    Route(
        "cancel_batch",
        "POST",
        f"{API}/batches/{{id}}/cancel",
        "actions:cancel_batch",
        Role.WRITE,
        "Cancels what of a batch still waits.",
    ),
)
ROUTES: Final[tuple[Route, ...]] = (
    *SYNC,
    *READING,
    *ACTIONS,
    *SHARING,
    *SUBSCRIPTIONS,
    *SIGN_IN,
    *EVENTS,
    *DYNAMICS,
    *PAGE,
)
"""All of them. A room adds its own group here."""
