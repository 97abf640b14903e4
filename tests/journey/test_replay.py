"""A replay makes rows and reports again; it can't reach a customer, and gives the same reports."""

import json

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
    await until("each site's properties", lambda: _sites_asked(journey), seconds=60)
    # Ages are reckoned at the version's own moment where that is before `as_of`: so that one is asked for.
    as_of = (await journey.witness.answer("orders"))["as_of"]
    before, received = await _reports(journey, as_of), await journey.witness.received()
    counts = await journey.witness.conservation()

    rederived = journey.system.run("rederive", "streams", "replay", "rederive")
    rebuilt = journey.system.run("rebuild", "streams", "replay", "rebuild")
    checked = journey.system.run("check", "streams", "replay", "rebuild", "--check")

    assert "rows" in rederived
    assert "put in place by its owner" in rebuilt
    assert "The ledger in use is what the log gives" in checked

    async def recounted() -> bool:
        """With its next sample of committed offsets the new ledger can count; it may see later ones too."""
        now = await journey.witness.conservation()
        return now["rows"] >= counts["rows"] and not now["missing"]

    await until("rows after the replay", recounted, seconds=30)
    assert (await journey.witness.conservation())["dead"] == counts["dead"]
    assert _changed(before, await _reports(journey, as_of)) == []
    await journey.everything_counted()
    after = await journey.witness.received()
    assert after["messages"] == received["messages"]
    assert after["fulfillments"] == received["fulfillments"]
    # Not a single call, not even to ask.
    assert after["requests"] == received["requests"]


async def test_a_comparison_with_wix_loads_what_is_missing_once_and_sends_nothing(journey: Journey) -> None:
    await journey.tell("bought_by_contact")
    await journey.everything_counted()
    received = await journey.witness.received()

    first = _compared(journey)
    await journey.everything_counted()
    second = _compared(journey)

    assert sum(site["found"] for site in first) > 0
    assert {site["site"]: site["healed"] for site in second} == {site["site"]: 0 for site in first}
    after = await journey.witness.received()
    assert after["messages"] == received["messages"]
    assert after["fulfillments"] == received["fulfillments"]


def _compared(journey: Journey) -> Rows:
    # Of the usual share the second comparison would wait for the next minute.
    share = {"WIX_COMMAND_CALLS_PER_MINUTE": "100"}
    said = journey.system.run("reconcile", "streams", "reconcile", "--all", "--json", settings=share)
    sites: Rows = json.loads(said[said.index("{") :])["sites"]
    return sites


async def _sites_asked(journey: Journey) -> bool:
    """Upkeep has asked Wix for them; it asks again tomorrow."""
    sites = await journey.witness.report("sites")
    return bool(sites) and all(site["timezone"] for site in sites)


async def _reports(journey: Journey, as_of: str) -> dict[str, Rows]:
    found = {}
    for name, parameters in REPORTS:
        rows = await journey.witness.report(name, as_of=as_of, **parameters)
        found[f"{name} {parameters}"] = [_without_clock(row) for row in rows]
    return found


def _changed(before: dict[str, Rows], after: dict[str, Rows]) -> list[str]:
    """Rows that were only there before (-), and those that are only there now (+)."""
    gone = [f"- {name}: {row}" for name, rows in before.items() for row in rows if row not in after[name]]
    new = [f"+ {name}: {row}" for name, rows in after.items() for row in rows if row not in before[name]]
    moved = [name for name, rows in before.items() if rows != after[name] and not gone and not new]
    return gone + new + moved


def _without_clock(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if name != "next_cursor"}
