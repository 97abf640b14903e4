"""Money, dates and intervals as people write them where a customer lives (CLDR, by Babel). No I/O."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision
from babel.units import format_unit

ENGLISH = Locale("en")
# In these we ship templates and know the words below; in others Babel spells money and dates.
LANGUAGES = ("en", "de", "es", "fr")

_LONGEST_TAG = 35
# CLDR's name for what all languages have in common.
_NO_LANGUAGE = "root"

# By Wix's unit of a cycle: for one of it, and for {n}. CLDR has no words for "every".
_EVERY = {
    "en": {
        "DAY": ("every day", "every {n} days"),
        "WEEK": ("every week", "every {n} weeks"),
        "MONTH": ("every month", "every {n} months"),
        "YEAR": ("every year", "every {n} years"),
    },
    "de": {
        "DAY": ("jeden Tag", "alle {n} Tage"),
        "WEEK": ("jede Woche", "alle {n} Wochen"),
        "MONTH": ("jeden Monat", "alle {n} Monate"),
        "YEAR": ("jedes Jahr", "alle {n} Jahre"),
    },
    "es": {
        "DAY": ("cada día", "cada {n} días"),
        "WEEK": ("cada semana", "cada {n} semanas"),
        "MONTH": ("cada mes", "cada {n} meses"),
        "YEAR": ("cada año", "cada {n} años"),
    },
    "fr": {
        "DAY": ("chaque jour", "tous les {n} jours"),
        "WEEK": ("chaque semaine", "toutes les {n} semaines"),
        "MONTH": ("chaque mois", "tous les {n} mois"),
        "YEAR": ("chaque année", "tous les {n} ans"),
    },
}
_UNSUBSCRIBE = {
    "en": "To get no more messages",
    "de": "Keine Nachrichten mehr erhalten",
    "es": "Para no recibir más mensajes",
    "fr": "Pour ne plus recevoir de messages",
}
_UNITS = ("DAY", "WEEK", "MONTH", "YEAR")
_WIDTHS: tuple[Literal["long", "short"], ...] = ("long", "short")

_CURRENCY = re.compile("[A-Z]{3}")
# Sixteen digits are more than anybody pays; what is longer is no amount but a mistake.
_MOST_DIGITS = 16
# CLDR parts a currency's letters from its digits; Babel does so only where the pattern does.
_UNPARTED = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@lru_cache(maxsize=256)
def locale_of(tag: str | None) -> Locale | None:
    """The locale that a tag such as `de`, `de-AT` or `en_us` names; of an unknown region, the language."""
    parts = re.split("[-_]", tag or "")
    while parts and len(tag or "") <= _LONGEST_TAG:
        try:
            found = Locale.parse("-".join(parts), sep="-")
        except (UnknownLocaleError, ValueError):
            parts.pop()
        else:
            return found if found.language != _NO_LANGUAGE else None
    return None


def tags(locale: Locale) -> Iterator[str]:
    """The locale's tag, then each shorter one: `zh-Hant-TW`, `zh-Hant`, `zh`."""
    parts = [part for part in (locale.language, locale.script, locale.territory) if part]
    while parts:
        yield "-".join(parts)
        parts.pop()


def money(amount: Decimal, currency: str | None, locale: Locale) -> str | None:
    """An amount with its currency: `€9.08`, in German `9,08 €`; None for what is no sum of money."""
    if not currency or not _CURRENCY.fullmatch(currency):
        return None
    if not amount.is_finite() or amount.adjusted() >= _MOST_DIGITS:
        return None
    smallest = Decimal(1).scaleb(-get_currency_precision(currency))
    rounded = amount.quantize(smallest, rounding=ROUND_HALF_UP)
    return _UNPARTED.sub(_NO_BREAK_SPACE, format_currency(rounded, currency, locale=locale))


def date(moment: datetime | None, locale: Locale, zone: tzinfo) -> str | None:
    """The day it is then in the zone, with the month spelled out: `March 4, 2026`."""
    if moment is None:
        return None
    try:
        return format_date(moment.astimezone(zone), "long", locale=locale)
    except OverflowError:  # the first or last day that there is, in a zone on the other side of it
        return None


def every(unit: str | None, length: int | None, locale: Locale) -> str | None:
    """How often something renews: `every 3 months`; None in languages that we don't speak."""
    words = _EVERY.get(locale.language, {}).get(unit or "")
    if words is None:
        return None
    one, several = words
    return one if length in (None, 1) else several.format(n=length)


def period(unit: str | None, length: int | None, locale: Locale) -> str | None:
    """A length of time: `3 months`; None where Wix doesn't say, or the unit is none that we know."""
    if unit not in _UNITS:
        return None
    name = f"duration-{unit.lower()}"
    # Where a language's short words are the long ones, Babel knows only the short ones.
    spelled = (format_unit(length or 1, name, width, locale=locale) for width in _WIDTHS)
    return next((text for text in spelled if name not in text), None)


def unsubscribe(locale: Locale) -> str:
    """What stands before the link by which a customer unsubscribes."""
    return _UNSUBSCRIBE.get(locale.language, _UNSUBSCRIBE["en"])
