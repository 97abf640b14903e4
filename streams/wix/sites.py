"""A site as Wix describes it: where it does business, when it is open, and our app's instance on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from streams.fields import at, flag, items, moment, text
from streams.wix.client import WixClient

PROPERTIES = "/site-properties/v4/properties"
INSTANCE = "/apps/v1/instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPeriod:
    """A regular time of opening. Days are Wix's words (MONDAY …), times HH:MM of the site's time zone."""

    open_day: str
    open_time: str
    close_day: str
    close_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialPeriod:
    """A stretch that is not as usual, such as a holiday."""

    start: datetime | None
    end: datetime | None
    is_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProperties:
    """What a site's owner entered about the business; None where nothing was."""

    name: str | None
    time_zone: str | None
    currency: str | None
    language: str | None
    country: str | None
    open_periods: tuple[OpenPeriod, ...] = ()
    special_periods: tuple[SpecialPeriod, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInstance:
    """Our app on a site. `permissions` are those Wix says the site granted; empty if it didn't say."""

    instance_id: str | None
    app_version: str | None
    is_free: bool | None
    permissions: tuple[str, ...]
    site_name: str | None
    wix_apps: tuple[str, ...]
    answered_at: datetime | None


async def get_properties(wix: WixClient, site: str) -> SiteProperties:
    """Time zone, currency, language and opening hours."""
    answer = await wix.request(site, "GET", PROPERTIES)
    found = answer.object("properties")
    return SiteProperties(
        name=text(found, "siteDisplayName") or text(found, "businessName"),
        time_zone=text(found, "timeZone"),
        currency=text(found, "paymentCurrency"),
        language=text(found, "language") or text(found, "locale", "languageCode"),
        country=text(found, "locale", "country"),
        open_periods=tuple(_open(found)),
        special_periods=tuple(_special(found)),
    )


async def get_instance(wix: WixClient, site: str) -> AppInstance:
    """Our app's instance; only an app may ask."""
    answer = await wix.request(site, "GET", INSTANCE)
    instance = answer.object("instance")
    return AppInstance(
        instance_id=text(instance, "instanceId"),
        app_version=text(instance, "appVersion"),
        is_free=flag(instance, "isFree"),
        permissions=_texts(instance, "permissions"),
        site_name=text(answer.body, "site", "siteDisplayName"),
        wix_apps=_texts(answer.body, "site", "installedWixApps"),
        answered_at=answer.answered_at,
    )


def _open(found: Mapping[str, Any]) -> Iterator[OpenPeriod]:
    for period in items(found, "businessSchedule", "periods"):
        named = [text(period, name) for name in ("openDay", "openTime", "closeDay", "closeTime")]
        if all(named):
            yield OpenPeriod(
                open_day=named[0] or "",
                open_time=named[1] or "",
                close_day=named[2] or "",
                close_time=named[3] or "",
            )


def _special(found: Mapping[str, Any]) -> Iterator[SpecialPeriod]:
    for period in items(found, "businessSchedule", "specialHourPeriod"):
        yield SpecialPeriod(
            start=moment(period, "startDate"),
            end=moment(period, "endDate"),
            is_closed=flag(period, "isClosed") is not False,
        )


def _texts(value: object, *path: str) -> tuple[str, ...]:
    found = at(value, *path)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()
