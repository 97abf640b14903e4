"""Answers about the pipeline become cards, sentences and commands. No I/O."""

from collections.abc import Callable

import pandas as pd

from dashboard import cards, spelling
from dashboard.cards import Card

# Card, column of `pipeline`, how its number is read, and its definition.
MEANINGS: list[tuple[str, str, Callable[[float], str], str]] = [
    (
        "Newest event",
        "freshness_seconds",
        spelling.seconds,
        "Time since the newest fact became known to the ledger; a quiet shop's is long, too: see the lag.",
    ),
    ("Consumer lag", "lag", spelling.count, "Records on the log that the worker has not finished."),
    (
        "End to end, p95",
        "end_to_end_p95_seconds",
        spelling.seconds,
        "From the event's own time at Wix to the ledger; 95 of 100 are faster. Negative: clock skew.",
    ),
    ("Dead letters", "dead_letters", spelling.count, "Records that could not be read or decided."),
    ("Failed effects", "failed_effects", spelling.count, "Messages and fulfillments that need a person."),
    (
        "Unrecognized",
        "unrecognized",
        spelling.count,
        "Authentic webhooks of a type that is not in the catalogue: kept, and counted.",
    ),
]
ALARMS = {
    "clock_skew": "An event's time lies after the moment it arrived.",
    "fulfilled_before_paid": "An order was fulfilled before it was paid: payment on delivery, or a mistake.",
    "illegal_transition": "A status followed one that it can't follow.",
    "other_payment_app": "A payment of a Wix app that is not in PAYMENT_APP_IDS; many: add the app.",
    "sequence_conflict": "Two events of one entity claim the same place in its order.",
    "unknown_cause": "A cancellation for a reason that Wix does not document.",
    "unknown_status": "A status that Wix does not document; it is shown as it came.",
    "unknown_type": "An event of a type that this build does not know.",
}


def present(now: pd.DataFrame, minutes: pd.DataFrame) -> list[Card]:
    """The pipeline at this moment, each number with its last hour."""
    row = now.iloc[0]
    return [
        Card(label=label, value=spelled(row[column]), meaning=meaning, series=_series(minutes, column))
        for label, column, spelled, meaning in MEANINGS
    ]


def conservation(accounts: pd.DataFrame, paused: pd.DataFrame) -> str:
    """Whether every record is accounted for, in a sentence with its numbers."""
    sums = {name: cards.total(accounts, name) or 0 for name in ("committed", "rows", "dead", "missing")}
    effects = cards.total(accounts, "missing_effects") or 0
    read = (
        f"Of {sums['committed']:,.0f} records read, {sums['rows']:,.0f} are in the ledger "
        f"and {sums['dead']:,.0f} are dead letters"
    )
    if not sums["missing"] and not effects:
        return f":green[:material/check_circle:] {read}. **Nothing is missing.**"
    flows = ", ".join(paused["flow"]) if len(paused) else ""
    why = f" A paused flow holds some back: {flows}." if flows else ""
    return (
        f":red[:material/error:] {read}. **{sums['missing']:,.0f} records and "
        f"{effects:,.0f} effects are unaccounted for.**{why}"
    )


def alarms(found: pd.DataFrame) -> pd.DataFrame:
    """Kinds of alarm with what each means; those that rang come first."""
    told = found.assign(meaning=[ALARMS.get(alarm, "") for alarm in found["alarm"]])
    ordered = told.sort_values(["events", "alarm"], ascending=[False, True], ignore_index=True)
    return ordered[["alarm", "events", "last_at", "meaning", "last_event_id"]]


def rang(found: pd.DataFrame) -> str:
    """How many kinds of alarm rang."""
    ringing = int((found["events"] > 0).sum())
    return f"{ringing} of {len(found)} kinds rang" if ringing else f"None of {len(found)} kinds rang"


def furthest_behind(lag: pd.DataFrame, most: int) -> pd.DataFrame:
    """Only the partitions with the longest way to go, the longest first."""
    return lag.sort_values("lag", ascending=False, kind="stable", ignore_index=True).head(most)


def busiest(quota: pd.DataFrame, most: int) -> pd.DataFrame:
    """Only the sites that asked Wix most often."""
    asked = quota.groupby("site")["calls"].sum().sort_values(ascending=False)
    return quota[quota["site"].isin(asked.index[:most])]


def closest_to_limit(quota: pd.DataFrame) -> str:
    """How near to its limit the busiest minute of any site came, and how often requests had to wait."""
    if quota.empty:
        return "no request to Wix"
    nearest = float((quota["calls"] / quota["limit"]).max())
    parked = float(quota["parked"].sum())
    waited = f"waited: {spelling.count(parked)}" if parked else "none had to wait"
    return f"busiest minute {spelling.percent(nearest)} of the limit · {waited}"


def _series(minutes: pd.DataFrame, column: str) -> list[float]:
    return [] if minutes.empty else [float(value) for value in minutes[column].dropna()]
