"""Reports over HTTP, cached by the ledger's version: the dashboard's only way to data.

A version names one unchanging state of the ledger, so a cached answer can't be stale and every
card of a page agrees with the others. Pages call `fetch`; the strip, which wants the present,
calls `fetch_now`; filters, which only list what there is, call `fetch_list`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard.answers import Answers
from dashboard.memory import Freshness, Memory, Params, ServiceAway
from dashboard.settings import DashboardSettings

__all__ = [
    "Freshness",
    "ReportRefused",
    "ServiceAway",
    "VersionGone",
    "fetch",
    "fetch_ahead",
    "fetch_list",
    "fetch_now",
    "fetch_some_time",
    "forget_version",
    "freshness",
    "is_known",
    "link_at_wix",
]

# Longer than the service takes for any question before it gives up, and says so itself.
TIMEOUT_SECONDS = 25.0
VERSION = "/version"
# Beside a report's own parameters: only so many of its first rows, with `in_all` how many there are.
FIRST_ROWS = "first_rows"
# What is newest is answered at once, or not at all; then nobody waits for it again for a while.
VERSION_TIMEOUT_SECONDS, AWAY_SECONDS = 5.0, 3.0
# Less than the strip's five seconds: each of its runs sees something new, and ten tabs cost no more than one.
PRESENT_SECONDS = 4
# How long all sessions share one version: charts move on this tick.
CHART_TICK_SECONDS = 15
# Refusals of a service that is there: the question takes too long, or too much.
TOO_MUCH = ("report_timeout", "report_too_large")


class ReportRefused(Exception):
    """The service does not know the report, or a parameter of it; carries its own sentence."""


class VersionGone(Exception):
    """The version is no longer kept: begin again with the newest."""


def fetch(name: str, version: str, **params: str | list[str] | None) -> pd.DataFrame:
    """One report as a table, in the columns that `GET /reports` lists. Times are UTC.

    While the service is away (`freshness` said so), the last answer to the same question.

    Raises:
        ServiceAway: try again later.
        VersionGone: ask `freshness` again.
        ReportRefused: the question itself is wrong.
    """
    asked = _flat({**params, "version": version})
    return _or_last(lambda: _answers().get(name, asked), name, asked, last_will_do=_memory().is_away)


def fetch_ahead(name: str, version: str, **params: str | list[str] | None) -> None:
    """Have `fetch` asked by somebody else meanwhile: whoever calls it then finds the answer, or waits for it.

    What goes wrong is met by `fetch` itself.
    """
    _answers().ahead(name, _flat({**params, "version": version}))


def fetch_some_time(name: str, version: str, **params: str | list[str] | None) -> None:
    """The same, when nobody waits for another question."""
    _answers().some_time(name, _flat({**params, "version": version}))


def is_known(name: str, version: str, **params: str | list[str] | None) -> bool:
    """Whether `fetch` would answer without asking."""
    return _answers().has(name, _flat({**params, "version": version}))


def fetch_now(name: str, *, or_last: bool = False, **params: str | list[str] | None) -> pd.DataFrame:
    """One report of the present, shared by all sessions for seconds; or what it last was, if that will do.

    Raises:
        ServiceAway, ReportRefused: as `fetch`.
    """
    asked = _flat(params)
    return _or_last(lambda: _fetch_now(name, asked), name, asked, last_will_do=or_last)


def fetch_list(name: str, *, rarely: bool = False, **params: str | list[str] | None) -> pd.DataFrame:
    """One report of all that is known, for a list to choose from: minutes old, or `rarely` an hour.

    Meanwhile asked anew, nobody waits for it but the first; an empty one is not kept.

    Raises:
        ServiceAway, ReportRefused: as `fetch`.
    """
    asked, ask = _flat(params), _fetch_rarely if rarely else _fetch_list
    try:
        return _or_last(lambda: ask(name, asked), name, asked, last_will_do=True)
    except _NothingYet:
        return pd.DataFrame()


def freshness() -> Freshness:
    """The newest version; the last one known, marked stale, while the service is away.

    Raises:
        ServiceAway: it is away and never answered since this process began.
    """
    memory = _memory()
    try:
        memory.freshness, memory.is_away = _newest(), False
    except ServiceAway:
        memory.is_away = True
        if memory.freshness is None:
            raise
        return replace(memory.freshness, is_stale=True)
    return memory.freshness


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


# An answer of one version never changes.
@st.cache_resource(show_spinner=False)
def _answers() -> Answers:
    return Answers(_get_table)


@st.cache_data(max_entries=32, ttl=PRESENT_SECONDS, show_spinner=False)
def _fetch_now(name: str, params: Params) -> pd.DataFrame:
    return _get_table(name, params)


@st.cache_data(max_entries=16, ttl="2m", refresh_mode="background", show_spinner=False)
def _fetch_list(name: str, params: Params) -> pd.DataFrame:
    return _some(name, params)


@st.cache_data(max_entries=16, ttl="1h", refresh_mode="background", show_spinner=False)
def _fetch_rarely(name: str, params: Params) -> pd.DataFrame:
    return _some(name, params)


def _some(name: str, params: Params) -> pd.DataFrame:
    found = _get_table(name, params)
    if found.empty:
        raise _NothingYet
    return found


class _NothingYet(Exception):
    """Nothing to choose from: not kept, since the first event changes it."""


@st.cache_data(ttl=CHART_TICK_SECONDS, show_spinner=False)
def _newest() -> Freshness:
    answer = _get(VERSION, (), timeout=VERSION_TIMEOUT_SECONDS).json()
    versions, through = answer["versions"], answer["data_through"]
    return Freshness(
        versions[0] if versions else "",
        datetime.fromisoformat(through) if through else None,
        asked_at=datetime.now(UTC),
    )


@st.cache_resource(show_spinner=False)
def _memory() -> Memory:
    return Memory()


def _or_last(
    ask: Callable[[], pd.DataFrame], name: str, asked: Params, *, last_will_do: bool
) -> pd.DataFrame:
    try:
        return ask()
    except ServiceAway:
        last = _memory().last(name, asked) if last_will_do else None
        if last is None:
            raise
        return last.copy(deep=False)


def _get_table(name: str, params: Params) -> pd.DataFrame:
    asked, first = tuple(pair for pair in params if pair[0] != FIRST_ROWS), dict(params).get(FIRST_ROWS)
    headers = {"Range": f"rows=0-{int(first) - 1}"} if first else {}
    answer = _get(f"/reports/{name}", asked, headers=headers)
    with pa.ipc.open_stream(answer.content) as stream:
        table: pd.DataFrame = stream.read_all().to_pandas()
    if first:
        _, _, in_all = answer.headers.get("Content-Range", "").rpartition("/")
        table["in_all"] = int(in_all) if in_all else len(table)
    _memory().note(name, params, table)
    return table


def _get(
    path: str, params: Params, *, headers: Mapping[str, str] | None = None, timeout: float = TIMEOUT_SECONDS
) -> httpx.Response:
    http, memory = _http(), _memory()
    if refusal := memory.refusal():
        raise refusal.with_traceback(None)
    try:
        answer = http.get(path, params=list(params), headers=headers, timeout=timeout)
    except httpx.HTTPError as error:
        away = ServiceAway(str(http.base_url), type(error).__name__)
        if path == VERSION or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            memory.leave_alone(away, AWAY_SECONDS)
        raise away from error
    if answer.status_code == httpx.codes.GONE:
        raise VersionGone
    if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise _refusal(answer) or ServiceAway(str(http.base_url), f"status {answer.status_code}")
    return answer


def _refusal(answer: httpx.Response) -> ReportRefused | None:
    """What the service says of the question; None where it was not the service that answered."""
    try:
        said = answer.json()
        is_ours = answer.status_code in (400, 404) or said["error"] in TOO_MUCH
        return ReportRefused(said["message"]) if is_ours else None
    except (ValueError, KeyError, TypeError):
        return None


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
