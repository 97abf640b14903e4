"""How tests run a page, as Streamlit runs it, and read what it shows."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from dashboard.ahead import Wanted
from dashboard.views import churn, failures, fulfillment, orders, pipeline

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")
WANTED: dict[str, Wanted] = {
    "orders": orders.wanted,
    "churn": churn.wanted,
    "fulfillment": fulfillment.wanted,
    "pipeline": pipeline.wanted,
    "failures": failures.wanted,
}
PAGES = list(WANTED)

RUN_A_PAGE = """
import streamlit as st
from dashboard import filters, frame
from dashboard.views import {page}
frame.strip()
filters.filters()
{page}.page()
"""


def run(page: str, **query: str | list[str]) -> AppTest:
    """One page in its frame, with what the URL says."""
    if page == "orders":
        app = AppTest.from_file(APP, default_timeout=60)
    else:
        app = AppTest.from_string(RUN_A_PAGE.format(page=page), default_timeout=60)
    app.query_params.update(query)
    return app.run()


def cards(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    shown = [*app.info, *app.error, *app.warning, *app.caption, *app.markdown]
    return "\n".join(str(element.value) for element in shown)
