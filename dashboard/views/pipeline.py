"""Pipeline health: is everything accounted for, and how far behind are we?"""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import cards, client, filters, frame, panels, spelling
from dashboard.questions import Questions

REFRESH_SECONDS = 5

# Card, column of `pipeline`, how its number is read, and its definition.
CARDS: list[tuple[str, str, Callable[[float], str], str]] = [
    (
        "Newest event",
        "freshness_seconds",
        spelling.seconds,
        "Time since the newest fact became known to the ledger.",
    ),
    ("Consumer lag", "lag", spelling.count, "Records on the log that the worker has not finished."),
    (
        "End to end p95",
        "end_to_end_p95_seconds",
        spelling.seconds,
        "From the event's own time at Wix to the ledger; 95 of 100 are faster.",
    ),
    ("Dead letters", "dead_letters", spelling.count, "Records that could not be read or decided."),
    ("Failed effects", "failed_effects", spelling.count, "Messages and fulfillments that need a person."),
    (
        "Unrecognized",
        "unrecognized",
        spelling.count,
        "Authentic webhooks of a type that is not in the catalogue: kept, counted.",
    ),
]


def page() -> None:
    """Draw the page; it asks the present every few seconds."""
    scope = filters.filters()
    st.fragment(run_every=REFRESH_SECONDS)(lambda: frame.show(_body, scope))()


def _body(ask: Questions) -> None:
    now = client.fetch_now("pipeline")
    panels.cards(_cards(now.iloc[0]))
    accounts = client.fetch_now("conservation")
    st.markdown(f"**{_sentence(accounts)}**")
    panels.table(
        "Every record is accounted for",
        "Records read by the worker, rows in the ledger, dead letters, and what is in neither",
        accounts,
        key="conservation",
        empty="No topic has been read yet.",
    )
    panels.table(
        "Effects",
        "What events made due, and what came of it: due = done + suppressed + waiting + failed + open",
        client.fetch_now("effects").drop(columns="bucket_start"),
        key="effects",
        empty="No event has made anything due yet.",
    )


def _cards(row: pd.Series) -> list[cards.Card]:
    return [
        cards.Card(label=label, value=spelled(row[column]), meaning=meaning)
        for label, column, spelled, meaning in CARDS
    ]


def _sentence(accounts: pd.DataFrame) -> str:
    missing = cards.total(accounts, "missing") or 0
    effects = cards.last(accounts, "missing_effects") or 0
    if not missing and not effects:
        return "Every record that was read is in the ledger or in the dead letters."
    return f"{spelling.count(missing)} records and {spelling.count(effects)} effects are unaccounted for."
