"""What a column holds of a field, and whether two values mean the same: a row for each case."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import jsonschema
import msgspec
import pytest

from local.dynamics.store import currency_id
from shared.dynamics import countries, values
from shared.dynamics import mapping as mappings
from shared.dynamics.compare import decide
from shared.dynamics.environment import Column, Currency, Environment
from shared.dynamics.facts import facts_of
from shared.dynamics.mapping import BUILT_IN, Field, InvalidMapping
from shared.dynamics.translate import Translator
from shared.model.referral import read_record, summarise
from tests.dynamics.world import referral

LONG = "ş" * 5000
ENVIRONMENT = Environment(
    currencies=(
        Currency(currency_id("EUR"), "EUR", 2, True),
        Currency(currency_id("JPY"), "JPY", 0, True),
        Currency(currency_id("TRY"), "TRY", 2, False),
    )
)


def facts(**more: Any) -> Any:
    raw = msgspec.json.encode(referral(1, **more))
    reading = read_record(raw)
    return facts_of(
        reading.referral, summarise(reading, []), "customer1.com", "customer1.com", "https://hunter.example"
    )


PUSHED = [
    # texts, cut and tidied
    ("lead", "subject", {"name": "Backup"}, "Backup"),
    ("lead", "subject", {"name": "n" * 300}, "n" * 300),
    ("lead", "subject", {"name": "n" * 301}, "n" * 299 + "…"),
    ("opportunity", "name", {"name": "n" * 900}, "n" * 299 + "…"),
    ("lead", "subject", {"name": "😀" * 151}, "😀" * 149 + "…"),
    ("lead", "subject", {"name": "  a  b\n c "}, "a b c"),
    ("lead", "subject", {"name": "AT&amp;T &#39;x&#39;"}, "AT&T 'x'"),
    ("lead", "subject", {"name": "AT&T"}, "AT&T"),
    ("lead", "subject", {"name": "bell\u0007"}, "bell\ufffd"),
    ("lead", "subject", {"name": None}, "Customer 1 Ltd"),
    ("lead", "subject", {"name": None, "customerProfile": None}, f"Referral {referral(1)['id']}"),
    ("lead", "companyname", {"customerProfile": {"name": "c" * 120}}, "c" * 99 + "…"),
    ("lead", "companyname", {"customerProfile": {"name": "İstanbul Gaz A.Ş."}}, "İstanbul Gaz A.Ş."),
    ("lead", "address1_city", {"customerProfile": {"address": {"city": "x" * 81}}}, "x" * 79 + "…"),
    ("lead", "address1_stateorprovince", {"customerProfile": {"address": {"region": "Marmara"}}}, "Marmara"),
    ("lead", "address1_country", {"customerProfile": {"address": {"country": "TR"}}}, "TR"),
    ("lead", "address1_postalcode", {"customerProfile": {"address": {}}}, None),
    ("lead", "websiteurl", {}, "https://customer1.com"),
    # notes: markup, length
    ("lead", "description", {"details": {"notes": "<p>Ada &amp; Co</p><p>call</p>"}}, "Ada & Co\n\ncall"),
    ("lead", "description", {"details": {"notes": "a<br>b"}}, "a\nb"),
    ("lead", "description", {"details": {"notes": "1 < 2 and 3 > 2"}}, "1 < 2 and 3 > 2"),
    ("lead", "description", {"details": {"notes": "<script>alert(1)</script>"}}, "<script>alert(1)</script>"),
    ("lead", "description", {"details": {"notes": LONG}}, "ş" * 1999 + "…"),
    ("opportunity", "description", {"details": {"notes": "two\r\nlines"}}, "two\nlines"),
    ("opportunity", "description", {"details": {"notes": "   "}}, None),
    # the contact
    ("lead", "firstname", {}, "Ada"),
    ("lead", "lastname", {"customerProfile": {"team": []}}, "Customer 1 Ltd"),
    ("lead", "lastname", {"customerProfile": {"team": [{"firstName": "Ada"}]}}, "Ada"),
    ("lead", "lastname", {"customerProfile": {"team": [{"email": "ada@x.com"}]}}, "ada"),
    ("lead", "lastname", {"customerProfile": {"team": [{"lastName": "l" * 60}]}}, "l" * 49 + "…"),
    ("lead", "emailaddress1", {"customerProfile": {"team": [{"lastName": "A", "email": "not an address"}]}}, None),
    ("opportunity", "emailaddress", {}, "ada@customer1.com"),
    # money and its currency
    ("opportunity", "estimatedvalue", {"details": {"dealValue": 12.345}}, "12.34"),
    ("opportunity", "estimatedvalue", {"details": {"dealValue": 12.355}}, "12.36"),
    ("opportunity", "estimatedvalue", {"details": {"dealValue": "1200.50"}}, "1200.5"),
    ("opportunity", "estimatedvalue", {"details": {"dealValue": 0}}, "0"),
    ("opportunity", "estimatedvalue", {"details": {"dealValue": 1e12}}, "1000000000000"),
    ("opportunity", "estimatedvalue", {"details": {"dealValue": 99.5, "currency": "JPY"}}, "100"),
    ("opportunity", "estimatedvalue", {"details": {"dealValue": 98.5, "currency": "JPY"}}, "98"),
    ("opportunity", "estimatedvalue", {"details": {"dealValue": None}}, None),
    ("opportunity", "transactioncurrencyid", {"details": {"currency": "eur"}}, "EUR"),
    ("opportunity", "transactioncurrencyid", {"details": {"dealValue": None, "currency": "TRY"}}, None),
    ("lead", "estimatedamount", {"details": {"dealValue": 7}}, "7"),
    # dates at the date line
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "2027-03-31T00:00:00Z"}}, "2027-03-31"),
    (
        "opportunity",
        "estimatedclosedate",
        {"details": {"closingDateTime": "2027-03-31T23:59:59.9999999Z"}},
        "2027-03-31",
    ),
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "2027-03-31T23:30:00-05:00"}}, "2027-04-01"),
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "2027-04-01T01:00:00+14:00"}}, "2027-03-31"),
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "2027-03-31"}}, "2027-03-31"),
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "0001-01-01T00:00:00Z"}}, None),
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "1899-12-31T00:00:00Z"}}, None),
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "9999-12-31T00:00:00Z"}}, None),
    ("opportunity", "estimatedclosedate", {"details": {"closingDateTime": "soon"}}, None),
    # stages, in both forms that Partner Center has
    ("opportunity", "salesstage", {"salesStage": "Qualify"}, 0),
    ("opportunity", "salesstage", {"salesStage": "Develop"}, 1),
    ("opportunity", "salesstage", {"salesStage": "Propose"}, 2),
    ("opportunity", "salesstage", {"salesStage": "Close"}, 3),
    ("opportunity", "salesstage", {"salesStage": "20"}, 0),
    ("opportunity", "salesstage", {"salesStage": "40"}, 1),
    ("opportunity", "salesstage", {"salesStage": "60"}, 2),
    ("opportunity", "salesstage", {"salesStage": "100"}, 3),
    ("opportunity", "salesstage", {"salesStage": None}, None),
    ("lead", "leadsourcecode", {}, 4),
]


@pytest.mark.parametrize(("table", "column", "given", "held"), PUSHED)
def test_what_a_column_holds(table: Any, column: str, given: dict[str, Any], held: Any) -> None:
    wanted = Translator(BUILT_IN, ENVIRONMENT, table).wanted(facts(**given))
    assert wanted.columns[column] == held
    if isinstance(held, str):
        assert values.units(held) <= (ENVIRONMENT.columns(table)[column].most or 10_000)


TROUBLES = [
    ({"details": {"currency": "TRY"}}, "currency_not_active", "currency"),
    ({"details": {"currency": "CHF"}}, "currency_not_active", "currency"),
    ({"details": {"currency": None}}, "currency_missing", "currency"),
    ({"details": {"dealValue": 2e12}}, "number_out_of_range", "dealValue"),
    ({"salesStage": "Negotiating"}, "choice_invalid", "salesStage"),
]


@pytest.mark.parametrize(("given", "code", "field"), TROUBLES)
def test_what_does_not_fit_is_said(given: dict[str, Any], code: str, field: str) -> None:
    wanted = Translator(BUILT_IN, ENVIRONMENT, "opportunity").wanted(facts(**given))
    assert [(one.code, one.field) for one in wanted.troubles] == [(code, field)]
    if field == "currency":
        assert "estimatedvalue" not in wanted.columns
        assert str(wanted.columns["description"]).startswith("Deal value: 12,500.50")


SAME = [
    ("lead", "address1_country", "DE", "Germany", True),
    ("lead", "address1_country", "DE", "Deutschland", True),
    ("lead", "address1_country", "TR", "TÜRKİYE", True),
    ("lead", "address1_country", "TR", "turkey", True),
    ("lead", "address1_country", "US", "United States of America", True),
    ("lead", "address1_country", "GB", "UK", True),
    ("lead", "address1_country", "DE", "AT", False),
    ("lead", "address1_country", "Narnia", "narnia", True),
    ("lead", "subject", "a  b", "a b", True),
    ("lead", "subject", "a b", "A b", False),
    ("lead", "websiteurl", "https://x.com", "https://X.com/", True),
    ("lead", "emailaddress1", "Ada@x.com", "ada@x.com", True),
    ("opportunity", "description", "a\nb", "<div class='ck'><p>a</p><p>b</p></div>", True),
    ("opportunity", "description", "a", "b", False),
    ("opportunity", "estimatedvalue", "12", "12.5", False),
    ("opportunity", "salesstage", 0, False, False),
    ("opportunity", "name", None, "", False),
]


@pytest.mark.parametrize(("table", "column", "left", "right", "same"), SAME)
def test_what_means_the_same(table: Any, column: str, left: Any, right: Any, same: bool) -> None:
    assert Translator(BUILT_IN, ENVIRONMENT, table).same(column, left, right) is same


FOUND = [
    (
        "estimatedvalue",
        {"estimatedvalue": Decimal("12.5000"), "_transactioncurrencyid_value": currency_id("EUR")},
        "12.5",
    ),
    (
        "estimatedvalue",
        {"estimatedvalue": Decimal("100.0000"), "_transactioncurrencyid_value": currency_id("JPY")},
        "100",
    ),
    ("transactioncurrencyid", {"_transactioncurrencyid_value": currency_id("TRY").upper()}, "TRY"),
    ("transactioncurrencyid", {"_transactioncurrencyid_value": "11111111-2222-4333-8444-555555555555"}, None),
    ("estimatedclosedate", {"estimatedclosedate": "2027-03-31"}, "2027-03-31"),
    ("estimatedclosedate", {"estimatedclosedate": "2027-03-31T00:00:00Z"}, "2027-03-31"),
    ("salesstage", {"salesstage": 2}, 2),
    ("name", {"name": " x "}, "x"),
    ("name", {}, None),
]


@pytest.mark.parametrize(("column", "row", "held"), FOUND)
def test_what_is_found_in_a_record(column: str, row: dict[str, Any], held: Any) -> None:
    assert Translator(BUILT_IN, ENVIRONMENT, "opportunity").found(row)[column] == held


@pytest.mark.parametrize(
    ("present", "number", "word"),
    [(None, 1, "Develop"), ("20", 1, "40"), ("Qualify", 2, "Propose"), ("80", 3, "80"), ("Proposed", 1, "Developed")],
)
def test_a_stage_goes_back_in_the_form_that_is_there(present: Any, number: int, word: str) -> None:
    translator = Translator(BUILT_IN, ENVIRONMENT, "opportunity")
    assert translator.changes({"salesstage": number}, facts(salesStage=present)) == {"salesStage": word}


def test_what_goes_back_is_in_partner_centers_form() -> None:
    translator = Translator(BUILT_IN, ENVIRONMENT, "opportunity")
    columns = {"estimatedvalue": "12.5", "transactioncurrencyid": "EUR", "estimatedclosedate": "2027-03-31"}
    assert translator.changes(columns, facts()) == {
        "dealValue": Decimal("12.5"),
        "currency": "EUR",
        "closingDateTime": "2027-03-31T00:00:00Z",
    }


CRM = Field("dealValue", None, "estimatedvalue", "crm")
DECISIONS = [
    # want, found, base, by_crm, mode, verdict
    ("1", "1", None, True, "both", "agree"),
    ("1", "2", ("1", "2"), True, "both", "keep"),
    ("1", "3", ("1", "2"), True, "both", "ask"),
    ("1", "3", ("1", "2"), False, "both", "write"),
    ("4", "2", ("1", "2"), True, "both", "write"),
    ("4", "3", ("1", "2"), True, "both", "ask"),
    ("4", "3", ("1", "2"), False, "both", "write"),
    ("4", None, ("1", "2"), True, "both", "write"),
    (None, "2", ("1", "2"), True, "both", "keep"),
    (None, "3", None, True, "both", "ask"),
    (None, "3", None, False, "both", "agree"),
    ("1", None, None, True, "both", "write"),
    ("1", None, ("1", "1"), True, "both", "keep"),
    ("1", "2", None, False, "create", "keep"),
    ("1", None, None, False, "empty", "write"),
    ("1", "2", None, False, "empty", "keep"),
]


@pytest.mark.parametrize(("want", "found", "base", "by_crm", "mode", "verdict"), DECISIONS)
def test_three_ways(want: Any, found: Any, base: Any, by_crm: bool, mode: Any, verdict: str) -> None:
    line = Field("dealValue", None, "estimatedvalue", "crm", mode)
    assert decide(line, want, found, base, by_crm=by_crm, same=lambda left, right: left == right) == verdict


def test_every_country_has_a_name_that_leads_back() -> None:
    assert len(countries.NAME_OF) >= 249
    assert all(countries.code_of(name) == code for code, name in countries.NAME_OF.items())
    assert countries.code_of("  almanya ") == "DE"
    assert countries.code_of("nowhere") is None


def test_the_built_in_mapping_fits_its_own_schema() -> None:
    data = mappings.dump(BUILT_IN)
    assert mappings.parse(data) == BUILT_IN
    jsonschema.validate(msgspec.json.decode(data), mappings.schema())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": {"coSel": {}}}, "target.coSel"),
        ({"target": {"*": {"unanswered": "opportunity", "accepted": "lead"}}}, "lead again"),
        ({"fields": [{"field": "nmae", "lead": "subject"}]}, "no such field"),
        ({"fields": [{"field": "name", "lead": "Subject"}]}, "small letters"),
        ({"fields": [{"field": "name", "lead": "subject"}, {"field": "city", "lead": "subject"}]}, "mapped twice"),
        ({"fields": [{"field": "name", "lead": "subject", "owner": "crm"}]}, "CRM can own"),
        ({"fields": [{"field": "constant", "lead": "new_x"}]}, "needs a value"),
        ({"fields": [{"field": "name", "owner": "both"}]}, "no mapping"),
        ({"reasons": {"four": "other"}}, "is a number"),
        ({"reasons": {"4": "tired"}}, "no reason tired"),
        ({"colour": 1}, "no mapping"),
    ],
)
def test_a_wrong_mapping_is_refused_with_a_sentence(given: Any, said: str) -> None:
    with pytest.raises(InvalidMapping, match=said):
        mappings.parse(msgspec.json.encode(given))


def test_own_columns_and_constants() -> None:
    mapping = mappings.parse(
        msgspec.json.encode(
            {
                "fields": [
                    {"field": "name", "opportunity": "name"},
                    {"field": "category", "opportunity": "new_kind"},
                    {"field": "constant", "opportunity": "new_costcentre", "mode": "create", "value": "C-1"},
                ],
                "choices": {"category": {"qualifiedLead": 816940000, "*": 816940001}},
            }
        )
    )
    columns = {
        "name": Column("String", 300),
        "new_kind": Column("Picklist", choices=(816940000, 816940001)),
        "new_costcentre": Column("String", 10),
    }
    translator = Translator(mapping, Environment(tables={"opportunity": columns}), "opportunity")
    assert translator.wanted(facts()).columns == {
        "name": "Backup for 1 seats",
        "new_kind": 816940000 if facts().category == "qualifiedLead" else 816940001,
        "new_costcentre": "C-1",
    }


def test_there_are_enough_rows() -> None:
    assert len(PUSHED) + len(TROUBLES) + len(SAME) + len(FOUND) + len(DECISIONS) >= 80
