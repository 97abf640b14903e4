"""Upkeep: what a worker does by itself, when, and that two workers don't both do it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.settings import KafkaSettings
from streams.outbox import Outbox
from streams.reconcile import Reconciler
from streams.reconcile_run import ReconcilePlan
from streams.settings import ReportsSettings, UpkeepSettings
from streams.site_properties import DAILY, SiteProperties
from streams.upkeep import LEASE, Upkeep
from streams.upkeep_schedule import MARGIN, Due, Seen, compared, due, looked
from tests.streams.event_records import SITE, recorded
from tests.streams.on_the_log import make_topics, put_async
from tests.streams.town import Town
from tests.streams.wix_site import PLAN_ORDER, STORE_ORDER, SandboxSite, sandbox_site

NIGHT = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
GAP = timedelta(hours=47)
MINUTE = timedelta(minutes=1)
SETTINGS = UpkeepSettings(_env_file=None)


def seen(records: int = 10, *, at: datetime = NIGHT) -> Seen:
    return Seen(records=records, grew_at=at, night_at=at)


class TestSchedule:
    def test_each_night_everything_is_compared_once(self) -> None:
        evening = seen(at=NIGHT - timedelta(hours=9))

        assert due(evening, SETTINGS, now=NIGHT - MINUTE) is None
        what = due(evening, SETTINGS, now=NIGHT)
        assert what == Due(why="nightly")
        assert due(compared(evening, what, now=NIGHT + MINUTE), SETTINGS, now=NIGHT + 2 * MINUTE) is None

    def test_a_worker_that_was_down_at_night_does_it_when_it_starts(self) -> None:
        assert due(seen(at=NIGHT - timedelta(days=3)), SETTINGS, now=NIGHT + timedelta(hours=6)) == Due(
            why="nightly"
        )

    def test_a_new_installation_waits_for_its_first_night(self) -> None:
        first = looked(None, 0, after_gap=GAP, now=NIGHT + MINUTE)

        assert due(first, SETTINGS, now=NIGHT + timedelta(hours=20)) is None

    def test_without_a_time_no_night_is_due(self) -> None:
        never = UpkeepSettings(_env_file=None, reconcile_at="")

        assert due(seen(at=NIGHT - timedelta(days=9)), never, now=NIGHT) is None

    def test_when_a_silence_ends_what_changed_since_it_began_is_due(self) -> None:
        """Wix gives up after 47 hours, so what it had to tell before is lost to us."""
        later = NIGHT + GAP
        broken = looked(seen(), 11, after_gap=GAP, now=later)

        what = due(broken, SETTINGS, now=later)

        assert what == Due(why="gap", since=NIGHT - MARGIN)
        assert compared(broken, what, now=later).gap_since is None

    def test_a_shorter_silence_is_none(self) -> None:
        assert looked(seen(), 11, after_gap=GAP, now=NIGHT + GAP - MINUTE).gap_since is None

    def test_a_silence_is_remembered_until_the_sites_were_compared(self) -> None:
        broken = looked(seen(), 11, after_gap=GAP, now=NIGHT + GAP)

        assert looked(broken, 12, after_gap=GAP, now=NIGHT + GAP + MINUTE).gap_since == NIGHT - MARGIN

    def test_another_log_is_no_silence(self) -> None:
        assert looked(seen(), 3, after_gap=GAP, now=NIGHT + GAP).gap_since is None


@pytest.fixture(scope="module")
def wix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxSite]:
    with sandbox_site(tmp_path_factory.mktemp("wix")) as site:
        yield site


@pytest.fixture
def town(kafka: KafkaSettings, wix: SandboxSite, tmp_path: Path) -> Iterator[Town]:
    make_topics(kafka)
    wix.begin_anew()
    town = Town(kafka, wix, tmp_path)
    yield town
    town.ledger.close()


def upkeep(town: Town, outbox: Outbox, **settings: object) -> Upkeep:
    plan = ReconcilePlan(
        kafka=town.kafka,
        wix=town.wix.settings(),
        reports=ReportsSettings(_env_file=None),
        data_dir=town.folder,
    )
    return Upkeep(outbox, plan, UpkeepSettings(_env_file=None, **settings))  # type: ignore[arg-type] # as given


def properties(outbox: Outbox, tools: Reconciler) -> SiteProperties:
    return SiteProperties(outbox, tools.wix, tools.publisher, {})


async def installed(town: Town) -> None:
    """The app came to the site."""
    await put_async(town.kafka, [recorded("app_installed__site")])
    await town.absorb()


@pytest.mark.kafka
class TestSiteProperties:
    async def test_they_are_asked_for_once_a_day_and_told_when_they_change(self, town: Town) -> None:
        async with town.outbox() as outbox, town.reconciler() as tools:
            now = datetime.now(UTC)
            told = [
                await properties(outbox, tools).ask([SITE], now=now),
                await properties(outbox, tools).ask([SITE], now=now + DAILY / 2),
                await properties(outbox, tools).ask([SITE], now=now + 2 * DAILY),
            ]
            town.wix.seed(sites=[{"business": {"timeZone": "Europe/Vienna", "paymentCurrency": "CHF"}}])
            told.append(await properties(outbox, tools).ask([SITE], now=now + 4 * DAILY))
        await town.absorb()

        assert told == [1, 0, 0, 1]
        (site,) = await town.report("sites")
        assert (site["name"], site["currency"], site["timezone"]) == ("Demo Studio", "CHF", "Europe/Vienna")

    async def test_a_site_that_refuses_holds_up_no_other(self, town: Town) -> None:
        gone = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
        async with town.outbox() as outbox, town.reconciler() as tools:
            assert await properties(outbox, tools).ask([gone, SITE], now=datetime.now(UTC)) == 1


@pytest.mark.kafka
class TestTurn:
    async def test_a_night_compares_every_site_and_is_over_then(self, town: Town) -> None:
        await installed(town)
        async with town.outbox() as outbox, town.reconciler() as tools:
            at_work = upkeep(town, outbox)
            await at_work.turn(tools, properties(outbox, tools))
            await outbox.note("upkeep", _a_week_ago(await outbox.noted("upkeep")))

            await at_work.turn(tools, properties(outbox, tools))
            await town.absorb()
            asked = town.wix.received["requests"]
            await at_work.turn(tools, properties(outbox, tools))

        orders = await town.report("orders", kind="subscription") + await town.report("orders", kind="store")
        assert {row["order_id"] for row in orders} == {PLAN_ORDER, STORE_ORDER}
        assert town.wix.received["requests"] == asked

    async def test_only_one_worker_does_it(self, town: Town) -> None:
        await installed(town)
        async with town.outbox() as outbox, town.reconciler() as tools:
            await outbox.lease("another worker", LEASE)
            asked = town.wix.received["requests"]

            await upkeep(town, outbox).turn(tools, properties(outbox, tools))

        assert town.wix.received["requests"] == asked


def _a_week_ago(noted: object) -> dict[str, object]:
    assert isinstance(noted, dict)
    return noted | {"night_at": (datetime.now(UTC) - timedelta(days=7)).isoformat()}
