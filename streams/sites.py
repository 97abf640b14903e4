"""What differs per site: `SITES_FILE` (TOML) over the settings, read again when it changes."""

import logging
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from streams import wording
from streams.quiet_hours import QuietHours
from streams.settings import FlowSettings

_LOG = logging.getLogger(__name__)


class SitesFileBroken(Exception):
    """`SITES_FILE` can't be used. Its message names the file, the place and what is wrong there."""


def zone_of(name: str | None) -> ZoneInfo | None:
    """The time zone of a name such as Europe/Berlin; None if there is none by it."""
    try:
        return ZoneInfo(name) if name else None
    # A name that is no key, a folder of zones, a path that leads elsewhere.
    except (KeyError, OSError, ValueError):
        return None


def _hours(written: object) -> object:
    return QuietHours.parse(written) if isinstance(written, str) else written


def _known_zone(name: str) -> str:
    if zone_of(name) is None:
        raise ValueError(f'there is no time zone "{name}": name it like Europe/Berlin, or UTC')
    return name


def _known_language(tag: str) -> str:
    if wording.locale_of(tag) is None:
        raise ValueError(f'there is no language "{tag}": use a tag such as en, de or de-AT')
    return tag


class SiteSettings(BaseModel):
    """One site's choices. `language` and `timezone` None: what the site's owner entered at Wix."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payment_notice: bool = True
    purchase_notice: bool = True
    payment_address: Literal["member", "contact"] = "member"
    fulfillment: Literal["handover", "immediate"] = "handover"
    language: Annotated[str, AfterValidator(_known_language)] | None = None
    timezone: Annotated[str, AfterValidator(_known_zone)] | None = None
    quiet_hours: Annotated[QuietHours | None, BeforeValidator(_hours)] = None


class Sites:
    """Answers for any site; a site that the file doesn't name gets the settings' defaults."""

    def __init__(self, settings: FlowSettings) -> None:
        """Read the file once, if there is one.

        Raises:
            SitesFileBroken: at the start a broken file stops the worker; later it is logged, and
                what was read before stays in force.
        """
        self._default = SiteSettings(
            payment_address=settings.payment_address, fulfillment=settings.fulfillment_policy
        )
        self._path = settings.sites_file
        self._seen: tuple[int, int] | None = None
        self._sites: dict[str, SiteSettings] = {}
        if self._path is not None:
            self._seen = _stamp(self._path)
            self._sites = self._read(self._path)

    def of(self, instance_id: str) -> SiteSettings:
        """The choices of one site as the file says now."""
        self._look_again()
        return self._sites.get(instance_id, self._default)

    def named(self) -> tuple[str, ...]:
        """The sites that the file names."""
        self._look_again()
        return tuple(self._sites)

    def _look_again(self) -> None:
        if self._path is None:
            return
        try:
            stamp = _stamp(self._path)
            if stamp == self._seen:
                return
            self._seen = stamp
            self._sites = self._read(self._path)
        except SitesFileBroken as broken:
            if self._seen is not None:
                _LOG.error("%s What was read before stays in force.", broken)
            self._seen = None if not self._path.exists() else self._seen
        else:
            _LOG.info("read %s again: %d sites", self._path, len(self._sites))

    def _read(self, path: Path) -> dict[str, SiteSettings]:
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SitesFileBroken(f"SITES_FILE {path} can't be read: {error}.") from error
        sites = tables.pop("sites", {})
        if tables or not isinstance(sites, dict):
            found = f", not {', '.join(tables)}" if tables else ""
            raise SitesFileBroken(
                f'SITES_FILE {path}: write one table [sites."<instanceId>"] for each site{found}.'
            )
        return {site: self._site(path, site, table) for site, table in sites.items()}

    def _site(self, path: Path, site: str, table: Any) -> SiteSettings:
        if not isinstance(table, dict):
            raise SitesFileBroken(f"SITES_FILE {path}, site {site}: it must be a table.")
        try:
            return SiteSettings.model_validate({**dict(self._default), **table})
        except ValidationError as error:
            faults = "; ".join(map(_told, error.errors()))
            raise SitesFileBroken(f"SITES_FILE {path}, site {site}: {faults}.") from error


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise SitesFileBroken(f"SITES_FILE {path} can't be read: {error.strerror}.") from error
    return (found.st_mtime_ns, found.st_size)


def _told(fault: ErrorDetails) -> str:
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{name}: there is no such setting: there are {', '.join(SiteSettings.model_fields)}"
    return f"{name}: {fault['msg'].removeprefix('Value error, ')}"
