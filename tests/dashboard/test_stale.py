"""When the data is old, or nobody answers: the last numbers stay, with the reason and a way out."""

import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from starlette.types import ASGIApp
from streamlit.testing.v1 import AppTest

from analytics.ledger import PartitionSample
from analytics.reports import Reports
from analytics.service import create_app
from dashboard import client
from tests.analytics import history
from tests.dashboard.browser.serving import Switch
from tests.dashboard.conftest import Service
from tests.dashboard.running import PAGES, cards, run, words

TRIES = 300
BADGE = re.compile(r"-badge\[:material/\w+: (\w+)\]")


@pytest.fixture
def switch(told: Service, ask_through: Callable[[ASGIApp], None]) -> Switch:
    """The service of `told`, behind a switch that can turn it off; pages ask through it."""
    found = Switch(create_app(Reports(told.ledger), token=None))
    ask_through(found)
    return found


def again(app: AppTest) -> AppTest:
    """The same page once more, after what all readers share has run out."""
    client.forget_version()
    client._fetch_now.clear()
    return app.run()


class TestServiceThatDied:
    @pytest.mark.parametrize("page", PAGES)
    def test_the_last_numbers_stay_with_the_reason_and_a_way_out(self, switch: Switch, page: str) -> None:
        app = run(page)
        before = cards(app)
        assert before

        switch.app = None
        again(app)

        assert cards(app) == before
        assert not app.exception
        assert not app.error
        assert [warning.value for warning in app.warning] != []
        assert "the last that was known, through" in words(app)
        assert "python -m streams ledger" in words(app)
        assert "No data" in words(app)

    def test_another_reader_sees_them_too(self, switch: Switch) -> None:
        before = cards(run("orders"))
        switch.app = None
        client.forget_version()

        assert cards(run("orders")) == before

    def test_the_clock_of_the_page_stands_still(self, switch: Switch) -> None:
        """A period up to now would ask for another day after midnight, of which nothing is known."""
        asked_at = client.freshness().asked_at
        switch.app = None
        client.forget_version()

        found = client.freshness()

        assert found.is_stale
        assert found.asked_at == asked_at

    def test_an_answer_of_an_earlier_minute_and_version_will_do(self, switch: Switch) -> None:
        """A page that nobody had open when the service died: its numbers are older, and there."""
        days, version = {"start": "2026-11-01T00:00:00+01:00"}, client.freshness().version
        before = client.fetch("order_flow", version, end="2026-11-21T10:15:00+01:00", **days)
        switch.app = None
        client.forget_version()
        assert client.freshness().is_stale

        found = client.fetch("order_flow", "the-next-one", end="2026-11-21T10:29:00+01:00", **days)

        assert found.equals(before)
        with pytest.raises(client.ServiceAway):
            client.fetch("order_flow", version, end="2026-11-20T10:15:00+01:00", **days)

    def test_while_it_answers_nothing_old_is_shown(self, switch: Switch) -> None:
        """One question that is not answered is no outage: the page must not pass off old for new."""
        version = client.freshness().version
        client.fetch("order_flow", version)
        switch.app = None

        with pytest.raises(client.ServiceAway):
            client.fetch("order_flow", "the-next-one")

    def test_what_was_not_asked_before_is_missing_and_says_so(self, switch: Switch) -> None:
        app = run("orders")
        switch.app = None
        app.segmented_control(key="range").set_value("7d")

        again(app)

        assert not app.exception
        assert "what was not asked before is missing" in words(app)
        assert [error.value for error in app.error] != []

    def test_its_sites_can_still_be_chosen(self, switch: Switch) -> None:
        app = run("orders")
        known = app.multiselect(key="site").options
        assert known

        switch.app = None
        client._fetch_list.clear()

        assert again(app).multiselect(key="site").options == known

    def test_all_is_well_when_it_is_back(self, switch: Switch, told: Service) -> None:
        app, working = run("orders"), switch.app
        switch.app = None
        again(app)
        placed = datetime.now(UTC) - timedelta(hours=1)
        told.tell([history.store_order("1004", "created", placed, created=placed)])

        switch.app = working
        # What was known is drawn at once, and what is newest when all its answers are there.
        for _ in range(TRIES):
            if cards(again(app))["Orders placed"] == "4":
                break
            sleep(0.2)

        assert not app.warning
        assert cards(app)["Orders placed"] == "4"


class TestServiceThatHangs:
    def test_nobody_waits_for_it_twice(self, nobody: None, monkeypatch: pytest.MonkeyPatch) -> None:
        """It takes connections and never answers: a page would else wait for every question on it."""
        monkeypatch.setattr(client, "VERSION_TIMEOUT_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            monkeypatch.setenv("REPORTS_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
            client._http.cache_clear()
            for ask in (client.freshness, client.freshness, lambda: client.fetch_list("sites")):
                with pytest.raises(client.ServiceAway):
                    ask()

            assert connections(listening) == 1


def connections(listening: socket.socket) -> int:
    """How many callers there were."""
    listening.setblocking(False)
    found = 0
    try:
        while True:
            listening.accept()[0].close()
            found += 1
    except BlockingIOError:
        return found


def badge(service: Service, age: timedelta, lag: int) -> str:
    """The strip's words, when the newest event became known so long ago, and so many wait."""
    now = datetime.now(UTC)
    history.tell(service.ledger, [history.store_order("1", "created", now - age, created=now - age)])
    sample = PartitionSample(topic="store-orders", partition=0, committed=1, end=1 + lag)
    service.ledger.record_samples(now, [sample])
    service.ledger.publish()
    return words(run("orders"))


class TestAge:
    """Of the newest event, and not of the page."""

    @pytest.mark.parametrize(
        ("age", "lag", "word"),
        [
            (timedelta(seconds=5), 0, "Live"),
            (timedelta(seconds=5), 7, "Live"),
            (timedelta(minutes=2), 0, "Delayed"),
            (timedelta(minutes=10), 0, "Quiet"),
            (timedelta(minutes=10), 7, "Stale"),
        ],
    )
    def test_the_strip_says_how_old_it_is(
        self, service: Service, age: timedelta, lag: int, word: str
    ) -> None:
        said = badge(service, age, lag)

        assert BADGE.findall(said) == [word]
        assert f"{lag} events behind" in said
