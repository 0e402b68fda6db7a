"""The Web API: addresses, headers and shapes; what a row is, is in store.py."""

import re
import threading
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from local.simulator.messages import Request, Response

from . import errors, tracking
from .errors import Refused
from .metadata import Metadata
from .odata import parse_filter
from .schema import Row, TableSchema, public_row
from .store import BUSINESS_UNIT, GUID, ORGANISATION, SYSTEM_USER, Store
from .tracking import is_tracked

PATH = re.compile(r"/api/data/v9\.\d/(.*)")
_KEYED = re.compile(r"([A-Za-z]+)\((.*)\)(?:/(.+))?")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")
_PLAYED = frozenset({"$select", "$filter", "$orderby", "$top", "$count", "$skiptoken", "$deltatoken"})
JSON = "application/json; odata.metadata=minimal"


def answer_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer with exact numbers."""
    return Response(status, _encoder.encode(value), JSON, {"OData-Version": "4.0", **(headers or {})})


class Api:
    """Answers the Web API's requests of a user who may."""

    def __init__(self, store: Store, base: str = "") -> None:
        self.store = store
        self.base = base
        """``https://…/api/data/v9.2/``, set when the port is known."""
        self.metadata = Metadata(store)
        self._races: set[str] = set()
        self._lock = threading.Lock()

    def race_once(self, table: str) -> None:
        """The next create-only write of a table fails as if another had come first, without a row being there."""
        self._races.add(table)

    def answer(self, request: Request) -> Response:
        """The answer to a request whose caller is let in."""
        match = PATH.fullmatch(request.path)
        try:
            if match is None:
                raise errors.segment_missing(request.path.rpartition("/")[2])
            return self._route(request, unquote(match[1]))
        except Refused as refusal:
            return refusal.response()

    def _route(self, request: Request, path: str) -> Response:
        if path in {"WhoAmI", "WhoAmI()"}:
            ids = {"BusinessUnitId": BUSINESS_UNIT, "UserId": SYSTEM_USER, "OrganizationId": ORGANISATION}
            return answer_json({"@odata.context": f"{self.base}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse", **ids})
        if path.startswith("EntityDefinitions") or path == "PublishXml":
            return self.metadata.answer(request, path, self.base)
        if path in {"WinOpportunity", "LoseOpportunity"}:
            return self._close(path, self._body(request))
        if path == "RetrieveCurrentOrganization":
            raise errors.segment_missing(path)
        keyed = _KEYED.fullmatch(path)
        name = keyed[1] if keyed else path
        schema = next((one for one in self.store.schemas.values() if one.set_name == name), None)
        if schema is None:
            raise errors.segment_missing(name)
        if keyed is None:
            return self._collection(request, schema)
        if keyed[3] == "Microsoft.Dynamics.CRM.QualifyLead" and schema.name == "lead" and request.method == "POST":
            return self._qualify(keyed[2], self._body(request))
        if keyed[3]:
            raise errors.segment_missing(keyed[3])
        return self._row(request, schema, keyed[2])

    def _body(self, request: Request) -> Row:
        try:
            body = _decoder.decode(request.body)
        except msgspec.DecodeError:
            raise Refused(400, "0x0", "An unexpected end of file was reached.") from None
        if not isinstance(body, dict):
            raise Refused(400, "0x0", "The body is no object.")
        return body

    # Collections

    def _collection(self, request: Request, schema: TableSchema) -> Response:
        self._allowed("Read" if request.method == "GET" else "Create", schema)
        if request.method == "GET":
            return self._list(request, schema)
        if request.method != "POST":
            raise Refused(405, "0x8004023b", "The requested resource does not support this method.")
        body = self._body(request)
        self._may_bind(body)
        self._find_duplicates(request, schema, body)
        row = self.store.create(schema.name, None, body, SYSTEM_USER)
        return self._written(request, schema, row, f"{schema.set_name}({row[schema.id]})", created=True)

    def _list(self, request: Request, schema: TableSchema) -> Response:
        query, prefer = _options(request), _prefer(request)
        for name in query:
            if name == "$skip":
                raise Refused(400, "0x80060888", "Skip Clause is not supported in CRM.")
            if name.startswith("$") and name not in _PLAYED:
                raise Refused(501, "0x0", f"The simulator does not play {name}.")
        for name in _names(query.get("$select")):
            if name not in public_row(schema):
                raise errors.column_unknown(schema.name, name)
        tracked, gone = is_tracked(prefer, query), list[str]()
        if tracked:
            tracking.check(self.store, schema, query)
        mark = self.store.version
        if "$deltatoken" in query:
            rows, gone = tracking.changed(self.store, schema, query["$deltatoken"])
        else:
            rows = self._asked_for(schema, query)
        part = "/$delta" if "$deltatoken" in query else ""
        body: Row = {"@odata.context": f"{self.base}$metadata#{schema.set_name}{_chosen(query)}{part}"}
        if query.get("$count") == "true":
            body["@odata.count"] = min(len(rows), 5000)
        if "$top" in query:
            rows = rows[: int(query["$top"])]
        start = self._page_start(query.get("$skiptoken"))
        size = min(_page_size(request), self.store.switches.page_size)
        page = rows[start:] if "$top" in query else rows[start : start + size]
        annotated = _annotations(request)
        values = [self._public(schema, row, query.get("$select"), annotated) for row in page]
        context = f"{self.base}$metadata#{schema.set_name}/$deletedEntity"
        body["value"] = [*values, *({"@odata.context": context, "id": row_id, "reason": "deleted"} for row_id in gone)]
        if start + len(page) < len(rows) and "$top" not in query:
            body["@odata.nextLink"] = self._next_link(schema, query, start + size)
        elif tracked:
            body["@odata.deltaLink"] = tracking.link(self.base, schema, query, mark)
        return answer_json(body, headers=_applied(prefer, size))

    def _asked_for(self, schema: TableSchema, query: dict[str, str]) -> list[Row]:
        known = set(public_row(schema)) | ({"statecode", "statuscode"} if schema.states else set())
        rows = list(self.store.all(schema.name))
        if "$filter" in query:
            test = parse_filter(query["$filter"], schema.name, known)
            rows = [row for row in rows if test(row)]
        for part in reversed(query.get("$orderby", "").split(",")):
            column, _, direction = part.strip().partition(" ")
            if column:
                if column not in known:
                    raise errors.column_unknown(schema.name, column)
                rows.sort(key=lambda row: (row.get(column) is None, str(row.get(column))), reverse=direction == "desc")
        return rows

    def _next_link(self, schema: TableSchema, query: dict[str, str], start: int) -> str:
        cookie = f'<cookie pagenumber="{start}" istracking="False" />'
        kept = "".join(f"{name}={quote(value, safe=',')}&" for name, value in query.items() if name != "$skiptoken")
        return f"{self.base}{schema.set_name}?{kept}$skiptoken={quote(cookie)}"

    def _page_start(self, token: str | None) -> int:
        if token is None:
            return 0
        match = re.fullmatch(r'<cookie pagenumber="(\d+)" istracking="False" />', token)
        if match is None:
            raise Refused(400, "0x80040203", "The paging cookie is malformed.")
        return int(match[1])

    def _public(self, schema: TableSchema, row: Row, select: str | None, annotated: bool) -> Row:
        names = public_row(schema)
        chosen = _names(select) or names
        public: Row = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
        for name in [*chosen, *([schema.id] if schema.id not in chosen else [])]:
            if name not in names:
                raise errors.column_unknown(schema.name, name)
            public[name] = row.get(name)
            if annotated:
                public |= self._annotation(schema, name, row)
        return public

    def _annotation(self, schema: TableSchema, name: str, row: Row) -> Row:
        value = row.get(name)
        if value is None:
            return {}
        formatted = f"{name}@OData.Community.Display.V1.FormattedValue"
        if name == "statecode":
            return {formatted: schema.states[value][0]}
        if name == "statuscode":
            return {formatted: next(labels[value] for _, labels in schema.states.values() if value in labels)}
        if name.startswith("_"):
            targets = schema.columns[name[1:-6]].targets
            table = next(iter(targets.values()))
            led_to = self.store.rows[table].get(value, {})
            names = (led_to.get(column) for column in ("name", "fullname", "subject", "currencyname"))
            return {
                formatted: next(filter(None, names), ""),
                f"{name}@Microsoft.Dynamics.CRM.lookuplogicalname": table,
                f"{name}@Microsoft.Dynamics.CRM.associatednavigationproperty": next(iter(targets)),
            }
        column = schema.columns.get(name)
        if column is not None and column.kind == "choice":
            return {formatted: column.choices.get(value, "")}
        if column is not None and column.kind == "money":
            currency = self.store.rows["transactioncurrency"].get(str(row.get("_transactioncurrencyid_value")), {})
            return {formatted: f"{currency.get('currencysymbol', '')}{value:,.{currency.get('currencyprecision', 2)}f}"}
        return {}

    # One row

    def _row(self, request: Request, schema: TableSchema, address: str) -> Response:
        row_id, row, key = self._find(schema, address)
        if request.method == "GET":
            self._allowed("Read", schema)
            if row is None:
                raise errors.key_missing(schema.name) if key else errors.row_missing(schema.name, address)
            query = _options(request)
            public = self._public(schema, row, query.get("$select"), _annotations(request))
            context = f"{self.base}$metadata#{schema.set_name}{_chosen(query)}/$entity"
            return answer_json({"@odata.context": context, **public}, headers={"ETag": public["@odata.etag"]})
        if request.method == "DELETE":
            if "prvDelete" in self.store.switches.denied:
                self._allowed("Delete", schema)
            self.store.delete(schema.name, row_id or address)
            return Response(204)
        if request.method != "PATCH":
            raise Refused(405, "0x8004023b", "The requested resource does not support this method.")
        return self._upsert(request, schema, address)

    def _find(self, schema: TableSchema, address: str) -> tuple[str | None, Row | None, dict[str, str]]:
        """The id an address names, the row under it, and the key's columns where it is an alternate key."""
        if GUID.fullmatch(address):
            return address.lower(), self.store.rows[schema.name].get(address.lower()), {}
        parts = re.findall(r"([a-z_0-9]+)='((?:[^']|'')*)'(?:,|$)", address)
        if not parts or re.search(r"[/<>*%&:\\?+#]", address):
            raise Refused(400, "0x80060888", "Bad Request - Error in query syntax.")
        key = {name: value.replace("''", "'") for name, value in parts}
        row = self.store.by_key(schema.name, list(key), list(key.values()))
        return (row[schema.id] if row else None), row, key

    def _upsert(self, request: Request, schema: TableSchema, address: str) -> Response:
        with self.store.lock:
            body = self._body(request)
            row_id, row, key = self._find(schema, address)
            match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
            if none_match == "*":
                with self._lock:
                    raced = schema.name in self._races
                    self._races.discard(schema.name)
                if row is not None or raced:
                    raise errors.row_exists()
            if match and row is None:
                raise errors.key_missing(schema.name) if key else errors.row_missing(schema.name, address)
            if match and match != "*" and row is not None and match != f'W/"{row["versionnumber"]}"':
                raise errors.version_differs()
            self._may_bind(body)
            if row is None:
                self._allowed("Create", schema)
                self._find_duplicates(request, schema, body)
                row = self.store.create(schema.name, row_id, {**key, **body}, SYSTEM_USER)
                return self._written(request, schema, row, f"{schema.set_name}({address})", created=True)
            self._allowed("Write", schema)
            for name in key:
                body.pop(name, None)
            row = self.store.update(schema.name, str(row[schema.id]), body, SYSTEM_USER)
            return self._written(request, schema, row, f"{schema.set_name}({address})", created=False)

    def _written(self, request: Request, schema: TableSchema, row: Row, address: str, *, created: bool) -> Response:
        entity = {"OData-EntityId": f"{self.base}{address}"}
        if "return=representation" not in _prefer(request):
            return Response(204, headers={"OData-Version": "4.0", **entity})
        public = self._public(schema, row, _options(request).get("$select"), _annotations(request))
        headers = {"Preference-Applied": "return=representation", "ETag": public["@odata.etag"]}
        if self.store.switches.entity_id_with_representation:
            headers |= entity
        context = f"{self.base}$metadata#{schema.set_name}{_chosen(_options(request))}/$entity"
        return answer_json({"@odata.context": context, **public}, 201 if created else 200, headers)

    # Actions

    def _close(self, name: str, body: Row) -> Response:
        self._allowed("Write", self.store.schemas["opportunity"])
        self._allowed("Create", self.store.schemas["opportunityclose"])
        details = body.get("OpportunityClose") or {}
        match = re.search(r"opportunities\(([0-9a-fA-F-]{36})\)", str(details.get("opportunityid@odata.bind")))
        if match is None:
            raise Refused(400, "0x80040203", "OpportunityClose needs the opportunity that it closes.")
        state = 1 if name == "WinOpportunity" else 2
        self.store.close(match[1].lower(), int(body.get("Status", -1)), state, details, SYSTEM_USER)
        return Response(204, headers={"OData-Version": "4.0"})

    def _qualify(self, lead_id: str, body: Row) -> Response:
        store = self.store
        for table in ("lead", "account", "contact", "opportunity"):
            self._allowed("Create" if table == "opportunity" else "Read", store.schemas[table])
        with store.lock:
            lead = store.get("lead", lead_id)
            if lead["statecode"] != 0:
                raise Refused(400, "0x80040519", "The lead is already closed.")
            made: list[Row] = []
            links: Row = {}
            account, contact = lead.get("_parentaccountid_value"), lead.get("_parentcontactid_value")
            if body.get("CreateAccount") and not account and lead.get("companyname"):
                row = store.create("account", None, {"name": lead["companyname"]}, SYSTEM_USER)
                account = row["accountid"]
                made.append({"@odata.type": "#Microsoft.Dynamics.CRM.account", "accountid": account})
            if body.get("CreateContact") and not contact:
                names = {"firstname": lead.get("firstname"), "lastname": lead.get("lastname")}
                row = store.create("contact", None, names, SYSTEM_USER)
                contact = row["contactid"]
                made.append({"@odata.type": "#Microsoft.Dynamics.CRM.contact", "contactid": contact})
            if body.get("CreateOpportunity"):
                currency = (body.get("OpportunityCurrencyId") or {}).get("transactioncurrencyid")
                links = {"_originatingleadid_value": lead["leadid"], "_parentaccountid_value": account}
                links |= {"_parentcontactid_value": contact, "_customerid_value": account or contact}
                links["_transactioncurrencyid_value"] = currency or lead.get("_transactioncurrencyid_value")
                row = store.create("opportunity", None, {"name": lead.get("subject") or ""}, SYSTEM_USER)
                values = {"estimatedvalue": lead.get("estimatedamount"), "description": lead.get("description")}
                values["estimatedclosedate"] = lead.get("estimatedclosedate")
                store.put("opportunity", row["opportunityid"], {**values, **links})
                made.append(
                    {"@odata.type": "#Microsoft.Dynamics.CRM.opportunity", "opportunityid": row["opportunityid"]}
                )
                links = {"_qualifyingopportunityid_value": row["opportunityid"]}
            state = {"statecode": 1, "statuscode": int(body.get("Status", 3))}
            store.put("lead", str(lead["leadid"]), {**state, **links, "_parentaccountid_value": account})
            store.writes.append(("qualify", "lead", str(lead["leadid"])))
        return answer_json({"@odata.context": f"{self.base}$metadata#crmbaseentity", "value": made})

    # Rights

    def _allowed(self, verb: str, schema: TableSchema) -> None:
        privilege = f"prv{verb}{schema.name.capitalize()}"
        if any(privilege.lower() == denied.lower() for denied in self.store.switches.denied):
            raise errors.privilege_missing(privilege, schema.name, SYSTEM_USER)

    def _may_bind(self, body: Row) -> None:
        for value in body.values():
            match = re.match(r"/?([a-z]+)\(", value) if isinstance(value, str) else None
            schema = next((s for s in self.store.schemas.values() if match and s.set_name == match[1]), None)
            if schema is not None:
                self._allowed("AppendTo", schema)

    def _find_duplicates(self, request: Request, schema: TableSchema, body: Row) -> None:
        if request.headers.get("mscrm.suppressduplicatedetection", "true").lower() != "false":
            return
        mail = body.get("emailaddress1")
        if mail and any(row.get("emailaddress1") == mail for row in self.store.rows[schema.name].values()):
            raise Refused(
                self.store.switches.duplicate_status,
                "0x80040333",
                "A record was not created or updated because a duplicate of the current record already exists.",
            )


def _options(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.raw_query, keep_blank_values=True))


def _prefer(request: Request) -> str:
    return request.headers.get("prefer", "")


def _annotations(request: Request) -> bool:
    return "include-annotations" in _prefer(request)


def _names(select: str | None) -> list[str]:
    return [name.strip() for name in (select or "").split(",") if name.strip()]


def _chosen(query: dict[str, str]) -> str:
    """The columns as an answer's context names them."""
    select = ",".join(_names(query.get("$select")))
    return f"({select})" if select else ""


def _applied(prefer: str, size: int) -> dict[str, str]:
    """The preferences of a list that were followed."""
    followed = [name for name in ("odata.track-changes",) if name in prefer]
    if "odata.maxpagesize" in prefer:
        followed.append(f"odata.maxpagesize={size}")
    return {"Preference-Applied": ",".join(followed)} if followed else {}


def _page_size(request: Request) -> int:
    match = re.search(r"odata\.maxpagesize=(\d+)", _prefer(request))
    return min(int(match[1]), 5000) if match else 5000
