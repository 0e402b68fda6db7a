"""Nothing is sent where nobody allowed it: a table of hostile addresses, and of those that are right."""

from __future__ import annotations

import pytest

from shared.core.errors import InvalidTarget
from shared.notify.targets import check_mail, check_teams

HOSTS = ("logic.azure.com", "api.powerplatform.com")
PATH = (
    "/powerautomate/automations/direct/workflows/abc/triggers/manual/paths/invoke?api-version=1&sp=%2Ft&sv=1.0&sig=x-_Y"
)
HOSTILE = [
    "http://prod-12.westeurope.logic.azure.com" + PATH,
    "https://evil.example/logic.azure.com",
    "https://logic.azure.com.evil.example" + PATH,
    "https://evil-logic.azure.com" + PATH,
    "https://evillogic.azure.com" + PATH,
    "https://azure.com" + PATH,
    "https://logic.azure.com@evil.example" + PATH,
    "https://user@x.logic.azure.com" + PATH,
    "https://user:password@x.logic.azure.com" + PATH,
    "https://evil.example\\@x.logic.azure.com" + PATH,
    "https://evil.example#@x.logic.azure.com" + PATH,
    "https://evil.example?.logic.azure.com",
    "https://x.logic.azure.com:8443" + PATH,
    "https://x.logic.azure.com:80" + PATH,
    "https://x.logic.azure.com:443443" + PATH,
    "https://x.logic.azure.com:" + PATH,
    "https://x.logic.azure.com." + PATH,
    "https://.logic.azure.com" + PATH,
    "https://x..logic.azure.com" + PATH,
    "https://127.0.0.1" + PATH,
    "http://127.0.0.1:7090" + PATH,
    "http://localhost:7090" + PATH,
    "https://[::1]" + PATH,
    "https://[::ffff:169.254.169.254]" + PATH,
    "http://169.254.169.254/metadata/identity/oauth2/token",
    "https://2852039166" + PATH,
    "https://0x7f.0.0.1" + PATH,
    "https://0177.0.0.1" + PATH,
    "https://x.logic%2eazure.com" + PATH,
    "https://x.logic。azure。com" + PATH,
    "https://x.ⓛogic.azure.com" + PATH,
    "https://x.logic.azure.com\t" + PATH,
    " https://x.logic.azure.com" + PATH,
    "https://x.logic.azure.com/\r\nHost: evil.example",
    "https:/x.logic.azure.com" + PATH,
    "https:x.logic.azure.com" + PATH,
    "//x.logic.azure.com" + PATH,
    "x.logic.azure.com" + PATH,
    "file:///etc/passwd",
    "gopher://x.logic.azure.com" + PATH,
    "javascript:alert(1)//x.logic.azure.com",
    "https://" + PATH,
    "",
    "https://x.logic.azure.com/" + "a" * 4_000,
    "https://x.logic.azure.com/#" + PATH,
]


@pytest.mark.parametrize("address", HOSTILE)
def test_hostile_addresses_are_refused(address: str) -> None:
    assert len(HOSTILE) >= 30
    with pytest.raises(InvalidTarget) as refused:
        check_teams(address, HOSTS)
    assert "sig=" not in refused.value.message
    assert "password" not in refused.value.message


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://prod-12.westeurope.logic.azure.com" + PATH, "prod-12.westeurope.logic.azure.com"),
        ("https://prod-12.westeurope.logic.azure.com:443" + PATH, "prod-12.westeurope.logic.azure.com"),
        ("https://LOGIC.azure.com" + PATH, "logic.azure.com"),
        ("HTTPS://a1b2.03.environment.api.powerplatform.com:443" + PATH, "a1b2.03.environment.api.powerplatform.com"),
        ("https://x.logic.azure.com", "x.logic.azure.com"),
    ],
)
def test_the_addresses_that_power_automate_gives_are_taken(address: str, host: str) -> None:
    assert check_teams(address, HOSTS) == host


def test_loopback_counts_only_where_it_is_listed() -> None:
    for address in ("http://127.0.0.1:7090/x?sig=1", "https://127.0.0.1/x", "http://127.0.0.1/x"):
        assert check_teams(address, ("127.0.0.1",)) == "127.0.0.1"
    assert check_teams("http://[::1]:7/x", ("::1",)) == "[::1]"
    for address in (
        "http://localhost:7090/x",
        "http://127.0.0.2/x",
        "http://127.0.0.1:0/x",
        "http://127.0.0.1:99999/x",
    ):
        with pytest.raises(InvalidTarget):
            check_teams(address, ("127.0.0.1",))


def test_an_ip_address_is_allowed_as_it_is_listed_and_has_nothing_below_it() -> None:
    assert check_teams("https://10.0.0.4/x", ("10.0.0.4",)) == "10.0.0.4"
    for address in ("https://1.10.0.0.4/x", "https://10.0.0.5/x", "http://10.0.0.4/x"):
        with pytest.raises(InvalidTarget):
            check_teams(address, ("10.0.0.4",))


@pytest.mark.parametrize("address", ["a@contoso.com", "Deniz.Ornek+x@partner.example", "developer@localhost"])
def test_mail_addresses(address: str) -> None:
    assert check_mail(address) == address.lower()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b@c.example",
        "a@b.example,c@d.example",
        "a@b.example;c@d.example",
        "a b@c.example",
        "A <a@b.example>",
        "a@b.example\r\nBcc: c@d.example",
        "a@-.example",
        "a@b..example",
        "ä@b.example",
        "a@127.0.0.1 ",
    ],
)
def test_what_is_no_single_mail_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidTarget):
        check_mail(address)
