"""A replay makes rows and reports again; it can't reach a customer, and gives the same reports."""

from datetime import UTC, datetime

import pytest

from sandbox.witness import JsonObject, Rows, until
from tests.journey.conftest import Journey

pytestmark = pytest.mark.journey

REPORTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("order_status", {"kind": "store"}),
    ("order_status", {"kind": "subscription"}),
    ("order_flow", {"kind": "store", "grain": "day"}),
    ("orders", {"kind": "store"}),
    ("orders", {"kind": "subscription"}),
    ("churn", {"grain": "month"}),
    ("fulfillment_latency", {"step": "paid_fulfilled"}),
    ("effects", {}),
    ("effect_log", {"limit": "1000"}),
    ("dead_letters", {"limit": "1000"}),
)


async def test_replay_sends_nothing_and_the_reports_are_equal(journey: Journey) -> None:
    for name in ("bought_by_member", "paused_and_resumed", "canceled_now", "shipped_late", "unsubscribed"):
        await journey.tell(name)
    await journey.everything_counted()
    as_of = datetime.now(UTC).isoformat()
    before, received = await _reports(journey, as_of), await journey.witness.received()
    rows = await _rows(journey)

    rederived = journey.system.run("rederive", "streams", "replay", "rederive")
    rebuilt = journey.system.run("rebuild", "streams", "replay", "rebuild")

    assert "rows" in rederived
    assert rebuilt

    async def counted() -> bool:
        """The new ledger knows the committed offsets again with the next sample of them."""
        return await _rows(journey) == rows

    await until(f"{rows} rows after the replay", counted, seconds=30)
    assert await _reports(journey, as_of) == before
    await journey.everything_counted()
    after = await journey.witness.received()
    assert after["messages"] == received["messages"]
    assert after["fulfillments"] == received["fulfillments"]


async def _rows(journey: Journey) -> int:
    return (await journey.witness.conservation())["rows"]


async def _reports(journey: Journey, as_of: str) -> dict[str, Rows]:
    found = {}
    for name, parameters in REPORTS:
        rows = await journey.witness.report(name, as_of=as_of, **parameters)
        found[f"{name} {parameters}"] = [_without_clock(row) for row in rows]
    return found


def _without_clock(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if name != "next_cursor"}
