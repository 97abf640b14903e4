"""Failures: what needs a person, why, and the command that tries it again. The page changes nothing."""

import pandas as pd
import streamlit as st

from dashboard import cards, client, frame, spelling
from dashboard.scope import Scope

LIMIT = "200"
FAILED = ["flow", "reason", "order_id", "attempts", "last_status", "last_code", "request_id", "decided_at"]
LOOK = "python -m streams effects show '{key}'"
AGAIN = "python -m streams effects redrive '{key}'"


def page() -> None:
    """Draw the page."""
    scope = frame.filters()
    frame.show(lambda version: _body(version, scope))


def _body(version: str, scope: Scope) -> None:
    if frame.nothing_yet(client.fetch_now("pipeline").dropna(subset=["newest_event_at"])):
        return
    effects = client.fetch("effects", version, **scope.now)
    dead = client.fetch("dead_letters", version, limit=LIMIT, **scope.now)
    frame.cards(_cards(effects, dead))
    _failed(client.fetch("effect_log", version, outcome="failed", limit=LIMIT, **scope.now))
    frame.table(
        "Dead letters",
        "Records that could not be read or decided; their bytes are kept on the log",
        dead,
        key="dead_letters",
        empty="Every record could be read.",
    )
    frame.table(
        "Suppressed",
        "Due, but not wanted by what Wix says now: why, how many, and which share of the flow",
        client.fetch("suppressions", version, **scope.params),
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
    chosen = frame.choose_row(
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
