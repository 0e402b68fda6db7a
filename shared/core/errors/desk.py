"""What is wrong with a view, a notification, or what somebody says of a company."""

from __future__ import annotations

from shared.core.errors.base import HunterError
from shared.core.errors.requests import RequestError


class ViewInUse(HunterError):
    """A subscription uses the view; delete or change that first."""

    code = "view_in_use"
    status = 409
    default = "This view is used by a notification, so it can't be deleted. Change or delete the notification first."


class InvalidTarget(RequestError):
    """A subscription's target is not an address that messages may go to."""

    code = "invalid_target"
    status = 400
    default = "Messages can't be sent to this address. Use an address of an allowed Teams host, or a mail address."


class InvalidView(RequestError):
    """A subscription names a view of companies, or somebody else's private one."""

    code = "invalid_view"
    status = 400
    default = "A notification needs a view of referrals that you can see."


class CompanyMerged(HunterError):
    """Companies are merged into this one, or it is part of the other already; that has to be undone first."""

    code = "company_merged"
    status = 409
    default = "Other companies are merged into this one, so it can't be merged itself. Undo that first."
