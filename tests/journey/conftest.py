"""The product as a whole, once for all journeys: every room a process, seen only from outside."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx
import pytest

from sandbox.once import telling
from sandbox.ports import anywhere
from sandbox.stories.library import library
from sandbox.stories.story import Expected, Story
from sandbox.stories.telling import Teller
from sandbox.stories.told_now import one_told_now
from sandbox.system import System
from sandbox.witness import JsonObject, Rows, Witness, until

# Doubt, leases and long calls last a minute in production; here nobody wants to watch that.
IMPATIENT = {"READ_BACK_AFTER": "PT1S", "SITE_LEASE": "PT3S", "WIX_TIMEOUT_SECONDS": "3"}
PATIENCE_SECONDS = 60.0

_seeds = count(1000)


class Journey:
    """A running system, and what a test does with it and sees of it."""

    def __init__(self, system: System, teller: Teller, witness: Witness, http: httpx.AsyncClient) -> None:
        self.system, self.teller, self.witness, self.http = system, teller, witness, http

    def story(self, name: str, *, now: datetime | None = None) -> Story:
        """A story of the fixed set, with people whom no other test knows."""
        return one_told_now(name, Random(next(_seeds)), self.system.sites, now or datetime.now(UTC))

    async def tell(self, name: str) -> Story:
        """Tell it to its end: every effect stands where the story says."""
        story = self.story(name)
        await self.teller.tell(story)
        return story

    async def wait_for(self, *ends: Expected) -> None:
        """Until these effects stand where they are expected."""

        async def have_come() -> bool:
            return await self.witness.has_come(ends)

        await until(", ".join(end.key for end in ends), have_come, seconds=PATIENCE_SECONDS)

    async def timeline(self, order_id: str, *, at_least: int = 1) -> Rows:
        """What the ledger knows of an order, as soon as that is so many rows."""

        async def rows() -> Rows | None:
            found = await self.witness.report("order_timeline", order_id=order_id)
            return found if len(found) >= at_least else None

        return await until(f"{at_least} rows of {order_id}", rows, seconds=PATIENCE_SECONDS)

    async def wix_id(self, end: Expected) -> str:
        """Under which id the ledger has what was done at Wix for one effect."""
        found: str = (await self.witness.effects(end.order_id))[end.key]["wix_id"]
        return found

    async def everything_counted(self) -> None:
        """Until every record on the log is in the ledger and every due effect has an outcome."""

        async def is_so() -> bool:
            counts, totals = await self.witness.conservation(), await self.witness.totals()
            return not (counts["missing"] or counts["missing_effects"] or totals["open"])

        await until("everything accounted for", is_so, seconds=PATIENCE_SECONDS)

    async def messages_to(self, member_id: str) -> Rows:
        """The messages at Wix in the conversation with one member."""
        messages = (await self.witness.received())["messages"]
        return [message for message in messages if member_id in str(message.get("participant"))]


def member_of(story: Story) -> str:
    """The member id of a story's one customer."""
    (member,) = [entry for step in story.steps for entry in getattr(step, "content", {}).get("members", ())]
    found: str = member["member"]["id"]
    return found


def the_one(rows: Rows) -> JsonObject:
    """The only row; anything else fails the test."""
    assert len(rows) == 1, rows
    return rows[0]


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Every room but the dashboard, on ports and in a folder of its own.

    It ends with the last journey: rooms that wait still take a quarter of a core.
    """
    folder: Path = tmp_path_factory.mktemp("journey")
    cast = library(datetime.now(UTC)).sites
    environment = {**IMPATIENT, "TOPIC_PREFIX": f"journey-{uuid4().hex[:8]}."}
    with System(folder, sites=cast, ports=anywhere(), environment=environment) as whole:
        whole.start("wix", "ingest", "ledger", "worker", "warehouse")
        yield whole


@pytest.fixture
async def journey(system: System) -> AsyncIterator[Journey]:
    async with telling(system) as (teller, witness, http):
        yield Journey(system, teller, witness, http)
