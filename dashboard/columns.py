"""How columns of reports look in tables: units in the heading, dates as dates, fractions as percent."""

from typing import Any

import pandas as pd
import streamlit as st

FRACTIONS = {"rate", "change", "within_target", "share", "late_rate", "cancel_rate", "tracking_rate"}


def config(table: pd.DataFrame) -> dict[str, Any]:
    """Column settings for `st.dataframe`, by the name and type of each column."""
    return {name: _one(name, table[name]) for name in table.columns}


def _one(name: str, column: pd.Series) -> Any:
    if name == "bucket_start":
        return st.column_config.DatetimeColumn("from", format="DD MMM YYYY")
    if isinstance(column.dtype, pd.DatetimeTZDtype) or name.endswith("_at"):
        return st.column_config.DatetimeColumn(_spelled(name), format="DD MMM YYYY HH:mm:ss")
    if name == "trend":
        return st.column_config.LineChartColumn("trend", width="small")
    if name in FRACTIONS:
        return st.column_config.NumberColumn(_spelled(name), format="percent")
    if name == "hours_left":
        return st.column_config.NumberColumn("left (h)", format="%.1f")
    if name.endswith("_hours"):
        return st.column_config.NumberColumn(f"{_spelled(name.removesuffix('_hours'))} (h)", format="%.1f")
    if name.endswith("_seconds"):
        return st.column_config.NumberColumn(f"{_spelled(name.removesuffix('_seconds'))} (s)", format="%.2f")
    return st.column_config.Column(_spelled(name))


def _spelled(name: str) -> str:
    return name.replace("_", " ")
