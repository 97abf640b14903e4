"""How long it takes from a signed webhook to the message that Wix accepts, through the whole chain.

    python -m benchmarks.promptness [--rate 50] [--seconds 20]

Ingest, Kafka, the worker and the sandbox Wix are processes of their own. Webhooks of payments leave when
they are due; a message is timed by the sandbox's clock, which is this machine's.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from benchmarks._shops import CALLS_A_MINUTE, Place, Wix, notice, shops
from sandbox.ports import anywhere
from sandbox.stories.envelope import PAYMENT_EVENT
from sandbox.system import System
from sandbox.webhooks import Signer

P50_BUDGET_SECONDS = 0.060
SITES = 100
WARM_UP_SECONDS = 8
SETTLE_SECONDS = 30.0
TEMPLATE = Path(__file__).parents[1] / "tests" / "payloads" / "payment_transaction_status_changed__plan.json"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=50, help="webhooks a second")
    parser.add_argument("--seconds", type=float, default=20, help="how long")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report = measured(Path(name), given.rate, given.seconds)
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["held"] else 1)


def measured(folder: Path, rate: float, seconds: float) -> dict[str, Any]:
    """Start everything, send, and compare when each webhook left with when its message came."""
    raised = {"WIX_CALLS_PER_MINUTE": str(CALLS_A_MINUTE), "SANDBOX_CALLS_PER_MINUTE": str(CALLS_A_MINUTE)}
    with System(folder, ports=anywhere(), environment=raised | {"ACCESS_URL": ""}) as system:
        system.start("wix", "ingest", "worker")
        with httpx.Client(base_url=system.wix_url) as http:
            wix, signer = Wix(system.wix_url, http), Signer(system.data_dir)
            sites, warm = shops(SITES), int(rate * WARM_UP_SECONDS)
            places = [(sites[number % SITES], number) for number in range(warm + int(rate * seconds))]
            wix.seed(places)
            load = round(os.getloadavg()[0], 2)
            asyncio.run(_sent(system.webhook_url, signer, places[:warm], rate))
            left = asyncio.run(_sent(system.webhook_url, signer, places[warm:], rate))
            came = _accepted(wix, len(places))
    return judged([came[ref] - at for ref, at in left.items() if ref in came], len(left), rate, load)


def judged(waits: Sequence[float], sent: int, rate: float, load: float) -> dict[str, Any]:
    """The figures, and the share of the budget that was used."""
    p50, p95 = (statistics.quantiles(waits, n=100)[at] for at in (49, 94))
    return {
        "rate": rate,
        "sent": sent,
        "accepted": len(waits),
        "load_before": load,
        "p50_ms": round(1000 * p50, 1),
        "p95_ms": round(1000 * p95, 1),
        "p50_of_budget": round(p50 / P50_BUDGET_SECONDS, 2),
        "held": len(waits) == sent and p50 < P50_BUDGET_SECONDS,
    }


async def _sent(url: str, signer: Signer, places: Sequence[Place], rate: float) -> dict[str, float]:
    """When each webhook left, by the reference that its message will carry."""
    signed = [(notice(*place).ref, _webhook(signer, place)) for place in places]
    left: dict[str, float] = {}

    async def post(http: aiohttp.ClientSession, ref: str, body: bytes) -> None:
        left[ref] = time.time()
        async with http.post(url, data=body) as answer:
            answer.raise_for_status()

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        begun = time.perf_counter()
        for number, (ref, body) in enumerate(signed):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            group.create_task(post(http, ref, body))
    return left


def _webhook(signer: Signer, place: Place) -> bytes:
    shop, _ = place
    due = notice(*place)
    body = json.loads(TEMPLATE.read_text())
    event = body["transactionStatusChangedEvent"]
    event["order"]["wixAppOrderId"] = due.order_id
    event["transaction"]["id"] = due.payload["transaction_id"]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    changed = body | {"id": due.event_id, "eventTime": now, "wixAppInstanceId": shop.site}
    return signer.sign(PAYMENT_EVENT, changed, instance_id=shop.site)


def _accepted(wix: Wix, wanted: int) -> dict[str, float]:
    """When each message was accepted, by its reference; waits until all are there, or for a while."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while len(messages := wix.received("messages")) < wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    return {_ref(one): datetime.fromisoformat(one["time"]).timestamp() for one in messages}


def _ref(message: dict[str, Any]) -> str:
    content = message["body"]["message"]["content"]["basic"]["items"]
    text = "\n".join(item["text"] for item in content if "text" in item)
    return text.rpartition("Ref. ")[2].split()[0]


if __name__ == "__main__":
    main()
