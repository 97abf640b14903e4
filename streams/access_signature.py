"""A body becomes what Standard Webhooks calls its signature: HMAC-SHA256 under each secret. No I/O.

The format: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable

PREFIX = "whsec_"
# What the format asks of a secret, before base64.
SHORTEST_BYTES, LONGEST_BYTES = 24, 64


class BadSecret(ValueError):
    """A secret that is of another form; the message doesn't repeat it."""


def keys_of(secrets: str) -> tuple[bytes, ...]:
    """The keys in `whsec_<base64>`, several with commas or spaces between.

    Raises:
        BadSecret: one of them is of another form, too short or too long.
    """
    return tuple(_key(one) for one in re.split(r"[,\s]+", secrets) if one)


def signature(keys: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one for each key, so that a receiver may know either."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSecret("it is not base64") from error
    if not secret.startswith(PREFIX):
        raise BadSecret(f"it does not begin with {PREFIX}")
    if not SHORTEST_BYTES <= len(key) <= LONGEST_BYTES:
        raise BadSecret(f"it holds {len(key)} bytes, not {SHORTEST_BYTES} to {LONGEST_BYTES}")
    return key
