"""Where a certificate may lie: the address is a stranger's, so nearly all are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.webhook.addresses import Host, hosts_of, may_hold_certificate, may_hold_issuer

REAL = "3psostorageacct.blob.core.windows.net"
FILE = "/cert/pcnotifications-dispatch.microsoft.com.cer"
HOSTS = hosts_of([REAL, "127.0.0.1:7080", "certificates.example:8443", "[::1]:7081"])


@pytest.mark.parametrize(
    "url",
    [
        f"https://{REAL}{FILE}",
        f"https://{REAL}:443{FILE}",
        f"https://{REAL.upper()}{FILE}",
        f"https://certificates.example:8443{FILE}",
        f"http://127.0.0.1:7080{FILE}",
        f"https://127.0.0.1:7080{FILE}",
        f"http://[::1]:7081{FILE}",
    ],
)
def test_listed_hosts_may_hold_certificates(url: str) -> None:
    assert may_hold_certificate(url, HOSTS)
    assert may_hold_issuer(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"http://{REAL}{FILE}",
        f"https://{REAL}:8443{FILE}",
        f"https://certificates.example{FILE}",
        f"http://certificates.example:8443{FILE}",
        f"https://evil.example{FILE}",
        f"https://{REAL}.evil.example{FILE}",
        f"https://evil{REAL}{FILE}",
        f"https://{REAL}.{FILE}",
        f"https://{REAL}@evil.example{FILE}",
        f"https://evil@{REAL}{FILE}",
        f"https://:@{REAL}{FILE}",
        f"https://{REAL}:99999{FILE}",
        f"https://{REAL}:port{FILE}",
        f"https://evil.example\\@{REAL}{FILE}",
        f"https://{REAL}{FILE}?",
        f"https://{REAL}{FILE}?a=b",
        f"https://{REAL}{FILE}#",
        f"https://{REAL}/cert/../secrets.cer",
        f"https://{REAL}/cert/%2e%2e.cer",
        f"https://{REAL}/cert/a/b.cer",
        f"https://{REAL}/cert/.cer",
        f"https://{REAL}/other/a.cer",
        f"https://{REAL}/cert/a.pem",
        f"https://{REAL}",
        f"ftp://{REAL}{FILE}",
        f"file://{FILE}",
        f"//{REAL}{FILE}",
        f" https://{REAL}{FILE}",
        f"https://{REAL}{FILE}\n",
        f"https://{REAL}/cert/\tx.cer",
        f"https://{REAL}/cert/ş.cer",
        f"https://①27.0.0.1:7080{FILE}",
        f"http://127.0.0.1{FILE}",
        f"http://127.1:7080{FILE}",
        f"http://2130706433:7080{FILE}",
        f"http://localhost:7080{FILE}",
        f"http://169.254.169.254{FILE}",
        f"https://[::1{FILE}",
        f"https://{REAL}/cert/{'a' * 2000}.cer",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    assert not may_hold_certificate(url, HOSTS)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("http://www.microsoft.com/pkiops/certs/Microsoft%20Azure%20RSA%20TLS%20Issuing%20CA%2003.crt", True),
        ("https://www.microsoft.com/pkiops/certs/a.crt", True),
        ("http://cacerts.digicert.com/DigiCertGlobalRootG2.crt", True),
        ("http://caissuers.microsoft.com/pkiops/certs/a.crt", True),
        ("http://www.microsoft.com/other/a.crt", False),
        ("http://www.microsoft.com/pkiops/../a.crt", False),
        ("http://www.microsoft.com:8080/pkiops/a.crt", False),
        ("http://www.microsoft.com.evil.example/pkiops/a.crt", False),
        ("http://cacerts.digicert.com/", False),
        ("ldap://cacerts.digicert.com/a.crt", False),
        (f"http://{REAL}/a.crt", False),
        (f"https://{REAL}/a.crt", True),
    ],
)
def test_issuers_lie_with_their_authorities_too(url: str, may: bool) -> None:
    assert may_hold_issuer(url, HOSTS) is may
    assert not may_hold_certificate(url, HOSTS)


@given(st.text(max_size=100), st.text(max_size=100))
def test_no_text_makes_it_raise(before: str, after: str) -> None:
    for url in (before, f"https://{before}{REAL}{after}", f"https://{REAL}{before}"):
        if may_hold_certificate(url, HOSTS):
            assert url.lower().startswith((f"https://{REAL}/cert/", f"https://{REAL}:443/cert/"))
        may_hold_issuer(url, HOSTS)


def test_hosts_are_read_with_their_ports() -> None:
    assert Host.read("a.example") == Host("a.example", 443)
    assert Host.read("a.example:8443") == Host("a.example", 8443)
    for text in ("", "a/b", "u@a", "a:x", "a?b"):
        with pytest.raises(ValueError, match=r".*"):
            Host.read(text)
