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
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, TypeGuard
from uuid import UUID, uuid5

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from ingest.record import parse_time
from ingest.strict_json import NotStrict, parse_object

# Clocks differ; a minute is what most verifiers grant.
LEEWAY_SECONDS = 60
# Wix's header has 33 bytes. It is read before the signature is known, so it may not be a burden.
MAX_HEADER_BYTES = 2048
# Ids of events that bring none; fixed for life, since a delivery repeated must get the same one.
EVENT_NAMESPACE = UUID("0b6c1f0e-52d5-5d0c-9a43-5d1c2f3b8f57")

_SHAPE = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_PADDING = PKCS1v15()
_HASH = SHA256()


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


def verify(body: bytes, *, keys: Sequence[RSAPublicKey], check_expiry: bool, now: datetime) -> WixEvent:
    """Take a request body apart, believing nothing before the signature holds.

    The algorithm is RS256 whatever the header says. Any of `keys` may have signed. With
    `check_expiry` the token's `nbf` and `exp` must hold at `now`, give or take a minute.

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
        _check_times(claims, now.timestamp())
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


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, begins = _seconds(claims, "exp"), _seconds(claims, "nbf")
    if expires is not None and expires + LEEWAY_SECONDS < now:
        raise BadSignature("expired")
    if begins is not None and begins - LEEWAY_SECONDS > now:
        raise BadSignature("not_yet_valid")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate claim, which may have a fraction."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool | str | list | dict):
        raise Malformed(f"claim_{name}")
    try:
        return float(getattr(value, "encoded_json", value))
    except OverflowError as error:
        raise Malformed(f"claim_{name}") from error


def _event(
    delivery: Mapping[str, Any], body: Mapping[str, Any], claims: Mapping[str, Any], payload: bytes
) -> WixEvent:
    event_id = body.get("id")
    return WixEvent(
        instance_id=_name(delivery, "instanceId"),
        event_type=_name(delivery, "eventType"),
        event_id=event_id if _is_name(event_id) else str(uuid5(EVENT_NAMESPACE, payload.decode("ascii"))),
        event_time=parse_time(body.get("eventTime")) or _signed_at(claims),
        body=body,
        app_id=claims["aud"] if _is_name(claims.get("aud")) else None,
        identity=_optional(delivery.get("identity")),
        account=_optional(delivery.get("accountInfo")),
    )


def _signed_at(claims: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromtimestamp(_seconds(claims, "iat") or 0, UTC) if claims.get("iat") else None
    except (Malformed, OverflowError, OSError, ValueError):
        return None  # `iat` is not judged


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


def _optional(value: object) -> dict[str, Any] | None:
    """An object, or JSON of one; what can't be read is dropped, for no flow depends on it."""
    if isinstance(value, dict):
        return value
    try:
        return parse_object(value) if isinstance(value, str) else None
    except NotStrict:
        return None


def _name(delivery: Mapping[str, Any], key: str) -> str:
    value = delivery.get(key)
    if not _is_name(value):
        raise Malformed(key)
    return value


def _is_name(value: object) -> TypeGuard[str]:
    """Fit for a key or a header: not empty, no control characters, no lone surrogates."""
    return isinstance(value, str) and 0 < len(value) <= 1024 and value.isprintable()


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
