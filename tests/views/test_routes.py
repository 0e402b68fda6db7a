"""Views, owners, comments and people through their routes: who may what, what shows where, and what is nobody else's business."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.views.world import AYSE, BORA, OYA, REYHAN, Caller, World, path_of, referral

ODD = "odd/id?&#%2F"


@pytest.fixture
def world(storage_account: str, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(storage_account, monkeypatch)
    made.store(referral("a"), referral("b"), referral("c", status="Active", substatus="Accepted"), referral(ODD))
    return made


def view(**more: Any) -> dict[str, Any]:
    return {"name": "New ones", "list": "referrals", "query": "status=New", "shared": False, **more}


# -- views


def test_a_view_from_its_making_to_its_end(world: World) -> None:
    made = world.ask(REYHAN, "POST", "/views", view(name="  Yeni   fırsatlar "))
    assert made.status == 201
    one = made.body
    assert one == {
        "id": one["id"],
        "name": "Yeni fırsatlar",
        "list": "referrals",
        "query": "status=New",
        "shared": False,
        "owner": {"id": REYHAN.id, "name": REYHAN.name},
        "createdAt": "2026-11-24T09:00:00Z",
        "updatedAt": "2026-11-24T09:00:00Z",
        "total": 3,
    }
    path = made.headers["Location"].removeprefix("/api/v1/partner-center")
    assert world.get(REYHAN, path) == one
    assert world.get(REYHAN, "/views") == {"items": [one], "total": 1}
    changed = world.ask(REYHAN, "PUT", path, {**one, "query": "status=Active"})
    assert changed.status == 200
    assert (changed.body["total"], changed.body["query"], changed.body["name"]) == (1, "status=Active", one["name"])
    assert world.ask(REYHAN, "PUT", path, {"name": "x"}).body["query"] == "status=Active", "what is left out stays"
    assert world.ask(REYHAN, "DELETE", path).status == 204
    assert world.get(REYHAN, path, 404)["code"] == "not_found"
    assert world.ask(REYHAN, "DELETE", path).status == 404
    assert world.get(REYHAN, "/views") == {"items": [], "total": 0}


def test_of_two_who_change_a_view_at_once_neither_is_lost(world: World) -> None:
    made = world.post(AYSE, "/views", view(shared=True), 201)
    path, store = f"/views/{made['id']}", world.services.store
    others = [("PUT", {"name": "Renamed"})]

    def between(when: str, operation: str, table: str) -> None:
        if (when, table) == ("before", "Views") and operation != "get" and others:
            method, body = others.pop()
            assert world.ask(OYA, method, path, body).status == 200

    store.intercept = between
    changed = world.ask(AYSE, "PUT", path, {"query": "status=Active"})

    assert not others
    assert (changed.status, changed.body["name"], changed.body["query"]) == (200, "Renamed", "status=Active")
    assert world.get(AYSE, path) == changed.body


def test_a_dozen_who_change_the_same_at_once_are_all_heard(world: World) -> None:
    world.store(referral("r-1"))
    identity = world.post(AYSE, "/views", view(), 201)["id"]

    def change(number: int) -> list[int]:
        changed = world.ask(AYSE, "PUT", f"/views/{identity}", view(name=f"View {number}"))
        owned = world.ask(AYSE, "POST", f"{path_of('r-1')}/owner", {"mail": f"p{number}@contoso.com"})
        return [changed.status, owned.status]

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(change, range(12))) == [[200, 200]] * 12


def test_ones_own_views_are_nobody_elses(world: World) -> None:
    own = world.post(AYSE, "/views", view(), 201)
    for caller in (BORA, OYA):
        assert world.get(caller, f"/views/{own['id']}", 404)["code"] == "not_found"
        assert world.ask(caller, "PUT", f"/views/{own['id']}", view()).status == 404
        assert world.ask(caller, "DELETE", f"/views/{own['id']}").status == 404
        assert world.get(caller, "/views")["total"] == 0
    assert world.get(AYSE, f"/views/{own['id']}") == own


def test_shared_views_are_read_by_all_and_changed_by_few(world: World) -> None:
    assert world.ask(REYHAN, "POST", "/views", view(shared=True)).code == "forbidden"
    shared = world.post(AYSE, "/views", view(shared=True), 201)
    path = f"/views/{shared['id']}"
    for caller in (REYHAN, BORA, OYA):
        assert world.get(caller, path)["name"] == "New ones"
        assert world.get(caller, "/views")["total"] == 1
    for caller in (REYHAN, BORA):
        assert world.ask(caller, "PUT", path, view(name="mine")).code == "forbidden"
        assert world.ask(caller, "DELETE", path).code == "forbidden"
    by_operator = world.ask(OYA, "PUT", path, view(name="Ours", shared=True))
    assert (by_operator.status, by_operator.body["owner"]["id"]) == (200, AYSE.id)
    assert world.ask(AYSE, "PUT", path, view(name="Hers", shared=True)).body["name"] == "Hers"
    no_writer = Caller(AYSE.id, AYSE.name, AYSE.mail, REYHAN.role)
    assert world.ask(no_writer, "PUT", path, view(shared=False)).code == "forbidden"
    assert world.ask(no_writer, "DELETE", path).code == "forbidden"
    own = world.post(REYHAN, "/views", view(), 201)
    assert world.ask(REYHAN, "PUT", f"/views/{own['id']}", view(shared=True)).code == "forbidden"
    assert world.ask(OYA, "DELETE", path).status == 204


NO_VIEWS: list[dict[str, Any]] = [
    {"name": ""},
    {"name": "   "},
    {"name": "x" * 201},
    {"name": 5},
    {"name": "a\x00b"},
    {"list": "people"},
    {"list": None},
    {"query": "page=2"},
    {"query": "pageSize=10"},
    {"query": "colour=red"},
    {"query": "category=none"},
    {"query": "minValue=much"},
    {"query": "ids=a"},
    {"query": "q=" + "x" * 2000},
    {"query": None},
    {"shared": "yes"},
    {"colour": "red"},
    {"list": "companies", "query": "status=New"},
]


def test_what_is_no_view(world: World) -> None:
    kept = world.post(AYSE, "/views", view(), 201)
    for wrong in NO_VIEWS:
        got = world.ask(AYSE, "POST", "/views", view(**wrong))
        assert (got.status, got.code) == (400, "invalid_parameter"), wrong
        assert world.ask(AYSE, "PUT", f"/views/{kept['id']}", {**view(), **wrong}).status == 400, wrong
    for missing in ("name", "query"):
        body = {name: value for name, value in view().items() if name != missing}
        assert world.ask(AYSE, "POST", "/views", body).status == 400
    assert world.get(AYSE, "/views")["items"] == [kept]


def test_the_longest_names_and_queries(world: World) -> None:
    query = "&".join(["q=" + "%C4%9F" * 100, *[f"company={'x' * 240}" for _ in range(5)]])
    made = world.post(AYSE, "/views", view(name="ğ" * 200, query=query), 201)
    assert (made["query"], made["total"]) == (query, 0)
    companies = world.post(AYSE, "/views", view(list="companies", query="?country=TR&sort=-referralCount"), 201)
    assert (companies["query"], companies["total"]) == ("country=TR&sort=-referralCount", 1)


def test_a_view_of_ones_own_counts_for_whoever_looks(world: World) -> None:
    world.post(AYSE, f"{path_of('a')}/owner", {"mail": AYSE.mail})
    mine = world.post(AYSE, "/views", view(name="Mine", query="owner=me", shared=True), 201)
    assert mine["total"] == 1
    assert world.get(BORA, f"/views/{mine['id']}")["total"] == 0
    mails_gone = Caller("nobody", "No Mail", "", REYHAN.role)
    assert world.get(mails_gone, f"/views/{mine['id']}")["total"] == 0
    ayse, bora = (world.ask(caller, "GET", "/views").headers["ETag"] for caller in (AYSE, BORA))
    assert ayse != bora
    again = world.ask(AYSE, "GET", "/views", headers={"If-None-Match": ayse})
    assert (again.status, again.content) == (304, b"")


def test_a_view_that_a_subscription_uses_stays(world: World) -> None:
    shared = world.post(AYSE, "/views", view(shared=True), 201)
    row = {"PartitionKey": "subscriptions", "RowKey": "s1", "viewId": shared["id"]}
    world.services.store.table("Subscriptions").insert(row)
    got = world.ask(AYSE, "DELETE", f"/views/{shared['id']}")
    assert (got.status, got.code) == (409, "view_in_use")
    world.services.store.table("Subscriptions").delete("subscriptions", "s1")
    assert world.ask(AYSE, "DELETE", f"/views/{shared['id']}").status == 204


# -- owners


def test_an_owner_shows_everywhere_at_once(world: World) -> None:
    before = world.ask(AYSE, "GET", "/referrals").headers["ETag"]
    answer = world.post(AYSE, f"{path_of('a')}/owner", {"mail": "ayse@PARTNER.com"})
    assert answer["owner"] == {"mail": AYSE.mail, "name": AYSE.name}, "the form and name of who used the app"
    assert world.ask(AYSE, "GET", "/referrals", headers={"If-None-Match": before}).status == 200
    listed = world.get(BORA, "/referrals")
    assert {item["id"]: item["owner"] for item in listed["items"]}["a"] == answer["owner"]
    assert listed["facets"]["owner"] == {AYSE.mail: 1}
    assert world.get(BORA, path_of("a"))["owner"] == answer["owner"]
    summary = world.get(BORA, "/summary")
    assert [(one["owner"], one["open"]["count"]) for one in summary["byOwner"]] == [(answer["owner"], 1), (None, 3)]
    assert world.ids(AYSE, "owner=me") == ["a"]
    assert world.ids(BORA, "owner=me") == []
    assert world.ids(BORA, "owner=AYSE%40partner.com") == ["a"]
    assert world.ids(BORA, "owner=none") == ["b", "c", ODD]
    assert world.ids(BORA, "owner=none&owner=ayse%40partner.com&status=Active") == ["c"]
    assert world.post(BORA, f"{path_of('a')}/owner", {"mail": None})["owner"] is None
    assert world.get(BORA, "/referrals")["facets"]["owner"] == {}


def test_an_owner_may_be_anybody_with_an_address(world: World) -> None:
    stranger = world.post(AYSE, f"{path_of(ODD)}/owner", {"mail": "  Yeni.Kisi@müşteri.com.tr "})
    assert stranger["owner"] == {"mail": "Yeni.Kisi@müşteri.com.tr", "name": "Yeni.Kisi@müşteri.com.tr"}
    world.get(BORA, "/people")
    assert world.post(AYSE, f"{path_of(ODD)}/owner", {"mail": BORA.mail})["owner"]["name"] == BORA.name


def test_a_turkish_capital_makes_no_other_mailbox(world: World) -> None:
    ilker = Caller("id-ilker", "İlker Şahin", "ilker@partner.com", "Referrals.Read")
    world.get(ilker, "/people")
    owner = world.post(AYSE, f"{path_of('a')}/owner", {"mail": "İLKER@PARTNER.COM"})["owner"]
    assert owner == {"mail": ilker.mail, "name": ilker.name}
    assert world.ids(ilker, "owner=me") == ["a"]
    assert world.ids(AYSE, "owner=%C4%B0lker%40partner.com") == ["a"]


NO_OWNERS: list[dict[str, Any]] = [
    {},
    {"mail": ""},
    {"mail": "nobody"},
    {"mail": 5},
    {"mail": "a@b@c"},
    {"mail": "a b@c"},
    {"mail": f"{'a' * 320}@b.c"},
    {"mail": "a@b.c\nx"},
    {"mail": "a@b.c", "more": 1},
    {"mail": ["a@b.c"]},
]


def test_what_is_no_owner(world: World) -> None:
    for body in NO_OWNERS:
        got = world.ask(AYSE, "POST", f"{path_of('a')}/owner", body)
        assert (got.status, got.code) == (400, "invalid_parameter"), body
    assert world.get(AYSE, path_of("a"))["owner"] is None


def test_owners_ask_for_write_and_for_a_referral(world: World) -> None:
    assert world.ask(REYHAN, "POST", f"{path_of('a')}/owner", {"mail": None}).code == "forbidden"
    assert world.ask(AYSE, "POST", f"{path_of('gone')}/owner", {"mail": None}).code == "not_found"
    assert world.ask(REYHAN, "POST", "/referrals/owner", {"ids": ["a"], "mail": None}).code == "forbidden"
    assert world.ask(REYHAN, "POST", f"{path_of('a')}/comments", {"text": "x"}).code == "forbidden"


def test_many_owners_at_once(world: World) -> None:
    got = world.post(AYSE, "/referrals/owner", {"ids": ["a", "b", "gone", "a", ODD], "mail": BORA.mail})
    assert got == {"changed": 3, "notFound": ["gone"]}
    assert world.ids(BORA, "owner=me") == ["a", "b", ODD]
    assert world.post(AYSE, "/referrals/owner", {"ids": ["a"], "mail": BORA.mail}) == {"changed": 0, "notFound": []}
    for wrong in ([], ["x"] * 201, "a", [5], [""], None):
        assert world.ask(AYSE, "POST", "/referrals/owner", {"ids": wrong, "mail": None}).status == 400
    assert world.post(AYSE, "/referrals/owner", {"ids": ["gone"], "mail": None}) == {"changed": 0, "notFound": ["gone"]}


# -- comments


def test_comments_from_first_to_last(world: World) -> None:
    first = world.ask(
        AYSE, "POST", f"{path_of(ODD)}/comments", {"text": "  Pazartesi aradım, ŞİŞLİ'de görüşelim\n=1+1 "}
    )
    assert first.status == 201
    one = first.body
    assert (one["text"], one["by"]) == (
        "Pazartesi aradım, ŞİŞLİ'de görüşelim\n=1+1",
        {"id": AYSE.id, "name": AYSE.name},
    )
    world.clock.time = world.clock.time.replace(hour=10)
    two = world.post(BORA, f"{path_of(ODD)}/comments", {"text": "Tamam"}, 201)
    assert world.get(REYHAN, path_of(ODD))["comments"] == [one, two], "newest last"
    assert {item["id"]: item["commentCount"] for item in world.get(BORA, "/referrals")["items"]} == {
        **dict.fromkeys("abc", 0),
        ODD: 2,
    }
    for words in ("sisli", "PAZARTESİ%20deal", "tamam%20sisli", "contoso%20tamam"):
        assert world.ids(REYHAN, f"q={words}") == [ODD], words
    assert world.ids(REYHAN, "q=tamam%20northwind") == []
    path = f"{path_of(ODD)}/comments/{one['id']}"
    assert world.ask(BORA, "DELETE", path).code == "forbidden"
    assert world.ask(REYHAN, "DELETE", path).code == "forbidden"
    assert world.ask(AYSE, "DELETE", f"{path_of('a')}/comments/{one['id']}").code == "not_found"
    assert world.ask(AYSE, "DELETE", path).status == 204
    assert world.ask(AYSE, "DELETE", path).code == "not_found"
    assert world.ask(OYA, "DELETE", f"{path_of(ODD)}/comments/{two['id']}").status == 204
    assert world.ids(REYHAN, "q=sisli") == []
    assert world.get(REYHAN, path_of(ODD))["comments"] == []


def test_what_is_no_comment(world: World) -> None:
    for body in ({}, {"text": ""}, {"text": " \n "}, {"text": "x" * 4001}, {"text": 5}, {"texts": "x"}):
        got = world.ask(AYSE, "POST", f"{path_of('a')}/comments", body)
        assert (got.status, got.code) == (400, "invalid_parameter"), body
    assert world.post(AYSE, f"{path_of('a')}/comments", {"text": "x" * 4000}, 201)["text"] == "x" * 4000
    assert world.ask(AYSE, "POST", f"{path_of('gone')}/comments", {"text": "x"}).code == "not_found"


# -- people, and what it costs


def test_who_used_the_app(world: World) -> None:
    world.get(AYSE, "/referrals")
    world.clock.time = world.clock.time.replace(hour=10)
    assert world.get(REYHAN, "/people") == {
        "items": [
            {"mail": REYHAN.mail, "name": REYHAN.name, "lastSeenAt": "2026-11-24T10:00:00Z"},
            {"mail": AYSE.mail, "name": AYSE.name, "lastSeenAt": "2026-11-24T09:00:00Z"},
        ],
        "total": 2,
    }


def test_an_idle_list_costs_one_point_read(world: World) -> None:
    world.post(AYSE, f"{path_of('a')}/owner", {"mail": AYSE.mail})
    world.post(AYSE, f"{path_of('a')}/comments", {"text": "x"}, 201)
    world.get(AYSE, "/referrals")
    world.requests.clear()
    world.get(AYSE, "/referrals?owner=me&q=x")
    assert world.requests == [("get", "SyncState")]


def test_what_people_say_is_read_without_reading_the_referrals_again(world: World) -> None:
    world.get(AYSE, "/referrals")
    world.post(AYSE, f"{path_of('a')}/comments", {"text": "x"}, 201)
    world.requests.clear()
    assert world.ids(AYSE, "q=x") == ["a"]
    assert {table for _, table in world.requests} == {"SyncState", "Owners", "Comments", "CrmLinks"}


def test_a_sync_takes_nothing_away(world: World) -> None:
    world.post(AYSE, f"{path_of('a')}/owner", {"mail": BORA.mail})
    world.post(AYSE, f"{path_of('a')}/comments", {"text": "kept"}, 201)
    kept = world.post(AYSE, "/views", view(), 201)
    world.store(referral("a", name="Renamed", status="Closed", substatus="Lost"))
    found = world.get(AYSE, path_of("a"))
    assert (found["name"], found["owner"]["mail"], [one["text"] for one in found["comments"]]) == (
        "Renamed",
        BORA.mail,
        ["kept"],
    )
    assert world.ids(BORA, "owner=me&q=kept") == ["a"]
    assert world.get(AYSE, f"/views/{kept['id']}")["total"] == kept["total"] - 1
