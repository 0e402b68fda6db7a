"""The simulated environment answers in the shapes that Microsoft documents; ``shapes/`` holds them with values of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from local.dynamics import CLIENT_ID, CLIENT_SECRET, TENANT_ID, DynamicsSimulator
from local.dynamics.store import currency_id

Make = Callable[..., DynamicsSimulator]
SHAPES: Final = Path(__file__).with_name("shapes")
ANSWERS: Final = json.loads((SHAPES / "answers.json").read_text())
ERRORS: Final = json.loads((SHAPES / "errors.json").read_text())
LIMITS: Final = json.loads((SHAPES / "limits.json").read_text())
GUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NOBODY: Final = "0a1b2c3d-4e5f-4a6b-8c7d-9e8f7a6b5c4d"
KEPT: Final = {"Prefer": "return=representation"}
LEAD: Final = {"subject": "Tea for 40 desks", "lastname": "Lima"}
BASE: Final = "/api/data/v9.2/"


class Client:
    """A bare client of one environment."""

    def __init__(self, crm: DynamicsSimulator) -> None:
        self.crm = crm
        self._session = requests.Session()
        self._session.trust_env = False
        token = crm.entra.token(CLIENT_ID, crm.url)
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """One request; header names with low lines for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("http") else self.crm.url + BASE + path
        return self._session.request(method, address, json=body, headers=named, timeout=60)

    def lead(self, **more: Any) -> str:
        """A lead that somebody typed in; its id."""
        return self.crm.people.add("lead", **{**LEAD, **more})

    def close(self) -> None:
        """End the session."""
        self._session.close()


@pytest.fixture
def crm(make_crm: Make) -> DynamicsSimulator:
    """An environment with the key."""
    return make_crm(with_key=True)


@pytest.fixture
def client(crm: DynamicsSimulator) -> Iterator[Client]:
    """A client of it."""
    client = Client(crm)
    yield client
    client.close()


def shape(value: Any) -> Any:
    """Member names, kinds and nesting. Of a list the kinds of its members, each once."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(shape(each)) for each in value})
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "text" if isinstance(value, str) else "number"


def pattern(text: str, crm: DynamicsSimulator) -> str:
    """A pattern for the texts that this one stands for: ids, versions and the environment's address are others."""
    placed = re.escape(text.replace("https://fourth-coffee.crm9.dynamics.com", crm.url))
    placed = re.sub(re.escape(re.escape(NOBODY)), GUID, placed)
    return re.sub(r'W/"77"', r'W/"\\d+"', placed)


def check(crm: DynamicsSimulator, answer: requests.Response, name: str) -> None:
    """Whether an answer has the shape of this name."""
    expected = ANSWERS[name]
    assert answer.status_code == expected["status"], answer.text
    for header, value in expected["headers"].items():
        assert re.fullmatch(pattern(value, crm), answer.headers[header]), (header, answer.headers[header])
    if expected["body"] is None:
        assert answer.content == b""
        return
    body = answer.json()
    assert shape(body) == shape(expected["body"])
    context = expected["body"].get("@odata.context")
    if context:
        assert body["@odata.context"] == context.replace("https://fourth-coffee.crm9.dynamics.com", crm.url)
    for name_of_link in ("@odata.nextLink", "@odata.deltaLink"):
        if name_of_link in body:
            start = expected["body"][name_of_link].partition("=%3C")[0].partition("=7")[0]
            assert body[name_of_link].startswith(start.replace("https://fourth-coffee.crm9.dynamics.com", crm.url))


def test_a_token(crm: DynamicsSimulator) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    address = f"{crm.url}/{TENANT_ID}/oauth2/v2.0/token"
    with requests.Session() as session:
        session.trust_env = False
        check(crm, session.post(address, data={**form, "scope": f"{crm.url}/.default"}, timeout=60), "token")
        wrong = session.post(address, data={**form, "client_secret": "x", "scope": f"{crm.url}/.default"}, timeout=60)
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


def test_reading(crm: DynamicsSimulator, client: Client) -> None:
    check(crm, client.ask("GET", "WhoAmI"), "who am I")
    names = "isocurrencycode,currencyname,currencysymbol,currencyprecision,exchangerate,statecode"
    check(crm, client.ask("GET", f"transactioncurrencies?$select={names}"), "currencies")
    account = crm.people.add("account", name="Fourth Coffee")
    lead = client.lead(_parentaccountid_value=account, estimatedclosedate="2027-05-31", subject="B")
    crm.people.change("lead", lead, estimatedamount=80.25, _transactioncurrencyid_value=currency_id("EUR"))
    check(crm, client.ask("GET", "leads?$select=subject"), "a list")
    check(crm, client.ask("GET", "leads?$select=subject&$count=true"), "a counted list")
    check(crm, client.ask("GET", f"leads({lead})?$select=subject,statecode,statuscode"), "a row")
    select = "subject,statecode,statuscode,estimatedamount,estimatedclosedate,_parentaccountid_value,modifiedon,versionnumber"
    annotated = client.ask("GET", f"leads({lead})?$select={select}", Prefer='odata.include-annotations="*"')
    check(crm, annotated, "a row with annotations")
    assert annotated.json()["estimatedamount@OData.Community.Display.V1.FormattedValue"] == "€80.25"


def test_pages_follow_the_link_as_it_is(crm: DynamicsSimulator, client: Client) -> None:
    leads = {client.lead() for _ in range(3)}
    page = client.ask("GET", "leads?$select=subject", Prefer="odata.maxpagesize=1")
    check(crm, page, "a page of a list")
    seen = []
    while True:
        seen += [row["leadid"] for row in page.json()["value"]]
        link = page.json().get("@odata.nextLink")
        if not link:
            break
        page = client.ask("GET", link, Prefer="odata.maxpagesize=1")
    assert (len(seen), set(seen)) == (3, leads)
    assert client.ask("GET", "leads?$skip=1").status_code == 400


def test_modifiedon_is_told_to_the_second_and_filtered_by(crm: DynamicsSimulator, client: Client) -> None:
    lead = client.lead()
    moment = client.ask("GET", f"leads({lead})?$select=modifiedon").json()["modifiedon"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)
    for operator, found in (("ge", 1), ("gt", 0), ("lt", 0), ("le", 1)):
        answer = client.ask("GET", f"leads?$select=subject&$filter=modifiedon {operator} {moment}")
        assert len(answer.json()["value"]) == found, operator


def test_creating_and_changing(crm: DynamicsSimulator, client: Client) -> None:
    select = "$select=leadid,statecode,statuscode"
    check(crm, client.ask("POST", "leads", LEAD), "created without representation")
    check(crm, client.ask("POST", f"leads?{select}", LEAD, **KEPT), "created with representation")
    key = f"leads(hnt_referralid='{NOBODY}')"
    check(crm, client.ask("PATCH", f"{key}?{select}", LEAD, **KEPT), "created with representation")
    check(crm, client.ask("PATCH", f"{key}?{select}", LEAD, **KEPT), "updated with representation")
    check(crm, client.ask("PATCH", key, LEAD), "upserted by key without representation")
    once = {**KEPT, "If_None_Match": "*"}
    check(crm, client.ask("PATCH", f"leads({NOBODY})?{select}", LEAD, **once), "created with representation")
    version = client.ask("GET", f"leads({NOBODY})").headers["ETag"]
    answer = client.ask("PATCH", f"leads({NOBODY})", LEAD, If_Match=version)
    check(crm, answer, "created without representation")
    assert client.ask("GET", f"leads({NOBODY})").headers["ETag"] != version


def test_states(crm: DynamicsSimulator, client: Client) -> None:
    lead = client.lead(companyname="Fourth Coffee")
    body = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": True, "Status": 3}
    made = client.ask("POST", f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead", body)
    check(crm, made, "qualified")
    opportunity = next(row["opportunityid"] for row in made.json()["value"] if "opportunityid" in row)
    close = {"subject": "Won", "opportunityid@odata.bind": f"/opportunities({opportunity})", "actualrevenue": 8.5}
    check(crm, client.ask("POST", "WinOpportunity", {"Status": 3, "OpportunityClose": close}), "closed")
    reopened = client.ask("PATCH", f"opportunities({opportunity})", {"statecode": 0, "statuscode": 1})
    assert reopened.status_code == 204
    check(crm, client.ask("POST", "LoseOpportunity", {"Status": 5, "OpportunityClose": close}), "closed")
    assert len(crm.rows("opportunityclose")) == 2


def test_definitions(make_crm: Make) -> None:
    crm = make_crm()
    client = Client(crm)
    table = "EntityDefinitions(LogicalName='lead')"
    column = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "hnt_ReferralId",
        "RequiredLevel": {"Value": "None"},
        "MaxLength": 100,
    }
    check(crm, client.ask("POST", f"{table}/Attributes", column), "column made")
    key = {"SchemaName": "hnt_ReferralKey", "KeyAttributes": ["hnt_referralid"]}
    check(crm, client.ask("POST", f"{table}/Keys", key), "key made")
    status = f"{table}/Keys?$select=SchemaName,KeyAttributes,EntityKeyIndexStatus"
    seen = []
    for _ in range(3):
        answer = client.ask("GET", status)
        check(crm, answer, "keys")
        seen.append(answer.json()["value"][0]["EntityKeyIndexStatus"])
    assert seen == ["Pending", "Pending", "Active"]
    check(crm, client.ask("GET", f"{table}?$select=LogicalName,ChangeTrackingEnabled"), "a table")
    picklists = f"{table}/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    check(crm, client.ask("GET", f"{picklists}?$select=LogicalName&$expand=OptionSet"), "choices")
    found = {row["LogicalName"]: row for row in client.ask("GET", f"{table}/Attributes").json()["value"]}
    assert (found["subject"]["MaxLength"], found["subject"]["AttributeType"]) == (300, "String")
    assert found["lastname"]["RequiredLevel"]["Value"] == "ApplicationRequired"
    assert (found["hnt_referralid"]["IsCustomAttribute"], found["subject"]["IsCustomAttribute"]) == (True, False)
    check_error(client.ask("POST", f"{table}/Attributes", column), "a column that is there")
    check_error(client.ask("POST", f"{table}/Keys", key), "a key that is there")
    client.close()


def test_a_key_over_duplicates_fails(make_crm: Make) -> None:
    crm = make_crm(with_key=True)
    crm.switches.key_polls = 1
    keys = crm.store.schemas["lead"].keys
    keys.clear()
    for _ in range(2):
        crm.people.add("lead", hnt_referralid="same")
    client = Client(crm)
    table = "EntityDefinitions(LogicalName='lead')"
    body = {"SchemaName": "hnt_ReferralKey", "KeyAttributes": ["hnt_referralid"]}
    assert client.ask("POST", f"{table}/Keys", body).status_code == 204
    client.ask("GET", f"{table}/Keys")
    assert client.ask("GET", f"{table}/Keys").json()["value"][0]["EntityKeyIndexStatus"] == "Failed"
    client.close()


def test_change_tracking(crm: DynamicsSimulator, client: Client) -> None:
    crm.store.schemas["lead"].change_tracking = True
    kept, gone = client.lead(), client.lead()
    first = client.ask("GET", "leads?$select=subject", Prefer="odata.track-changes")
    check(crm, first, "tracked")
    assert len(first.json()["value"]) == 2
    short = client.ask("GET", "leads?$select=subject", Prefer="odata.track-changes,odata.maxpagesize=1").json()
    assert "@odata.deltaLink" not in short
    assert "@odata.deltaLink" in client.ask("GET", short["@odata.nextLink"], Prefer="odata.track-changes").json()
    crm.people.change("lead", kept, subject="Tea for 50 desks")
    crm.people.delete("lead", gone)
    second = client.ask("GET", first.json()["@odata.deltaLink"])
    check(crm, second, "what changed")
    assert [row.get("leadid") or row["id"] for row in second.json()["value"]] == [kept, gone]
    assert client.ask("GET", second.json()["@odata.deltaLink"]).json()["value"] == []
    for option in ("$filter=subject eq 'x'", "$orderby=subject", "$top=3"):
        assert client.ask("GET", f"leads?{option}", Prefer="odata.track-changes").status_code == 400
    crm.switches.tracking_expired = True
    check_error(client.ask("GET", second.json()["@odata.deltaLink"]), "a mark that is too old")
    crm.store.schemas["lead"].change_tracking = False
    check_error(client.ask("GET", "leads", Prefer="odata.track-changes"), "change tracking that is off")


def check_error(answer: requests.Response, name: str) -> None:
    """Whether an answer is the error of this name."""
    status, code, message = ERRORS[name]
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], set(error)) == (status, code, {"code", "message"})
    wanted = re.escape(message).replace(r"\{id\}", GUID).replace(r"\{link\}", r"https://\S+")
    assert re.fullmatch(wanted, error["message"]), error["message"]
    assert answer.headers["Content-Type"].startswith("application/json; odata.metadata=minimal")


REFUSED: Final[dict[str, tuple[Any, ...]]] = {
    "a column that is none": ("POST", "leads", {**LEAD, "hnt_none": 1}),
    "a choice out of range": ("POST", "leads", {**LEAD, "leadsourcecode": 77}),
    "a whole number out of range": ("POST", "leads", {**LEAD, "numberofemployees": -3}),
    "an amount out of range": ("POST", "leads", {**LEAD, "budgetamount": -3}),
    "a customer's rule": ("POST", "leads", {**LEAD, "subject": "CUSTOM_RULE"}),
    "a text that is too long": ("POST", "leads", {**LEAD, "subject": "t" * 301}),
    "a lookup that is none": ("POST", "leads", {**LEAD, "parentaccount@odata.bind": f"/accounts({NOBODY})"}),
    "a column in select that is none": ("GET", "leads?$select=hnt_none", None),
    "a currency that is not active": (
        *("POST", "leads"),
        {**LEAD, "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency_id('TRY')})"},
    ),
    "a wrong pair of state and reason": ("POST", "leads", {**LEAD, "statecode": 0, "statuscode": 5}),
    "a key that is none": ("GET", "leads(subject='x')", None),
    "no row with this key": ("GET", f"leads(hnt_referralid='{NOBODY}')", None),
    "no such row": ("GET", f"leads({NOBODY})", None),
    "no such segment": ("GET", "Leads", None),
    "a method that is not served": ("PUT", "leads", LEAD),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(client: Client, name: str) -> None:
    method, path, body = REFUSED[name]
    check_error(client.ask(method, path, body), name)


def test_what_is_refused_of_rows_that_are_there(crm: DynamicsSimulator, client: Client) -> None:
    opportunity = crm.people.add("opportunity", name="Tea")
    check_error(client.ask("PATCH", f"opportunities({opportunity})", {"statecode": 1}), "a state by an update")
    crm.people.win(opportunity)
    close = {"Status": 3, "OpportunityClose": {"opportunityid@odata.bind": f"/opportunities({opportunity})"}}
    check_error(client.ask("POST", "WinOpportunity", close), "an opportunity that is closed")
    lead = client.lead(statecode=1, statuscode=3, hnt_referralid="r-1", emailaddress1="a@fourth.coffee")
    check_error(client.ask("POST", f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead", {}), "a lead that is closed")
    check_error(client.ask("PATCH", f"leads({lead})", LEAD, If_None_Match="*"), "a row that is there")
    check_error(client.ask("POST", "leads", {**LEAD, "leadid": lead}), "a row that is there")
    check_error(client.ask("PATCH", f"leads({lead})", LEAD, If_Match='W/"1"'), "another version")
    check_error(client.ask("PATCH", f"leads({NOBODY})", LEAD, If_Match="*"), "no such row")
    check_error(client.ask("PATCH", f"leads({NOBODY})", {**LEAD, "hnt_referralid": "r-1"}), "another key")
    twin = {**LEAD, "emailaddress1": "a@fourth.coffee"}
    assert client.ask("POST", "leads", twin).status_code == 204
    looked_for = {"MSCRM.SuppressDuplicateDetection": "false"}
    check_error(client.ask("POST", "leads", twin, **looked_for), "a duplicate")
    crm.switches.money_needs_currency = True
    check_error(client.ask("POST", "leads", {**LEAD, "estimatedamount": 5}), "money without a currency")


def test_who_may_not(crm: DynamicsSimulator, client: Client) -> None:
    crm.switches.denied = ["prvCreateLead", "prvReadOpportunity"]
    check_error(client.ask("POST", "leads", LEAD), "a right that the role lacks")
    check_error(client.ask("GET", "opportunities"), "a right on another table")
    crm.switches.roles = False
    check_error(client.ask("GET", "leads"), "no role")
    crm.switches.member = False
    check_error(client.ask("GET", "leads"), "not a member")
    crm.entra.expire()
    answer = client.ask("GET", "leads")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (401, b"", "0")
    where = answer.headers["WWW-Authenticate"]
    assert re.fullmatch(r"Bearer authorization_uri=\S+/oauth2/authorize, resource_id=\S+/", where)


@pytest.mark.parametrize("kind", LIMITS)
def test_a_limit(crm: DynamicsSimulator, client: Client, kind: str) -> None:
    if kind == "concurrent":
        crm.switches.concurrent_limit = 0
        expected = LIMITS[kind][1].replace("52", "0")
    else:
        crm.faults.add(kind=kind, retry_after=27)
        expected = LIMITS[kind][1]
    answer = client.ask("GET", "leads")
    assert (answer.status_code, answer.json()) == (429, {"error": {"code": LIMITS[kind][0], "message": expected}})
    assert answer.headers["Retry-After"].isdigit()
    assert answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "0"
    assert re.fullmatch(r"[\d,]+\.\d\d", answer.headers["x-ms-ratelimit-time-remaining-xrm-requests"])
    assert answer.headers["Content-Type"] == "application/json; odata.metadata=minimal"


def test_what_is_not_played_says_so(client: Client) -> None:
    assert client.ask("POST", "$batch").status_code == 404
    assert client.ask("GET", "leads?$expand=parentaccountid").status_code == 501
    assert client.ask("GET", "leads?$apply=x").status_code == 501
