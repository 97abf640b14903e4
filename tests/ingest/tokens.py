"""Tokens as Wix makes them, and as an attacker or a broken sender would."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PAYLOADS = Path(__file__).parents[1] / "payloads"
RS256 = {"kid": "LGuapkSD", "alg": "RS256"}
SITE = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123"
PLAN_ORDER_CREATED = "wix.pricing_plans.v2.order_created"


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def segment(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed(header: bytes, payload: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """A token of exactly these bytes, whatever they are."""
    text = segment(header) + b"." + segment(payload)
    return text + b"." + segment(key.sign(text, padding.PKCS1v15(), hashes.SHA256()))


def token_of(claims: object, key: rsa.RSAPrivateKey, header: object = RS256) -> bytes:
    return signed(json.dumps(header).encode(), json.dumps(claims).encode(), key)


def delivery(body: object, event_type: str = PLAN_ORDER_CREATED, **more: Any) -> dict[str, Any]:
    """Layer 2; `body` that is a text is taken as it is."""
    data = body if isinstance(body, str) else json.dumps(body)
    return {"instanceId": SITE, "eventType": event_type, "data": data} | more


def webhook(
    body: object,
    key: rsa.RSAPrivateKey,
    event_type: str = PLAN_ORDER_CREATED,
    claims: Mapping[str, Any] | None = None,
    **more: Any,
) -> bytes:
    """A whole webhook; `claims` stand beside `data`, `more` beside the event."""
    return token_of({"data": json.dumps(delivery(body, event_type, **more))} | dict(claims or {}), key)


def payload(name: str) -> dict[str, Any]:
    """One of Wix's examples (tests/payloads/README.md)."""
    parsed: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return parsed


def event_type_of(name: str) -> str:
    """The type that Wix sends beside an example."""
    body = payload(name)
    if "entityFqdn" in body:
        return f"{body['entityFqdn']}_{body['slug']}"
    legacy = {
        "payment": "com.wix.payment.api.pay.v3.PaymentEvent",
        "app_installed": "AppInstalled",
        "app_removed": "AppRemoved",
        "email": "EmailSubscriptionChanged",
    }
    return next(kind for prefix, kind in legacy.items() if name.startswith(prefix))


EVENTS = sorted(path.stem for path in PAYLOADS.glob("*.json") if "__delivery" not in path.name)
