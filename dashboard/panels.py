"""What a page is made of: cards, charts and tables, each in a box with one grammar."""

import io
from collections.abc import Callable
from typing import Any, Literal

import pandas as pd
import streamlit as st

from dashboard import charts, columns, spelling
from dashboard.cards import Card
from dashboard.charts import Spec
from dashboard.spelling import UNKNOWN

# As many rows as anybody scrolls through; the exports have all.
MOST_ROWS = 200

PARQUET = "application/vnd.apache.parquet"
COLOURS = {"up": ("green", "red"), "down": ("red", "green"), "neither": ("gray", "gray")}


def cards(found: list[Card]) -> None:
    """A row of cards; each says what it was before and, one hover away, what it means."""
    with st.grid(len(found), min_column_width=150):
        for card in found:
            up, down = COLOURS[card.good]
            st.metric(
                card.label,
                card.value,
                _tinted(card.delta, up, down),
                delta_color="gray",
                delta_arrow=_arrow(card.delta),
                delta_description=card.before,
                help=card.meaning,
                border=True,
                height="stretch",
                chart_data=card.series if len(card.series) > 1 else None,
            )


def chart(title: str, subtitle: str, draw: Callable[..., Spec], *given: Any, key: str) -> None:
    """A box with a title, the unit in its subtitle, and a chart: `draw` of what is given."""
    with st.container(border=True, key=key, height="stretch"):
        headed(title, subtitle)
        spec = _spec(draw, draw.__name__, st.context.theme.type == "dark", *given)
        st.vega_lite_chart(spec=spec, alt=f"{title}. {subtitle}")


def chart_or(
    title: str, subtitle: str, draw: Callable[..., Spec], data: pd.DataFrame, *, key: str, empty: str
) -> None:
    """A chart of one table, or the sentence for the empty case."""
    if data.empty:
        nothing(title, empty, key=key)
    else:
        chart(title, subtitle, draw, data, key=key)


def nothing(title: str, sentence: str, *, key: str) -> None:
    """The box of a chart or table that has nothing to show, and why."""
    with st.container(border=True, key=key, height="stretch"):
        headed(title, sentence)


def table(
    title: str,
    subtitle: str,
    data: pd.DataFrame,
    *,
    key: str,
    empty: str,
    rows: float | None = None,
    all_rows: Callable[[], pd.DataFrame] | None = None,
) -> None:
    """A table in a box with its exports beside the title, or the sentence for the empty case.

    Of a long one the first rows: each goes to the reader's browser again whenever the page moves.
    Where `data` itself is only the first of so many `rows`, `all_rows` asks for the exports.
    """
    rows = rows or len(data)
    if rows > MOST_ROWS:
        subtitle += f" · the first {MOST_ROWS} of {spelling.count(rows)}, all in the exports"
    with st.container(border=True, key=key):
        _titled(title, empty if data.empty else subtitle, data, key, all_rows or (lambda: data))
        if data.empty:
            return
        first = data.head(MOST_ROWS)
        st.dataframe(
            columns.drawn(first),
            hide_index=True,
            alt=f"{title}. {subtitle}",
            column_config=columns.config(first),
            placeholder=UNKNOWN,
        )


def choose_row(
    title: str, subtitle: str, data: pd.DataFrame, wanted: list[str], *, key: str, empty: str
) -> int | None:
    """A table in a card whose rows can be chosen; gives the chosen row's position, or None."""
    with st.container(border=True, key=f"{key}_card"):
        _titled(title, empty if data.empty else subtitle, data, key, lambda: data)
        if data.empty:
            return None
        chosen = st.dataframe(
            columns.drawn(data[wanted]),
            hide_index=True,
            column_config=columns.config(data[wanted]),
            key=key,
            on_select="rerun",
            selection_mode="single-row",
            placeholder=UNKNOWN,
            alt=f"{title}. {subtitle}",
        )
    rows = chosen["selection"]["rows"]
    return int(rows[0]) if rows else None


def headed(title: str, subtitle: str) -> None:
    """A title with its subtitle right below it."""
    with st.container(gap=None):
        st.markdown(f"**{title}**")
        st.caption(subtitle)


def _titled(
    title: str, subtitle: str, data: pd.DataFrame, key: str, exported: Callable[[], pd.DataFrame]
) -> None:
    """The same with the exports at the title's right, where there are rows."""
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{title}**", width="content")
            if not data.empty:
                with st.container(horizontal=True, width="content", gap="small"):
                    _export("CSV", lambda: _csv(exported()), key, "csv", "text/csv")
                    _export("Parquet", lambda: _parquet(exported()), key, "parquet", PARQUET)
        st.caption(subtitle)


def _export(label: str, write: Callable[[], bytes], key: str, ending: str, mime: str) -> None:
    """Written only when it is asked for."""
    st.download_button(
        label,
        write,
        f"{key}.{ending}",
        mime,
        key=f"{key}_{ending}",
        help=f"Export these rows as {label}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _csv(data: pd.DataFrame) -> bytes:
    return data.to_csv(index=False).encode()


def _parquet(data: pd.DataFrame) -> bytes:
    written = io.BytesIO()
    data.to_parquet(written, index=False)
    return written.getvalue()


@st.cache_data(max_entries=128, ttl="15m", show_spinner=False)
def _spec(_draw: Callable[..., Spec], name: str, is_dark: bool, *given: Any) -> Spec:
    """Validating and copying a chart is most of the work of drawing a page again."""
    spec = _draw(*given)
    return charts.on_dark(spec) if is_dark else spec


def _tinted(delta: str | int | None, up: str, down: str) -> str | int | None:
    """In the colour of its direction. The arrow says which: without a sign the card is wide enough."""
    if not isinstance(delta, str):
        return delta
    return f":{down if delta.startswith('-') else up}[{delta.lstrip('+-')}]"


def _arrow(delta: str | int | None) -> Literal["up", "down", "off"]:
    if not isinstance(delta, str):
        return "off"
    return "down" if delta.startswith("-") else "up"
