"""What a page asked last time is asked side by side when its filters change, not one after another."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from analytics.reports import Reports
from analytics.service import create_app
from dashboard import client
from tests.analytics import history
from tests.dashboard.conftest import Service
from tests.dashboard.running import cards, run

TRIES = 300


class Gate:
    """Passes requests on; once it is told to, holds reports until so many wait side by side."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.wanted = 0
        self.waiting = 0
        self.asked: list[str] = []
        self._met = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith("/reports/") and b"version=" in scope["query_string"]:
            self.asked.append(scope["path"] + "?" + scope["query_string"].decode())
            self.waiting += 1
            if self.waiting >= self.wanted:
                self._met.set()
            await self._met.wait()
            self.waiting -= 1
        await self._app(scope, receive, send)

    def hold(self, wanted: int) -> None:
        """From now on."""
        self.wanted, self._met = wanted, asyncio.Event()
        self.asked.clear()


@pytest.fixture
def gate(told: Service, ask_through: Callable[[ASGIApp], None]) -> Gate:
    """The service of `told` behind a gate; pages ask through it."""
    found = Gate(create_app(Reports(told.ledger), token=None))
    ask_through(found)
    return found


class TestAhead:
    def test_another_filter_has_its_questions_asked_side_by_side(self, gate: Gate) -> None:
        """One after another none of them would ever be answered: the gate opens for three."""
        app = run("orders")
        gate.hold(3)

        app.segmented_control(key="range").set_value("7d").run()

        assert not app.exception
        assert not app.error
        assert cards(app)["Orders placed"] == "1"
        assert len(gate.asked) == len(set(gate.asked)), "no question is asked twice"

    def test_another_reader_gains_by_what_the_first_one_asked(self, gate: Gate) -> None:
        run("orders")
        gate.hold(3)

        assert cards(run("orders", range="7d"))["Orders placed"] == "1"

    def test_the_same_view_again_asks_nothing(self, gate: Gate) -> None:
        app = run("orders")
        gate.hold(1)

        app.run()

        assert gate.asked == []


class TestNewVersion:
    """Nobody waits for one: a page shows what it has, until the newer answers are there."""

    def test_a_page_is_drawn_at_once_with_what_is_known(self, gate: Gate, told: Service) -> None:
        app = run("orders")
        another(told)
        gate.hold(99)

        app.run()

        assert cards(app)["Orders placed"] == "3"

    def test_it_moves_on_when_all_its_answers_are_there(self, gate: Gate, told: Service) -> None:
        """The strip has them asked, and draws the page anew; here its tick is a run of the page."""
        app = run("orders")
        another(told)

        for _ in range(TRIES):
            if cards(app.run())["Orders placed"] == "4":
                break
            sleep(0.2)

        assert cards(app)["Orders placed"] == "4"

    def test_another_filter_is_asked_of_the_newest(self, gate: Gate, told: Service) -> None:
        app = run("orders")
        another(told)

        app.segmented_control(key="range").set_value("7d").run()

        assert cards(app)["Orders placed"] == "2"


def another(told: Service) -> None:
    """One more order, in a new version that the dashboard has seen."""
    placed = datetime.now(UTC) - timedelta(hours=1)
    told.tell([history.store_order("1004", "created", placed, created=placed)])
    client.forget_version()
