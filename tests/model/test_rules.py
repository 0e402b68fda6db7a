"""A change of the rules makes every stored referral be read anew."""

from __future__ import annotations

from pathlib import Path

from shared.model.referral import LISTS, content_hash, rules_salt

REQUIREMENTS = (Path(__file__).parents[2] / "requirements.in").read_text("utf-8")


def test_the_lists_named_in_the_rules_are_those_installed() -> None:
    for name, version in (part.split(" ") for part in LISTS.split(", ")):
        assert f"{name}=={version}" in REQUIREMENTS


def test_own_domains_are_part_of_the_rules() -> None:
    assert rules_salt({"a.com", "b.com"}) == rules_salt(["b.com", "a.com"])
    assert rules_salt({"a.com"}) != rules_salt(())
    assert content_hash(b'{"id":"1"}', rules_salt({"a.com"})) != content_hash(b'{"id":"1"}', rules_salt(()))


def test_the_order_of_keys_and_odata_s_annotations_are_no_change() -> None:
    one = b'{"id":"1","a":{"x":1,"y":2},"@odata.etag":"1"}'
    other = b'{"a": {"y": 2, "x": 1}, "id": "1", "@odata.context": "c"}'
    assert content_hash(one) == content_hash(other)
    assert content_hash(one) != content_hash(b'{"id":"1","a":{"x":1,"y":3}}')
