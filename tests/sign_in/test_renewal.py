"""Renewal: silent, rotated, raced for, refused with a reason; and a token cache that is damaged, long, or of another key."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet

from shared.core.errors import ConfigurationError, SignInRequired, SignInUnavailable, StorageUnavailable
from shared.model.times import from_datetime, shifted
from shared.sign_in import entra as entra_module
from shared.sign_in.token_cache import PARTITION, TABLE, TOKEN_ROW, Unreadable, Vault
from shared.sign_in.tokens import CLAIM_SECONDS
from shared.storage.engine.entities import get_bytes
from shared.storage.engine.tables import TableStore
from tests.sign_in.world import CALLBACK, KEY, OTHER_KEY, World


def test_a_token_in_memory_is_used_without_asking_anybody(world: World) -> None:
    sign_in = world.signed_in()
    first = sign_in.token()
    asked = len(world.simulator.requests)
    assert {sign_in.token() for _ in range(5)} == {first}
    assert len(world.simulator.requests) == asked
    assert world.instance().token() == first  # another process has it from storage
    assert len(world.simulator.requests) == asked


def test_a_token_is_renewed_before_it_ends(world: World) -> None:
    sign_in = world.signed_in()
    first = sign_in.token()
    before = world.rows().load()
    world.clock.advance(minutes=59)
    assert sign_in.token() != first
    after = world.rows().load()
    assert after.last_renewed_at > before.last_renewed_at
    assert after.sign_in_id == before.sign_in_id
    assert after.claimed_until == ""


def test_a_short_lived_token_is_not_renewed_at_every_call(world: World) -> None:
    world.simulator.switches.access_token_lifetime = 60
    sign_in = world.signed_in()
    asked = world.redeemed()
    first = sign_in.token()
    assert sign_in.token() == first
    assert world.redeemed() == asked


def test_a_refused_token_is_replaced_once_for_all_threads(world: World) -> None:
    world.simulator.switches.rotation_kills_old = True
    sign_in = world.signed_in()
    first = sign_in.token()
    asked = world.redeemed()
    together = threading.Barrier(8)

    def refused() -> str:
        together.wait()
        return sign_in.token(force_refresh=True)

    with ThreadPoolExecutor(8) as pool:
        tokens = {future.result() for future in [pool.submit(refused) for _ in range(8)]}
    assert first not in tokens
    assert world.redeemed() - asked <= len(tokens) <= 8
    assert world.rows().load().state == "signedIn"


def test_a_refused_token_is_replaced_by_what_another_process_got(world: World) -> None:
    sign_in, other = world.signed_in(), world.instance()
    first = sign_in.token()
    assert other.token() == first
    second = other.token(force_refresh=True)
    asked = world.redeemed()
    assert sign_in.token(force_refresh=True) == second
    assert world.redeemed() == asked
    assert sign_in.token(force_refresh=True) not in {first, second}


def test_a_rotated_refresh_token_is_kept(world: World) -> None:
    world.simulator.switches.rotation_kills_old = True
    sign_in = world.signed_in()
    for _ in range(5):
        sign_in.token(force_refresh=True)
        assert world.instance().token()
    assert sign_in.status().state == "signedIn"


def test_who_finds_the_row_claimed_waits_and_takes_the_result(world: World) -> None:
    sign_in = world.signed_in()
    sign_in.token()
    claim = "9999-01-01T00:00:00.0000000Z"
    world.edit(claimed_until=claim)
    with pytest.raises(SignInUnavailable):
        world.instance().token(force_refresh=True)
    assert world.clock.slept
    assert world.rows().load().state == "signedIn"


def test_a_claim_of_a_process_that_died_ends_by_itself(world: World) -> None:
    sign_in = world.signed_in()
    first = sign_in.token()
    store = world.rows()
    world.edit(claimed_until=shifted(from_datetime(world.clock.now()), seconds=CLAIM_SECONDS))
    assert sign_in.token(force_refresh=True) != first
    assert sum(world.clock.slept) >= CLAIM_SECONDS
    assert store.load().claimed_until == ""


def test_a_slow_renewal_does_not_lose_the_newer_token(world: World) -> None:
    """The claim is overdue and somebody else has taken it over, without having renewed yet."""
    world.simulator.switches.rotation_kills_old = True
    sign_in = world.signed_in()
    sign_in.token()

    def taken_over(kind: str, operation: str, table: str) -> None:
        if kind == "before" and world.redeemed() > asked and not taken:
            taken.append(True)
            world.edit(claimed_until="2000-01-01T00:00:00.0000000Z")  # another ETag, the same old refresh token

    taken: list[bool] = []
    asked = world.redeemed()
    settings = world.settings()
    slow = type(sign_in)(settings, TableStore.from_settings(settings, world.clock, taken_over), world.clock)
    slow.token(force_refresh=True)
    assert taken
    assert world.instance().token(force_refresh=True)
    assert world.rows().load().state == "signedIn"


def test_a_storage_that_fails_after_a_renewal_does_not_lose_the_newer_token(world: World) -> None:
    world.simulator.switches.rotation_kills_old = True
    sign_in = world.signed_in()
    first = sign_in.token()
    asked = world.redeemed()
    failed: list[str] = []

    def fails(kind: str, operation: str, table: str) -> None:
        if kind == "before" and world.redeemed() > asked and len(failed) < 2:
            failed.append(operation)
            raise StorageUnavailable

    settings = world.settings()
    unlucky = type(sign_in)(settings, TableStore.from_settings(settings, world.clock, fails), world.clock)
    second = unlucky.token(force_refresh=True)
    assert second != first
    assert unlucky.token() == second  # storage still fails
    assert failed == ["replace", "replace"]
    assert unlucky.token() == second  # and now takes it
    assert world.instance().token() == second
    assert world.instance().token(force_refresh=True) not in {first, second}


def test_a_sign_out_during_a_renewal_wins(world: World) -> None:
    sign_in = world.signed_in()
    sign_in.token()
    asked = world.redeemed()
    done: list[bool] = []

    def signs_out(kind: str, operation: str, table: str) -> None:
        if kind == "before" and world.redeemed() > asked and not done:
            done.append(True)
            world.instance().sign_out()

    settings = world.settings()
    slow = type(sign_in)(settings, TableStore.from_settings(settings, world.clock, signs_out), world.clock)
    with pytest.raises(SignInRequired):
        slow.token(force_refresh=True)
    assert done
    assert world.rows().load().state == "signedOut"
    assert world.rows().load().cache == ""


@pytest.mark.parametrize(
    ("problem", "code", "words"),
    [
        ("revoked", "password_changed", "AADSTS50173"),
        ("password_changed", "password_changed", "password was changed"),
        ("inactive", "expired", "has expired"),
        ("mfa_required", "mfa_required", "multi-factor"),
        ("mfa_enrollment", "mfa_required", "multi-factor"),
        ("consent_missing", "consent_missing", "Consent"),
        ("disabled", "account_disabled", "disabled"),
    ],
)
def test_a_dead_refresh_token_says_why(
    world: World, problem: str, code: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in = world.signed_in()
    sign_in.token()
    world.simulator.revoke(problem)
    with pytest.raises(SignInRequired, match=words) as caught:
        sign_in.token(force_refresh=True)
    # At once, for every instance: on the status, and in the log by its event.
    status = world.instance().status()
    assert (status.state, status.reason_code, status.account) == ("expired", code, world.simulator.account)
    assert status.reason == caught.value.message
    assert any("sign_in_required" in record.getMessage() and code in record.getMessage() for record in caplog.records)
    assert world.simulator.account not in caplog.text
    assert "TokensValidFrom" not in caplog.text + caught.value.message  # Entra's own text
    # The reason goes when it is over: here by a new sign-in.
    world.simulator.revoke(None)
    begun = sign_in.begin(CALLBACK)
    assert sign_in.status().state == "pending"
    world.simulator.approve()
    assert sign_in.check(begun["id"])["state"] == "signedIn"
    assert sign_in.status().reason is None


def test_a_refusal_that_is_over_heals_by_itself(world: World) -> None:
    """An account that was disabled for a while: nobody has to sign in again."""
    sign_in = world.signed_in()
    world.simulator.revoke("disabled")
    with pytest.raises(SignInRequired):
        sign_in.token(force_refresh=True)
    world.simulator.revoke(None)
    assert sign_in.token(force_refresh=True)
    assert sign_in.status().state == "signedIn"


def test_a_secret_that_ran_out_is_a_configuration_error_and_keeps_the_sign_in(world: World) -> None:
    sign_in = world.signed_in()
    expired = {"error": "invalid_client", "error_description": "AADSTS7000222: keys", "error_codes": [7000222]}
    world.simulator.faults.add(kind="status", status=401, match="token", body=expired)
    with pytest.raises(ConfigurationError, match="secret has expired"):
        sign_in.token(force_refresh=True)
    status = sign_in.status()
    assert (status.state, status.reason_code) == ("signedIn", "secret_expired")
    assert sign_in.token(force_refresh=True)
    assert sign_in.status().reason is None


@pytest.mark.parametrize("kind", ["html", "invalid_json", "wrong_type", "reset", "cut", "wrong_shape", "redirect"])
def test_an_entra_that_fails_keeps_the_sign_in(world: World, kind: str) -> None:
    sign_in = world.signed_in()
    sign_in.token()
    asked = world.redeemed()
    world.simulator.faults.add(kind=kind, match="token", times=0)
    with pytest.raises(SignInUnavailable):
        sign_in.token(force_refresh=True)
    assert world.redeemed() - asked == 3
    assert sign_in.status().state == "signedIn"
    assert world.rows().load().claimed_until == ""
    world.simulator.faults.clear()
    assert sign_in.token(force_refresh=True)


def test_retry_after_of_entra_is_kept(world: World) -> None:
    sign_in = world.signed_in()
    world.simulator.faults.add(kind="status", status=429, match="token", retry_after=3)
    assert sign_in.token(force_refresh=True)
    assert world.clock.slept[-1] >= 3
    world.simulator.faults.add(kind="status", status=429, match="token", retry_after=600)
    asked = world.redeemed()
    with pytest.raises(SignInUnavailable) as caught:
        sign_in.token(force_refresh=True)
    assert caught.value.retry_after == 600
    assert world.redeemed() - asked == 1


def test_an_answer_without_end_is_not_read_to_its_end(world: World) -> None:
    sign_in = world.signed_in()
    huge = '{"access_token": "' + "x" * entra_module.MOST_BYTES + '"}'
    world.simulator.faults.add(kind="status", status=200, match="token", body=huge, times=0)
    with pytest.raises(SignInUnavailable):
        sign_in.token(force_refresh=True)
    world.simulator.faults.clear()
    assert sign_in.token(force_refresh=True)


def test_a_certificate_that_nobody_vouches_for_ends_it_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in = world.signed_in()
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(SignInUnavailable, match="certificate"):
        sign_in.token(force_refresh=True)
    assert world.clock.slept == []
    assert sign_in.status().state == "signedIn"


def test_entra_unreachable(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sign_in = world.signed_in()
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(world.simulator.ca_file.read_bytes())
    world.simulator.stop()
    with pytest.raises(SignInUnavailable, match="REQUESTS_CA_BUNDLE"):
        sign_in.token(force_refresh=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with pytest.raises(SignInUnavailable):
        sign_in.token(force_refresh=True)
    assert sign_in.status().state == "signedIn"


def test_metadata_that_point_elsewhere_get_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in = world.signed_in()
    sent: list[str] = []
    real = requests.Session.request

    def spy(self: requests.Session, method: str, url: str, **options: object) -> requests.Response:
        if not url.startswith("http://127.0.0.1"):  # that is Table Storage
            sent.append(url)
            assert options["allow_redirects"] is False
            assert options["verify"] is True
        return real(self, method, url, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "request", spy)
    evil = "https://login.evil.example/t/oauth2/v2.0"
    metadata = {
        "issuer": "https://login.evil.example/t/v2.0",
        "authorization_endpoint": f"{evil}/authorize",
        "token_endpoint": f"{evil}/token",
        "device_authorization_endpoint": f"{evil}/devicecode",
    }
    world.simulator.faults.add(kind="status", status=200, match="metadata", times=0, body=metadata)
    for call in (lambda: sign_in.token(force_refresh=True), lambda: sign_in.begin(CALLBACK)):
        with pytest.raises(ConfigurationError, match="another host"):
            call()
    with pytest.raises(SignInUnavailable):
        world.confidential().begin(CALLBACK)  # no browser is sent there either
    assert sent
    assert all(url.startswith(world.simulator.authority) for url in sent)
    assert sign_in.status().state == "signedIn"


def test_keep_alive_renews_twice_a_day(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared")
    sign_in = world.signed_in()
    assert sign_in.keep_alive() is False
    world.clock.advance(hours=11.9)
    assert sign_in.keep_alive() is False
    world.clock.advance(hours=0.2)
    before = world.rows().load().last_renewed_at
    assert sign_in.keep_alive() is True
    assert world.rows().load().last_renewed_at > before
    assert "sign_in_renewed" in caplog.text
    assert world.instance().keep_alive() is False


def test_keep_alive_shows_a_dead_sign_in_and_never_raises(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert world.instance().keep_alive() is False  # nobody is signed in
    sign_in = world.signed_in()
    world.clock.advance(days=1)
    world.simulator.revoke("inactive")
    assert sign_in.keep_alive() is False
    assert "sign_in_renewal_failed" in caplog.text
    assert world.instance().status().state == "expired"


def test_storage_that_fails_is_said_as_such(world: World) -> None:
    sign_in = world.signed_in()

    def fails(kind: str, operation: str, table: str) -> None:
        raise StorageUnavailable

    settings = world.settings()
    cut_off = type(sign_in)(settings, TableStore.from_settings(settings, world.clock, fails), world.clock)
    for call in (cut_off.token, cut_off.status, cut_off.sign_out, lambda: cut_off.begin(CALLBACK)):
        with pytest.raises(StorageUnavailable):
            call()
    assert cut_off.keep_alive() is False


# What is stored


def test_what_is_stored_is_encrypted(world: World) -> None:
    sign_in = world.signed_in()
    sign_in.begin(CALLBACK)
    token = sign_in.token()
    settings = world.settings()
    rows = list(TableStore.from_settings(settings).table(TABLE).query())
    assert len(rows) == 2
    plain = repr(rows)
    stored = world.rows().load()
    secrets = [
        entry["secret"] for kind in ("AccessToken", "RefreshToken") for entry in json.loads(stored.cache)[kind].values()
    ]
    assert len(secrets) == 2
    for secret in [*secrets, token, "device_code", world.simulator.client_id]:
        assert secret not in plain
    with pytest.raises(Unreadable):
        Vault((KEY,)).open("flow", get_bytes(next(row for row in rows if row["RowKey"] == TOKEN_ROW), "cache"))


def test_a_key_that_nobody_has_any_more_is_signed_out_with_a_reason(world: World) -> None:
    world.signed_in()
    other = world.instance(HUNTER_TOKEN_CACHE_KEY=OTHER_KEY)
    status = other.status()
    assert (status.state, status.reason_code) == ("signedOut", "token_cache_unreadable")
    assert "HUNTER_TOKEN_CACHE_KEY" in str(status.reason)
    with pytest.raises(SignInRequired, match="HUNTER_TOKEN_CACHE_KEY"):
        other.token()
    assert other.keep_alive() is False
    assert world.instance().token()  # nothing was destroyed: with the old key back it is there
    begun = other.begin(CALLBACK)
    world.simulator.approve()
    assert other.check(begun["id"])["state"] == "signedIn"
    assert other.token()


@pytest.mark.parametrize("damage", [b"", b"x", b"gAAAAAB" + b"A" * 100, None])
def test_a_damaged_cache_is_signed_out_with_a_reason(world: World, damage: bytes | None) -> None:
    world.signed_in()
    table = TableStore.from_settings(world.settings()).table(TABLE)
    row = table.get(PARTITION, TOKEN_ROW)
    assert row is not None
    row["cache"] = row["cache"][:-9] if damage is None else damage
    table.replace(row, None)
    sign_in = world.instance()
    status = sign_in.status()
    assert (status.state, status.reason_code) == ("signedOut", "token_cache_unreadable")
    with pytest.raises(SignInRequired):
        sign_in.token()
    sign_in.sign_out()
    assert sign_in.status().reason is None


def test_keys_are_changed_without_signing_in_again(world: World) -> None:
    """docs/security.md: put the new key in front, wait for a renewal (at most half a day), take the old key away."""
    world.signed_in()
    both = world.instance(HUNTER_TOKEN_CACHE_KEY=f"{OTHER_KEY},{KEY}")
    assert both.token()
    world.clock.advance(hours=13)
    assert both.keep_alive()
    alone = world.instance(HUNTER_TOKEN_CACHE_KEY=OTHER_KEY)
    assert alone.token(force_refresh=True)
    assert world.instance().status().state == "signedOut"  # with the old key alone


@pytest.mark.parametrize("length", [100, 60_000, 200_000, 400_000])
def test_a_long_cache_is_kept_in_pieces(world: World, length: int) -> None:
    world.signed_in()
    rows = world.rows()
    stored = rows.load()
    longer = stored.cache + " " * length
    rows.save(replace(stored, cache=longer), stored.etag)
    assert rows.load().cache == longer
    assert world.instance().token(force_refresh=True)
    assert len(rows.load().cache) < length or length == 100
    row = TableStore.from_settings(world.settings()).table(TABLE).get(PARTITION, TOKEN_ROW)
    assert row is not None
    assert "cache_1" not in row  # no piece of the longer one is left behind


def test_vault_without_a_key() -> None:
    with pytest.raises(ConfigurationError, match="HUNTER_TOKEN_CACHE_KEY"):
        Vault(()).seal("flow", "text")
    with pytest.raises(Unreadable):
        Vault(()).open("flow", Fernet(KEY).encrypt(b"flow\ntext"))


def test_representations_hold_nothing(world: World) -> None:
    sign_in = world.signed_in()
    token = sign_in.token()
    stored, _ = world.rows().load_all()
    sign_in.begin(CALLBACK)
    _, pending = world.rows().load_all()
    texts = [
        repr(thing) for thing in (sign_in, stored, pending, sign_in._tokens, sign_in._tokens._token, world.settings())
    ]
    for text in texts:
        for secret in (token, world.simulator.account, KEY, "device_code", "refresh_token"):
            assert secret not in text


def test_entra_is_never_asked_more_than_the_table_says() -> None:
    assert entra_module.BACKOFF.tries == 3
    assert entra_module.CONNECT_SECONDS == 5
