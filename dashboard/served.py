"""What `streamlit run` serves: the pages, compressed, warm before the first visitor, with a health route.

Streamlit's own `/_stcore/health` says that the process lives; `/api/health` says whether the numbers
do: 200 while the report service answers, 503 with the reason when it does not.
"""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pandas as pd
import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import runtime

from dashboard import charts, charts_orders, filters
from dashboard.kept import Kept
from dashboard.settings import DashboardSettings
from dashboard.way_back import WayBack

logger = logging.getLogger(__name__)

HEALTH_SECONDS = 5.0
LOOKS, LOOK_SECONDS = 100, 0.1


@asynccontextmanager
async def warmed_up(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Do before the first visitor what would make him wait: the slow imports, the first chart, the lists."""
    await asyncio.to_thread(_draw_once)
    _keep_for_good()
    Thread(target=_ask_lists, daemon=True).start()
    yield {}


async def health(request: Request) -> JSONResponse:
    """Whether the pages have numbers to show, and through when."""
    settings = DashboardSettings()
    asking = httpx.AsyncClient(
        base_url=settings.reports_url, headers=settings.reports_headers, timeout=HEALTH_SECONDS
    )
    try:
        async with asking as http:
            answer = (await http.get("/version")).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        return JSONResponse({"status": "no_reports", "why": type(error).__name__}, status_code=503)
    through = answer.get("data_through")
    age = (datetime.now(UTC) - datetime.fromisoformat(through)).total_seconds() if through else None
    return JSONResponse({"status": "ok", "data_through": through, "age_seconds": age})


def _ask_lists() -> None:
    """Streamlit's caches want its runtime, which is there right after the warm-up."""
    for _ in range(LOOKS):
        if runtime.exists():
            filters.currencies()
            return
        time.sleep(LOOK_SECONDS)


def _keep_for_good() -> None:
    """What is there by now, modules above all, stays: Streamlit collects garbage after every run of a script.

    To look through all of it each time took 65 ms, in which nothing else ran.
    """
    gc.collect()
    gc.freeze()


def _draw_once() -> None:
    """The first chart of a process loads Altair's whole schema."""
    charts.trusted()
    table = pd.DataFrame({"state": ["placed"], "orders": [1]})
    spec: charts.Spec = charts_orders.state_bars(table)
    logger.debug("warmed up with a chart of %d layers", len(spec["layer"]))


app = st.App(
    Path(__file__).parent / "app.py",
    lifespan=warmed_up,
    routes=[Route("/api/health", health)],
    # Streamlit compresses nothing by itself: 5.8 MB at a first visit become 2 MB.
    middleware=[Middleware(WayBack), Middleware(Kept), Middleware(GZipMiddleware, minimum_size=1000)],
)
