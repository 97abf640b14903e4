"""Reports over HTTP, cached by the ledger's version: the dashboard's only way to data.

A version names one unchanging state of the ledger, so a cached answer can't be stale and every
card of a page agrees with the others. Pages call `fetch`; the strip, which wants the present,
calls `fetch_now`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard.settings import DashboardSettings

TIMEOUT_SECONDS = 10.0
# How long all sessions share one version: charts move on this tick.
CHART_TICK_SECONDS = 15

Params = tuple[tuple[str, str], ...]


class ServiceAway(Exception):
    """The report service does not answer, or not as it should."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"The report service at {url} does not answer ({why}).")
        self.url = url


class ReportRefused(Exception):
    """The service does not know the report, or a parameter of it; carries its own sentence."""


class VersionGone(Exception):
    """The version is no longer kept: begin again with the newest."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The newest version (empty before the first), and the newest event it knows."""

    version: str
    data_through: datetime | None
    is_stale: bool = False


def fetch(name: str, version: str, **params: str | list[str] | None) -> pd.DataFrame:
    """One report as a table, in the columns that `GET /reports` lists. Times are UTC.

    Raises:
        ServiceAway: try again later.
        VersionGone: ask `freshness` again.
        ReportRefused: the question itself is wrong.
    """
    return _fetch_version(version, name, _flat({**params, "version": version}))


def fetch_now(name: str, **params: str | list[str] | None) -> pd.DataFrame:
    """One report of the present; shared by all sessions for a second."""
    return _fetch_now(name, _flat(params))


def freshness() -> Freshness:
    """The newest version; the last one known, marked stale, while the service is away.

    Raises:
        ServiceAway: it is away and never answered since this process began.
    """
    try:
        _last_known()["freshness"] = found = _newest()
    except ServiceAway:
        last = _last_known().get("freshness")
        if last is None:
            raise
        return Freshness(last.version, last.data_through, is_stale=True)
    return found


def forget_version() -> None:
    """Let the next `freshness` ask the service."""
    _newest.clear()


def link_at_wix(site: str, kind: str, order_id: str) -> str | None:
    """The order's page in Wix's dashboard, where DASHBOARD_SITE_IDS says which site the instance is.

    Addresses: https://dev.wix.com/docs/api-reference/business-solutions/stores/skills/stores-dashboard-navigation
    and, for plan orders, which have no page of their own, the plans' page of the same series.
    """
    meta_site = DashboardSettings().site_ids.get(site)
    if meta_site is None:
        return None
    page = f"ecom-platform/order-details/{order_id}" if kind == "store" else "pricing-plans"
    return f"https://manage.wix.com/dashboard/{meta_site}/{page}"


@st.cache_data(max_entries=256, ttl="15m", show_spinner=False)
def _fetch_version(version: str, name: str, params: Params) -> pd.DataFrame:
    return _get_table(name, params)


@st.cache_data(max_entries=32, ttl=1, show_spinner=False)
def _fetch_now(name: str, params: Params) -> pd.DataFrame:
    return _get_table(name, params)


@st.cache_data(ttl=CHART_TICK_SECONDS, show_spinner=False)
def _newest() -> Freshness:
    answer = _get("/version", ()).json()
    versions, through = answer["versions"], answer["data_through"]
    return Freshness(versions[0] if versions else "", datetime.fromisoformat(through) if through else None)


@st.cache_resource(show_spinner=False)
def _last_known() -> dict[str, Freshness]:
    return {}


def _get_table(name: str, params: Params) -> pd.DataFrame:
    body = _get(f"/reports/{name}", params).content
    with pa.ipc.open_stream(body) as stream:
        table: pd.DataFrame = stream.read_all().to_pandas()
    return table


def _get(path: str, params: Params) -> httpx.Response:
    http = _http()
    try:
        answer = http.get(path, params=list(params))
    except httpx.HTTPError as error:
        raise ServiceAway(str(http.base_url), type(error).__name__) from error
    if answer.status_code == httpx.codes.GONE:
        raise VersionGone
    if answer.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND):
        raise ReportRefused(answer.text)
    if answer.status_code != httpx.codes.OK:
        raise ServiceAway(str(http.base_url), f"status {answer.status_code}")
    return answer


@cache
def _http() -> httpx.Client:
    settings = DashboardSettings()
    return httpx.Client(
        base_url=settings.reports_url, headers=settings.reports_headers, timeout=TIMEOUT_SECONDS
    )


def _flat(params: Mapping[str, Any]) -> Params:
    pairs: list[tuple[str, str]] = []
    for name, value in sorted(params.items()):
        values = value if isinstance(value, list) else [value]
        pairs.extend((name, str(one)) for one in values if one is not None)
    return tuple(pairs)
