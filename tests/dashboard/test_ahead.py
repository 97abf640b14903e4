"""What a page asked last time is asked side by side when its filters change, not one after another."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.testing.v1 import AppTest

from analytics.reports import Reports
from analytics.service import create_app
from dashboard import ahead, client, frame
from dashboard.ahead import Wanted
from dashboard.questions import Questions
from tests.analytics import history
from tests.dashboard.conftest import Service
from tests.dashboard.running import WANTED, cards, run

TRIES = 300


class Gate:
    """Passes requests on; once it is told to, holds reports until so many wait side by side."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.wanted = 0
        self.waiting = 0
        self.asked: list[str] = []
        self._met = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith("/reports/") and b"version=" in scope["query_string"]:
            self._loop = asyncio.get_running_loop()
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

    def let_go(self) -> None:
        """Of all that wait, or a server would wait for them before it ends."""
        self.wanted = 0
        if self._loop:
            self._loop.call_soon_threadsafe(self._met.set)


@pytest.fixture
def gate(told: Service, ask_through: Callable[[ASGIApp], None]) -> Iterator[Gate]:
    """The service of `told` behind a gate; pages ask through it."""
    found = Gate(create_app(Reports(told.ledger), token=None))
    ask_through(found)
    yield found
    found.let_go()


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


class TestNeighbours:
    """The pages one click away are asked before anybody opens them."""

    @pytest.fixture(autouse=True)
    def _nobody_has_to_stay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ahead, "STAY_SECONDS", 0)

    def test_a_page_that_nobody_opened_yet_waits_for_nothing(self, gate: Gate) -> None:
        await_answers(run("orders"), WANTED["failures"])
        gate.hold(99)

        assert cards(run("failures"))["Dead letters"] == "1"

    def test_they_are_asked_once_for_all_who_look_at_the_same_view(self, gate: Gate) -> None:
        await_answers(run("orders"), *WANTED.values())
        gate.hold(1)

        run("orders")

        assert gate.asked == []

    def test_not_while_a_reader_tries_one_filter_after_another(
        self, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ahead, "STAY_SECONDS", 3600)
        gate.hold(1)

        run("orders").segmented_control(key="range").set_value("7d").run()

        assert gate.asked
        assert [one for one in gate.asked if one.startswith("/reports/churn")] == []


def await_answers(app: AppTest, *pages: Wanted) -> None:
    """Until all is known that these pages ask in the view that is drawn."""
    drawn: Questions = app.session_state[frame.DRAWN]
    for _ in range(TRIES):
        if all(Questions(drawn.fresh, drawn.scope, wanted(drawn.scope)).knows() for wanted in pages):
            return
        sleep(0.1)
    raise AssertionError("They were not asked.")
