"""The same calls as steps of DBOS workflows. Runs in an environment of its own: see `_dbos.py`.

    python _dbos_flows.py WIX_URL SQLITE_FILE PLACES_JSON WARM_UP SIDE_BY_SIDE

Written as somebody would who wants it quick: coroutines, kept connections, tokens kept in memory, and
SQLite's write-ahead log, which DBOS does not switch on by itself. Prints one JSON object.
"""

# DBOS is no dependency of ours, so its types are not known here.
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

import asyncio
import json
import sqlite3
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
from dbos import DBOS, SetWorkflowID
from httpx_aiohttp import AiohttpTransport

CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-app",
    "client_secret": "sandbox-secret",
}
SUBSCRIPTIONS = "/email-marketing/v1/email-subscriptions/query"
LINKS = "/email-marketing/v1/email-subscriptions/unsubscribe-link"
FULFILLMENTS = "/ecom/v1/fulfillments/orders"

_http: httpx.AsyncClient
_tokens: dict[str, str] = {}


async def call(site: str, method: str, path: str, body: Any = None) -> Any:
    if site not in _tokens:
        answer = await _http.post("/oauth2/token", json={**CREDENTIALS, "instance_id": site})
        _tokens[site] = answer.raise_for_status().json()["access_token"]
    answer = await _http.request(method, path, json=body, headers={"Authorization": _tokens[site]})
    return answer.raise_for_status().json()


@DBOS.step()
async def order(site: str, order_id: str) -> str:
    found = await call(site, "GET", f"/pricing-plans/v2/orders/{order_id}")
    return str(found["order"]["buyer"]["memberId"])


@DBOS.step()
async def address(site: str, member: str) -> str:
    found = await call(site, "GET", f"/members/v1/members/{member}?fieldsets=FULL")
    return str(found["member"]["loginEmail"])


@DBOS.step()
async def subscribed(site: str, email: str) -> bool:
    found = await call(site, "POST", SUBSCRIPTIONS, {"filter": {"email": {"$in": [email]}}})
    return bool(found)


@DBOS.step()
async def conversation(site: str, member: str) -> str:
    found = await call(site, "POST", "/inbox/v2/conversations", {"participantId": {"memberId": member}})
    return str(found["conversation"]["id"])


@DBOS.step()
async def message(site: str, conversation_id: str, unsubscribe: str) -> str:
    text = f"Thank you for your payment of 9.08 €.\n\n{unsubscribe}"
    content = {"previewText": "Paid", "basic": {"items": [{"text": text}]}}
    kind = {"visibility": "BUSINESS_AND_PARTICIPANT", "direction": "BUSINESS_TO_PARTICIPANT"}
    body = {
        "conversationId": conversation_id,
        "message": {"content": content, "targetChannels": ["EMAIL"], **kind},
        "sendNotifications": True,
    }
    return str((await call(site, "POST", "/inbox/v2/messages", body))["message"]["id"])


@DBOS.workflow()
async def notice(site: str, order_id: str) -> str:
    member = await order(site, order_id)
    email = await address(site, member)
    await subscribed(site, email)
    conversation_id = await conversation(site, member)
    return await message(site, conversation_id, await link(site, email))


@DBOS.step()
async def link(site: str, email: str) -> str:
    return str((await call(site, "POST", LINKS, {"emailAddress": email}))["link"])


@DBOS.step()
async def store_order(site: str, order_id: str) -> str:
    return str((await call(site, "GET", f"/ecom/v1/orders/{order_id}"))["order"]["lineItems"][0]["id"])


@DBOS.step()
async def fulfillment(site: str, order_id: str, line: str, tracking: str) -> str:
    lines = [{"id": line, "quantity": 2}]
    new = {"lineItems": lines, "trackingInfo": {"trackingNumber": tracking, "shippingProvider": "fedex"}}
    path = f"{FULFILLMENTS}/{order_id}/create-fulfillment"
    return str((await call(site, "POST", path, {"fulfillment": new}))["fulfillmentId"])


@DBOS.step()
async def listed(site: str, order_id: str) -> int:
    found = await call(site, "GET", f"{FULFILLMENTS}/{order_id}")
    return len(found["orderWithFulfillments"]["fulfillments"])


@DBOS.workflow()
async def handover(site: str, order_id: str) -> int:
    await fulfillment(site, order_id, await store_order(site, order_id), f"dbos-{order_id}")
    return await listed(site, order_id)


async def carried_out(places: list[tuple[str, str]], side_by_side: int) -> None:
    waiting = iter(enumerate(places))

    async def hand() -> None:
        for number, (site, order_id) in waiting:
            with SetWorkflowID(f"flow-{order_id}"):
                await (handover(site, order_id) if number % 2 else notice(site, order_id))

    await asyncio.gather(*(hand() for _ in range(side_by_side)))


async def main(url: str, file: str, places: list[tuple[str, str]], warm_up: int, side_by_side: int) -> None:
    global _http
    with sqlite3.connect(file) as database:
        database.execute("pragma journal_mode = wal")
    database.close()
    config = {"name": "flows", "system_database_url": f"sqlite:///{file}", "log_level": "ERROR"}
    DBOS(config={**config, "notification_listener_polling_interval_sec": 1.0})
    DBOS.launch()
    async with httpx.AsyncClient(base_url=url, transport=AiohttpTransport(), timeout=30) as _http:
        await carried_out(places[:warm_up], side_by_side)
        began, cpu = time.perf_counter(), time.process_time()
        await carried_out(places[warm_up:], side_by_side)
        took, used = time.perf_counter() - began, time.process_time() - cpu
    DBOS.destroy()
    figures = {"flows": len(places) - warm_up, "seconds": took, "cpu_seconds": used}
    print(json.dumps({**figures, "version": metadata.version("dbos")}))


if __name__ == "__main__":
    _, url, file, places_file, warm_up, side_by_side = sys.argv
    places = json.loads(Path(places_file).read_text())
    asyncio.run(main(url, file, places, int(warm_up), int(side_by_side)))
