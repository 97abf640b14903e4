"""Money, dates and intervals in a customer's language. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

DEFAULT_LANGUAGE = "en"

# Currencies (ISO 4217) whose smallest unit isn't a hundredth.
_NO_PLACES = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
    *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_THREE_PLACES = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_PLACES = dict.fromkeys(_NO_PLACES, 0) | dict.fromkeys(_THREE_PLACES, 3)
# Signs that mean one currency wherever they are read; all others are spelled by their code.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "ILS": "₪", "INR": "₹"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Language:
    """`every` by Wix's unit of a cycle: for one of it, and for {n}."""

    months: tuple[str, ...]
    date: str
    thousands: str
    decimal: str
    sign_first: bool
    every: Mapping[str, tuple[str, str]]


_ENGLISH = _Language(
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    date="{month} {day}, {year}",
    thousands=",",
    decimal=".",
    sign_first=True,
    every={
        "DAY": ("every day", "every {n} days"),
        "WEEK": ("every week", "every {n} weeks"),
        "MONTH": ("every month", "every {n} months"),
        "YEAR": ("every year", "every {n} years"),
    },
)
_GERMAN = _Language(
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    date="{day}. {month} {year}",
    thousands=".",
    decimal=",",
    sign_first=False,
    every={
        "DAY": ("jeden Tag", "alle {n} Tage"),
        "WEEK": ("jede Woche", "alle {n} Wochen"),
        "MONTH": ("jeden Monat", "alle {n} Monate"),
        "YEAR": ("jedes Jahr", "alle {n} Jahre"),
    },
)
_LANGUAGES = {"en": _ENGLISH, "de": _GERMAN}
LANGUAGES = tuple(_LANGUAGES)


def language_of(*wishes: str | None) -> str:
    """The first wish that we speak, such as `de` or `de-AT`; English if there is none."""
    spoken = (wish.replace("_", "-").split("-")[0].lower() for wish in wishes if wish)
    return next((language for language in spoken if language in _LANGUAGES), DEFAULT_LANGUAGE)


def money(amount: Decimal, currency: str, language: str) -> str:
    """An amount with its currency: `€9.08`, `CHF 1,250.00`, in German `9,08 €`."""
    spoken = _LANGUAGES[language]
    places = _PLACES.get(currency, 2)
    rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    swap = str.maketrans({",": spoken.thousands, ".": spoken.decimal})
    digits = f"{abs(rounded):,.{places}f}".translate(swap)
    sign = _SIGNS.get(currency)
    minus = "-" if rounded < 0 else ""
    if spoken.sign_first:
        return f"{minus}{sign}{digits}" if sign else f"{minus}{currency} {digits}"
    return f"{minus}{digits} {sign or currency}"


def date(moment: datetime, language: str) -> str:
    """The day in UTC, with the month spelled out: `March 4, 2026`, in German `4. März 2026`."""
    spoken, day = _LANGUAGES[language], moment.astimezone(UTC)
    return spoken.date.format(day=day.day, month=spoken.months[day.month - 1], year=day.year)


def every(unit: str | None, length: int | None, language: str) -> str | None:
    """How often something renews: `every month`, `every 3 months`; None where Wix doesn't say."""
    words = _LANGUAGES[language].every.get(unit or "")
    if words is None:
        return None
    one, several = words
    return one if length in (None, 1) else several.format(n=length)
