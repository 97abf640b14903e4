"""What questions are made of: parameters, columns, and the words both share. A public contract. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from analytics.parameters import HIGHEST_LIMIT, Parameter


class ColumnType(StrEnum):
    """What a column holds; money is a decimal string, `local_time` carries its zone's offset."""

    TIME = "time"
    LOCAL_TIME = "local_time"
    TEXT = "text"
    MONEY = "money"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a report. `unit` is empty for names and times; money has its `currency` beside it."""

    name: str
    type: ColumnType
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One report. `reads_present`: it looks at this moment instead of a version."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    reads_present: bool = False


COMMON = (
    Parameter(name="start", kind="time", help="the period's first instant; absent: from the beginning"),
    Parameter(name="end", kind="time", help="the instant after the period; absent: now, or as_of"),
    Parameter(name="tz", kind="zone", help="zone in which days, weeks and months are cut", default="UTC"),
    Parameter(name="site", kind="texts", help="instanceId of a site; may be repeated"),
    Parameter(name="currency", kind="texts", help="only amounts and orders in this currency"),
    Parameter(name="as_of", kind="time", help="answer as it would have been then"),
    Parameter(name="version", kind="text", help="a version of GET /version; absent: the newest"),
)

STORE_STATES = (
    "draft",
    "placed",
    "approved",
    "partially_fulfilled",
    "fulfilled",
    "canceled",
    "rejected",
    "unknown",
)
SUBSCRIPTION_STATES = ("pending", "active", "paused", "set_to_cancel", "ended")
FLOWS = ("payment_notice", "purchase_notice", "fulfillment", "access")
OUTCOMES = ("done", "suppressed", "waiting", "failed", "open")
STEPS = ("paid_fulfilled", "placed_paid", "placed_fulfilled", "paid_first_fulfilled", "fulfilled_tracked")
METHODS = ("chartmogul", "stripe", "profitwell", "revenuecat", "gumroad")
# Those that count customers, so that two of them can be compared head by head.
SET_METHODS = ("chartmogul", "stripe", "profitwell", "gumroad")
KINDS = ("store", "subscription")


def choice_of(name: str, choices: tuple[str, ...], help_text: str) -> Parameter:
    """A parameter with a closed set of values, the first of which is the default."""
    return Parameter(name=name, kind="choice", choices=choices, default=choices[0], help=help_text)


def filter_by(name: str, choices: tuple[str, ...], help_text: str) -> Parameter:
    """A parameter that narrows the rows; may be repeated, absent: all."""
    return Parameter(name=name, kind="choices", choices=choices, help=help_text)


TARGET = Parameter(
    name="target_hours",
    kind="number",
    default=72.0,
    highest=87600,
    help="hours from paid until an order is late",
)
LIMIT = Parameter(name="limit", kind="integer", default=100, highest=HIGHEST_LIMIT, help="rows of one page")
CURSOR = Parameter(name="cursor", kind="cursor", help="next_cursor of the page before")
STEP = choice_of("step", STEPS, "from which milestone to which")
PLAN = Parameter(name="plan", kind="text", help="only this plan, by id or name")
DRAFTS = Parameter(name="drafts", kind="flag", default=False, help="count drafts too")


def columns_of(spec: str) -> tuple[Column, ...]:
    """Columns from `name:type[:unit]` words."""
    return tuple(_column(*word.split(":")) for word in spec.split())


def _column(name: str, kind: str, unit: str = "") -> Column:
    return Column(name=name, type=ColumnType(kind), unit=unit)
