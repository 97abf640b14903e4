"""What a site tells of its business, and of the app that is installed on it. No I/O."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from sandbox.wix_api.wire import JsonObject, Wire

Day = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
_Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-4]):[0-5]\d$")]

_WORKDAYS: tuple[Day, ...] = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")


class Period(Wire):
    """A time in the week when the business is open."""

    open_day: Day
    open_time: _Time
    close_day: Day
    close_time: _Time


class SpecialHours(Wire):
    """An exception from the week."""

    start_date: str
    end_date: str
    is_closed: bool = True
    comment: str = ""


class Schedule(Wire):
    """When the business is open."""

    periods: list[Period] = Field(
        default_factory=lambda: [
            Period(open_day=day, open_time="09:00", close_day=day, close_time="17:00") for day in _WORKDAYS
        ]
    )
    special_hour_period: list[SpecialHours] = Field(default_factory=list)


class Locale(Wire):
    """Language and country."""

    language_code: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"


class Business(Wire):
    """The properties of a site."""

    locale: Locale = Locale()
    language: str = "en"
    payment_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    time_zone: str = "Europe/Berlin"
    email: str = "studio@example.com"
    phone: str = ""
    business_schedule: Schedule = Schedule()

    def properties(self, name: str, paths: list[str]) -> JsonObject:
        """The body of Get Site Properties: the fields asked for, or all."""
        known = {
            **self.model_dump(by_alias=True, mode="json"),
            "siteDisplayName": name,
            "businessName": name,
        }
        chosen = {path: known[path] for path in paths if path in known} if paths else known
        return {"version": "1", "properties": chosen}


def _split(value: object) -> object:
    parts = value if isinstance(value, list) else [value]
    return [name for part in parts for name in str(part).split(",") if name]


class _Fields(Wire):
    paths: Annotated[list[str], BeforeValidator(_split)] = Field(default_factory=list)


class PropertiesRequest(Wire):
    """Query of Get Site Properties."""

    fields: _Fields = _Fields()
