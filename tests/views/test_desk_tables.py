"""Owners, comments, views and people in real tables: two writers at once lose nothing, and a crash leaves what was there."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model import times
from shared.model.desk import Owner
from shared.model.person import Person
from shared.model.view import View
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables import comments, owners, people, views
from tests.companies.tables import NOW, Crash, Hand, crash, store_of
from tests.views.conftest import WorldMaker

AYSE = Person("id-ayse", "Ayşe Yılmaz", "ayse@partner.com")
BORA = Person("id-bora", "Bora Kaya", "bora@partner.com")
AT = times.from_datetime(NOW)
ODD_IDS = ["one/with odd#id?", "two", "a", "a|b", "İ" * 300]


def owner(person: Person) -> Owner:
    return Owner(person.mail, person.name)


def history(store: TableStore, referral_id: str) -> list[tuple[str | None, str | None]]:
    rows = [row for row in store.table(owners.TABLE).query(None) if row["id"] == referral_id]
    return [(step["from"], step["to"]) for row in rows for step in msgspec.json.decode(row["history"])]


def test_owners_of_any_ids(storage_account: str) -> None:
    store = store_of(storage_account)
    assert owners.load_all(store) == {}
    assert sorted(owners.set_owner(store, ODD_IDS, owner(AYSE), AYSE, AT)) == sorted(ODD_IDS)
    assert owners.load_all(store) == dict.fromkeys(ODD_IDS, owner(AYSE))
    assert owners.set_owner(store, ODD_IDS, Owner(" AYSE@partner.com".strip(), "A"), BORA, AT) == []
    assert owners.set_owner(store, ["a"], None, BORA, AT) == ["a"]
    assert "a" not in owners.load_all(store)
    assert history(store, "a") == [("ayse@partner.com", None), (None, "ayse@partner.com")]


def test_two_hundred_at_once(storage_account: str) -> None:
    store = store_of(storage_account)
    ids = [f"referral-{number}" for number in range(200)]
    assert len(owners.set_owner(store, ids, owner(AYSE), AYSE, AT)) == 200
    assert len(owners.set_owner(store, ids[:150], owner(BORA), AYSE, AT)) == 150
    assert Counter(one.mail for one in owners.load_all(store).values()) == {AYSE.mail: 50, BORA.mail: 150}


@given(
    first=st.sets(st.sampled_from("abcdef"), min_size=1),
    second=st.sets(st.sampled_from("abcdef"), min_size=1),
    known=st.sets(st.sampled_from("abcdef")),
    request=st.integers(0, 14),
    takes_off=st.booleans(),
)
@settings(max_examples=20)
def test_of_two_at_once_both_are_in_the_history(
    azurite_world: WorldMaker, first: set[str], second: set[str], known: set[str], request: int, takes_off: bool
) -> None:
    two_at_once(azurite_world(), first, second, known, request, takes_off=takes_off)


@pytest.mark.parametrize("request_number", range(6))
@pytest.mark.parametrize("known", [set(), {"a"}], ids=["new", "known"])
def test_of_two_at_once_on_one_referral_both_are_in_the_history(
    azurite_world: WorldMaker, known: set[str], request_number: int
) -> None:
    two_at_once(azurite_world(), {"a"}, {"a"}, known, request_number, takes_off=False)


def two_at_once(
    account: str, first: set[str], second: set[str], known: set[str], request: int, *, takes_off: bool
) -> None:
    """Ayşe sets owners, and before her request of this number Bora does."""
    other = store_of(account)
    if known:
        owners.set_owner(other, known, Owner("old@partner.com", "Old"), AYSE, AT)
    hand = Hand()
    hand.at = request
    hand.act = partial(owners.set_owner, other, second, None if takes_off else owner(BORA), BORA, AT)
    owners.set_owner(store_of(account, hand), first, owner(AYSE), AYSE, AT)
    if not hand.acted:
        assert hand.act
        hand.act()
    for referral_id in first | second | known:
        steps = history(other, referral_id)
        # Each step begins where the one before ended: nobody's change was written over unseen.
        assert [before for before, _ in steps[:-1]] == [after for _, after in steps[1:]]
        assert not steps or steps[-1][0] is None
        if referral_id in first:
            assert AYSE.mail in {after for _, after in steps}
        if referral_id in second and not takes_off:
            assert BORA.mail in {after for _, after in steps}


@pytest.mark.parametrize("at", range(6))
def test_a_crash_leaves_what_was_there_or_what_was_wanted(storage_account: str, at: int) -> None:
    store = store_of(storage_account)
    owners.set_owner(store, ["a", "b"], owner(BORA), BORA, AT)
    comments.add(store, "a", "before", BORA, AT)
    hand = Hand()
    hand.at, hand.act = at, crash
    crashing = store_of(storage_account, hand)
    try:
        owners.set_owner(crashing, ["a"], owner(AYSE), AYSE, AT)
        comments.add(crashing, "a", "after", AYSE, AT)
    except Crash:
        pass
    found = owners.load_all(store)
    assert found["a"] in (owner(AYSE), owner(BORA))
    assert found["b"] == owner(BORA)
    assert {comment.text for comment in comments.load(store, "a")} in ({"before"}, {"before", "after"})


def test_comments_belong_to_their_referral_alone(storage_account: str) -> None:
    store = store_of(storage_account)
    written = {
        referral_id: [comments.add(store, referral_id, f"{number} of {referral_id[:3]}", AYSE, times.shifted(AT, seconds=number))
                      for number in range(3)]
        for referral_id in ODD_IDS
    }  # fmt: skip
    for referral_id, expected in written.items():
        assert comments.load(store, referral_id) == expected, "oldest first"
        assert comments.find(store, referral_id, expected[1].id) == expected[1]
        assert comments.find(store, "two" if referral_id != "two" else "a", expected[1].id) is None
    comments.delete(store, written["a"][0])
    comments.delete(store, written["a"][0])
    assert comments.load(store, "a") == written["a"][1:]
    assert comments.load(store, "a|b") == written["a|b"]
    assert Counter(referral_id for referral_id, _ in comments.load_texts(store)) == {
        **dict.fromkeys(ODD_IDS, 3),
        "a": 2,
    }


def test_a_comment_holds_what_people_write(storage_account: str) -> None:
    store = store_of(storage_account)
    texts = ["😀" * 4_000, "two\nlines", "\u2028", "'=1+1", "a" * 4_000]
    for number, text in enumerate(texts):
        comments.add(store, "a", text, AYSE, times.shifted(AT, seconds=number))
    assert [comment.text for comment in comments.load(store, "a")] == texts
    assert [text for _, text in comments.load_texts(store)] == texts


def test_two_comments_at_the_same_moment_are_both_there(storage_account: str) -> None:
    store = store_of(storage_account)
    for person in (AYSE, BORA):
        comments.add(store, "a", "same time", person, AT)
    assert {comment.by for comment in comments.load(store, "a")} == {AYSE, BORA}


def view(view_id: str, person: Person, *, shared: bool) -> View:
    return View(
        id=view_id,
        name=view_id,
        list="referrals",
        query="status=New&q=" + "ş" * 500,
        shared=shared,
        owner=person,
        created_at=AT,
        updated_at=AT,
    )


def test_views_are_seen_by_whom_they_are_for(storage_account: str) -> None:
    store = store_of(storage_account)
    mine, hers, all_s = view("1", AYSE, shared=False), view("2", BORA, shared=False), view("3", BORA, shared=True)
    for one in (mine, hers, all_s):
        views.insert(store, one)
    assert views.load_all(store, AYSE) == [mine, all_s]
    assert views.load_all(store, BORA) == [hers, all_s]
    assert views.load_all(store, Person("o'brien", "x")) == [all_s]
    with pytest.raises(RowConflict):
        views.insert(store, mine)


def test_a_view_that_somebody_changed_meanwhile_is_not_written_over(storage_account: str) -> None:
    store = store_of(storage_account)
    first = views.insert(store, view("1", AYSE, shared=True))
    second = views.replace(store, msgspec.structs.replace(view("1", AYSE, shared=True), name="renamed"), first)
    for attempt in (
        partial(views.replace, store, view("1", AYSE, shared=False), first),
        partial(views.delete, store, "1", first),
    ):
        with pytest.raises(RowConflict):
            attempt()
    found = views.load(store, "1")
    assert found
    assert found[0].name == "renamed"
    views.delete(store, "1", second)
    assert views.load(store, "1") is None


def test_who_uses_the_app_is_written_every_ten_minutes_at_most(storage_account: str) -> None:
    hand = Hand()
    store = store_of(storage_account, hand)
    first, second = people.People(store), people.People(store)
    first.note(AYSE, NOW)
    assert first.load() == [people.Seen(AYSE.id, AYSE.name, AYSE.mail, AT)]
    before = hand.calls
    first.note(AYSE, NOW + timedelta(minutes=9))
    assert hand.calls == before, "known in this process"
    second.note(AYSE, NOW + timedelta(minutes=9))
    second.note(AYSE, NOW + timedelta(minutes=9, seconds=59))
    assert hand.calls == before + 2, "another process reads once, and writes nothing"
    second.note(AYSE, NOW + timedelta(minutes=10))
    assert first.load()[0].at == times.from_datetime(NOW + timedelta(minutes=10))
    second.note(msgspec.structs.replace(AYSE, name="Ayşe Demir"), NOW + timedelta(minutes=11))
    assert first.load()[0].name == "Ayşe Demir", "a new name shows at once"
    before = hand.calls
    first.note(Person("nameless", "No address"), NOW)
    assert hand.calls == before
    assert len(first.load()) == 1
