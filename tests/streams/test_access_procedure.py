"""Changes of access carried out: decided again on what Wix says, told once, in order, and on their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from streams import reason
from streams.access_procedure import AccessProcedure, granted_before
from streams.access_receiver import AccessReceiver, endpoint
from streams.change import Listed
from streams.effect import ACCESS, Decision, Effect, State, access_key
from streams.outbox import Outbox
from streams.procedure import Claim, Fail, Procedure, Ready, Suppress
from streams.runner import Runner
from streams.setback import Backoff
from streams.settings import AccessSettings, OutboxSettings
from streams.wix.client import WixClient
from streams.wix.errors import AppRemoved, WixBusy
from tests.streams.wix_site import (
    ACCESS_SECRET,
    CONTACT,
    MEMBER,
    NOW,
    PLAN_ORDER,
    SITE,
    SandboxSite,
    a_payment_notice,
    a_plan_order,
)

PAUSING = {"status": "ACTIVE", "pauseDate": "2026-03-05T10:00:00Z"}
PAUSE_OVER = {**PAUSING, "status": "ENDED", "resumeDate": "2026-03-06T10:00:00Z"}
POST = {"method": "POST", "path": "/access"}
GET_ORDER = {"method": "GET", "path": f"*/orders/{PLAN_ORDER}"}


def a_change(verb: str, number: int, change: str, *, order_id: str = PLAN_ORDER) -> Effect:
    return Effect(
        key=access_key(verb, SITE, order_id, number),
        flow=ACCESS,
        instance_id=SITE,
        order_id=order_id,
        event_id=f"{verb}-{number}",
        event_at=NOW,
        payload={"verb": verb, "number": number, "change": change},
    )


STARTED = a_change("grant", 0, "started")
PAUSED = a_change("revoke", 1, "paused")
RESUMED = a_change("grant", 1, "resumed")
ENDED = a_change("revoke", 0, "ended")


@pytest.fixture
async def receiver(site: SandboxSite) -> AsyncIterator[AccessReceiver]:
    settings = AccessSettings(_env_file=None, access_url=f"{site.url}/access", access_secret=ACCESS_SECRET)
    where = endpoint(settings)
    assert where is not None
    async with AccessReceiver(where, timeout_seconds=30.0) as receiver:
        yield receiver


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    outbox = Outbox(OutboxSettings(_env_file=None, data_dir=tmp_path, read_back_after=timedelta()))
    await outbox.open()
    yield outbox
    await outbox.close()


@pytest.fixture
def changes(wix: WixClient, receiver: AccessReceiver, outbox: Outbox) -> AccessProcedure:
    return AccessProcedure(wix, receiver, granted_before(outbox))


@asynccontextmanager
async def at_work(outbox: Outbox, changes: Procedure, *others: str) -> AsyncIterator[None]:
    """A runner that doesn't wait between attempts; notices are looked at, and stay where they are."""
    procedures = {ACCESS: changes} | dict.fromkeys(others, changes)
    stop = asyncio.Event()
    runner = Runner(outbox, procedures, poll_seconds=0.02, backoff=Backoff(delays_seconds=(0.0,)))
    running = asyncio.create_task(runner.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def carried_out(outbox: Outbox, changes: Procedure, *effects: Effect) -> list[Listed]:
    """What became of these, recorded in this order and carried out."""
    await outbox.record(Decision(effects=effects))
    async with at_work(outbox, changes), asyncio.timeout(30):
        while True:
            found = [await outbox.show(effect.key) for effect in effects]
            listed = [one for one in found if one is not None]
            if all(one.held.state in (State.DONE, State.SUPPRESSED, State.FAILED) for one in listed):
                return listed
            await outbox.wait_for_news(0.02)


def told(site: SandboxSite) -> list[str]:
    """The changes that the receiver took, in order."""
    return [f"{one['body']['type']} {one['body']['data']['change']}" for one in site.access]


class TestPrepare:
    async def test_without_a_receiver_nothing_is_asked_and_nothing_is_told(
        self, site: SandboxSite, wix: WixClient, outbox: Outbox
    ) -> None:
        off = AccessProcedure(wix, None, granted_before(outbox))

        found = await off.prepare(STARTED, now=NOW)

        assert found == Suppress(reason=reason.OFF_BY_SETTING)
        assert site.received["requests"] == 0

    async def test_what_is_told_is_ids_only(self, changes: AccessProcedure) -> None:
        prepared = await changes.prepare(STARTED, now=NOW)

        assert isinstance(prepared, Ready)
        assert prepared.request["type"] == "access.granted"
        assert prepared.request["data"] == {
            "instanceId": SITE,
            "orderId": PLAN_ORDER,
            "memberId": MEMBER,
            "contactId": CONTACT,
            "change": "started",
        }

    async def test_late_change_that_is_still_true_is_told_whatever_its_age(
        self, changes: AccessProcedure
    ) -> None:
        """Someone paid: an outage of ours, however long, must not keep them out."""
        found = await changes.prepare(replace(STARTED, event_at=NOW - timedelta(days=300)), now=NOW)

        assert isinstance(found, Ready)

    async def test_order_that_wix_shows_as_before_is_looked_at_again(
        self, site: SandboxSite, changes: AccessProcedure
    ) -> None:
        with pytest.raises(WixBusy):
            await changes.prepare(PAUSED, now=NOW)

        site.seed(planOrders=[{"order": a_plan_order(status="PAUSED", pausePeriods=[PAUSING])}])
        assert isinstance(await changes.prepare(PAUSED, now=NOW), Ready)

    async def test_order_that_wix_does_not_know_is_for_a_person(self, changes: AccessProcedure) -> None:
        nobody = a_change("grant", 0, "started", order_id="99999999-9999-4999-8999-999999999999")

        found = await changes.prepare(nobody, now=NOW)

        assert isinstance(found, Fail)
        assert found.reason == reason.ORDER_NOT_FOUND

    async def test_removed_app_is_said(self, site: SandboxSite, changes: AccessProcedure) -> None:
        site.seed(sites=[{"installed": False}])

        with pytest.raises(AppRemoved):
            await changes.prepare(STARTED, now=NOW)

    async def test_doubt_needs_no_question(self, changes: AccessProcedure) -> None:
        assert await changes.read_back(STARTED, Claim(called_at=NOW, facts={})) is None


class TestCarriedOut:
    async def test_subscription_is_told_of_from_start_to_end_in_order(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        lived = [
            (STARTED, a_plan_order()),
            (PAUSED, a_plan_order(status="PAUSED", pausePeriods=[PAUSING])),
            (RESUMED, a_plan_order(pausePeriods=[PAUSE_OVER])),
            (ENDED, a_plan_order(status="CANCELED", pausePeriods=[PAUSE_OVER])),
        ]
        for effect, order in lived:
            site.seed(planOrders=[{"order": order}])
            [found] = await carried_out(outbox, changes, effect)
            assert (found.held.state, found.wix_id) == (State.DONE, effect.key)

        assert told(site) == [
            "access.granted started",
            "access.revoked paused",
            "access.granted resumed",
            "access.revoked ended",
        ]

    async def test_what_arrives_late_and_backwards_leaves_the_receiver_with_what_is_true(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        site.seed(planOrders=[{"order": a_plan_order(status="CANCELED", pausePeriods=[PAUSE_OVER])}])

        found = await carried_out(outbox, changes, ENDED, RESUMED, PAUSED, STARTED)

        assert [(one.held.state, one.reason) for one in found] == [
            (State.DONE, None),
            (State.SUPPRESSED, reason.SUPERSEDED),
            (State.DONE, None),
            (State.SUPPRESSED, reason.SUPERSEDED),
        ]
        assert told(site) == ["access.revoked ended", "access.revoked paused"]

    async def test_order_canceled_before_it_began_is_not_revoked(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        site.seed(planOrders=[{"order": a_plan_order(status="CANCELED", lastPaymentStatus="UNPAID")}])

        [found] = await carried_out(outbox, changes, ENDED)

        assert (found.held.state, found.reason) == (State.SUPPRESSED, reason.NEVER_GRANTED)
        assert told(site) == []

    async def test_order_that_was_granted_is_revoked_however_it_looks_now(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        await carried_out(outbox, changes, STARTED)
        site.seed(planOrders=[{"order": a_plan_order(status="CANCELED", lastPaymentStatus="UNPAID")}])

        await carried_out(outbox, changes, ENDED)

        assert told(site) == ["access.granted started", "access.revoked ended"]

    @pytest.mark.parametrize(
        "fault",
        [{"after": True}, {}, {"status": 500}, {"status": 429}],
        ids=["after", "cut", "500", "429"],
    )
    async def test_doubtful_post_is_repeated_under_the_same_id_until_it_is_taken(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure, fault: dict[str, Any]
    ) -> None:
        site.fault(**POST, **fault, times=2)

        [found] = await carried_out(outbox, changes, STARTED)

        assert found.held.state is State.DONE
        [taken] = site.access
        assert taken["deliveries"] == (3 if fault.get("after") else 1)

    async def test_refusal_is_for_a_person_and_the_next_change_goes_on(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        site.fault(**POST, status=400)
        [refused] = await carried_out(outbox, changes, STARTED)
        site.seed(planOrders=[{"order": a_plan_order(status="CANCELED")}])

        [ended] = await carried_out(outbox, changes, ENDED)

        assert (refused.held.state, refused.reason) == (State.FAILED, reason.RECEIVER_REFUSED)
        assert (refused.last_status, refused.next_step is not None) == (400, True)
        assert ended.held.state is State.DONE

    async def test_receiver_that_is_away_for_good_ends_in_a_failure_that_says_so(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        site.fault(**POST, status=503, times=50)

        [found] = await carried_out(outbox, changes, STARTED)

        assert (found.held.state, found.reason) == (State.FAILED, reason.OUT_OF_ATTEMPTS)
        assert "ACCESS_URL" in str(found.next_step)

    async def test_trouble_at_the_receiver_counts_against_no_site(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        site.fault(**POST, status=503, times=50)

        await carried_out(outbox, changes, STARTED)

        assert await outbox.open_circuits() == []


class TestLine:
    async def test_access_waits_for_no_notice_of_the_same_order(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        """A notice may wait all night for the site's quiet hours; whoever paid gets in now."""
        await outbox.record(Decision(effects=(a_payment_notice(),)))

        [found] = await carried_out(outbox, changes, STARTED)

        assert found.held.state is State.DONE
        assert (await outbox.counts())[State.DUE] == 1

    async def test_change_waits_for_the_one_before_it_also_when_that_is_tried_again(
        self, site: SandboxSite, outbox: Outbox, changes: AccessProcedure
    ) -> None:
        """Revoked after granted: the other way round someone would be left with access."""
        site.fault(**POST, status=503)
        site.fault(**GET_ORDER, status=200, body={"order": a_plan_order()}, times=2)
        site.seed(planOrders=[{"order": a_plan_order(status="CANCELED")}])

        await carried_out(outbox, changes, STARTED, ENDED)

        assert told(site) == ["access.granted started", "access.revoked ended"]
