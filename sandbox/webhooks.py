"""Events become signed webhooks, as Wix would send them; with a key pair of the sandbox's own.

Written from Wix's documentation alone: it shares no code with the verifier that reads its webhooks.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from filelock import FileLock

KEY_BITS = 2048
LIFETIME = timedelta(hours=1)

# Wix gives a receiver this long, then counts the delivery as failed and sends again.
# https://dev.wix.com/docs/build-apps/develop-your-app/api-integrations/events-and-webhooks
DELIVERY_TIMEOUT_SECONDS = 1.25

# Wix waits a minute before it sends again; on one machine nobody wants to watch that.
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 2.0


class NotDelivered(Exception):
    """No 200 within the time given. `status` is the last answer, None when there was none."""

    def __init__(self, url: str, status: int | None, seconds: float) -> None:
        self.status = status
        said = "did not answer" if status is None else f"answered {status}"
        super().__init__(f"{url} {said} for {seconds:g} s; is ingest running there?")


class Signer:
    """Signs events with the key pair in `DATA_DIR/sandbox`, which the first one to ask makes.

    Several processes may start at once: a lock beside the keys lets one make them.
    """

    def __init__(self, data_dir: Path) -> None:
        folder = data_dir / "sandbox"
        folder.mkdir(parents=True, exist_ok=True)
        self.private_path = folder / "private.pem"
        self.public_path = folder / "public.pem"
        with FileLock(folder / "keys.lock"):
            if not (self.private_path.exists() and self.public_path.exists()):
                _make_keys(self.private_path, self.public_path)
        self._key = _load(self.private_path)

    def sign(
        self,
        event_type: str,
        body: Mapping[str, Any],
        *,
        instance_id: str,
        identity: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> bytes:
        """The request body that Wix would post: one compact JWT around three layers of JSON."""
        event = {"instanceId": instance_id, "eventType": event_type, "data": _dumps(body)}
        if identity is not None:
            event["identity"] = _dumps(identity)
        issued = now or datetime.now(UTC)
        claims = {
            "data": _dumps(event),
            "iat": int(issued.timestamp()),
            "exp": int((issued + LIFETIME).timestamp()),
        }
        return self._signed(claims)

    def _signed(self, claims: Mapping[str, Any]) -> bytes:
        header = {"kid": "sandbox", "alg": "RS256"}
        text = _segment(_dumps(header).encode()) + b"." + _segment(_dumps(claims).encode())
        return text + b"." + _segment(self._key.sign(text, padding.PKCS1v15(), hashes.SHA256()))


async def post(http: httpx.AsyncClient, url: str, jwt: bytes) -> int:
    """Deliver once; the status code that came back.

    Raises:
        httpx.TransportError: nobody answered within Wix's patience.
    """
    answer = await http.post(
        url, content=jwt, headers={"content-type": "text/plain"}, timeout=DELIVERY_TIMEOUT_SECONDS
    )
    return answer.status_code


async def deliver(http: httpx.AsyncClient, url: str, jwt: bytes, *, patience_seconds: float) -> list[int]:
    """Deliver until 200, as Wix does but faster; every status code on the way, 0 for no answer.

    Raises:
        NotDelivered: `patience_seconds` are over.
    """
    answers: list[int] = []
    clock = asyncio.get_running_loop().time
    deadline, pause = clock() + patience_seconds, FIRST_RETRY_SECONDS
    while True:
        answers.append(await _status(http, url, jwt))
        if answers[-1] == 200:
            return answers
        if clock() + pause > deadline:
            raise NotDelivered(url, answers[-1] or None, patience_seconds)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_RETRY_SECONDS)


async def _status(http: httpx.AsyncClient, url: str, jwt: bytes) -> int:
    try:
        return await post(http, url, jwt)
    except httpx.TransportError:
        return 0


def _make_keys(private_path: Path, public_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # The private one last: whoever finds it finds both.
    _write(public_path, public, mode=0o644)
    _write(private_path, private, mode=0o600)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    written = path.with_suffix(".new")
    written.unlink(missing_ok=True)
    written.touch(mode=mode)
    written.write_bytes(content)
    written.replace(path)


def _load(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key; remove it and start again")
    return key


def _segment(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _dumps(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
