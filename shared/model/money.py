"""Currencies, by their ISO 4217 codes (list one, 2026, without funds codes and metals), and the one way in which amounts
are added up."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Final

_CODES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY "
    "COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP "
    "MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR "
    "SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND "
    "VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG "
)
CURRENCIES: Final = frozenset(_CODES.split())
"""What a deal's currency may be."""
_EXACT: Final = Context(prec=400)
"""Amounts have at most 40 digits and exponents to 30, so their sums are exact here; the default would round at 28."""


def sums_of(amounts: Iterable[tuple[str | None, Decimal | None]]) -> dict[str, Decimal]:
    """The exact sum in each currency, by currency; an amount without a currency can't be added to any."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        if currency and amount is not None:
            sums[currency] = _EXACT.add(sums.get(currency, Decimal(0)), amount)
    return dict(sorted(sums.items()))


def percent_of(amount: Decimal, percent: int) -> Decimal:
    """So many per cent of an amount, exactly."""
    return _EXACT.multiply(amount, Decimal(percent).scaleb(-2))
