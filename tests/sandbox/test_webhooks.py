"""The signer: three layers, RS256, one key pair however many processes ask for it at once."""

import base64
import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.webhooks import NotDelivered, Signer, deliver, post

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
# DER of DigestInfo for SHA-256, which stands before the digest in a PKCS #1 v1.5 signature (RFC 8017, 9.2).
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def decoded(segment: bytes) -> bytes:
    return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))


def check(jwt: bytes, public_pem: bytes) -> dict[str, Any]:
    """Verify RS256 by its definition (a modular power), so that no JWT library has to agree with us."""
    key = load_pem_public_key(public_pem)
    assert isinstance(key, rsa.RSAPublicKey)
    numbers = key.public_numbers()
    signed, signature = jwt.rsplit(b".", 1)
    size = (numbers.n.bit_length() + 7) // 8
    opened = pow(int.from_bytes(decoded(signature)), numbers.e, numbers.n).to_bytes(size)
    digest = SHA256_PREFIX + hashlib.sha256(signed).digest()
    if opened != b"\x00\x01" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + digest:
        raise InvalidSignature
    claims: dict[str, Any] = json.loads(decoded(signed.split(b".")[1]))
    return claims


class TestSign:
    def test_signature_holds_with_the_public_key_beside_it(self, tmp_path: Path) -> None:
        signer = Signer(tmp_path)

        jwt = signer.sign("wix.x_created", {"id": "1"}, instance_id="site", now=NOW)

        claims = check(jwt, (tmp_path / "sandbox" / "public.pem").read_bytes())
        assert claims["iat"] == int(NOW.timestamp())
        assert claims["exp"] > claims["iat"]
        assert json.loads(decoded(jwt.split(b".")[0]))["alg"] == "RS256"

    def test_three_layers_lie_in_each_other(self, tmp_path: Path) -> None:
        identity = {"identityType": "MEMBER", "memberId": "m"}

        jwt = Signer(tmp_path).sign("wix.x_created", {"name": "Ærø"}, instance_id="site", identity=identity)

        event = json.loads(check(jwt, (tmp_path / "sandbox" / "public.pem").read_bytes())["data"])
        assert (event["instanceId"], event["eventType"]) == ("site", "wix.x_created")
        assert json.loads(event["data"]) == {"name": "Ærø"}
        assert json.loads(event["identity"]) == identity

    def test_altered_event_does_not_verify(self, tmp_path: Path) -> None:
        header, claims, signature = Signer(tmp_path).sign("x", {}, instance_id="site").split(b".")
        altered = b".".join((header, claims[:-2] + b"AA", signature))

        with pytest.raises(InvalidSignature):
            check(altered, (tmp_path / "sandbox" / "public.pem").read_bytes())


class TestKeys:
    def test_second_signer_uses_the_first_ones_key(self, tmp_path: Path) -> None:
        Signer(tmp_path)
        public = (tmp_path / "sandbox" / "public.pem").read_bytes()

        jwt = Signer(tmp_path).sign("x", {}, instance_id="site")

        assert check(jwt, public)

    def test_processes_that_start_at_once_share_one_key(self, tmp_path: Path) -> None:
        code = (
            "import sys; from pathlib import Path; from sandbox.webhooks import Signer;"
            "sys.stdout.buffer.write(Signer(Path(sys.argv[1])).sign('x', {}, instance_id='site'))"
        )
        command = [sys.executable, "-c", code, str(tmp_path)]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]

        jwts = [process.communicate()[0] for process in processes]

        public = (tmp_path / "sandbox" / "public.pem").read_bytes()
        assert all(check(jwt, public) for jwt in jwts)

    def test_private_key_is_the_owners_alone(self, tmp_path: Path) -> None:
        signer = Signer(tmp_path)

        assert signer.private_path.stat().st_mode & 0o077 == 0


class TestDeliver:
    async def test_refused_webhook_is_sent_again_until_it_is_taken(self) -> None:
        statuses = iter([503, 503, 200])
        transport = httpx.MockTransport(lambda request: httpx.Response(next(statuses)))
        async with httpx.AsyncClient(transport=transport) as http:
            answers = await deliver(http, "http://door.example/", b"jwt", patience_seconds=10)

        assert answers == [503, 503, 200]

    async def test_nobody_answering_ends_in_a_message_that_names_the_address(self) -> None:
        def nobody(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        async with httpx.AsyncClient(transport=httpx.MockTransport(nobody)) as http:
            with pytest.raises(NotDelivered, match=r"http://door\.example/ did not answer"):
                await deliver(http, "http://door.example/", b"jwt", patience_seconds=0)

    async def test_body_is_the_token_itself(self) -> None:
        seen: list[bytes] = []

        def take(request: httpx.Request) -> httpx.Response:
            seen.append(request.content)
            return httpx.Response(200)

        async with httpx.AsyncClient(transport=httpx.MockTransport(take)) as http:
            assert await post(http, "http://door.example/", b"a.b.c") == 200

        assert seen == [b"a.b.c"]
