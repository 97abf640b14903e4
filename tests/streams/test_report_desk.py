"""The report service stays at its address, and answers, while the ledger behind it is replaced."""

import asyncio
import shutil
import threading
from collections import Counter
from pathlib import Path

import httpx

from analytics.ledger import Ledger, Share
from streams.ledger_seat import LedgerSeat, next_path, ownership
from streams.report_desk import ReportDesk, report_service
from streams.settings import LedgerProcessSettings
from tests.analytics import history
from tests.empty_ledger import open_ledger
from tests.streams.processes import free_port

READERS = 3
TIMES = 2
QUESTIONS = ["order_status?kind=store", "order_flow?kind=store&grain=day", "fulfillment_latency", "pipeline"]


class Crowd:
    """Readers who never stop asking; counts what they are answered."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[object] = Counter()
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(READERS)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as http:
            while not self._over.is_set():
                for question in QUESTIONS:
                    self.answers[self._answer(http, question)] += 1

    @staticmethod
    def _answer(http: httpx.Client, question: str) -> object:
        try:
            return http.get(f"/reports/{question}").status_code
        except httpx.HTTPError as error:
            return type(error).__name__


class TestClosed:
    async def test_readers_see_the_old_ledger_then_the_new_one_and_never_nothing(
        self, tmp_path: Path
    ) -> None:
        path, another = tmp_path / "ledger.duckdb", tmp_path / "another.duckdb"
        # Made before anybody asks: readers who never stop would make it take ten times as long.
        _told(another).close()
        seat = LedgerSeat(_told(path), ownership(path), Share())
        settings = LedgerProcessSettings(reports_port=free_port())
        url = f"http://127.0.0.1:{settings.reports_port}"
        with report_service(seat.ledger, settings) as desk, Crowd(url) as crowd:
            for _ in range(TIMES):
                await _replaced(seat, desk, another)
        seat.close()

        assert crowd.answers[200] > READERS
        assert set(crowd.answers) == {200}


async def _replaced(seat: LedgerSeat, desk: ReportDesk, another: Path) -> None:
    path = next_path(seat.ledger.path)
    shutil.copyfile(another, path)
    rebuilt = await asyncio.to_thread(Ledger.open, path)
    rebuilt.publish()
    async with desk.closed():
        await asyncio.to_thread(seat.replace, rebuilt)
        desk.show(seat.ledger)


def _told(path: Path) -> Ledger:
    ledger = open_ledger(path)
    history.tell(ledger, [history.store_order(f"order-{n}", "created", history.at(n)) for n in range(50)])
    ledger.publish()
    return ledger
