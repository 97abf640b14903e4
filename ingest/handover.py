"""What a warehouse posts becomes a Handover, or a named refusal; and whose token it came with. No I/O.

HandoverRefused
├── UnknownToken    401  no token, or none that we gave out
├── OtherSite       403  the token belongs to a warehouse that does not serve this site
└── BadHandover     400  not the JSON we document; the answer says which field
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from ingest.strict_json import NotStrict, dump, parse_object

MAX_KEY_LENGTH = 200
# What Wix takes in a fulfillment's tracking info.
MAX_TRACKING_LENGTH = 100
MAX_LINK_LENGTH = 2048

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class HandoverRefused(Exception):
    """A handover that is not taken. `code` begins the answer."""

    status: ClassVar[int]
    code: ClassVar[str]


class UnknownToken(HandoverRefused):
    """No token, or none that we gave out. Nothing is said about which."""

    status = 401
    code = "unknown_token"


class OtherSite(HandoverRefused):
    """The token is good, but for other sites."""

    status = 403
    code = "other_site"


class BadHandover(HandoverRefused):
    """Not the JSON we document. The message names the field, for whoever builds the warehouse's side."""

    status = 400
    code = "malformed"


class BadTokens(Exception):
    """`HANDOVER_TOKENS` can't be used; the message says which entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """Who may hand over for which sites. `token_hash` is the sha256 of its token."""

    name: str
    token_hash: bytes
    instance_ids: frozenset[str]

    @classmethod
    def from_setting(cls, entry: str) -> Self:
        """Read `name:sha256hex:instanceId|instanceId`."""
        parts = entry.strip().split(":")
        try:
            name, digest, sites = parts
            token_hash = bytes.fromhex(digest)
        except ValueError as error:
            raise BadTokens(f"{parts[0]!r} is not name:sha256hex:instanceId|instanceId") from error
        if not name or len(token_hash) != hashlib.sha256().digest_size or not sites:
            raise BadTokens(f"{name!r} needs a name, the sha256 of its token in hex, and its sites")
        return cls(name=name, token_hash=token_hash, instance_ids=frozenset(sites.split("|")))


class LineItem(BaseModel):
    """So many units of one line of the order."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Name
    quantity: int = Field(ge=1, le=100_000)


class Handover(BaseModel):
    """Items left the warehouse; without `line_items` all that the order still has."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )

    instance_id: Name
    order_id: Name
    line_items: list[LineItem] | None = Field(default=None, min_length=1, max_length=1000)
    tracking_number: Annotated[Name, StringConstraints(max_length=MAX_TRACKING_LENGTH)]
    shipping_provider: Annotated[Name, StringConstraints(max_length=MAX_TRACKING_LENGTH)]
    tracking_link: Annotated[str, StringConstraints(max_length=MAX_LINK_LENGTH)] | None = None

    @field_validator("instance_id", "order_id")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be printable")
        return value

    @field_validator("tracking_link")
    @classmethod
    def _https(cls, value: str | None) -> str | None:
        # It goes into mails to customers.
        if value is not None and (not value.isprintable() or not _is_https(value)):
            raise ValueError("must be an https link")
        return value

    def as_json(self) -> dict[str, Any]:
        """The members given, by their names on the wire."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def body_hash(self) -> str:
        """Equal for equal handovers, however their JSON was laid out."""
        return hashlib.sha256(dump(sorted(self.as_json().items()))).hexdigest()


def parse_tokens(setting: str) -> tuple[Warehouse, ...]:
    """Every warehouse of `HANDOVER_TOKENS`; none when it is empty.

    Raises:
        BadTokens: an entry that is none, or a name that stands twice.
    """
    warehouses = tuple(Warehouse.from_setting(entry) for entry in setting.split(",") if entry.strip())
    if len({warehouse.name for warehouse in warehouses}) < len(warehouses):
        raise BadTokens("a name stands twice")
    return warehouses


def whose(authorization: str | None, warehouses: Sequence[Warehouse]) -> Warehouse:
    """The warehouse whose token the header carries. Takes the same time for every wrong token.

    Raises:
        UnknownToken: 401.
    """
    scheme, _, token = (authorization or "").partition(" ")
    given = hashlib.sha256(token.strip().encode()).digest()
    matching = [each for each in warehouses if hmac.compare_digest(each.token_hash, given)]
    if scheme.lower() != "bearer" or not matching:
        raise UnknownToken
    return matching[0]


def checked_key(key: str | None) -> str:
    """The Idempotency-Key header: printable ASCII, 1–200 characters.

    Raises:
        BadHandover: it is absent or something else.
    """
    key = (key or "").strip()
    if not 0 < len(key) <= MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise BadHandover(f"Idempotency-Key: 1 to {MAX_KEY_LENGTH} printable ASCII characters are needed")
    return key


def parse(body: bytes, *, warehouse: Warehouse) -> Handover:
    """Read a request's body for the warehouse whose token it came with.

    Raises:
        BadHandover: 400.
        OtherSite: 403.
    """
    try:
        handover = Handover.model_validate(parse_object(body.decode("utf-8")))
    except ValidationError as error:
        raise BadHandover(_first(error)) from error
    except (UnicodeDecodeError, NotStrict) as error:
        raise BadHandover("the body is no JSON object in UTF-8") from error
    if handover.instance_id not in warehouse.instance_ids:
        raise OtherSite
    return handover


def _is_https(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _first(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
