"""Bytes from Wix become a WixEvent, or a named refusal. No I/O.

Refused
├── Malformed       400  not a JWT, or not the JSON that Wix documents
└── BadSignature    401  not signed with one of our apps' keys, or not valid at this time

Wix posts one JWT around three layers of JSON, each a string inside the one before: the claims,
the delivery (site and type), the event.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid5

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import BaseModel, ValidationError

from ingest.envelope import Delivery, Event, Signed, Validity
from ingest.strict_json import NotStrict, parse_object

# Clocks differ; a minute is what most verifiers grant.
LEEWAY_SECONDS = 60.0
# Wix's header has 33 bytes. It is read before the signature is known, so it may not be a burden.
MAX_HEADER_BYTES = 2048
# Ids of events that bring none; fixed for life, since a delivery repeated must get the same one.
EVENT_NAMESPACE = UUID("0b6c1f0e-52d5-5d0c-9a43-5d1c2f3b8f57")

_SHAPE = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_PADDING = PKCS1v15()
_HASH = SHA256()

Read = TypeVar("Read", bound=BaseModel)


class Refused(Exception):
    """A webhook that is not taken. `code` is the whole answer; `reason` is for counter and log only."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self.code}: {reason}")
        self.reason = reason


class Malformed(Refused):
    """Not a JWT, or not the JSON that Wix documents."""

    status = 400
    code = "malformed"


class BadSignature(Refused):
    """Not signed with one of our apps' keys, or not valid at this time."""

    status = 401
    code = "bad_signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class WixEvent:
    """What Wix said, verified and not yet stripped of personal data.

    `event_id` is Wix's, or derived from the signed data where Wix sends none. `event_time` is
    the event's, else the time of signing, else None. `app_id` is the token's audience, which Wix
    seldom names. `body` is the innermost JSON, fractions kept as written.
    """

    instance_id: str
    event_type: str
    event_id: str
    event_time: datetime | None
    body: Mapping[str, Any]
    app_id: str | None = None
    identity: Mapping[str, Any] | None = None
    account: Mapping[str, Any] | None = None


def verify(
    body: bytes,
    *,
    keys: Sequence[RSAPublicKey],
    check_expiry: bool,
    now: datetime,
    leeway_seconds: float = LEEWAY_SECONDS,
) -> WixEvent:
    """Take a request body apart, believing nothing before the signature holds.

    The algorithm is RS256 whatever the header says. Any of `keys` may have signed. With
    `check_expiry` the token's `nbf` and `exp` must hold at `now`, give or take the leeway.

    Raises:
        Malformed: 400.
        BadSignature: 401.
    """
    token = body.strip()
    match = _SHAPE.fullmatch(token)
    if match is None:
        raise Malformed("not_a_token")
    header, payload, signature = match.groups()
    _check_header(header)
    _check_signature(token[: match.end(2)], _decoded(signature), keys)
    claims = _layer(_text(payload), "claims")
    if check_expiry:
        _check_times(_read(Validity, claims, "claim_"), now.timestamp(), leeway_seconds)
    delivery = _inner(claims, "delivery")
    return _event(delivery, _inner(delivery, "event"), claims, payload)


def _check_header(segment: bytes) -> None:
    if len(segment) > MAX_HEADER_BYTES:
        raise Malformed("header")
    if fault := _header_fault(segment):
        raise fault[0](fault[1])


@lru_cache(maxsize=64)  # one app's tokens all have the same header
def _header_fault(segment: bytes) -> tuple[type[Refused], str] | None:
    try:
        header = _layer(_text(segment), "header")
    except Malformed:
        return Malformed, "header"
    if header.get("alg") != "RS256":
        return BadSignature, "algorithm"
    # Extensions a verifier must understand, and we understand none (RFC 7515 §4.1.11).
    return (BadSignature, "critical_header") if "crit" in header else None


def _check_signature(signed: bytes, signature: bytes, keys: Sequence[RSAPublicKey]) -> None:
    for key in keys:
        try:
            key.verify(signature, signed, _PADDING, _HASH)
        except InvalidSignature:
            continue
        return
    raise BadSignature("signature")


def _check_times(validity: Validity, now: float, leeway: float) -> None:
    if validity.exp is not None and validity.exp + leeway < now:
        raise BadSignature("expired")
    if validity.nbf is not None and validity.nbf - leeway > now:
        raise BadSignature("not_yet_valid")


def _event(
    layer: Mapping[str, Any], body: Mapping[str, Any], claims: Mapping[str, Any], payload: bytes
) -> WixEvent:
    delivery, event = _read(Delivery, layer), _read(Event, body)
    signed = _read(Signed, claims)
    return WixEvent(
        instance_id=delivery.instance_id,
        event_type=delivery.event_type,
        event_id=event.id or str(uuid5(EVENT_NAMESPACE, payload.decode("ascii"))),
        event_time=event.event_time or signed.iat,
        body=body,
        app_id=signed.aud,
        identity=delivery.identity,
        account=delivery.account_info,
    )


def _read(kind: type[Read], layer: Mapping[str, Any], prefix: str = "") -> Read:
    try:
        return kind.model_validate(layer)
    except ValidationError as error:
        # The member at fault, whose names are ours: never what was sent.
        raise Malformed(f"{prefix}{error.errors()[0]['loc'][0]}") from error


def _inner(outer: Mapping[str, Any], reason: str) -> dict[str, Any]:
    data = outer.get("data")
    if not isinstance(data, str):
        raise Malformed(reason)
    return _layer(data, reason)


def _layer(text: str, reason: str) -> dict[str, Any]:
    try:
        return parse_object(text)
    except NotStrict as error:
        raise Malformed(reason) from error


def _text(segment: bytes) -> str:
    try:
        return _decoded(segment).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("not_utf8") from error


def _decoded(segment: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except binascii.Error as error:
        raise Malformed("base64") from error
