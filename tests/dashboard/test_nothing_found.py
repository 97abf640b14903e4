"""A report without rows: its page says so, shows no exception, and does not look as if all were there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.testing.v1 import AppTest

from analytics.ledger import PartitionSample
from analytics.reports import Reports
from analytics.service import ARROW, create_app
from dashboard import frame
from tests.analytics import history
from tests.analytics.one_of_everything import HISTORY
from tests.dashboard.conftest import Service, forget
from tests.dashboard.running import PAGES, cards, run, words

REPORT = "/reports/"
# What a page asks beside its own reports: the strip, the choices of the filters.
AROUND = {"sites", "revenue", "pipeline"}


class Mute:
    """Passes requests on, and takes the rows out of one report's answer; asks for the same only once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answers: dict[tuple[str, bytes], list[Message]] = {}
        self.name = ""
        self.asked: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, question = scope["path"], (scope["path"], scope["query_string"])
        self.asked |= {path.removeprefix(REPORT)} if path.startswith(REPORT) else set()
        if question not in self._answers:
            self._answers[question] = await self._ask(scope, receive)
        answer = self._answers[question]
        if path == REPORT + self.name:
            rows = b"".join(message.get("body", b"") for message in answer)
            await Response(without_rows(rows), media_type=ARROW)(scope, receive, send)
            return
        for message in answer:
            await send(message)

    async def _ask(self, scope: Scope, receive: Receive) -> list[Message]:
        told: list[Message] = []

        async def telling(message: Message) -> None:
            told.append(message)

        await self._app(scope, receive, telling)
        return told


def without_rows(body: bytes) -> bytes:
    with pa.ipc.open_stream(body) as stream:
        schema = stream.schema
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema):
        pass
    return bytes(sink.getvalue())


@pytest.fixture
def mute(service: Service, ask_through: Callable[[ASGIApp], None]) -> Mute:
    """One of everything, two months of it, and a worker that was just looked at."""
    now = datetime.now(UTC)
    lately = [
        history.store_order("o4", "approved", history.at(7), paid="PAID"),
        history.due("k4", "o4", history.at(7)),
        history.outcome("k4", "o4", 1, "failed", history.at(7), event_at=history.at(7), reason="refused"),
        history.calls(now - timedelta(minutes=5), 9),
        history.subscription(
            "s9", "auto_renew_canceled", history.at(30), start=history.at(3), auto_renew_canceled=True
        ),
    ]
    service.tell([*HISTORY, *history.stay("s8", history.at(3)), *lately])
    service.ledger.record_samples(now, [PartitionSample(topic="payments", partition=0, committed=4, end=11)])
    service.ledger.publish()
    found = Mute(create_app(Reports(service.ledger), token=None))
    ask_through(found)
    return found


def shown(page: str) -> AppTest:
    forget()
    days = [f"{history.at(day):%Y-%m-%d}" for day in (0, 59)]
    return run(page, range="Custom", days=days, tz="UTC", currency="EUR")


def looks(app: AppTest) -> tuple[object, ...]:
    tables = [frame.value.shape for frame in app.dataframe]
    return cards(app), words(app), len(app.get("vega_lite_chart")), tables


class TestReportWithoutRows:
    @pytest.mark.usefixtures("charts_checked")
    @pytest.mark.parametrize("page", PAGES)
    def test_it_shows_and_breaks_nothing(self, mute: Mute, page: str) -> None:
        app = shown(page)
        full, drawn = looks(app), app.session_state[frame.DRAWN]
        asked = {name for _, name, _ in drawn.asked}
        assert asked <= mute.asked

        for mute.name in sorted(asked - AROUND):
            app = shown(page)
            assert not app.exception, mute.name
            assert not app.error, mute.name
            assert looks(app) != full, f"{page} looks the same without {mute.name}"
