"""Many sites compared side by side, each in its own share of requests; one that fails stops no other."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ingest.settings import KafkaSettings
from streams.fulfill import Fulfiller
from streams.ledger_owner import LedgerOwner, OwnerAway
from streams.quota_share import QUOTA_FILE, CommandQuota
from streams.reconcile import Comparison, Reconciler, SiteForgotten
from streams.reconcile_journal import Tally
from streams.rows import RowPublisher
from streams.settings import ReportsSettings, WixSettings
from streams.wix.errors import AppRemoved, WixBusy, WixError, WixUnreachable
from streams.wix.patient import PatientClient

log = logging.getLogger(__name__)

FOLDER = "reconcile"
SIDE_BY_SIDE = 8
# Wix may be away for a moment in the middle of a thousand pages.
PAUSES_SECONDS = (1.0, 5.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A site that could not be compared. What was done stands; `is_away`: later it may work."""

    site: str
    why: str
    is_away: bool


Result = Comparison | Failed
TellSite = Callable[[str, Tally], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilePlan:
    """What a run of comparisons needs to know."""

    kafka: KafkaSettings
    wix: WixSettings
    reports: ReportsSettings
    data_dir: Path


@asynccontextmanager
async def reconciler(
    plan: ReconcilePlan, *, fulfill: Fulfiller | None = None, tell: Callable[[datetime], None]
) -> AsyncIterator[Reconciler]:
    """All that a comparison asks and writes to; `tell` hears of each wait for a site's quota."""
    take = CommandQuota(plan.data_dir / QUOTA_FILE, plan.wix.wix_command_calls_per_minute).take
    async with (
        LedgerOwner(plan.reports) as owner,
        PatientClient(plan.wix, take=take, tell=tell) as wix,
        RowPublisher(plan.kafka) as publisher,
    ):
        yield Reconciler(
            wix=wix, owner=owner, publisher=publisher, folder=plan.data_dir / FOLDER, fulfill=fulfill
        )


async def compare_sites(
    reconciler: Reconciler, sites: Sequence[str], since: datetime | None, *, tell: TellSite
) -> list[Result]:
    """Compare them all; in the order of the sites."""
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(site: str) -> Result:
        async with room:
            telling = replace(reconciler, tell=lambda tally: tell(site, tally))
            return await _patiently(telling, site, since)

    return await asyncio.gather(*map(one, sites))


async def _patiently(reconciler: Reconciler, site: str, since: datetime | None) -> Result:
    for pause in (*PAUSES_SECONDS, None):
        try:
            return await reconciler.compare(site, since)
        except (WixBusy, WixUnreachable) as error:
            if pause is None:
                return Failed(site=site, why=str(error), is_away=True)
            log.info("site %s is compared on in %.0f s: %s", site, pause, error)
            await asyncio.sleep(getattr(error, "retry_after", None) or pause)
        except SiteForgotten:
            return Failed(site=site, why="the site is forgotten", is_away=False)
        except AppRemoved:
            return Failed(site=site, why="our app is not installed there", is_away=False)
        except WixError as error:
            return Failed(site=site, why=str(error), is_away=False)
        except OwnerAway as error:
            return Failed(site=site, why=str(error), is_away=True)
    raise AssertionError("the last try returns")
