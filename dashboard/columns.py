"""How columns of reports look in tables: units in the heading, dates as dates, fractions as percent."""

from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from dashboard import spelling

FRACTIONS = {"rate", "change", "within_target", "share", "late_rate", "cancel_rate", "tracking_rate"}
AMOUNTS = {"amount", "mrr"}
DAY, MOMENT = "D MMM YYYY", "D MMM YYYY, HH:mm:ss"
PERCENT, SIGNED = "%.1f%%", "%+.1f%%"
UNITS = {"_hours": "%.1f", "_seconds": "%.2f"}
# Whole ids are in the exports and one click on the cell away; here they would push out what is to be read.
IDS = dict.fromkeys(["order_id", "customer", "plan_id", "last_event_id", "request_id", "key", "site"], 120)
MOMENT_WIDTH = 150
WIDTHS = IDS | {
    "definition": 560,
    "method": 96,
    "counted_by": 96,
    "numerator": 80,
    "base": 60,
    "attempts": 70,
}
HEADINGS = {
    "bucket_start": "From",
    "hours_left": "Left (h)",
    "p50": "Median",
    "p90": "90th",
    "p95": "95th",
    "km_p50": "Median + open",
    "km_p90": "90th + open",
    "km_p95": "95th + open",
    "is_partial": "Unfinished",
    "mrr": "MRR",
    "wix_id": "Id at Wix",
    "delay_p50": "Median delay",
    "delay_p95": "95th delay",
}
# Numbers that are names: nobody writes them with commas.
NAMES = {"partition", "offset", "last_status"}
# What the reports name by a word, and Wix in capitals. Flows and reasons stay as commands want them.
WORDS = {"state", "status", "payment_status", "alarm", "method", "counted_by"}


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table as people read it: words spelled out, fractions as percent. Exports keep the reports' own."""
    return table.assign(
        **{name: table[name].map(_word, na_action="ignore") for name in table.columns if name in WORDS},
        **{name: table[name].astype(float) * 100 for name in table.columns if name in FRACTIONS},
        **{name: table[name].astype(float) for name in table.columns if name in AMOUNTS},
    )


def drawn(table: pd.DataFrame) -> pd.DataFrame | Styler:
    """What is `shown`, with each amount to the last digit of its currency, as everywhere else on a page."""
    readable = shown(table)
    amounts = readable.columns[readable.columns.isin(AMOUNTS)]
    if amounts.empty or "currency" not in readable.columns:
        return readable
    styled = readable.style.format("{:,.2f}", subset=amounts, na_rep=spelling.UNKNOWN)
    for currency, rows in readable.groupby("currency").groups.items():
        written = f"{{:{spelling.digits(str(currency))}}}"
        styled = styled.format(written, subset=pd.IndexSlice[rows, amounts], na_rep=spelling.UNKNOWN)
    return styled


def _word(value: object) -> str:
    text = str(value)
    return spelling.words(text.lower() if text.isupper() else text)


def config(table: pd.DataFrame) -> dict[str, Any]:
    """Column settings for `st.dataframe`, by the name and type of each column."""
    return {name: _one(name, table[name]) for name in table.columns}


def _one(name: str, column: pd.Series) -> Any:
    if name == "bucket_start":
        return st.column_config.DatetimeColumn(_heading(name), format=DAY)
    if isinstance(column.dtype, pd.DatetimeTZDtype) or name.endswith("_at"):
        return st.column_config.DatetimeColumn(_heading(name), format=MOMENT, width=MOMENT_WIDTH)
    if name == "trend":
        return st.column_config.LineChartColumn(_heading(name), width="small")
    if name in AMOUNTS:
        # Without a format, which would go before that of each cell.
        return st.column_config.NumberColumn(_heading(name))
    if name in FRACTIONS:
        return st.column_config.NumberColumn(_heading(name), format=SIGNED if name == "change" else PERCENT)
    if name == "hours_left":
        return st.column_config.NumberColumn(_heading(name), format=UNITS["_hours"])
    if unit := next((unit for unit in UNITS if name.endswith(unit)), None):
        heading = f"{_heading(name.removesuffix(unit))} ({unit[1]})"
        return st.column_config.NumberColumn(heading, format=UNITS[unit])
    if pd.api.types.is_integer_dtype(column) and name not in NAMES:
        return st.column_config.NumberColumn(_heading(name), format="localized", width=WIDTHS.get(name))
    return st.column_config.Column(_heading(name), width=WIDTHS.get(name))


def _heading(name: str) -> str:
    return HEADINGS.get(name) or spelling.words(name)
