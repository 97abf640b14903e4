"""A real ledger behind its real report service, on a port of its own, for pages to ask."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from altair.utils.schemapi import SchemaBase, debug_mode
from starlette.types import ASGIApp
from streamlit.components.v2 import manifest_scanner
from streamlit.components.v2.manifest_scanner import scan_component_manifests

from analytics.ledger import Ledger
from analytics.lifecycle import LifecycleRow
from analytics.reports import Reports
from analytics.service import create_app
from dashboard import answers, client
from tests.analytics import history
from tests.dashboard.browser.serving import served
from tests.empty_ledger import open_ledger


@dataclass(slots=True)
class Service:
    """The report service of one test, with the ledger that it answers from."""

    ledger: Ledger
    url: str

    def tell(self, rows: list[LifecycleRow]) -> None:
        """Append rows and let readers see them."""
        history.tell(self.ledger, rows)
        self.ledger.publish()


@pytest.fixture(scope="session", autouse=True)
def _packages_looked_through_once() -> Iterator[None]:
    """AppTest looks for components in every installed package, which takes far longer than a page does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody waits for is asked at once: tests do."""
    monkeypatch.setattr(answers, "PAUSE_SECONDS", 0)


@pytest.fixture(autouse=True)
def _channels_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare "orders:Q" has all of Altair's schema looked through, five milliseconds each."""

    def refused(cls: type[SchemaBase], dct: dict[str, Any], validate: bool = True) -> None:
        raise AssertionError(f"a chart names no channel, such as alt.Y(…), around {dct}")

    monkeypatch.setattr(SchemaBase, "from_dict", classmethod(refused))


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """An empty ledger that answers; the dashboard's settings point at it.

    Charts are drawn as the dashboard draws them: to check each takes longer than all the rest of a page.
    """
    with (
        _forgetting(),
        debug_mode(False),
        _ledger(tmp_path) as ledger,
        served(create_app(Reports(ledger), token=None)) as url,
    ):
        monkeypatch.setenv("REPORTS_URL", url)
        yield Service(ledger, url)


@pytest.fixture
def charts_checked(service: Service) -> Iterator[None]:
    """A chart that Vega-Lite would not take fails the test."""
    with debug_mode(True):
        yield


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No report service answers."""
    with _forgetting():
        monkeypatch.setenv("REPORTS_URL", "http://127.0.0.1:9")
        yield


@pytest.fixture
def ask_through(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[ASGIApp], None]]:
    """Puts an app in the place of the report service: pages ask it instead."""
    with ExitStack() as serving:

        def ask(app: ASGIApp) -> None:
            monkeypatch.setenv("REPORTS_URL", serving.enter_context(served(app)))
            client._http.cache_clear()

        yield ask


@contextmanager
def _forgetting() -> Iterator[None]:
    """Caches are the process's: one test must not see another's answers."""
    forget()
    yield
    forget()


def forget() -> None:
    """What was asked before has to be asked again."""
    st.cache_data.clear()
    st.cache_resource.clear()
    if client._http.cache_info().currsize:
        client._http().close()
    client._http.cache_clear()


@contextmanager
def _ledger(folder: Path) -> Iterator[Ledger]:
    ledger = open_ledger(folder / "ledger.duckdb")
    try:
        yield ledger
    finally:
        ledger.close()


@pytest.fixture
def told(service: Service) -> Service:
    """Three store orders and two subscriptions of the last weeks, and a dead letter."""
    now = datetime.now(UTC).replace(microsecond=0)

    def ago(days: float) -> datetime:
        return now - timedelta(days=days)

    service.tell(
        [
            *_order("1001", ago(10), ago(9.9), fulfilled=ago(8)),
            *_order("1002", ago(9), ago(8.9)),
            *_order("1003", ago(6), ago(5.9), canceled=ago(5)),
            *history.stay("sub-1", ago(80)),
            *history.stay("sub-2", ago(80), ago(20), cause="MEMBER_ACTION"),
            history.payment("pay-1", "1001", ago(9.9), amount="10.00", currency="EUR"),
            history.dead_letter("payments", 0, 7, ago(1)),
        ]
    )
    return service


def _order(
    name: str,
    placed: datetime,
    paid: datetime,
    *,
    fulfilled: datetime | None = None,
    canceled: datetime | None = None,
) -> list[LifecycleRow]:
    always: dict[str, Any] = {"created": placed, "number": name}
    rows = [
        history.store_order(name, "created", placed, **always),
        history.store_order(name, "approved", paid, paid="PAID", **always),
    ]
    if fulfilled:
        rows.append(
            history.store_order(name, "fulfilled", fulfilled, paid="PAID", fulfilled="FULFILLED", **always)
        )
    if canceled:
        rows.append(history.store_order(name, "canceled", canceled, paid="PAID", status="CANCELED", **always))
    return rows
