"""A referral's row and the pieces of its payload are of one version, whatever is swept away between the two readings."""

from __future__ import annotations

import json

import pytest

from shared.actions.service import Copy
from shared.core.errors import StorageUnavailable
from shared.model.referral import fingerprint, read_head, read_record, summarise
from shared.read_model.payloads import read_payloads
from shared.storage.engine.tables import TableStore
from shared.storage.tables.referrals import partition_of, read_whole, sweep_pieces, to_row, write_pieces
from tests.companies.tables import store_of

TABLES = ("Referrals", "ReferralPayloads")


def stored(connection_string: str, note: str) -> None:
    """Store a version of the referral, whose payload takes many pieces."""
    store = store_of(connection_string)
    raw = json.dumps({"id": "big", "details": {"notes": note * 700_000}})
    content_hash, _ = fingerprint(read_head(raw.encode()), raw.encode(), b"")
    row, pieces = to_row(summarise(read_record(raw), ()), raw, content_hash, "raw", 1)
    assert pieces
    write_pieces(store, pieces)
    store.table("Referrals").replace(row, None)


def later(connection_string: str) -> TableStore:
    """The store of a process whose sweep finds no piece young any more."""
    store = store_of(connection_string)
    store.clock.sleep(7_200)
    return store


def test_pieces_whose_row_is_about_to_be_written_are_not_swept_away(storage_account: str) -> None:
    stored(storage_account, "a")
    store = store_of(storage_account)
    before = {piece["RowKey"] for piece in store.table("ReferralPayloads").query()}
    store.table("Referrals").delete(partition_of("big"), "big")
    sweep_pieces(store)
    assert {piece["RowKey"] for piece in store.table("ReferralPayloads").query()} == before
    sweep_pieces(later(storage_account))
    assert not list(store.table("ReferralPayloads").query())


def test_a_version_that_comes_in_between_is_read_instead(storage_account: str) -> None:
    stored(storage_account, "a")
    others = iter("bc")

    def between(when: str, operation: str, table: str) -> None:
        if (when, table) == ("before", "ReferralPayloads") and (note := next(others, None)):
            stored(storage_account, note)
            sweep_pieces(later(storage_account))

    store = store_of(storage_account)
    store.intercept = between
    whole = read_whole(store, "big")
    assert whole is not None
    assert json.loads(whole[1])["details"]["notes"][:3] == "ccc"
    assert read_whole(store, "none such") is None


@pytest.mark.parametrize("reader", ["actions", "lists"])
def test_whoever_reads_rows_first_reads_the_newer_version_too(storage_account: str, reader: str) -> None:
    stored(storage_account, "a")
    store = store_of(storage_account)
    others = iter("b")

    def between(when: str, operation: str, table: str) -> None:
        if (when, table) == ("before", "ReferralPayloads") and (note := next(others, None)):
            stored(storage_account, note)
            sweep_pieces(later(storage_account))

    row = store.table("Referrals").get(partition_of("big"), "big")
    assert row
    store.intercept = between
    if reader == "actions":
        copy = Copy.of(store, row)
        assert copy
        assert copy.row["etag"] != row["etag"]
        notes = copy.values["notes"]
    else:
        [(_, referral)] = read_payloads(store, ["big"])
        assert referral.details
        notes = referral.details.notes
    assert notes[:3] == "bbb"


def test_pieces_that_stay_away_are_an_error_of_storage(storage_account: str) -> None:
    stored(storage_account, "a")
    store = store_of(storage_account)
    piece = next(store.table("ReferralPayloads").query(limit=1))
    store.table("ReferralPayloads").delete(piece["PartitionKey"], piece["RowKey"])
    with pytest.raises(StorageUnavailable):
        read_whole(store, "big")
