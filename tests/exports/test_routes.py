"""Every export, read back by other code, is the list over all its pages."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest

from shared.exports.columns import PARTNER_CENTER
from tests.exports.conftest import Filled
from tests.views.world import AYSE, Answer, World

csv.field_size_limit(10_000_000)
HUNTER = [
    "id",
    "name",
    "customerName",
    "companyKey",
    "companyName",
    "category",
    "type",
    "qualification",
    "direction",
    "status",
    "substatus",
    "country",
    "city",
    "dealValue",
    "currency",
    "closingDateTime",
    "createdDateTime",
    "updatedDateTime",
    "expirationDateTime",
    "expiresInDays",
    "salesStage",
    "missingSince",
    "owner",
    "commentCount",
    "dynamics",
]
FILTERS = [
    "",
    "status=New&status=Active&sort=name",
    "direction=Outgoing&sort=-dealValue",
    "category=coSell&country=TR&country=DE",
    "owner=me&sort=createdDateTime",
    "owner=none&missing=include&sort=-closingDateTime",
    "q=contoso",
    "q=aradim",
    "minValue=1000&maxValue=50000&currency=EUR&currency=TRY",
    "expiring=14",
    "m365=false&salesStage=none",
    "created=2026-01-01..2026-06-30&sort=country",
    "closing=past&status=Active",
    "status=Nowhere",
]


def export(world: World, query: str, *, headers: dict[str, str] | None = None, which: str = "referrals") -> Answer:
    got = world.ask(AYSE, "GET", f"/{which}/export?{query}", headers=headers)
    assert got.status == 200, got.content[:300]
    return got


def listed(world: World, query: str, which: str = "referrals") -> list[dict[str, Any]]:
    """The list over all its pages."""
    items: list[dict[str, Any]] = []
    while True:
        page = world.get(AYSE, f"/{which}?{query}&pageSize=200&page={len(items) // 200 + 1}")
        items += page["items"]
        if len(items) >= page["total"]:
            return items


def sheet_of(got: Answer, name: str | None = None) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(got.content), read_only=True)
    sheet = book[name] if name else book.worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def cell_of(item: dict[str, Any], name: str) -> Any:
    """What a cell has of an item's value."""
    value = item.get(name)
    if name == "owner":
        return value["mail"] if value else None
    return value


def seconds(text: Any) -> Any:
    return datetime.fromisoformat(text).replace(tzinfo=None) if isinstance(text, str) else text


@pytest.mark.parametrize("query", FILTERS)
def test_every_format_is_the_list_over_all_pages(filled: Filled, query: str) -> None:
    items = listed(filled.world, query)

    lines = export(filled.world, f"{query}&format=ndjson").content.decode().splitlines()
    objects = [json.loads(line, parse_float=Decimal) for line in lines]
    assert objects == [{name: item.get(name) for name in HUNTER} for item in items]

    text = export(filled.world, f"{query}&format=csv").content.decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        for cell, name in zip(row, HUNTER, strict=True):
            value = cell_of(item, name)
            if isinstance(value, Decimal | int):
                assert Decimal(cell) == value
            else:
                assert cell.removeprefix("'") == (value or "").removeprefix("'"), name

    table = sheet_of(export(filled.world, f"{query}&format=xlsx"))[1:]
    assert len(table) == len(items)
    for cells, item in zip(table, items, strict=True):
        for cell, name in zip(cells, HUNTER, strict=True):
            value = cell_of(item, name)
            if name.endswith(("DateTime", "Since")) and isinstance(cell, datetime):
                assert abs((cell - seconds(value)).total_seconds()) < 0.001
            elif isinstance(value, Decimal | int):
                assert Decimal(str(cell)) == value, name
            else:
                assert (cell or "") == (value or "").replace("\r", "_x000D_"), name


def test_values_are_typed(filled: Filled) -> None:
    got = export(filled.world, "status=Active&format=xlsx")
    book = openpyxl.load_workbook(io.BytesIO(got.content))
    types = {name: {cell.data_type for cell in column[1:] if cell.value is not None}
             for name, column in zip(HUNTER, book.worksheets[0].columns, strict=True)}  # fmt: skip
    assert types["dealValue"] == types["commentCount"] == {"n"}
    assert types["createdDateTime"] == {"d"}
    assert types["id"] == types["name"] == types["status"] == {"s"}
    assert book.worksheets[0].freeze_panes == "B2"
    assert str(book.worksheets[0].auto_filter.ref).startswith("A1:Y")


def test_eu_csv(filled: Filled) -> None:
    content = export(filled.world, "status=Active&format=csv&dialect=eu&language=tr").content
    assert content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    items = listed(filled.world, "status=Active")
    assert header[:3] == ["Kimlik", "Ad", "Müşteri"]
    assert header[16] == "Oluşturuldu (UTC)"
    for row, item in zip(rows, items, strict=True):
        if item["dealValue"] is not None:
            assert Decimal(row[13].replace(",", ".")) == item["dealValue"]
            assert "." not in row[13]
        if item["createdDateTime"]:
            day, month, year, rest = row[16][:2], row[16][3:5], row[16][6:10], row[16][11:]
            assert f"{year}-{month}-{day}T{rest}" == item["createdDateTime"][:19]


def test_headers_follow_the_reader(filled: Filled) -> None:
    def first(query: str, accepted: str | None) -> str:
        headers = {"Accept-Language": accepted} if accepted else {}
        return export(filled.world, f"status=Nowhere&format=csv{query}", headers=headers).content.decode().split(",")[1]

    assert first("", None) == first("", "de-DE, fr;q=0.8") == "Name"
    assert first("", "tr-TR,tr;q=0.9,en;q=0.8") == first("&language=tr", "en") == first("", "de, tr;q=0.5") == "Ad"
    assert first("", "en;q=0.5, tr;q=0.9") == first("", "en;q=0, tr;q=0.1") == first("", "tr, en") == "Ad"
    assert first("", "tr;q=0") == first("", "tr;q=0.5, en-GB") == first("", "trv, fr") == first("", "tr;q=x") == "Name"
    assert first("&language=en", "tr") == "Name"


def test_the_file_says_what_it_is(filled: Filled) -> None:
    got = export(filled.world, "status=New&country=TR&q=a%C4%9F&sort=-dealValue")
    assert got.headers["Content-Disposition"] == 'attachment; filename="referrals-2026-11-24.xlsx"'
    assert got.headers["Cache-Control"] == "no-store"
    book = openpyxl.load_workbook(io.BytesIO(got.content))
    assert book.sheetnames == ["Referrals", "About"]
    about = {str(row[0]): row[1] for row in sheet_of(got, "About")}
    rows = len(listed(filled.world, "status=New&country=TR&q=a%C4%9F"))
    assert about["Filters"] == "status: New; country: TR; q: ağ"
    assert about["Sorted by"] == "-dealValue"
    assert about["Rows"] == rows
    assert about["Exported at (UTC)"] == "2026-11-24 09:00:00"
    assert about["Exported by"] == AYSE.name
    assert about["Last successful sync (UTC)"] == "none yet"
    assert about["The same list on the page"].endswith(
        "/app?view=referrals&status=New&country=TR&q=a%C4%9F&sort=-dealValue"
    )
    turkish = openpyxl.load_workbook(io.BytesIO(export(filled.world, "language=tr&status=Nowhere").content))
    assert turkish.sheetnames == ["Fırsatlar", "Hakkında"]
    for query, name in {
        "format=csv": "referrals-2026-11-24.csv",
        "format=ndjson&columns=partnerCenter": "partner-center-referrals-2026-11-24.ndjson",
    }.items():
        assert f'filename="{name}"' in export(filled.world, f"{query}&status=Nowhere").headers["Content-Disposition"]


def test_ticked_ones_alone(filled: Filled) -> None:
    ids = sorted(filled.records)[:70]
    query = "&".join(f"ids={quote(one, safe='')}" for one in [*ids, "unknown"])
    lines = export(filled.world, f"{query}&format=ndjson&missing=include").content.splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == ids
    assert export(filled.world, "ids=unknown&format=ndjson").content == b""
    keys = [one["key"] for one in listed(filled.world, "", "companies")[:3]]
    query = "&".join(f"ids={quote(one, safe='')}" for one in keys)
    lines = export(filled.world, f"{query}&format=ndjson", which="companies").content.splitlines()
    assert sorted(json.loads(line)["key"] for line in lines) == sorted(keys)


def test_contacts_come_only_when_they_are_asked_for(filled: Filled) -> None:
    mails = {
        person.email
        for record in filled.records.values()
        if record.customer_profile
        for person in record.customer_profile.team or []
        if person and person.email and "@" in person.email and not person.email.startswith("=")
    }
    assert len(mails) > 300
    for columns in ("hunter", "partnerCenter"):
        for form in ("csv", "ndjson"):
            query = f"missing=include&format={form}&columns={columns}"
            without = export(filled.world, query).content.decode()
            assert not [mail for mail in mails if mail in without and mail.endswith((".com.tr", ".de"))]
            if columns == "hunter":
                with_all = export(filled.world, f"{query}&contacts=true").content.decode()
                assert not [mail for mail in mails if mail.isascii() and json.dumps(mail)[1:-1] not in with_all]


def test_contacts_are_those_of_the_detail(filled: Filled) -> None:
    query = "status=New&contacts=true"
    lines = export(filled.world, f"{query}&format=ndjson").content.decode().splitlines()
    table = sheet_of(export(filled.world, f"{query}&format=xlsx"))
    header = table[0]
    assert header[25:30] == [
        "Contact 1 first name",
        "Contact 1 last name",
        "Contact 1 e-mail",
        "Contact 1 phone",
        "Contact 1 title",
    ]
    names = ("firstName", "lastName", "email", "phoneNumber", "title")
    for line, cells in list(zip(lines, table[1:], strict=True))[:25]:
        one = json.loads(line)
        detail = filled.world.get(AYSE, f"/referrals/{quote(one['id'], safe='')}")
        assert one["contacts"] == detail["contacts"]
        flat = [person[name] or None for person in detail["contacts"] for name in names]
        assert [cell or None for cell in cells[25 : 25 + len(flat)]] == flat
        assert not any(cells[25 + len(flat) :])


def test_partner_centers_own_columns(filled: Filled) -> None:
    text = export(filled.world, "columns=partnerCenter&format=csv&contacts=true&sort=name").content.decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header[: len(PARTNER_CENTER)]) == PARTNER_CENTER
    rest = header[len(PARTNER_CENTER) :]
    assert [re.sub(r" \d+$", "", name) for name in rest] == sorted(
        (re.sub(r" \d+$", "", name) for name in rest), key=["Solution", "Team member", "Microsoft team member"].index
    )
    assert {"Solution 1", "Team member 1", "Microsoft team member 1"} <= set(rest)
    items = listed(filled.world, "sort=name")
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        cells = {name: cell.removeprefix("'") for name, cell in zip(header, row, strict=True)}
        record = filled.records[item["id"]]
        assert cells["Referral ID"] == item["id"]
        assert cells["Deal Name"] == (record.name or "").removeprefix("'")
        assert cells["Partner Referral Status"] == (record.status or "")
        assert (Decimal(cells["Estimated Deal Value"]) if cells["Estimated Deal Value"] else None) == item["dealValue"]
        if item["closingDateTime"]:
            month, day, year = map(int, cells["Estimated Close Date"].split("/"))
            assert item["closingDateTime"][:10] == f"{year:04}-{month:02}-{day:02}"
        people = [one for one in record.team or [] if one]
        assert [
            cells[f"Team member {number + 1}"]
            for number in range(len(people))
            if "@microsoft" not in (people[number].email or "")
        ] == [
            ", ".join(part or "" for part in (one.first_name, one.last_name, one.phone_number, one.email)).rstrip(", ")
            for one in people
        ]
        customer = record.customer_profile
        contact = next(iter([one for one in (customer.team if customer else None) or [] if one]), None)
        assert cells["Customer Contact Email Address"] == ((contact.email if contact else "") or "")
    without = export(filled.world, "columns=partnerCenter&format=csv&sort=name").content.decode()
    header_without, *rows_without = csv.reader(io.StringIO(without, newline=""))
    assert header_without == header
    for row in rows_without:
        assert not any(cell for name, cell in zip(header, row, strict=True) if name.startswith("Customer Contact"))


def test_companies(filled: Filled) -> None:
    items = listed(filled.world, "sort=name", "companies")
    lines = export(filled.world, "sort=name&format=ndjson", which="companies").content.decode().splitlines()
    assert [json.loads(line, parse_float=Decimal) for line in lines] == items
    header, *rows = sheet_of(export(filled.world, "sort=name", which="companies"))
    assert [row[0] for row in rows] == [item["key"] for item in items]
    for row, item in zip(rows, items, strict=True):
        cells = dict(zip(header, row, strict=True))
        assert cells["Referrals"] == item["referralCount"]
        assert cells["Microsoft 365"] is item["isM365"]
        for currency, amount in item["openValue"].items():
            assert Decimal(str(cells[f"Open {currency}"])) == amount
        assert sum(cells[f"{status}"] for status in ("New", "Active", "Closed")) == sum(item["byStatus"].values())
    text = export(filled.world, "country=TR&format=csv", which="companies").content.decode()
    assert len(list(csv.reader(io.StringIO(text, newline="")))) - 1 == len(
        listed(filled.world, "country=TR", "companies")
    )


@pytest.mark.parametrize(
    "query",
    ["format=pdf", "columns=all", "dialect=us", "language=de", "contacts=maybe", "page=2", "pageSize=10", "colour=red",
     "status=", "sort=colour", "format=csv&format=csv"],
)  # fmt: skip
def test_what_is_no_export(filled: Filled, query: str) -> None:
    got = filled.world.ask(AYSE, "GET", f"/referrals/export?{query}")
    assert (got.status, got.code) == (400, "invalid_parameter")


def test_companies_have_no_columns_of_referrals(filled: Filled) -> None:
    for query in ("columns=hunter", "contacts=true", "status=New"):
        assert filled.world.ask(AYSE, "GET", f"/companies/export?{query}").status == 400
