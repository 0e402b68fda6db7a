"""Countries both ways: ISO 3166 codes, as Partner Center has them, and the names that people type into a free text."""

from __future__ import annotations

from typing import Final

from shared.model.text import fold

_NAMES: Final = """
AD Andorra|AE United Arab Emirates|AF Afghanistan|AG Antigua and Barbuda|AI Anguilla|AL Albania|AM Armenia|AO Angola
AQ Antarctica|AR Argentina|AS American Samoa|AT Austria|AU Australia|AW Aruba|AX Åland Islands|AZ Azerbaijan
BA Bosnia and Herzegovina|BB Barbados|BD Bangladesh|BE Belgium|BF Burkina Faso|BG Bulgaria|BH Bahrain|BI Burundi|BJ Benin
BL Saint Barthélemy|BM Bermuda|BN Brunei|BO Bolivia|BQ Caribbean Netherlands|BR Brazil|BS Bahamas|BT Bhutan|BV Bouvet Island
BW Botswana|BY Belarus|BZ Belize|CA Canada|CC Cocos Islands|CD Democratic Republic of the Congo|CF Central African Republic
CG Congo|CH Switzerland|CI Côte d'Ivoire|CK Cook Islands|CL Chile|CM Cameroon|CN China|CO Colombia|CR Costa Rica|CU Cuba
CV Cabo Verde|CW Curaçao|CX Christmas Island|CY Cyprus|CZ Czechia|DE Germany|DJ Djibouti|DK Denmark|DM Dominica
DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt|EH Western Sahara|ER Eritrea|ES Spain|ET Ethiopia|FI Finland
FJ Fiji|FK Falkland Islands|FM Micronesia|FO Faroe Islands|FR France|GA Gabon|GB United Kingdom|GD Grenada|GE Georgia
GF French Guiana|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland|GM Gambia|GN Guinea|GP Guadeloupe|GQ Equatorial Guinea
GR Greece|GS South Georgia and the South Sandwich Islands|GT Guatemala|GU Guam|GW Guinea-Bissau|GY Guyana|HK Hong Kong
HM Heard Island and McDonald Islands|HN Honduras|HR Croatia|HT Haiti|HU Hungary|ID Indonesia|IE Ireland|IL Israel
IM Isle of Man|IN India|IO British Indian Ocean Territory|IQ Iraq|IR Iran|IS Iceland|IT Italy|JE Jersey|JM Jamaica|JO Jordan
JP Japan|KE Kenya|KG Kyrgyzstan|KH Cambodia|KI Kiribati|KM Comoros|KN Saint Kitts and Nevis|KP North Korea|KR South Korea
KW Kuwait|KY Cayman Islands|KZ Kazakhstan|LA Laos|LB Lebanon|LC Saint Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia
LS Lesotho|LT Lithuania|LU Luxembourg|LV Latvia|LY Libya|MA Morocco|MC Monaco|MD Moldova|ME Montenegro|MF Saint Martin
MG Madagascar|MH Marshall Islands|MK North Macedonia|ML Mali|MM Myanmar|MN Mongolia|MO Macao|MP Northern Mariana Islands
MQ Martinique|MR Mauritania|MS Montserrat|MT Malta|MU Mauritius|MV Maldives|MW Malawi|MX Mexico|MY Malaysia|MZ Mozambique
NA Namibia|NC New Caledonia|NE Niger|NF Norfolk Island|NG Nigeria|NI Nicaragua|NL Netherlands|NO Norway|NP Nepal|NR Nauru
NU Niue|NZ New Zealand|OM Oman|PA Panama|PE Peru|PF French Polynesia|PG Papua New Guinea|PH Philippines|PK Pakistan|PL Poland
PM Saint Pierre and Miquelon|PN Pitcairn|PR Puerto Rico|PS Palestine|PT Portugal|PW Palau|PY Paraguay|QA Qatar|RE Réunion
RO Romania|RS Serbia|RU Russia|RW Rwanda|SA Saudi Arabia|SB Solomon Islands|SC Seychelles|SD Sudan|SE Sweden|SG Singapore
SH Saint Helena|SI Slovenia|SJ Svalbard and Jan Mayen|SK Slovakia|SL Sierra Leone|SM San Marino|SN Senegal|SO Somalia
SR Suriname|SS South Sudan|ST São Tomé and Príncipe|SV El Salvador|SX Sint Maarten|SY Syria|SZ Eswatini
TC Turks and Caicos Islands|TD Chad|TF French Southern Territories|TG Togo|TH Thailand|TJ Tajikistan|TK Tokelau
TL Timor-Leste|TM Turkmenistan|TN Tunisia|TO Tonga|TR Türkiye|TT Trinidad and Tobago|TV Tuvalu|TW Taiwan|TZ Tanzania
UA Ukraine|UG Uganda|UM United States Minor Outlying Islands|US United States|UY Uruguay|UZ Uzbekistan|VA Vatican City
VC Saint Vincent and the Grenadines|VE Venezuela|VG British Virgin Islands|VI U.S. Virgin Islands|VN Vietnam|VU Vanuatu
WF Wallis and Futuna|WS Samoa|XK Kosovo|YE Yemen|YT Mayotte|ZA South Africa|ZM Zambia|ZW Zimbabwe
"""
_ALSO: Final = """
AE UAE|AE Birleşik Arap Emirlikleri|AT Österreich|AT Avusturya|AZ Azerbaycan|BE Belgique|BE België|BE Belçika|BG Bulgaristan
BO Plurinational State of Bolivia|BR Brasil|CD DR Congo|CG Republic of the Congo|CH Schweiz|CH Suisse|CH Svizzera|CH İsviçre
CI Ivory Coast|CN People's Republic of China|CN Çin|CV Cape Verde|CY Kıbrıs|CZ Czech Republic|DE Deutschland|DE Almanya
DK Danmark|DK Danimarka|EG Mısır|ES España|ES İspanya|FI Suomi|FR Fransa|GB UK|GB U.K.|GB Great Britain|GB England
GB Scotland|GB Wales|GB Northern Ireland|GB İngiltere|GB Birleşik Krallık|GB United Kingdom of Great Britain and Northern Ireland
GE Gürcistan|GR Hellas|GR Yunanistan|HK Hong Kong SAR|HU Magyarország|IE Éire|IE İrlanda|IQ Irak|IR Islamic Republic of Iran
IT Italia|IT İtalya|JP Japonya|KR Korea|KR Republic of Korea|KR Güney Kore
LA Lao People's Democratic Republic|MD Republic of Moldova
MK Macedonia|MM Burma|MO Macau|MX México|NL Holland|NL The Netherlands|NL Nederland|NL Hollanda|NO Norge|NO Norveç|PL Polska
PL Polonya|PS State of Palestine|PT Portekiz|RO România|RO Romanya|RU Russian Federation|RU Rusya|SA KSA|SA Suudi Arabistan
SE Sverige|SE İsveç|SY Syrian Arab Republic|SZ Swaziland|TR Turkey|TR Türkiye Cumhuriyeti|TR Turkiye|TW Taiwan, Province of China
TZ United Republic of Tanzania|UA Ukrayna|US USA|US U.S.A.|US U.S.|US United States of America|US America|US ABD
US Amerika Birleşik Devletleri|VA Holy See|VN Viet Nam|VE Bolivarian Republic of Venezuela
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    entries = [entry for line in text.strip().splitlines() for entry in line.split("|")]
    return [(entry[:2], entry[3:]) for entry in entries]


NAME_OF: Final = dict(_pairs(_NAMES))
"""English short names by code."""
_CODE_OF: Final = {fold(name): code for code, name in (*_pairs(_NAMES), *_pairs(_ALSO))}


def code_of(text: str | None) -> str | None:
    """The ISO code of a country given as code or by a name that people use; None for what is neither."""
    if not text or not text.strip():
        return None
    plain = text.strip()
    if plain.upper() in NAME_OF:
        return plain.upper()
    return _CODE_OF.get(fold(plain))


def comparable(text: str | None) -> str | None:
    """A country as it is compared: its code where it has one, else the folded text."""
    if not text or not text.strip():
        return None
    return code_of(text) or fold(text)
