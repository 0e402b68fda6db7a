"""The words of messages, in both languages, and how each writes amounts and times. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from shared.model import times
from shared.model.subscription import Language

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "subject": "[Referrals] {text}",
        "new": "New lead",
        "due.today": "Due today",
        "due.tomorrow": "Due tomorrow",
        "due.days": "Due in {days} days",
        "expired": "Expired unanswered",
        "answered.accepted": "Accepted",
        "answered.declined": "Declined",
        "closed.Won": "Won",
        "closed.Lost": "Lost",
        "changed": "Changed",
        "assigned": "Yours now",
        "actionFailed": "Could not be done",
        "actionFailed.unconfirmed": "Not certain yet",
        "count.new": "{n} new",
        "count.due": "{n} due",
        "count.expired": "{n} expired",
        "count.answered": "{n} answered",
        "count.closed": "{n} closed",
        "count.changed": "{n} changed",
        "count.assigned": "{n} assigned to you",
        "count.actionFailed": "{n} not done",
        "field.customer": "Customer",
        "field.referral": "Referral",
        "field.value": "Value",
        "field.country": "Country",
        "field.deadline": "Answer by",
        "field.closing": "Closing date",
        "field.by": "By",
        "field.action": "Action",
        "field.reason": "Reason",
        "none": "none",
        "unnamed": "Unnamed referral",
        "action.accept": "Accept",
        "action.decline": "Decline",
        "action.win": "Close as won",
        "action.lose": "Close as lost",
        "action.update": "Update",
        "state.failed": "It failed and can be tried again on the page.",
        "state.refused": "Partner Center refused it.",
        "state.conflict": "Somebody changed the referral meanwhile.",
        "state.unconfirmed": "Partner Center has not confirmed it for ten minutes; the app keeps looking.",
        "more": "and {n} more",
        "open.referral": "Open referral",
        "open.list": "Open list",
        "open.view": "Open view",
        "why": "You get this because of the subscription “{name}” ({events}{view}).",
        "why.view": ", in the view “{name}”",
        "why.change": "Change or switch off",
        "unnamed.subscription": "My notifications",
        "test": "This is a test",
        "test.lead": "Messages of this subscription arrive here.",
        "event.new": "new leads",
        "event.due": "deadlines",
        "event.expired": "expired",
        "event.answered": "answers",
        "event.closed": "won and lost",
        "event.changed": "changes",
        "event.assigned": "assigned to you",
        "event.actionFailed": "actions that failed",
    },
    "tr": {
        "subject": "[Fırsatlar] {text}",
        "new": "Yeni fırsat",
        "due.today": "Bugün son gün",
        "due.tomorrow": "Yarın son gün",
        "due.days": "Son {days} gün",
        "expired": "Yanıtlanmadan süresi doldu",
        "answered.accepted": "Kabul edildi",
        "answered.declined": "Reddedildi",
        "closed.Won": "Kazanıldı",
        "closed.Lost": "Kaybedildi",
        "changed": "Değişti",
        "assigned": "Artık sizde",
        "actionFailed": "İşlem yapılamadı",
        "actionFailed.unconfirmed": "Henüz kesinleşmedi",
        "count.new": "{n} yeni",
        "count.due": "{n} son gün yaklaşıyor",
        "count.expired": "{n} süresi doldu",
        "count.answered": "{n} yanıtlandı",
        "count.closed": "{n} kapandı",
        "count.changed": "{n} değişti",
        "count.assigned": "{n} size atandı",
        "count.actionFailed": "{n} işlem yapılamadı",
        "field.customer": "Müşteri",
        "field.referral": "Fırsat",
        "field.value": "Değer",
        "field.country": "Ülke",
        "field.deadline": "Son yanıt tarihi",
        "field.closing": "Kapanış tarihi",
        "field.by": "Kim",
        "field.action": "İşlem",
        "field.reason": "Neden",
        "none": "yok",
        "unnamed": "İsimsiz fırsat",
        "action.accept": "Kabul et",
        "action.decline": "Reddet",
        "action.win": "Kazanıldı olarak kapat",
        "action.lose": "Kaybedildi olarak kapat",
        "action.update": "Güncelle",
        "state.failed": "Yapılamadı; sayfada yeniden denenebilir.",
        "state.refused": "Partner Center kabul etmedi.",
        "state.conflict": "Bu arada fırsatı başka biri değiştirdi.",
        "state.unconfirmed": "Partner Center on dakikadır onaylamadı; uygulama bakmayı sürdürüyor.",
        "more": "ve {n} tane daha",
        "open.referral": "Fırsatı aç",
        "open.list": "Listeyi aç",
        "open.view": "Görünümü aç",
        "why": "Bu ileti “{name}” aboneliği nedeniyle geldi ({events}{view}).",
        "why.view": "; görünüm: “{name}”",
        "why.change": "Değiştir veya kapat",
        "unnamed.subscription": "Bildirimlerim",
        "test": "Bu bir denemedir",
        "test.lead": "Bu aboneliğin iletileri buraya gelir.",
        "event.new": "yeni fırsatlar",
        "event.due": "son yanıt tarihleri",
        "event.expired": "süresi dolanlar",
        "event.answered": "yanıtlar",
        "event.closed": "kazanılan ve kaybedilenler",
        "event.changed": "değişiklikler",
        "event.assigned": "size atananlar",
        "event.actionFailed": "yapılamayan işlemler",
    },
}


class Words:
    """One language, in one time zone."""

    def __init__(self, language: Language, zone: str) -> None:
        self.language = language
        self._words, self._zone = WORDS[language], ZoneInfo(zone)

    def say(self, word: str, /, **parts: object) -> str:
        """A text with its parts put in; the name itself where there is none, so that nothing is ever hidden."""
        return self._words.get(word, word.rpartition(".")[2]).format(**parts)

    def day(self, text: str) -> str:
        """The date of a time of ``model.times``; dates alone are kept as midnight UTC and must not slip to another day."""
        is_date = text[10:19] == "T00:00:00"
        return self._date(times.to_datetime(text) if is_date else times.to_datetime(text).astimezone(self._zone))

    def moment(self, text: str) -> str:
        """Date and time of a time of ``model.times``, in the time zone."""
        here = times.to_datetime(text).astimezone(self._zone)
        return f"{self._date(here)} {here:%H:%M}"

    def days_to(self, text: str, now: datetime) -> int:
        """How many midnights of the time zone lie before a time."""
        there = times.to_datetime(text).astimezone(self._zone).date()
        return (there - now.astimezone(self._zone).date()).days

    def money(self, value: str, currency: str) -> str:
        """An amount given as plain digits."""
        try:
            number = f"{Decimal(value):,f}"
        except InvalidOperation:
            return self.say("none")
        if self.language == "tr":
            number = number.translate(str.maketrans(",.", ".,"))
        return f"{number} {currency}".strip()

    def _date(self, here: datetime) -> str:
        if self.language == "tr":
            return f"{here:%d.%m.}{here.year}"
        return f"{here.day} {_MONTHS[here.month - 1]} {here.year}"
