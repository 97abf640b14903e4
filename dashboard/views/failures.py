"""Failures: what needs a person, why, and the command that tries it again. The page changes nothing."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import cards, filters, frame, next_steps, panels, spelling
from dashboard.questions import Question, Questions
from dashboard.scope import Scope

FIRST = {"limit": "200"}
FAILURES, REFUSALS = {"outcome": "failed", **FIRST}, {"outcome": "refused", **FIRST}
FAILED = ["flow", "reason", "order_id", "attempts", "last_status", "last_code", "request_id", "decided_at"]
# Why first, since a phone shows two or three columns.
DEAD = ["reason", "error", "topic", "partition", "offset", "first_at", "redriven_at"]
REFUSED = ["reason", "warehouse", "order_id", "key", "received_at", "site"]
TIMELESS = (
    ":material/info: What needs a person stays here until somebody acts, whatever the range; "
    "only what was suppressed follows it. Commands run where the worker does."
)


def page() -> None:
    """Draw the page."""
    frame.show(_body, filters.chosen(), wanted)


def wanted(_: Scope) -> list[Question]:
    """What the page asks."""
    return [
        ("ever", "flows_paused", {}),
        ("ever", "effects", {}),
        ("ever", "dead_letters", FIRST),
        ("ever", "handovers", REFUSALS),
        ("ever", "effect_log", FAILURES),
        ("period", "suppressions", {}),
    ]


def _body(ask: Questions) -> None:
    paused, effects = ask.ever("flows_paused"), ask.ever("effects")
    dead, refused = ask.ever("dead_letters", **FIRST), _refused(ask)
    panels.cards(_cards(effects, dead, paused, refused))
    st.caption(TIMELESS)
    for _, flow in paused.iterrows():
        _paused(flow, ask.scope.tz)
    _failed(ask.ever("effect_log", **FAILURES))
    _dead(dead)
    _handovers(refused)
    panels.table(
        "Suppressed",
        "Due, but not wanted by what Wix says now: why, how many, and which share of the flow",
        ask.period("suppressions"),
        key="suppressions",
        empty="Nothing was suppressed in this period.",
    )


def _cards(
    effects: pd.DataFrame, dead: pd.DataFrame, paused: pd.DataFrame, refused: pd.DataFrame
) -> list[cards.Card]:
    counts = [
        ("Failed", cards.total(effects, "failed"), "Wix refused them, or they ran out of attempts."),
        ("Dead letters", int(dead["redriven_at"].isna().sum()), "Records that could not be read or decided."),
        (
            "Paused flows",
            len(paused),
            "A bug met a flow three times: it holds what comes until it is mended.",
        ),
        ("Refused handovers", len(refused), "What a warehouse told and we could not take."),
        ("Waiting", cards.total(effects, "waiting"), "Tried again by themselves; nobody has to act."),
    ]
    return [cards.Card(label=label, value=spelling.count(n), meaning=meaning) for label, n, meaning in counts]


def _refused(ask: Questions) -> pd.DataFrame:
    found = ask.ever("handovers", **REFUSALS)
    return found.assign(next_step=[next_steps.of_handover(reason) for reason in found["reason"]])


def _paused(flow: pd.Series, tz: str) -> None:
    since = pd.Timestamp(flow["since"]).tz_convert(tz)
    with st.container(border=True, key=f"paused_{flow['flow']}"):
        st.markdown(
            f":orange[:material/pause_circle:] **{flow['flow']} is paused** since {since:%-d %b %H:%M}"
        )
        st.caption(
            f"Build {flow['version']} failed three times in the same way ({flow['fingerprint']}); "
            f"{spelling.count(flow['held'])} records and effects are held, none is lost. "
            "A build without the bug goes on by itself; resuming the same build tries again."
        )
        st.code(next_steps.flow_commands(flow), language=None)


def _failed(failed: pd.DataFrame) -> None:
    chosen = panels.choose_row(
        "Failed effects",
        "Choose a row for what to do about it",
        failed,
        FAILED,
        key="failed",
        empty="No effect has failed.",
    )
    _advise(failed, chosen, next_steps.of_effect, next_steps.effect_commands)


def _dead(dead: pd.DataFrame) -> None:
    chosen = panels.choose_row(
        "Dead letters",
        "Records that could not be read or decided; their bytes are kept on the log · choose a row",
        dead,
        DEAD,
        key="dead_letters",
        empty="Every record could be read.",
    )
    _advise(dead, chosen, next_steps.of_letter, next_steps.letter_commands)


def _handovers(refused: pd.DataFrame) -> None:
    chosen = panels.choose_row(
        "Refused handovers",
        "What warehouses told and we could not take · choose a row",
        refused,
        REFUSED,
        key="handovers",
        empty="No handover was refused.",
    )
    _advise(refused, chosen, lambda row: str(row["next_step"]))


def _advise(
    rows: pd.DataFrame,
    chosen: int | None,
    words: Callable[[pd.Series], str],
    commands: Callable[[pd.Series], str] | None = None,
) -> None:
    """What to do about the chosen row, or about the newest until one is chosen."""
    if rows.empty:
        return
    row, about = rows.iloc[chosen or 0], "What to do about the newest" if chosen is None else "What to do"
    st.markdown(f"**{about}:** {words(row)}")
    if commands:
        st.code(commands(row), language=None)
