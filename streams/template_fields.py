"""The fields that a template may show, and what fills them: an effect, an order, a buyer. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal

from babel import Locale

from streams import wording
from streams.effect import PAYMENT_NOTICE, Effect
from streams.plan_order import PlanOrder

# What is not known is an empty text or 0, so that whatever a template asks of it has an answer.
Values = Mapping[str, str | int]

# Names come from customers and site owners: one line each, and no novel.
_LONGEST_NAME = 80
# Links of Wix are about 300 characters long; what is longer is no link that a mail program keeps whole.
_LONGEST_LINK = 2000
_WEB_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its name, what it holds, and an example."""

    name: str
    about: str
    example: str


FIELDS = (
    Field(name="name", about="The buyer's first name, else the nickname.", example="Dana"),
    Field(name="business", about="The site's name.", example="Demo Studio"),
    Field(name="plan", about="The plan's name.", example="Studio Pass"),
    Field(
        name="amount",
        about="Payment: what was paid. Purchase: what the current cycle costs; empty for a free plan.",
        example="€9.08",
    ),
    Field(name="currency", about="The currency of `amount`, as three letters.", example="EUR"),
    Field(name="date", about="The day of the payment or purchase.", example="March 4, 2026"),
    Field(name="start", about="The day the plan starts.", example="March 4, 2026"),
    Field(name="end", about="The day it ends; empty where no end is set.", example="June 4, 2026"),
    Field(
        name="renews",
        about="How often it renews; empty for a plan paid once, and in languages other than en, de, es, fr.",
        example="every 3 months",
    ),
    Field(
        name="period",
        about="The length of one cycle, or of a plan that is paid once; in every language.",
        example="3 months",
    ),
    Field(name="trial_days", about="The days of the free trial, a number; 0 without one.", example="14"),
    Field(
        name="order_id",
        about="Wix's id of the order.",
        example="3743f382-3523-4b6d-a1b1-3c0e4f5a0c11",
    ),
    Field(name="language", about="The language, and region, that money and dates are in.", example="en"),
    Field(
        name="unsubscribe_link",
        about="The customer's own link to unsubscribe. A template without it gets it as its last line.",
        example="https://www.wix.com/unsubscribe/example",
    ),
)
NAMES = frozenset(one.name for one in FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom and in whose name it is written. What is personal stays out of `repr`."""

    name: str | None = field(default=None, repr=False)
    business: str | None = None
    unsubscribe_link: str | None = field(default=None, repr=False)


NOBODY = Addressee()


def values(effect: Effect, order: PlanOrder, to: Addressee, *, locale: Locale, zone: tzinfo) -> Values:
    """What fills each of FIELDS, spelled for the locale and the zone; empty where Wix doesn't say."""
    amount, currency = _price(effect, order)
    texts = {
        "name": _line(to.name),
        "business": _line(to.business),
        "plan": _line(order.plan_name),
        "amount": None if amount is None else wording.money(amount, currency, locale),
        "currency": _line(currency),
        "date": wording.date(_day(effect, order), locale, zone),
        "start": wording.date(order.start_at, locale, zone),
        "end": wording.date(order.end_at, locale, zone),
        "renews": wording.every(order.cycle_unit, order.cycle_length, locale),
        "period": _period(order, locale),
        "order_id": _line(effect.order_id),
        "language": next(wording.tags(locale)),
        "unsubscribe_link": _link(to.unsubscribe_link),
    }
    return {name: text or "" for name, text in texts.items()} | {"trial_days": order.trial_days or 0}


def _price(effect: Effect, order: PlanOrder) -> tuple[Decimal | None, str | None]:
    """What was paid, as the payment says it; for a purchase the plan's price, if it has one."""
    if effect.flow == PAYMENT_NOTICE:
        amount = effect.payload.get("amount")
        return Decimal(amount) if amount else None, effect.payload.get("currency")
    price = order.price
    return (price.total, price.currency) if price and price.total else (None, None)


def _day(effect: Effect, order: PlanOrder) -> datetime | None:
    return effect.event_at if effect.flow == PAYMENT_NOTICE else order.created_at or effect.event_at


def _period(order: PlanOrder, locale: Locale) -> str | None:
    if order.cycle_unit:
        return wording.period(order.cycle_unit, order.cycle_length, locale)
    return wording.period(order.duration_unit, order.duration_length, locale)


def _line(text: str | None) -> str | None:
    """The text in one line of bounded length; None if nothing is left of it."""
    return " ".join(text.split())[:_LONGEST_NAME] or None if text else None


def _link(link: str | None) -> str | None:
    """A web address in one piece; None for anything else."""
    return link if link and len(link) <= _LONGEST_LINK and _WEB_ADDRESS.fullmatch(link) else None
