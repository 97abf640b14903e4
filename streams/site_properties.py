"""What Wix says of a site's business becomes a row: asked when the app is installed, and daily."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from analytics.lifecycle import SiteFacts
from ingest.record import iso, parse_time
from streams.lifecycle_upkeep import from_site
from streams.outbox import Outbox
from streams.rows import RowPublisher
from streams.wix.client import WixClient
from streams.wix.errors import WixError
from streams.wix.sites import get_properties

log = logging.getLogger(__name__)

DAILY = timedelta(days=1)
AGAIN = timedelta(hours=1)

_FACTS: TypeAdapter[SiteFacts] = TypeAdapter(SiteFacts)


@dataclass(slots=True)
class SiteProperties:
    """Asks for the sites that are due. When each was asked is in the outbox, for all workers."""

    outbox: Outbox
    wix: WixClient
    publisher: RowPublisher
    due: dict[str, datetime]

    async def ask(self, sites: Iterable[str], *, now: datetime) -> int:
        """Ask for new sites, and for those last asked a day ago; returns how many rows that made."""
        return sum([await self._one(site) for site in sites if await self._is_due(site, now)])

    async def _is_due(self, site: str, now: datetime) -> bool:
        if site not in self.due:
            asked_at = parse_time((await self.outbox.noted(_name(site)) or {}).get("asked_at"))
            self.due[site] = asked_at + DAILY if asked_at else now
        return self.due[site] <= now

    async def _one(self, site: str) -> bool:
        """Whether Wix says something that it didn't say before."""
        asked_at = datetime.now(UTC)
        try:
            found = await get_properties(self.wix, site)
        except WixError as error:
            log.info("the properties of site %s are asked for later: %s", site, error)
            self.due[site] = asked_at + AGAIN
            return False
        facts = SiteFacts(
            name=found.name, currency=found.currency, timezone=found.time_zone, language=found.language
        )
        told = _FACTS.dump_json(facts).decode()
        is_news = (await self.outbox.noted(_name(site)) or {}).get("told") != told
        if is_news:
            await self.publisher.rows([from_site(site, facts, asked_at=asked_at)])
        await self.outbox.note(_name(site), {"asked_at": iso(asked_at), "told": told})
        self.due[site] = asked_at + DAILY
        return is_news


def _name(site: str) -> str:
    return f"site_properties/{site}"
