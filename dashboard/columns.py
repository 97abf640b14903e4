"""How columns of reports look in tables: units in the heading, dates as dates, fractions as percent."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import spelling

FRACTIONS = {"rate", "change", "within_target", "share", "late_rate", "cancel_rate", "tracking_rate"}


# Whole ids are in the exports and one click on the cell away; here they would push out what is to be read.
IDS = {"order_id", "customer", "plan_id", "last_event_id", "request_id", "key", "site"}
ID_WIDTH = 120
# Few figures, beside a sentence that wants the room.
NARROW = {"method", "numerator", "base"}
NARROW_WIDTH = 95
HEADINGS = {
    "p50": "Median",
    "p90": "90th",
    "p95": "95th",
    "km_p50": "Median with open",
    "km_p90": "90th with open",
    "km_p95": "95th with open",
    "is_partial": "Unfinished",
    "mrr": "MRR",
    "wix_id": "Id at Wix",
    "delay_p50": "Median delay",
    "delay_p95": "95th delay",
}


# What the reports name by a word, and Wix in capitals. Flows and reasons stay as commands want them.
WORDS = {"state", "status", "payment_status", "alarm"}


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table as people read it: words spelled out, fractions as percent. Exports keep the reports' own."""
    return table.assign(
        **{name: table[name].map(_word, na_action="ignore") for name in table.columns if name in WORDS},
        **{name: table[name].astype(float) * 100 for name in table.columns if name in FRACTIONS},
    )


def _word(value: object) -> str:
    text = str(value)
    return spelling.words(text.lower() if text.isupper() else text)


def config(table: pd.DataFrame) -> dict[str, Any]:
    """Column settings for `st.dataframe`, by the name and type of each column."""
    return {name: _one(name, table[name]) for name in table.columns}


def _one(name: str, column: pd.Series) -> Any:
    if name == "bucket_start":
        return st.column_config.DatetimeColumn("From", format="D MMM YYYY")
    if isinstance(column.dtype, pd.DatetimeTZDtype) or name.endswith("_at"):
        return st.column_config.DatetimeColumn(_heading(name), format="D MMM YYYY, HH:mm:ss")
    if name in IDS:
        return st.column_config.TextColumn(_heading(name), width=ID_WIDTH)
    if name in NARROW:
        return st.column_config.Column(_heading(name), width=NARROW_WIDTH)
    if name == "trend":
        return st.column_config.LineChartColumn("Trend", width="small")
    if name in FRACTIONS:
        return st.column_config.NumberColumn(
            _heading(name), format="%+.1f %%" if name == "change" else "%.1f %%", width=NARROW_WIDTH
        )
    if name == "hours_left":
        return st.column_config.NumberColumn("Left (h)", format="%.1f")
    if name.endswith("_hours"):
        return st.column_config.NumberColumn(f"{_heading(name.removesuffix('_hours'))} (h)", format="%.1f")
    if name.endswith("_seconds"):
        return st.column_config.NumberColumn(f"{_heading(name.removesuffix('_seconds'))} (s)", format="%.2f")
    return st.column_config.Column(_heading(name))


def _heading(name: str) -> str:
    return HEADINGS.get(name) or spelling.words(name)
