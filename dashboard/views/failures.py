"""Failures: what needs a person, why, and the command that tries it again. The page changes nothing."""

import pandas as pd
import streamlit as st

from dashboard import cards, filters, frame, panels, spelling
from dashboard.questions import Questions

LIMIT = "200"
FAILED = ["flow", "reason", "order_id", "attempts", "last_status", "last_code", "request_id", "decided_at"]
LOOK = "python -m streams effects show '{key}'"
AGAIN = "python -m streams effects redrive '{key}'"


def page() -> None:
    """Draw the page."""
    frame.show(_body, filters.filters())


def _body(ask: Questions) -> None:
    effects = ask.ever("effects")
    dead = ask.ever("dead_letters", limit=LIMIT)
    panels.cards(_cards(effects, dead))
    _failed(ask.ever("effect_log", outcome="failed", limit=LIMIT))
    panels.table(
        "Dead letters",
        "Records that could not be read or decided; their bytes are kept on the log",
        dead,
        key="dead_letters",
        empty="Every record could be read.",
    )
    panels.table(
        "Suppressed",
        "Due, but not wanted by what Wix says now: why, how many, and which share of the flow",
        ask.period("suppressions"),
        key="suppressions",
        empty="Nothing was suppressed in this period.",
    )


def _cards(effects: pd.DataFrame, dead: pd.DataFrame) -> list[cards.Card]:
    return [
        cards.Card(
            label="Failed",
            value=spelling.count(cards.total(effects, "failed")),
            meaning="Messages and fulfillments that Wix refused, or that ran out of attempts.",
        ),
        cards.Card(
            label="Waiting",
            value=spelling.count(cards.total(effects, "waiting")),
            meaning="Will be tried again by themselves, or are being asked about.",
        ),
        cards.Card(
            label="Dead letters",
            value=spelling.count(len(dead)),
            meaning="Records that could not be read or decided.",
        ),
    ]


def _failed(failed: pd.DataFrame) -> None:
    chosen = panels.choose_row(
        "Failed effects",
        "Choose a row for what to do about it",
        failed,
        FAILED,
        key="failed",
        empty="No effect has failed.",
    )
    if chosen is None:
        return
    row = failed.iloc[chosen]
    st.markdown(f"**What to do:** {row['next_step'] or 'Look at it, mend the cause, then try it again.'}")
    st.code(
        "\n".join([LOOK.format(key=row["effect_key"]), AGAIN.format(key=row["effect_key"])]), language="sh"
    )
