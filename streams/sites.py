"""What differs per site: `SITES_FILE` (TOML) over the settings, read again when it changes."""

import logging
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from streams.settings import FlowSettings

_LOG = logging.getLogger(__name__)


class SitesFileBroken(Exception):
    """`SITES_FILE` can't be used. Its message names the file, the place and what is wrong there."""


class SiteSettings(BaseModel):
    """One site's choices. `language` None: the customer's; `quiet_hours` as written, such as 21:00-08:00."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payment_notice: bool = True
    purchase_notice: bool = True
    payment_address: Literal["member", "contact"] = "member"
    fulfillment: Literal["handover", "immediate"] = "handover"
    language: str | None = None
    quiet_hours: str | None = None


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
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("sites", {})
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SitesFileBroken(f"SITES_FILE {path} can't be read: {error}.") from error
        if not isinstance(tables, dict):
            raise SitesFileBroken(f'SITES_FILE {path}: write one table [sites."<instanceId>"] for each site.')
        return {site: self._site(path, site, table) for site, table in tables.items()}

    def _site(self, path: Path, site: str, table: Any) -> SiteSettings:
        try:
            return SiteSettings.model_validate(self._default.model_dump() | table)
        except (ValidationError, TypeError) as error:
            raise SitesFileBroken(f"SITES_FILE {path}, site {site}: {_first_fault(error)}.") from error


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise SitesFileBroken(f"SITES_FILE {path} can't be read: {error.strerror}.") from error
    return (found.st_mtime_ns, found.st_size)


def _first_fault(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "it must be a table"
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
