"""What can be seen from outside: the sandbox's admin routes and the report service, and waiting on both."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import httpx

from sandbox.stories.story import Expected

T = TypeVar("T")
JsonObject = dict[str, Any]
Rows = list[JsonObject]

LOOK_SECONDS = 0.25
PAGE = 1000
# Right after a start, and while a new version is made, a report may take a moment.
TIMEOUT_SECONDS = 30.0


class StillWaiting(Exception):
    """What was awaited did not come. `seen` is what there was instead."""

    def __init__(self, what: str, seconds: float, seen: object) -> None:
        self.seen = seen
        super().__init__(f"{what}: not within {seconds:g} s; seen last: {seen}")


async def until(what: str, seen: Callable[[], Awaitable[T | None]], *, seconds: float) -> T:
    """Look until `seen` gives something that is true, and return it; a service that is away is asked again.

    Raises:
        StillWaiting: after `seconds`; `what` says in words what was awaited.
    """
    clock = asyncio.get_running_loop().time
    deadline, last = clock() + seconds, "nothing"
    while True:
        try:
            found = await seen()
            if found:
                return found
            last = repr(found)
        except httpx.HTTPError as error:
            last = f"{type(error).__name__}: {error}"
        if clock() > deadline:
            raise StillWaiting(what, seconds, last)
        await asyncio.sleep(LOOK_SECONDS)


class Witness:
    """Asks the sandbox what Wix received, and the report service what the product says."""

    def __init__(self, http: httpx.AsyncClient, *, wix_url: str, reports_url: str) -> None:
        self._http, self._wix_url, self._reports_url = http, wix_url, reports_url

    async def seed(self, content: Mapping[str, Any]) -> None:
        """Wix now holds this."""
        await self._admin("seed", content)

    async def faults(self, *faults: Mapping[str, Any]) -> None:
        """Wix now answers some calls like this."""
        await self._admin("faults", {"faults": list(faults)})

    async def calm(self) -> None:
        """Wix answers every call well again."""
        await self._admin("faults", {"replace": True})

    async def received(self) -> JsonObject:
        """What Wix was told to do: messages, fulfillments, and the number of calls."""
        answer = await self._http.get(f"{self._wix_url}/admin/received", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        received: JsonObject = answer.json()
        return received

    async def messages(self, end: Expected) -> Rows:
        """The messages at Wix that carry the reference of one effect."""
        messages = (await self.received())["messages"]
        return [message for message in messages if end.ref_line in text_of(message)]

    async def fulfillments(self, order_id: str) -> Rows:
        """The fulfillments made at Wix for one order."""
        made = (await self.received())["fulfillments"]
        return [one for one in made if one["orderId"] == order_id]

    async def answer(self, name: str, **parameters: str | int) -> JsonObject:
        """A report with its `version` and the moment `as_of` which it is true."""
        answer = await self._http.get(
            f"{self._reports_url}/reports/{name}",
            params=parameters,
            headers={"accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        found: JsonObject = answer.json()
        return found

    async def report(self, name: str, **parameters: str | int) -> Rows:
        """The rows of a report."""
        rows: Rows = (await self.answer(name, **parameters))["rows"]
        return rows

    async def rows_end(self) -> int:
        """The first offset of the log of rows that is not in the ledger."""
        moments = f"{self._reports_url}/inner/moments"
        begun = await self._http.post(moments, timeout=TIMEOUT_SECONDS)
        begun.raise_for_status()
        held = begun.json()
        await self._http.delete(f"{moments}/{held['moment']}", timeout=TIMEOUT_SECONDS)
        return max((int(row["next_offset"]) for row in held["offsets"]), default=0)

    async def effects(self, order_id: str | None = None) -> dict[str, JsonObject]:
        """Every effect by its key, of one order or of all."""
        chosen = {} if order_id is None else {"order_id": order_id}
        found: Rows = []
        cursor: str | None = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            rows = await self.report("effect_log", limit=PAGE, **chosen, **more)
            found += rows
            cursor = rows[-1].get("next_cursor") if rows else None
            if not cursor:
                return {row["effect_key"]: row for row in found}

    async def has_come(self, ends: Iterable[Expected]) -> bool:
        """Whether every effect stands where it is expected, and Wix has what it must have."""
        return not await self.wrong(ends)

    async def wrong(self, ends: Iterable[Expected]) -> list[str]:
        """What is not as expected, in words; empty when all is."""
        wanted = list(ends)
        if not wanted:
            return []
        orders = {end.order_id for end in wanted}
        effects = await self.effects(orders.pop() if len(orders) == 1 else None)
        return [said for end in wanted if (said := _difference(end, effects.get(end.key)))]

    async def totals(self) -> dict[str, int]:
        """How many effects are due, done, suppressed, waiting, failed and open, over all flows."""
        rows = await self.report("effects")
        names = ("due", "done", "suppressed", "waiting", "failed", "open")
        return {name: sum(int(row[name]) for row in rows) for name in names}

    async def conservation(self) -> dict[str, int]:
        """Rows, missing records and missing effects, over all topics."""
        rows = await self.report("conservation")
        names = ("rows", "dead", "missing", "missing_effects")
        return {name: sum(int(row[name] or 0) for row in rows) for name in names}

    async def _admin(self, route: str, body: Mapping[str, Any]) -> None:
        answer = await self._http.post(f"{self._wix_url}/admin/{route}", json=body, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()


def text_of(message: Mapping[str, Any]) -> str:
    """All text of a message that Wix received."""
    content = message["body"]["message"]["content"]
    items = content.get("basic", {}).get("items", [])
    return "\n".join(item.get("text", "") for item in items)


def _difference(end: Expected, row: Mapping[str, Any] | None) -> str | None:
    wanted = (end.state, end.reason) if end.reason else (end.state,)
    if row is None:
        return f"{end.key}: {'/'.join(wanted)} expected, not in the ledger"
    is_same = row["outcome"] == end.state and (end.reason is None or row["reason"] == end.reason)
    if is_same:
        return None
    return f"{end.key}: {'/'.join(wanted)} expected, {row['outcome']}/{row['reason']} in the ledger"
