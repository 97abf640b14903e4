"""A site's quota goes with its lease: who has the site next knows what was asked of Wix there."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from streams.outbox import Errand, Outbox, Picked
from streams.outbox_leases import CALLS_OF_A_FLOW, Spent
from streams.procedure import Ready
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, SITE, Clock, an_effect, due

CLAIM = timedelta(seconds=20)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def outbox(outbox_settings: OutboxSettings, clock: Clock) -> AsyncIterator[Outbox]:
    outbox = Outbox(outbox_settings, clock=clock)
    await outbox.open()
    await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(3))))
    yield outbox
    await outbox.close()


async def taken(outbox: Outbox, owner: str) -> Picked:
    """The site, as it is handed to this worker."""
    (one,) = await outbox.pick(Errand(owner=owner, flows=(FLOW,), sites=1))
    assert one.site == SITE
    return one


class TestWhoHasTheSiteNext:
    async def test_is_told_the_requests_of_the_one_who_let_go(self, outbox: Outbox, clock: Clock) -> None:
        await taken(outbox, "one")
        await outbox.release("one", [SITE], {SITE: 120})
        clock.forward(15)

        assert (await taken(outbox, "two")).spent == Spent(calls=120, age_seconds=15)

    async def test_is_told_the_same_when_it_is_let_go_of_on_the_way_to_more_work(
        self, outbox: Outbox
    ) -> None:
        await taken(outbox, "one")
        errand = Errand(owner="one", flows=("another",), released=(SITE,), calls={SITE: 7}, sites=1)
        assert await outbox.pick(errand) == []

        assert (await taken(outbox, "two")).spent == Spent(calls=7, age_seconds=0)

    async def test_is_not_told_what_is_a_minute_old(self, outbox: Outbox, clock: Clock) -> None:
        await taken(outbox, "one")
        await outbox.release("one", [SITE], {SITE: 120})
        clock.forward(60)

        assert (await taken(outbox, "two")).spent is None

    async def test_is_not_told_of_its_own(self, outbox: Outbox) -> None:
        """It counts them itself, and to the second."""
        await taken(outbox, "one")
        await outbox.release("one", [SITE], {SITE: 120})

        assert (await taken(outbox, "one")).spent is None

    async def test_is_told_a_little_more_than_the_last_claim_of_one_that_was_killed(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        held = (await taken(outbox, "one")).effects[0]
        clock.forward(45)
        assert await outbox.claim("one", held, Ready(request=None), CLAIM, calls=30) is not None
        clock.forward(15)

        assert (await taken(outbox, "two")).spent == Spent(calls=30 + CALLS_OF_A_FLOW, age_seconds=15)

    async def test_may_have_it_at_once_where_nothing_was_asked(self, outbox: Outbox) -> None:
        await taken(outbox, "one")
        await outbox.release("one", [SITE], {SITE: 0})

        assert (await taken(outbox, "two")).spent is None
