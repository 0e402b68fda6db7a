"""The customer's account and contact: matched where there is exactly one, made where there is none, and never guessed.

An account matches by the domain of its web site, else by exact name and postal code; a contact by its exact e-mail. All that a
run needs is asked for in a few questions before the first write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from shared.dynamics import values
from shared.dynamics.answers import CrmError
from shared.dynamics.client import CrmClient
from shared.dynamics.environment import SETS, Environment
from shared.dynamics.facts import Facts
from shared.dynamics.records import own_id
from shared.model.text import fold
from shared.storage.engine.tables import TableStore
from shared.storage.tables import crm_parties
from shared.storage.tables.crm_links import Candidate, LinkError

_QUESTION_LETTERS: Final = 12_000
"""Of a filter, escaped; an address may have 32,768."""
_FORMS: Final = ("{0}", "www.{0}", "http://{0}", "https://{0}", "http://www.{0}", "https://www.{0}")
_MOST_CANDIDATES: Final = 10
Url = Callable[[str, str], str]
Found = dict[str, list[dict[str, Any]]]


class Ambiguous(Exception):
    """More than one record may be meant; a person has to say which."""

    def __init__(self, error: LinkError) -> None:
        super().__init__(error.code)
        self.error = error


class Parties:
    """Finds and makes accounts and contacts for one run.

    Args:
        client: sends the requests.
        environment: the columns' limits.
        store: where it is remembered which record stands for whom.
        url: gives the address that opens a record.
        dry: whether nothing may be written.
    """

    def __init__(
        self, client: CrmClient, environment: Environment, store: TableStore, url: Url, *, dry: bool = False
    ) -> None:
        self._client = client
        self._environment = environment
        self._store = store
        self._url = url
        self._dry = dry
        self._known: dict[str, dict[str, str]] = {}
        self._found: dict[str, Found] = {"account": {}, "contact": {}}
        self._asked: dict[str, set[str]] = {"account": set(), "contact": set()}
        self._lock = threading.Lock()

    def prepare(self, many: Iterable[Facts]) -> None:
        """Ask for all accounts and contacts that these referrals may need."""
        everybody = list(many)
        with self._lock:
            for kind, key_of, terms_of in (
                ("account", account_key, _account_terms),
                ("contact", contact_key, _contact_terms),
            ):
                self._load(kind)
                wanted: dict[str, list[str]] = {}
                for facts in everybody:
                    own = key_of(facts)
                    if own and own not in self._known[kind] and own not in self._asked[kind]:
                        wanted.setdefault(own, []).extend(terms_of(facts))
                self._asked[kind] |= set(wanted)
                if wanted:
                    self._search(kind, wanted)

    def _load(self, kind: str) -> None:
        if kind not in self._known:
            self._known[kind] = crm_parties.known_parties(self._store, kind)

    def _search(self, kind: str, wanted: Mapping[str, Sequence[str]]) -> None:
        name = "name,websiteurl,address1_postalcode" if kind == "account" else "fullname,emailaddress1"
        select = f"$select={name},statecode"
        rows = [
            row
            for question in _questions({term for terms in wanted.values() for term in terms})
            for row in self._client.rows(SETS[kind], f"{select}&$filter={question}")
            if row.get("statecode", 0) == 0
        ]
        for row in {str(row.get(f"{kind}id")): row for row in rows}.values():
            for mark in _account_marks(row) if kind == "account" else _contact_marks(row):
                self._found[kind].setdefault(mark, []).append(row)

    # One referral's

    def account(self, facts: Facts, chosen: str | None = None) -> str | None:
        """The account of a referral's customer, made if need be; None where nothing is known of the customer.

        Args:
            facts: the referral.
            chosen: the account that a person named.

        Raises:
            Ambiguous: several may be meant.
            CrmError: it could not be made.
        """
        own = account_key(facts)
        if chosen:
            if own:
                self._keep("account", own, chosen)
            return chosen
        if own is None:
            return None
        known = self._known.get("account", {}).get(own)
        if known:
            return known
        found = self._one("account", _account_lookups(facts), "customerName", "accountId")
        return self._keep("account", own, found or self._make("account", own, _account_body(facts, self._environment)))

    def contact(self, facts: Facts, account_id: str | None, chosen: str | None = None) -> str | None:
        """The contact of a referral, made if need be; errors as for ``account``."""
        own = contact_key(facts)
        if chosen:
            if own:
                self._keep("contact", own, chosen)
            return chosen
        if own is None:
            return None
        known = self._known.get("contact", {}).get(own)
        if known:
            return known
        found = self._one(
            "contact", [f"mail {facts.party.email.lower()}"] if facts.party.email else [], "contactEmail", "contactId"
        )
        body = _contact_body(facts, self._environment, account_id)
        return self._keep("contact", own, found or self._make("contact", own, body))

    def forget(self, facts: Facts) -> None:
        """What was remembered of a referral's customer is gone in the CRM: look again."""
        for kind, own in (("account", account_key(facts)), ("contact", contact_key(facts))):
            if own:
                with self._lock:
                    self._known.get(kind, {}).pop(own, None)
                    self._asked[kind].discard(own)
                if not self._dry:
                    crm_parties.keep_party(self._store, kind, own, None)

    def _one(self, kind: str, marks: Sequence[str], field: str, choose: str) -> str | None:
        """The one record under the first of these marks that has any."""
        for mark in marks:
            rows = self._found[kind].get(mark, [])
            if len(rows) > 1:
                raise Ambiguous(self._question(kind, rows, field, choose))
            if rows:
                return str(rows[0][f"{kind}id"]).lower()
        return None

    def _question(self, kind: str, rows: Sequence[Mapping[str, Any]], field: str, choose: str) -> LinkError:
        candidates = tuple(
            Candidate(
                kind,
                str(row[f"{kind}id"]),
                str(row.get("name") or row.get("fullname") or ""),
                self._url(kind, str(row[f"{kind}id"])),
            )
            for row in rows[:_MOST_CANDIDATES]
        )
        sentence = f"{len(rows)} {kind}s in Dynamics 365 may be meant. Choose one: send the referral with its {choose}."
        return LinkError(f"{kind}_ambiguous", field, sentence, candidates)

    def _keep(self, kind: str, own: str, record_id: str) -> str:
        with self._lock:
            self._known.setdefault(kind, {})[own] = record_id
        if not self._dry:
            crm_parties.keep_party(self._store, kind, own, record_id)
        return record_id

    def _make(self, kind: str, own: str, body: Mapping[str, Any]) -> str:
        """Make a record under an id of ours, so that making it twice makes one."""
        record_id = own_id(kind, own)
        if self._dry:
            return record_id
        address = f"{SETS[kind]}({record_id})"
        try:
            self._client.send("PATCH", address, body=body, headers={"If-None-Match": "*"})
        except CrmError as error:
            if error.kind not in {"record_exists", "changed_meanwhile"}:
                raise
        return record_id


# Whose it is, as we name them


def account_key(facts: Facts) -> str | None:
    """Our key of a referral's customer."""
    return facts.party.company_key


def contact_key(facts: Facts) -> str | None:
    """Our key of a referral's first contact: the e-mail, else the name within the company."""
    party = facts.party
    if party.email:
        return party.email.lower()
    if party.company_key and party.last_name:
        return f"{party.company_key}|{fold(' '.join(filter(None, (party.first_name, party.last_name))))}"
    return None


def _account_lookups(facts: Facts) -> list[str]:
    party = facts.party
    marks = [f"domain {party.domain}"] if party.domain else []
    if party.name and party.postal_code:
        marks.append(f"name {_plain(party.name)} {_plain(party.postal_code)}")
    return marks


def _account_marks(row: Mapping[str, Any]) -> list[str]:
    marks = []
    host = _host(str(row.get("websiteurl") or ""))
    if host:
        marks.append(f"domain {host}")
    if row.get("name") and row.get("address1_postalcode"):
        marks.append(f"name {_plain(str(row['name']))} {_plain(str(row['address1_postalcode']))}")
    return marks


def _contact_marks(row: Mapping[str, Any]) -> list[str]:
    mail = row.get("emailaddress1")
    return [f"mail {str(mail).strip().lower()}"] if mail else []


def _account_terms(facts: Facts) -> list[str]:
    party = facts.party
    terms = []
    if party.domain:
        urls = [form.format(party.domain) for form in _FORMS]
        terms = [f"websiteurl eq {_quoted(url)}" for url in (*urls, *(f"{url}/" for url in urls))]
    if party.name and party.postal_code:
        terms.append(f"(name eq {_quoted(party.name)} and address1_postalcode eq {_quoted(party.postal_code)})")
    return terms


def _contact_terms(facts: Facts) -> list[str]:
    return [f"emailaddress1 eq {_quoted(facts.party.email)}"] if facts.party.email else []


def _questions(terms: Iterable[str]) -> Iterator[str]:
    """Filters that hold all terms, each within the length of an address."""
    question = ""
    for term in sorted(terms):
        escaped = quote(term, safe="(),'")
        if question and len(question) + len(escaped) > _QUESTION_LETTERS:
            yield question
            question = ""
        question += f"{'%20or%20' if question else ''}{escaped}"
    if question:
        yield question


# Bodies


def _fitting(environment: Environment, table: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The texts of a body, cut to their columns; what is empty or has no column is left out."""
    columns = environment.columns(table)
    fitted = {}
    for name, value in body.items():
        tidy = values.tidy(str(value)) if value else None
        if tidy and name in columns:
            fitted[name] = values.cut(tidy, columns[name].most or 100)
    return fitted


def _account_body(facts: Facts, environment: Environment) -> dict[str, Any]:
    said = facts.fields
    return _fitting(
        environment,
        "account",
        {
            "name": facts.party.name or facts.party.domain or facts.party.company_key,
            "websiteurl": said.get("website"),
            "address1_line1": said.get("addressLine1"),
            "address1_city": said.get("city"),
            "address1_postalcode": said.get("postalCode"),
            "address1_stateorprovince": said.get("state"),
            "address1_country": said.get("country"),
        },
    )


def _contact_body(facts: Facts, environment: Environment, account_id: str | None) -> dict[str, Any]:
    said = facts.fields
    body = _fitting(
        environment,
        "contact",
        {
            "firstname": facts.party.first_name,
            "lastname": facts.party.last_name or facts.party.email,
            "emailaddress1": facts.party.email,
            "telephone1": said.get("contactPhone"),
            "jobtitle": said.get("contactTitle"),
        },
    )
    if account_id:
        body["parentcustomerid_account@odata.bind"] = f"/accounts({account_id})"
    return body


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _plain(text: str) -> str:
    """Exact but for case and blanks, as the database compares."""
    return " ".join(text.lower().split())


def _host(url: str) -> str:
    """The host of a web site's address as people type it, without www."""
    text = url.strip().lower()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")
