"""What the door reads of a webhook's layers, typed; everything else passes unread. No I/O.

Strict where a record could not be filed without it (site, type) or must not be believed (the
token's times); elsewhere what can't be read counts as absent.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from ingest.record import parse_time
from ingest.strict_json import NotStrict, parse_object

MAX_NAME_LENGTH = 1024


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("control characters")
    return value


# Fit for a key or a header: not empty, no control characters, no lone surrogates.
Name = Annotated[
    str, Field(strict=True, min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(_printable)
]
_NAMES: TypeAdapter[str] = TypeAdapter(Name)


def _name_if_any(value: object) -> str | None:
    try:
        return _NAMES.validate_python(value)
    except ValidationError:
        return None


def _seconds(value: Any) -> float:
    """A NumericDate, which may have a fraction, kept as written by `strict_json`."""
    if isinstance(value, bool | str | list | dict):
        raise ValueError("no number")
    try:
        return float(getattr(value, "encoded_json", value))
    except OverflowError as error:
        raise ValueError("out of all bounds") from error


def _moment_if_any(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(_seconds(value), UTC) if value else None
    except (OverflowError, OSError, ValueError, TypeError):
        return None


def _object_if_any(value: object) -> Mapping[str, Any] | None:
    """An object, or JSON of one."""
    if isinstance(value, dict):
        return value
    try:
        return parse_object(value) if isinstance(value, str) else None
    except NotStrict:
        return None


OptionalName = Annotated[str | None, PlainValidator(_name_if_any)]
OptionalObject = Annotated[Mapping[str, Any] | None, PlainValidator(_object_if_any)]
OptionalTime = Annotated[datetime | None, PlainValidator(parse_time)]
Seconds = Annotated[float | None, BeforeValidator(lambda value: None if value is None else _seconds(value))]

_READ = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, hide_input_in_errors=True)


class Validity(BaseModel):
    """From the claims: when the token holds, in seconds since 1970."""

    model_config = _READ

    exp: Seconds = None
    nbf: Seconds = None


class Signed(BaseModel):
    """From the claims: when and for which app it was signed; not judged."""

    model_config = _READ

    iat: Annotated[datetime | None, PlainValidator(_moment_if_any)] = None
    aud: OptionalName = None


class Delivery(BaseModel):
    """The second layer: whose site, what kind of event, and who triggered it."""

    model_config = _READ

    instance_id: Name
    event_type: Name
    identity: OptionalObject = None
    account_info: OptionalObject = None


class Event(BaseModel):
    """The head of the innermost layer; legacy events may have none of it."""

    model_config = _READ

    id: OptionalName = None
    event_time: OptionalTime = None
