"""Churn: who left, why, and at what rate."""

import pandas as pd
import streamlit as st

from dashboard import cards, charts, filters, frame, panels, spelling
from dashboard.questions import Questions

CAUSES = ["voluntary", "involuntary", "owner", "completed", "unknown"]
COLUMNS = ["bucket_start", "active_at_start", "new", "churned", *CAUSES, "rate", "is_partial"]


def page() -> None:
    """Draw the page."""
    frame.show(_body, filters.filters())


def _body(ask: Questions) -> None:
    scope = ask.scope
    grain = "month" if scope.days > 60 else "week"
    found = ask.period("churn", grain=grain)
    before = ask.before("churn", grain=grain)
    panels.cards(_cards(found, before, grain))
    left, right = st.columns([3, 2])
    with left:
        subtitle = f"Customers per {grain}, {scope.tz}; lost ones by cause"
        panels.chart("Gained and lost", subtitle, charts.gained_and_lost, found, key="gained_lost")
    with right:
        subtitle = f"Lost of those active at the {grain}'s start · pale: unfinished"
        panels.chart("Churn rate", subtitle, charts.churn_rate_bars, found, key="churn_rate")
    panels.table(
        f"By {grain}",
        "Method: chartmogul – of the customers active at the start, those not active at the end",
        found[COLUMNS],
        key="churn",
        empty="No customer was active in this period.",
    )


def _cards(found: pd.DataFrame, before: pd.DataFrame, grain: str) -> list[cards.Card]:
    whole = cards.whole(found)
    return [
        cards.Card(
            label="Active",
            value=spelling.count(cards.last(found, "active_at_start")),
            meaning=f"Paying customers at the start of this {grain}.",
        ),
        cards.counted("New", found, "new", before, meaning="Customers paying for the first time.", good="up"),
        cards.counted(
            "Churned",
            found,
            "churned",
            before,
            meaning="Customers whose last paying subscription ended, and none began within 24 hours.",
            good="down",
        ),
        cards.Card(
            label="Churn rate",
            value=spelling.percent(cards.last(whole, "rate")),
            meaning=f"Last whole {grain}: of those active at its start, the share not active at its end.",
        ),
        cards.counted(
            "Failed payments",
            found,
            "involuntary",
            before,
            meaning="Of the churned, those whose payment failed.",
            good="down",
        ),
    ]
