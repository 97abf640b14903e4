"""One order's facts and effects become steps that a person reads from top to bottom. No I/O."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard import spelling

# Wix tells each change a second time as "updated", and what is due is shown by what came of it.
UNTOLD = {"updated", "effect_due"}
EFFECT, DONE = "effect_", "effect_done"
# A weekly plan has hundreds of facts; the table has all of them.
MOST_STEPS = 30
TITLES = {
    "created": "Created",
    "transaction_created": "Payment",
    "transaction_status_changed": "Payment",
    "payment_status_updated": "Payment status",
    "fulfillments_updated": "Parcels",
    "handover": "Handed over by the warehouse",
}
ICONS = {
    "created": "shopping_cart",
    "approved": "task_alt",
    "purchased": "shopping_bag",
    "transaction_created": "payments",
    "transaction_status_changed": "payments",
    "payment_status_updated": "payments",
    "fulfillments_updated": "package_2",
    "fulfilled": "local_shipping",
    "handover": "inventory_2",
    "canceled": "cancel",
    "ended": "event_busy",
    "paused": "pause_circle",
    "resumed": "play_circle",
    "effect_done": "outgoing_mail",
    "effect_suppressed": "do_not_disturb_on",
    "effect_failed": "error",
    "effect_waiting": "hourglass_top",
}
# An amount and a count, as the report writes them.
AMOUNT, ONE_OF_MANY = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})"), re.compile(r"1 (\w+)s")
# How Wix spells a status.
WIX_WORD = re.compile(r"[A-Z]+(_[A-Z]+)*")
OUTCOME_COLOURS = {"done": "green", "suppressed": "gray", "failed": "red", "waiting": "orange"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened: its symbol, what it is, the rest in small, the time since the step before."""

    icon: str
    title: str
    detail: str
    after: str | None


def steps(timeline: pd.DataFrame, tz: str) -> list[Step]:
    """The newest facts of a timeline that tell something new, in the order of time."""
    told = timeline[~timeline["what"].isin(UNTOLD)]
    told = (told if len(told) else timeline).tail(MOST_STEPS)
    gaps = told["happened_at"].diff()
    return [
        Step(
            icon=ICONS.get(row["what"], "radio_button_checked"),
            title=_title(row),
            detail=_joined([_moment(row["happened_at"], tz), *_details(row)]),
            after=None if pd.isna(gap) else f"+{_length(gap)}",
        )
        for (_, row), gap in zip(told.iterrows(), gaps, strict=True)
    ]


def effects(log: pd.DataFrame, tz: str) -> list[tuple[str, str, str, str]]:
    """Each effect as flow, outcome, the outcome's colour, and proof or reason in small."""
    return [
        (
            spelling.words(row["flow"]),
            spelling.words(row["outcome"]),
            OUTCOME_COLOURS.get(row["outcome"], "blue"),
            _joined(_proof(row, tz)),
        )
        for _, row in log.iterrows()
    ]


def facts(order: pd.Series, site: str) -> dict[str, str]:
    """What is known of the order, named as people name it; what is unknown is left out."""
    known = {
        "Site": site,
        "Number": order["number"],
        "Plan": order["plan"],
        "Amount": spelling.amount(order["amount"], order["currency"]),
        "Payment": _spelled(order["payment_status"]),
        "Fulfillment": _spelled(order["fulfillment_status"]),
        "At Wix": _spelled(order["status"]),
        "Customer": order["customer"],
    }
    return {name: str(value) for name, value in known.items() if not pd.isna(value) and value}


def _title(row: pd.Series) -> str:
    what = str(row["what"])
    if not what.startswith(EFFECT):
        return TITLES.get(what) or spelling.words(what)
    flow, said = _effect(row)
    outcome = f"{spelling.words(flow)} {spelling.words(what.removeprefix(EFFECT)).lower()}"
    return f"{outcome}: {spelling.words(said).lower()}" if said and what != DONE else outcome


def _details(row: pd.Series) -> list[Any]:
    """What stands in small: of an effect that is done how its time went by, of a change Wix's own words."""
    if str(row["what"]).startswith(EFFECT):
        return [_effect(row)[1]] if row["what"] == DONE else []
    parts = [row["status"], *str(row["detail"] or "").split(" · ")]
    return [_told(part) for part in parts]


def _told(part: Any) -> Any:
    """A part of a detail as people write it."""
    if amount := AMOUNT.fullmatch(str(part)):
        return spelling.amount(*amount.groups())
    if one := ONE_OF_MANY.fullmatch(str(part)):
        return f"1 {one[1]}"
    return _spelled(part) if WIX_WORD.fullmatch(str(part)) else part


def _effect(row: pd.Series) -> tuple[str, str]:
    """An effect's flow, and what is said of its outcome."""
    flow, _, said = str(row["detail"] or "").partition(" · ")
    return flow, said


def _proof(row: pd.Series, tz: str) -> list[Any]:
    moment = row["done_at"] if not pd.isna(row["done_at"]) else row["decided_at"]
    consent = None if pd.isna(row["consent"]) else f"consent {str(row['consent']).rsplit(' ', 1)[0].lower()}"
    ref = None if pd.isna(row["ref"]) else f"Ref. {row['ref']}"
    reason = None if pd.isna(row["reason"]) else spelling.words(row["reason"]).lower()
    return [_moment(moment, tz), reason, ref, consent, row["next_step"]]


def _moment(moment: pd.Timestamp, tz: str) -> str | None:
    return None if pd.isna(moment) else f"{pd.Timestamp(moment).tz_convert(tz):%-d %b %Y, %H:%M:%S}"


def _length(gap: pd.Timedelta) -> str:
    return spelling.seconds(max(gap.total_seconds(), 0.0))


def _spelled(status: Any) -> str | None:
    return None if pd.isna(status) else spelling.words(str(status).lower())


def _joined(parts: Iterable[Any], between: str = " · ") -> str:
    return between.join(str(part) for part in parts if not pd.isna(part) and part != "")
