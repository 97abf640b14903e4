"""The report service over HTTP: Arrow and JSON, versions, and a clear answer to everything else."""

from typing import Any

import httpx
import pyarrow as pa
import pytest

from analytics.ledger import Ledger
from analytics.questions import QUESTIONS
from analytics.reports import Reports
from analytics.service import create_app
from tests.analytics.history import NOW, at, store_order, tell

JSON = {"Accept": "application/json"}


def client_of(ledger: Ledger, token: str | None = None) -> httpx.AsyncClient:
    app = create_app(Reports(ledger), token=token)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://reports")


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """One approved order of Monday, and a version that knows it."""
    tell(ledger, [store_order("o1", "approved", at(0), total="12.30", number="10001")])
    ledger.publish(at=NOW)
    return ledger


class TestReports:
    async def test_comes_as_json_with_names_types_and_units(self, told: Ledger) -> None:
        async with client_of(told) as client:
            answer = await client.get("/reports/orders", headers=JSON)

        body: dict[str, Any] = answer.json()
        assert answer.status_code == 200
        assert (body["report"], body["version"], body["as_of"]) == (
            "orders",
            told.version().name,
            "2026-05-01T00:00:00Z",
        )
        assert {"name": "amount", "type": "money", "unit": "currency"} in body["columns"]
        assert {"name": "age_hours", "type": "number", "unit": "hours"} in body["columns"]
        (row,) = body["rows"]
        assert (row["amount"], row["placed_at"], row["paid_at"]) == ("12.30", "2026-03-02T00:00:00Z", None)
        assert row["age_hours"] == 60 * 24

    async def test_comes_as_an_arrow_stream_otherwise(self, told: Ledger) -> None:
        async with client_of(told) as client:
            answer = await client.get("/reports/orders")

        table = pa.ipc.open_stream(answer.content).read_all()
        assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
        assert table.column("order_id").to_pylist() == ["o1"]
        assert str(table.schema.field("placed_at").type) == "timestamp[us, tz=UTC]"

    async def test_of_a_long_answer_the_first_rows_can_be_asked_for(self, told: Ledger) -> None:
        """Nothing of the question changes: two of three orders, and how many there are; of one all."""
        tell(told, [store_order(f"o{day}", "approved", at(day)) for day in (2, 3)])
        told.publish(at=NOW)
        async with client_of(told) as client:
            first = await client.get("/reports/orders", headers={**JSON, "Range": "rows=0-1"})
            arrow = await client.get("/reports/orders", headers={"Range": "rows=0-1"})
            whole = await client.get("/reports/orders", headers={**JSON, "Range": "rows=0-2"})
            other = await client.get("/reports/orders", headers={**JSON, "Range": "bytes=0-1"})

        assert (first.status_code, first.headers["content-range"]) == (206, "rows 0-1/3")
        assert [row["order_id"] for row in first.json()["rows"]] == ["o3", "o2"]
        assert pa.ipc.open_stream(arrow.content).read_all().column("order_id").to_pylist() == ["o3", "o2"]
        assert [(answer.status_code, len(answer.json()["rows"])) for answer in (whole, other)] == [
            (200, 3)
        ] * 2
        assert len({answer.headers["etag"] for answer in (first, arrow, whole)}) == 3

    async def test_a_bucket_carries_the_offset_of_the_zone(self, told: Ledger) -> None:
        monday = "start=2026-03-02T00:00:00%2B09:00&end=2026-03-03T00:00:00%2B09:00"
        asked = f"/reports/order_flow?tz=Asia/Tokyo&{monday}"
        async with client_of(told) as client:
            as_json = await client.get(asked, headers=JSON)
            as_arrow = await client.get(asked)

        assert as_json.json()["rows"][0]["bucket_start"] == "2026-03-02T00:00:00+09:00"
        schema = pa.ipc.open_stream(as_arrow.content).read_all().schema
        assert str(schema.field("bucket_start").type) == "timestamp[us, tz=Asia/Tokyo]"

    async def test_all_are_listed_with_parameters_and_columns(self, told: Ledger) -> None:
        async with client_of(told) as client:
            listed = (await client.get("/reports")).json()["reports"]

        assert [each["report"] for each in listed] == list(QUESTIONS)
        status = next(each for each in listed if each["report"] == "order_status")
        kind = next(each for each in status["parameters"] if each["name"] == "kind")
        assert (kind["allowed"], kind["repeatable"]) == ("one of store, subscription", True)


class TestVersions:
    async def test_an_answer_already_held_is_not_sent_again(self, told: Ledger) -> None:
        async with client_of(told) as client:
            first = await client.get("/reports/orders", headers=JSON)
            again = await client.get(
                "/reports/orders", headers={**JSON, "If-None-Match": first.headers["etag"]}
            )
            other = await client.get("/reports/orders", headers={"If-None-Match": first.headers["etag"]})
            tell(told, [store_order("o2", "approved", at(1))])
            told.publish()
            later = await client.get(
                "/reports/orders", headers={**JSON, "If-None-Match": first.headers["etag"]}
            )

        assert (again.status_code, again.content) == (304, b"")
        assert other.status_code == 200  # the same answer in another form
        assert later.status_code == 200
        assert first.headers["x-version"] != later.headers["x-version"]

    async def test_all_cards_of_a_page_can_ask_for_one_version(self, told: Ledger) -> None:
        async with client_of(told) as client:
            listed = (await client.get("/version")).json()
            tell(told, [store_order("o2", "approved", at(1))])
            told.publish()
            held = await client.get(
                "/reports/orders", params={"version": listed["versions"][0]}, headers=JSON
            )

        assert listed["known_through"] == listed["data_through"] == "2026-03-02T00:00:00Z"
        assert len(held.json()["rows"]) == 1

    async def test_the_present_is_never_cached(self, told: Ledger) -> None:
        async with client_of(told) as client:
            answer = await client.get("/reports/pipeline", headers=JSON)

        assert (answer.headers["x-version"], answer.headers["cache-control"]) == ("present", "no-store")
        assert "etag" not in answer.headers


class TestRefusals:
    async def test_what_is_only_read_says_so_to_who_writes(self, told: Ledger) -> None:
        async with client_of(told) as client:
            answer = await client.post("/reports/orders")

        assert (answer.status_code, answer.json()["error"]) == (405, "only_read")
        assert "GET" in answer.headers["allow"]

    @pytest.mark.parametrize(
        ("path", "status", "code", "says"),
        [
            ("/reports/nonsense", 404, "unknown_report", "there are sites, plans, order_status"),
            ("/reports/orders?limit=0", 400, "bad_parameter", "a whole number from 1 to 1000"),
            ("/reports/orders?colour=red", 400, "bad_parameter", "allowed are start, end, tz"),
            ("/reports/order_timeline", 400, "bad_parameter", "order_id: is required"),
            ("/reports/churn?method=profitwell&grain=week", 400, "bad_parameter", "by calendar month only"),
            ("/reports/orders?version=old", 410, "version_gone", "ask without version="),
            ("/elsewhere", 404, "not_found", "try /reports"),
        ],
    )
    async def test_say_what_is_wrong_and_what_is_allowed(
        self, told: Ledger, path: str, status: int, code: str, says: str
    ) -> None:
        async with client_of(told) as client:
            answer = await client.get(path)

        assert (answer.status_code, answer.json()["error"]) == (status, code)
        assert says in answer.json()["message"]

    async def test_a_bad_parameter_is_named(self, told: Ledger) -> None:
        async with client_of(told) as client:
            answer = await client.get("/reports/orders?tz=Mars")

        assert answer.json()["parameter"] == "tz"


class TestToken:
    async def test_is_wanted_everywhere_but_at_the_health_route(self, told: Ledger) -> None:
        async with client_of(told, token="secret") as client:
            healthy = await client.get("/healthz")
            without = [
                await client.get(path) for path in ("/reports", "/reports/orders", "/version", "/elsewhere")
            ]
            wrong = await client.get("/reports", headers={"Authorization": "Bearer secre"})
            right = await client.get("/reports", headers={"Authorization": "Bearer secret"})

        assert healthy.status_code == 200
        assert [answer.status_code for answer in (*without, wrong)] == [401] * 5
        assert wrong.json()["error"] == "unauthorized"
        assert right.status_code == 200
