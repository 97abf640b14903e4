"""What every template is tried on before it is used: all known, nothing known, and in between. No I/O."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from babel import Locale

from streams import wording
from streams.effect import PAYMENT_NOTICE, PURCHASE_NOTICE, Effect
from streams.plan_order import PlanOrder
from streams.plan_price import PriceSpan
from streams.template_fields import NOBODY, Addressee, Values, values

NOTICES = (PAYMENT_NOTICE, PURCHASE_NOTICE)

_DAY = datetime(2026, 3, 4, 10, tzinfo=UTC)
ORDER = PlanOrder(
    id="3743f382-3523-4b6d-a1b1-3c0e4f5a0c11",
    status="ACTIVE",
    plan_name="Studio Pass",
    is_recurring=True,
    cycle_unit="MONTH",
    cycle_length=3,
    trial_days=14,
    created_at=_DAY,
    start_at=_DAY,
    end_at=datetime(2026, 6, 4, 10, tzinfo=UTC),
    spans=(PriceSpan(first=1, cycles=None, total=Decimal("9.08"), currency="EUR"),),
)
BUYER = Addressee(
    name="Dana", business="Demo Studio", unsubscribe_link="https://www.wix.com/unsubscribe/example"
)
_UNKNOWN = PlanOrder(id=None, status=None)
_WORDY = Addressee(name="x" * 80, business="x" * 80, unsubscribe_link=f"https://{'x' * 300}")


def samples(notice: str, locale: Locale) -> Iterator[Values]:
    """What fills a template, for each kind of order; the first is the one to show."""
    effect, poor = _effect(notice, amount="9.08", currency="EUR"), _effect(notice)
    kinds = (
        (effect, ORDER, BUYER),
        (effect, replace(ORDER, end_at=None, trial_days=1), BUYER),
        (effect, replace(ORDER, plan_name="x" * 80, trial_days=None), _WORDY),
        (poor, replace(ORDER, start_at=None, spans=()), NOBODY),
        (poor, _UNKNOWN, BUYER),
        (poor, _UNKNOWN, NOBODY),
    )
    for about, order, buyer in kinds:
        yield values(about, order, buyer, locale=locale, zone=UTC)


def shown(notice: str, locale: Locale = wording.ENGLISH) -> Values:
    """The sample that examples are made of."""
    return next(samples(notice, locale))


def _effect(notice: str, **payload: str) -> Effect:
    return Effect(
        key=f"sample:{notice}",
        flow=notice,
        instance_id="",
        order_id=ORDER.id or "",
        event_id="",
        event_at=_DAY,
        payload=payload,
    )
