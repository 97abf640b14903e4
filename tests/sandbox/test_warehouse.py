"""The warehouse: parcels leave the list once ingest has them, and only then."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from pydantic import SecretStr

from sandbox.warehouse import PackingList, WarehouseSettings, work


class Door:
    """Stands where ingest would: answers as it is told and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[str, str, object]] = []
        self.enough, self.wanted = Event(), 1
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                door.got.append((self.headers["authorization"], self.headers["idempotency-key"], body))
                status = door.answers.pop(0) if door.answers else 202
                self.send_response(status)
                self.end_headers()
                if len(door.got) >= door.wanted:
                    door.enough.set()

            def log_request(self, *args: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/handovers"


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    thread = Thread(target=door.server.serve_forever)
    thread.start()
    yield door
    door.server.shutdown()
    door.server.server_close()
    thread.join()


def settings(tmp_path: Path, door: Door) -> WarehouseSettings:
    return WarehouseSettings(
        data_dir=tmp_path,
        handover_url=door.url,
        warehouse_token=SecretStr("secret"),
        warehouse_delay_seconds=0,
    )


def work_until(door: Door, told: WarehouseSettings, *, posts: int) -> None:
    door.wanted, stop = posts, Event()
    thread = Thread(target=work, args=(told, stop))
    thread.start()
    assert door.enough.wait(20)
    stop.set()
    thread.join()


class TestWork:
    def test_parcel_is_handed_over_with_token_and_key(self, tmp_path: Path, door: Door) -> None:
        PackingList(tmp_path).add("parcel-1", {"orderId": "o"})

        work_until(door, settings(tmp_path, door), posts=1)

        assert door.got == [("Bearer secret", "parcel-1", {"orderId": "o"})]
        assert PackingList(tmp_path).packed(delay_seconds=0) == []

    def test_parcel_is_tried_again_under_the_same_key_while_ingest_is_away(
        self, tmp_path: Path, door: Door
    ) -> None:
        PackingList(tmp_path).add("parcel-1", {"orderId": "o"})
        door.answers = [503, 503, 202]

        work_until(door, settings(tmp_path, door), posts=3)

        assert {key for _, key, _ in door.got} == {"parcel-1"}
        assert PackingList(tmp_path).packed(delay_seconds=0) == []

    def test_refused_parcel_is_put_aside_with_the_answer(self, tmp_path: Path, door: Door) -> None:
        PackingList(tmp_path).add("parcel-1", {"orderId": "o"})
        door.answers = [403]

        work_until(door, settings(tmp_path, door), posts=1)

        aside = tmp_path / "sandbox" / "warehouse" / "refused"
        assert (aside / "parcel-1.answer").read_text().startswith("403")

    def test_parcel_that_is_not_packed_yet_stays(self, tmp_path: Path) -> None:
        parcels = PackingList(tmp_path)

        parcels.add("parcel-1", {"orderId": "o"})

        assert parcels.packed(delay_seconds=60) == []
