"""Microsoft's signature: every way to be wrong is refused, and so is every single byte that differs."""

from __future__ import annotations

import base64
import itertools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import Store
from hypothesis import given
from hypothesis import strategies as st

from shared.webhook.signature import Verdict, claim_of, verdict

from .signing import BODY, SIGNING, SUBJECTS, headers, now, roots

GOOD = SIGNING.certificates["good"]
SIGNATURE = SIGNING.sign(BODY)


def judge(
    *,
    body: bytes = BODY,
    given: Mapping[str, str] | None = None,
    certificate: bytes = GOOD,
    chain: tuple[bytes, ...] = (SIGNING.issuer,),
    at: datetime | None = None,
) -> Verdict:
    """The verdict on an event that is good but for what is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a changed byte may make a serial number that the library warns of
        return verdict(
            body,
            headers(SIGNATURE) if given is None else given,
            certificate,
            chain,
            roots=roots(),
            subjects=SUBJECTS,
            now=at or now(),
        )


@pytest.mark.parametrize(
    "given",
    [
        headers(SIGNATURE),
        {**headers(), "x-ms-signature": SIGNATURE},
        {**headers(), "x-ms-signature": "", "Authorization": f"Signature {SIGNATURE}"},
        {**headers(), "x-ms-signature": "", "AUTHORIZATION": f"signature {SIGNATURE}"},
        {**headers(SIGNATURE), "Authorization": "Bearer something-of-the-platform"},
        {**headers(SIGNATURE, algorithm="RSA-SHA256"), "X-MS-CLIENT-PRINCIPAL": "bm9ib2R5"},
    ],
    ids=["ours", "bare", "authorization", "any case", "another authorization", "any case of the algorithm"],
)
def test_what_microsoft_signed_is_believed(given: dict[str, str]) -> None:
    assert judge(given=given) is Verdict.VERIFIED


def test_pem_is_read_too() -> None:
    pem = x509.load_der_x509_certificate(GOOD).public_bytes(serialization.Encoding.PEM)
    assert judge(certificate=pem) is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Verdict.ALGORITHM),
        (headers(SIGNATURE, algorithm="rsa-sha1"), Verdict.ALGORITHM),
        (headers(SIGNATURE, algorithm="rsa-sha512"), Verdict.ALGORITHM),
        (headers(SIGNATURE, algorithm="none"), Verdict.ALGORITHM),
        (headers(SIGNATURE, url=""), Verdict.HEADERS),
        (headers(SIGNATURE, url="https://" + "a" * 3000), Verdict.HEADERS),
        ({**headers(), "x-ms-signature": ""}, Verdict.HEADERS),
        ({**headers(), "x-ms-signature": "", "Authorization": SIGNATURE}, Verdict.HEADERS),
        ({**headers(), "x-ms-signature": f"Bearer {SIGNATURE}"}, Verdict.HEADERS),
        ({**headers(), "x-ms-signature": f"Signature Signature {SIGNATURE}"}, Verdict.HEADERS),
        ({**headers(), "x-ms-signature": "Signature"}, Verdict.HEADERS),
        (headers("not base64 at all"), Verdict.HEADERS),
        (headers("AAAA" * 1000), Verdict.HEADERS),
        (headers("AAAA"), Verdict.SIGNATURE),
        (headers(SIGNING.sign(BODY, hashes.SHA1())), Verdict.SIGNATURE),
        (headers(SIGNING.sign(BODY, hashes.SHA512())), Verdict.SIGNATURE),
        (headers(SIGNING.sign(BODY + b" ")), Verdict.SIGNATURE),
    ],
)
def test_headers_that_prove_nothing_are_refused(given: dict[str, str], expected: Verdict) -> None:
    assert judge(given=given) is expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("foreign", Verdict.CHAIN),
        ("expired", Verdict.DATES),
        ("not_yet", Verdict.DATES),
        ("other_name", Verdict.SUBJECT),
        ("other_organization", Verdict.SUBJECT),
        ("other_usage", Verdict.CHAIN),
        ("no_usage", Verdict.VERIFIED),
        ("no_issuer", Verdict.VERIFIED),
    ],
)
def test_a_certificate_has_to_be_microsofts_and_good_now(kind: str, expected: Verdict) -> None:
    """All are of the key that signed: only the certificate differs."""
    assert judge(certificate=SIGNING.certificates[kind]) is expected


@pytest.mark.parametrize("later", [timedelta(days=400), timedelta(days=-400)])
def test_time_runs_out_for_the_good_one_too(later: timedelta) -> None:
    assert judge(at=now() + later) is Verdict.DATES


@pytest.mark.parametrize(
    ("certificate", "chain", "expected"),
    [
        (b"", (SIGNING.issuer,), Verdict.CERTIFICATE),
        (b"<html>not found</html>", (SIGNING.issuer,), Verdict.CERTIFICATE),
        (GOOD + b"\0", (SIGNING.issuer,), Verdict.CERTIFICATE),
        (GOOD[:-1], (SIGNING.issuer,), Verdict.CERTIFICATE),
        (GOOD, (b"no certificate",), Verdict.CERTIFICATE),
        (GOOD, (), Verdict.CHAIN),
        (GOOD, (GOOD,), Verdict.CHAIN),
        (SIGNING.issuer, (), Verdict.SUBJECT),
    ],
    ids=["nothing", "HTML", "longer", "shorter", "issuer unreadable", "no issuer", "itself", "the issuer's"],
)
def test_a_chain_that_leads_nowhere_is_refused(certificate: bytes, chain: tuple[bytes, ...], expected: Verdict) -> None:
    assert judge(certificate=certificate, chain=chain) is expected


@pytest.mark.parametrize(
    "body",
    [b"", BODY[:-1], BODY + b"\n", BODY.replace(b",", b", ", 1), b"\xef\xbb\xbf" + BODY],
    ids=["empty", "cut", "line", "blank", "mark"],
)
def test_a_body_that_was_written_again_is_refused(body: bytes) -> None:
    assert judge(body=body) is Verdict.SIGNATURE


@given(place=st.integers(0, len(BODY) - 1), mask=st.integers(1, 255))
def test_a_changed_byte_of_the_body_is_refused(place: int, mask: int) -> None:
    assert judge(body=_mutated(BODY, place, mask)) is Verdict.SIGNATURE


@given(place=st.integers(0, 255), mask=st.integers(1, 255))
def test_a_changed_byte_of_the_signature_is_refused(place: int, mask: int) -> None:
    changed = base64.b64encode(_mutated(base64.b64decode(SIGNATURE), place, mask)).decode()
    assert judge(given=headers(changed)) is Verdict.SIGNATURE


@given(place=st.integers(0, len(SIGNATURE) - 1), letter=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_letter_of_its_base64_is_refused(place: int, letter: str) -> None:
    """Also where the letter's bits are not used: there is one spelling of a signature."""
    changed = SIGNATURE[:place] + letter + SIGNATURE[place + 1 :]
    assert (judge(given=headers(changed)) is Verdict.VERIFIED) == (changed == SIGNATURE)


def test_every_byte_of_the_certificate_counts() -> None:
    """All of them, each with one bit turned: no example may be missed."""
    for place, bit in itertools.product(range(len(GOOD)), (1, 2, 128)):
        assert judge(certificate=_mutated(GOOD, place, bit)) is not Verdict.VERIFIED, place


@given(place=st.integers(0, len(GOOD) - 1), mask=st.integers(1, 255))
def test_a_changed_byte_of_the_certificate_is_refused(place: int, mask: int) -> None:
    assert judge(certificate=_mutated(GOOD, place, mask)) is not Verdict.VERIFIED


@given(place=st.integers(0, len(SIGNING.issuer) - 1), mask=st.integers(1, 255))
def test_a_changed_byte_of_the_issuers_certificate_is_refused(place: int, mask: int) -> None:
    assert judge(chain=(_mutated(SIGNING.issuer, place, mask),)) is not Verdict.VERIFIED


@given(certificate=st.binary(max_size=2000), body=st.binary(max_size=200), names=st.dictionaries(st.text(), st.text()))
def test_nothing_makes_it_raise(certificate: bytes, body: bytes, names: dict[str, str]) -> None:
    assert judge(body=body, given={**headers(), **names}, certificate=certificate) is not Verdict.VERIFIED
    assert claim_of(names) in {Verdict.ALGORITHM, Verdict.HEADERS}


def _mutated(content: bytes, place: int, mask: int) -> bytes:
    return content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :]


# Chains that look right


@dataclass(frozen=True)
class _Chain:
    """A chain made here: root, issuer, leaf."""

    root: bytes
    issuer: bytes
    leaf: bytes
    signature: str


def _made(
    *,
    issuer_is_authority: bool = True,
    issuer_may_sign: bool = True,
    root_path_length: int | None = None,
    leaf_key: Any = None,
    extra: x509.ExtensionType | None = None,
    extra_of_issuer: x509.ExtensionType | None = None,
) -> _Chain:
    root_key, issuer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    key = leaf_key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    root = _certificate("Root", "Root", root_key, root_key, authority=True, path_length=root_path_length)
    issuer = _certificate(
        "Issuer",
        "Root",
        issuer_key,
        root_key,
        authority=issuer_is_authority,
        may_sign=issuer_may_sign,
        extra=extra_of_issuer,
    )
    leaf = _certificate(next(iter(SUBJECTS)), "Issuer", key, issuer_key, authority=False, extra=extra)
    signed = key.sign(BODY, padding.PKCS1v15(), hashes.SHA256()) if isinstance(key, rsa.RSAPrivateKey) else b"any"
    return _Chain(root, issuer, leaf, base64.b64encode(signed).decode())


def _certificate(
    name: str,
    issuer: str,
    key: Any,
    issuer_key: Any,
    *,
    authority: bool,
    may_sign: bool = True,
    path_length: int | None = None,
    extra: x509.ExtensionType | None = None,
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length if authority else None), True)
        .add_extension(
            x509.KeyUsage(not authority, False, False, False, False, authority and may_sign, authority, False, False),
            True,
        )
    )
    if extra:
        builder = builder.add_extension(extra, critical=True)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Microsoft Corporation"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _judged(chain: _Chain) -> Verdict:
    trusted = Store([x509.load_der_x509_certificate(chain.root)])
    return verdict(
        BODY, headers(chain.signature), chain.leaf, [chain.issuer], roots=trusted, subjects=SUBJECTS, now=now()
    )


def test_a_plain_chain_without_identifiers_and_alternative_names_is_enough() -> None:
    assert _judged(_made()) is Verdict.VERIFIED


NAMES = x509.SubjectAlternativeName([x509.DNSName(name) for name in SUBJECTS])
ELSEWHERE = x509.NameConstraints([x509.DNSName("example.com")], None)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


@pytest.mark.parametrize(
    ("differs", "expected"),
    [
        ({"issuer_is_authority": False}, Verdict.CHAIN),
        ({"issuer_may_sign": False}, Verdict.CHAIN),
        ({"root_path_length": 0}, Verdict.CHAIN),
        ({"extra": UNKNOWN}, Verdict.CHAIN),
        ({"extra_of_issuer": UNKNOWN}, Verdict.CHAIN),
        ({"extra_of_issuer": ELSEWHERE, "extra": NAMES}, Verdict.CHAIN),
    ],
    ids=[
        "issuer is no authority",
        "issuer may not sign",
        "path too long",
        "unknown critical",
        "of the issuer",
        "names",
    ],
)
def test_a_chain_that_its_issuers_do_not_allow_is_refused(differs: dict[str, Any], expected: Verdict) -> None:
    assert _judged(_made(**differs)) is expected


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(public_exponent=65537, key_size=1024)],
    ids=["no RSA", "short"],
)
def test_a_weak_or_other_key_is_refused(key: Any) -> None:
    assert _judged(_made(leaf_key=key)) is Verdict.KEY
