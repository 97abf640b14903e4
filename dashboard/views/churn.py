"""Churn & retention: who left, why, at what rate by whose definition, and who stays."""

import pandas as pd
import streamlit as st

from dashboard import cards, charts_churn, client, filters, frame, own_filters, panels, spelling
from dashboard.questions import Question, Questions
from dashboard.scope import Scope

# What the reader chooses (and what stands in the URL) → the report's word. RevenueCat's counts no customers.
METHODS = {spelled: method for method, spelled in spelling.NAMES.items()}
COMPARED = [spelled for spelled in METHODS if spelled != "RevenueCat"]
POPULATIONS = ["paying", "all"]
CAUSES = ["voluntary", "involuntary", "owner", "completed", "unknown"]
COLUMNS = ["bucket_start", "active_at_start", "new", "churned", *CAUSES, "switched", "rate", "is_partial"]
FIRST_LEAVING = {client.FIRST_ROWS: str(panels.MOST_ROWS)}
LEAVING = ["ends_at", "plan", "mrr", "currency", "requested_at", "customer", "order_id"]
COUNTED = ["method", "rate", "numerator", "base", "definition"]
# Why first, since a phone shows two or three columns.
DIFFERENT = ["reason", "counted_by", "happened_at", "customer", "order_id"]
PLANS = ["name", "active", "new", "churned", "rate", "mrr", "currency", "plan_id"]
HEATMAP, TABLE = "Heatmap", "Table"
DAYS_BY_MONTH = 60
NO_CUSTOMER = "No customer was active in this period."


def page() -> None:
    """Draw the page."""
    scope = filters.chosen()
    _own_filters()
    frame.show(_body, scope, wanted)


def wanted(scope: Scope) -> list[Question]:
    """What the page asks."""
    asked, population = _asked(scope), {"population": _chosen("population", POPULATIONS)}
    found: list[Question] = [
        ("period", "churn", asked),
        ("before", "churn", asked),
        ("ever", "set_to_cancel", FIRST_LEAVING),
        ("period", "churn_methods", population),
        ("period", "cohorts", {}),
        ("period", "survival", {}),
        ("period", "mrr", {"grain": "month"}),
        ("period", "plans", {}),
    ]
    one, other = _chosen("one", COMPARED), _chosen("other", COMPARED, 1)
    if one != other:
        found.append(("period", "churn_difference", {"method": METHODS[one], "other": METHODS[other]}))
    return found


def _own_filters() -> None:
    with own_filters.row():
        own_filters.choose("Method", list(METHODS), key="method", width=150, text="Churn by the method of")
        own_filters.choose(
            "Population", POPULATIONS, key="population", width=110, text="among customers who are"
        )


def _body(ask: Questions) -> None:
    asked = _asked(ask.scope)
    method, grain = asked["method"], asked["grain"]
    found, before = ask.period("churn", **asked), ask.before("churn", **asked)
    if not cards.total(found, "active_at_start") and not cards.total(found, "new"):
        frame.no_match(NO_CUSTOMER)
        return
    leaving = ask.ever("set_to_cancel", **FIRST_LEAVING)
    panels.cards(_cards(found, before, leaving, grain))
    _over_time(ask, found, method, grain)
    _methods(ask, asked["population"])
    _cohorts(ask)
    left, right = st.columns(2)
    with left:
        _survival(ask)
    with right:
        _revenue(ask)
    _leaving(ask, leaving)
    _plans(ask)
    _table(found, grain, method)


def _asked(scope: Scope) -> dict[str, str]:
    method = METHODS[_chosen("method", list(METHODS))]
    # A rate by calendar months can't be asked for weeks.
    grain = "month" if scope.days > DAYS_BY_MONTH or method == "profitwell" else "week"
    return {"method": method, "population": _chosen("population", POPULATIONS), "grain": grain}


def _chosen(key: str, choices: list[str], index: int = 0) -> str:
    return str(st.session_state.get(key) or choices[index])


def _cards(found: pd.DataFrame, before: pd.DataFrame, leaving: pd.DataFrame, grain: str) -> list[cards.Card]:
    in_all = cards.last(leaving, "in_all") or 0
    rate = f"Of the last whole {grain}, by the method chosen above; the table of methods says what it means."
    return [
        cards.standing(
            "Active", found, "active_at_start", before, meaning=ACTIVE.format(grain=grain), good="up"
        ),
        cards.counted("New", found, "new", before, meaning="Customers paying for the first time.", good="up"),
        cards.counted("Churned", found, "churned", before, meaning=CHURNED, good="down"),
        cards.rate(RATE[grain], found, "rate", before, meaning=rate, good="down"),
        cards.share("Failed payments", found, "involuntary", "churned", before, meaning=FAILED, good="down"),
        cards.Card(
            label="Set to cancel",
            value=spelling.count(in_all),
            meaning=SET_TO_CANCEL,
        ),
    ]


RATE = {"week": "Weekly churn rate", "month": "Monthly churn rate"}
ACTIVE = "Customers with a paying subscription at the start of the newest {grain}."
CHURNED = "Customers whose last paying subscription ended, and none began within 24 hours."
FAILED = "Of the churned, the share whose payment failed."
SET_TO_CANCEL = (
    "Subscriptions whose renewal is off: they end with the paid period unless it is turned on again."
)


def _over_time(ask: Questions, found: pd.DataFrame, method: str, grain: str) -> None:
    left, right = st.columns([3, 2])
    with left:
        subtitle = f"Customers per {grain}, {ask.scope.tz} · line: net · pale: not over yet"
        panels.chart("Gained and lost", subtitle, charts_churn.gained_and_lost, found, key="gained_lost")
    with right:
        subtitle = f"Per {grain}, by {spelling.words(method)} · pale: not over yet"
        panels.chart("Churn rate", subtitle, charts_churn.rate_bars, found, key="churn_rate")


def _methods(ask: Questions, population: str) -> None:
    """Whose definition gives which rate; and who is counted by one and not by another."""
    panels.table(
        "One period, five methods",
        "Each named after its owner; the numerators and bases differ, not the customers",
        ask.period("churn_methods", population=population)[COUNTED],
        key="churn_methods",
        empty=NO_CUSTOMER,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        one = st.selectbox("Counted by", COMPARED, key="one", bind="query-params", width=170)
        other = st.selectbox("and not by", COMPARED, index=1, key="other", bind="query-params", width=170)
    if one == other:
        st.caption("Choose two different methods to see whom one counts and the other does not.")
        return
    panels.table(
        f"Where {one} and {other} differ",
        "Customer by customer, with the reason",
        ask.period("churn_difference", method=METHODS[one], other=METHODS[other])[DIFFERENT],
        key="churn_difference",
        empty=f"{one} and {other} count the same customers in this period.",
    )


def _cohorts(ask: Questions) -> None:
    found = ask.period("cohorts")
    grid = charts_churn.cohort_grid(found) if not found.empty else found
    if grid.empty:
        empty = "No cohort of this period is a month old yet. Choose a longer range."
        panels.nothing("Retention by first month", empty, key="cohorts")
        return
    shown = st.segmented_control(
        "Cohorts as", [HEATMAP, TABLE], default=HEATMAP, required=True, key="cohorts_as", bind="query-params"
    )
    subtitle = (
        f"Share still active by months since their first; size beside the month · {cards.first_month(grid)}"
    )
    if shown == TABLE:
        panels.table("Retention by first month", subtitle, found, key="cohorts", empty="")
    else:
        panels.chart("Retention by first month", subtitle, charts_churn.cohort_cells, found, key="cohorts")


def _survival(ask: Questions) -> None:
    subtitle = "Share still active by age; those still active are censored, band: 95 %"
    empty = "No subscription began in this period."
    found = ask.period("survival")
    panels.chart_or(
        "How long subscriptions last",
        subtitle,
        charts_churn.survival_curve,
        found,
        key="survival",
        empty=empty,
    )


def _revenue(ask: Questions) -> None:
    found = ask.period("mrr", grain="month")
    title = "MRR movements"
    one, others = cards.busiest_currency(found)
    shown = found[found["currency"] == one]
    subtitle = f"Per month, in {one} · at the end {cards.money(shown, 'at_end')}"
    if others:
        subtitle += f" · {', '.join(others)} apart: choose a currency above"
    empty = "No recurring revenue in this period."
    panels.chart_or(title, subtitle, charts_churn.mrr_movements, shown, key="mrr", empty=empty)


def _leaving(ask: Questions, leaving: pd.DataFrame) -> None:
    panels.table(
        "Set to cancel",
        "A forecast: these end at the date shown unless renewal is turned on again",
        leaving[[name for name in LEAVING if name in leaving]],
        key="set_to_cancel",
        empty="No subscription is set to cancel.",
        rows=cards.last(leaving, "in_all"),
        all_rows=lambda: ask.newest("set_to_cancel")[LEAVING],
    )


def _plans(ask: Questions) -> None:
    panels.table(
        "By plan",
        "Subscriptions active now; new and churned in the period",
        ask.period("plans")[PLANS],
        key="plans",
        empty="No plan has been bought yet.",
    )


def _table(found: pd.DataFrame, grain: str, method: str) -> None:
    subtitle = f"Churned is split into five causes that add up to it; rate by {spelling.words(method)}"
    panels.table(f"By {grain}", subtitle, found[COLUMNS], key="churn", empty=NO_CUSTOMER)
