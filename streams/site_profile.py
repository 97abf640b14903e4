"""A site's language and time zone: as SITES_FILE says, else as its owner entered them at Wix."""

import logging
from dataclasses import dataclass
from datetime import UTC, tzinfo

from streams.memory import Memory
from streams.sites import Sites, zone_of
from streams.wix.client import WixClient
from streams.wix.errors import WixRefused
from streams.wix.sites import SiteProperties, get_properties

_LOG = logging.getLogger(__name__)

# Owners change these once in years; a missing permission is given within minutes of being missed.
KNOWN_SECONDS = 86400.0
REFUSED_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProfile:
    """How a site speaks and by which clock. `name` is None unless Wix was asked."""

    language: str | None
    zone: tzinfo
    name: str | None = None


class Profiles:
    """Answers for any site; Wix is asked once a day, and only for what SITES_FILE leaves open."""

    def __init__(self, wix: WixClient, sites: Sites) -> None:
        self._wix = wix
        self._sites = sites
        self._told: Memory[SiteProperties | None] = Memory(
            lambda told: REFUSED_SECONDS if told is None else KNOWN_SECONDS
        )

    async def of(self, site: str) -> SiteProfile:
        """The site's profile; where neither says anything, no language, and UTC.

        Raises:
            WixError: Wix is away or busy.
            QuotaWait: the site's quota is used up.
        """
        chosen = self._sites.of(site)
        if chosen.language and chosen.timezone:
            return SiteProfile(language=chosen.language, zone=zone_of(chosen.timezone) or UTC)
        told = await self._told.recall(site, lambda: self._ask(site))
        return SiteProfile(
            language=chosen.language or (told.language if told else None),
            zone=zone_of(chosen.timezone) or zone_of(told.time_zone if told else None) or UTC,
            name=told.name if told else None,
        )

    async def _ask(self, site: str) -> SiteProperties | None:
        try:
            return await get_properties(self._wix, site)
        # Whatever else is wrong, such as an app that was removed, the calls that count will say.
        except WixRefused as refusal:
            _LOG.warning(
                "site %s doesn't tell its properties (%s): UTC and English stand in; give the app the "
                "permission to read them, or set timezone and language in SITES_FILE",
                site,
                refusal,
            )
            return None
