"""A notice, its customer and its order become a message: the preview line and the text."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from streams import wording
from streams.effect import PAYMENT_NOTICE, Effect
from streams.plan_order import PlanOrder

_FOLDER = Path(__file__).parent / "templates"

# Names come from customers and site owners: one line each, and no novel.
_LONGEST_NAME = 80
# Wix takes previews of 256 and texts of 16 384 characters; the sender adds a line to the text.
PREVIEW_LENGTH = 256
_LONGEST_TEXT = 16384 - 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message for a person. `preview` is one line; the text does not repeat it."""

    preview: str = field(repr=False)
    text: str = field(repr=False)


def render(
    effect: Effect, order: PlanOrder, *, language: str, name: str | None, business: str | None
) -> Rendered:
    """Fill in the built-in template of the effect's flow; its first line is the preview.

    `language` is one of `wording.LANGUAGES`. Facts that Wix doesn't tell are left out.
    """
    facts = {"name": _line(name), "business": _line(business), **_facts(effect, order, language)}
    filled = _environment().get_template(f"{effect.flow}.{language}.txt").render(facts)
    preview, _, text = filled.strip().partition("\n")
    return Rendered(
        preview=preview.strip()[:PREVIEW_LENGTH],
        text=re.sub(r"\n{3,}", "\n\n", text).strip()[:_LONGEST_TEXT],
    )


def _facts(effect: Effect, order: PlanOrder, language: str) -> dict[str, Any]:
    return {
        "plan": _line(order.plan_name),
        "amount": _amount(effect, order, language),
        "renews": wording.every(order.cycle_unit, order.cycle_length, language),
        "start": wording.date(order.start_at, language) if order.start_at else None,
        "end": wording.date(order.end_at, language) if order.end_at else None,
        "trial_days": order.trial_days or None,
    }


def _amount(effect: Effect, order: PlanOrder, language: str) -> str | None:
    """What was paid, as the payment says it; for a purchase the plan's price, if it has one."""
    if effect.flow == PAYMENT_NOTICE:
        amount, currency = effect.payload.get("amount"), effect.payload.get("currency")
        return wording.money(Decimal(amount), currency, language) if amount and currency else None
    price = order.price
    if price is None or not price.currency or not price.total:
        return None
    return wording.money(price.total, price.currency, language)


def _line(text: str | None) -> str | None:
    """The text in one line of bounded length; None if nothing is left of it."""
    return " ".join(text.split())[:_LONGEST_NAME] or None if text else None


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=FileSystemLoader(_FOLDER, encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=False,  # messages are plain text; Wix escapes them where it shows HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
