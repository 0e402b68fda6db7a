"""Links by hand: a person says which company a referral belongs to, and that lasts.

The order of writes makes a crash harmless: a note that companies have to follow, the link itself, the companies, the
data's version, and the note's removal. A sync finishes what a note still stands for, and never writes a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from shared.companies.book import CompanyBook
from shared.companies.editor import CompanyEditor
from shared.core.errors import InvalidRequest, NotFound, StorageUnavailable
from shared.model import times
from shared.model.company import Link
from shared.model.domains import display_domain, refused_by_hand, registrable
from shared.storage.engine.entities import key as row_key
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables import company_links as link_rows
from shared.storage.tables.company_links import HISTORY_KEPT
from shared.storage.tables.referrals import read_rows
from shared.storage.tables.sync_state import bump_data_version

_NAME_LETTERS: Final = 300
_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class Target:
    """Where a referral is to be linked."""

    key: str | None
    name: str | None = None
    domain: str | None = None


class CompanyLinker:
    """Links referrals to companies for people."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def link(self, referral_id: str, target: Mapping[str, Any], by: str, now: datetime) -> Link:
        """Link a referral, and let both companies follow at once. Repeating it changes nothing.

        Args:
            referral_id: the referral.
            target: ``{"key": …}`` of a company that is there, ``{"domain": …, "name": …}`` of one that may be new (the
                name may be left out), or ``{"key": None}``: back to what the payload says.
            by: who says so, as the access control knows them.
            now: when, aware.

        Raises:
            InvalidRequest: the target is none of these, or its domain can't be a company's.
            NotFound: there is no such referral, or no such company.
            StorageUnavailable: storage does not answer.
        """
        wanted = self._target(target)
        if not read_rows(self._store.table("Referrals"), [referral_id], ["RowKey"]):
            raise NotFound("There is no referral with this id.")
        note = link_rows.note_pending(self._store, referral_id)
        link = self._write(referral_id, wanted, by, times.from_datetime(now))
        CompanyBook(self._store).follow(referral_id)
        bump_data_version(self._store)
        link_rows.clear_pending(self._store, note)
        return link

    def _target(self, target: Mapping[str, Any]) -> Target:
        if set(target) == {"key"}:
            return self._known(target["key"])
        if "domain" in target and set(target) <= {"domain", "name"}:
            return _new(target["domain"], target.get("name"))
        raise InvalidRequest('Send {"key": …} of a company, {"domain": …, "name": …} of a new one, or {"key": null}.')

    def _known(self, key: Any) -> Target:
        if key is None:
            return Target(None)
        if not isinstance(key, str) or not key:
            raise InvalidRequest("A company's key is a text, such as contoso.com.")
        company = CompanyEditor(self._store).company(key)
        if company is None:
            raise NotFound("There is no company with this key.")
        return Target(company)

    def _write(self, referral_id: str, target: Target, by: str, at: str) -> Link:
        table = self._store.table(link_rows.TABLE)
        for _ in range(_ATTEMPTS):
            row = table.get(link_rows.PARTITION, row_key(referral_id))
            before = link_rows.from_row(row) if row else None
            if before and (before.key, before.name) == (target.key, target.name or before.name):
                return before
            if before is None and target.key is None:
                return Link(None, None, None, by, at)
            step = {"at": at, "by": by, "from": before.key if before else None, "to": target.key}
            history = (step, *(before.history if before else ()))[:HISTORY_KEPT]
            link = Link(target.key, target.name, target.domain, by, at, history)
            entity = link_rows.to_row(referral_id, link)
            try:
                if row:
                    table.replace(entity, str(row["etag"]))
                else:
                    table.insert(entity)
            except RowConflict:
                continue
            return link
        raise StorageUnavailable(retry_after=10)


def _new(domain: Any, name: Any) -> Target:
    if not isinstance(domain, str) or not (name is None or isinstance(name, str)):
        raise InvalidRequest("A company's domain and name are texts.")
    text = domain.strip()
    host = (urlsplit(text if "//" in text else f"//{text}").hostname or "") if _is_splittable(text) else ""
    short = registrable(host)
    if short is None:
        raise InvalidRequest("This is not an internet domain. Enter one such as contoso.com.")
    if reason := refused_by_hand(host):
        raise InvalidRequest(f"{display_domain(short)} {reason}")
    return Target(short, " ".join((name or "").split())[:_NAME_LETTERS] or None, short)


def _is_splittable(text: str) -> bool:
    try:
        urlsplit(text if "//" in text else f"//{text}").port  # noqa: B018 - raises when it is not an address
    except ValueError:
        return False
    return True
