import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ingest.keys import BadKeys, FixedKeys, KeyFile, parse_keys
from tests.ingest.tokens import new_key, public_pem


def numbers(*keys: rsa.RSAPrivateKey) -> list[rsa.RSAPublicNumbers]:
    return [key.public_key().public_numbers() for key in keys]


class TestParse:
    @pytest.mark.parametrize("layout", ["pem", "one line", "base64", "wrapped"])
    def test_every_layout_a_person_may_paste(self, layout: str, key: rsa.RSAPrivateKey) -> None:
        pem = public_pem(key)
        text = {
            "pem": pem,
            "one line": pem.replace("\n", "\\n"),  # as in .env files
            "base64": base64.b64encode(pem.encode()).decode(),
            "wrapped": f"\n  {pem}  \n",
        }[layout]

        assert [each.public_numbers() for each in parse_keys(text)] == numbers(key)

    @pytest.mark.parametrize("between", [",", "\n", ", "])
    @pytest.mark.parametrize("encoded", [True, False])
    def test_several_stand_one_after_the_other(
        self, *, encoded: bool, between: str, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
    ) -> None:
        pems = [public_pem(each) for each in (key, other_key)]
        texts = [base64.b64encode(pem.encode()).decode() for pem in pems] if encoded else pems

        found = parse_keys(between.join(texts))

        assert [each.public_numbers() for each in found] == numbers(key, other_key)

    @pytest.mark.parametrize(
        "text",
        ["", " ,", "hello!", "aGVsbG8=", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"],
    )
    def test_what_is_no_key_stops_the_start(self, text: str) -> None:
        with pytest.raises(BadKeys):
            parse_keys(text)

    def test_a_short_key_is_refused(self) -> None:
        with pytest.raises(BadKeys, match="1024 bits"):
            parse_keys(public_pem(new_key(1024)))

    def test_a_key_that_is_not_rsa_is_refused(self) -> None:
        curve = ec.generate_private_key(ec.SECP256R1()).public_key()

        with pytest.raises(BadKeys, match="not RSA"):
            parse_keys(curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())

    def test_fixed_keys_stay(self, key: rsa.RSAPrivateKey) -> None:
        keys = parse_keys(public_pem(key))

        assert FixedKeys(keys).current() == keys


class TestFile:
    def test_a_rotation_needs_no_restart(
        self, tmp_path: Path, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
    ) -> None:
        file = tmp_path / "keys.pem"
        file.write_text(public_pem(key))
        keys = KeyFile(file)

        file.write_text(public_pem(key) + public_pem(other_key))
        keys.look()

        assert [each.public_numbers() for each in keys.current()] == numbers(key, other_key)

    def test_a_file_moved_into_place_is_noticed(
        self, tmp_path: Path, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
    ) -> None:
        """As Kubernetes and careful editors do it; its time and size may be the old one's."""
        file, new = tmp_path / "keys.pem", tmp_path / "new.pem"
        file.write_text(public_pem(key))
        keys = KeyFile(file)
        new.write_text(public_pem(other_key))
        os.utime(new, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))

        new.replace(file)
        keys.look()

        assert [each.public_numbers() for each in keys.current()] == numbers(other_key)

    @pytest.mark.parametrize("content", ["", "half a ke"])
    def test_a_broken_change_keeps_the_keys_that_worked(
        self, tmp_path: Path, content: str, key: rsa.RSAPrivateKey, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = tmp_path / "keys.pem"
        file.write_text(public_pem(key))
        keys = KeyFile(file)

        file.write_text(content)
        keys.look()

        assert [each.public_numbers() for each in keys.current()] == numbers(key)
        assert "keeping the public keys read before" in caplog.text

    def test_a_file_that_goes_away_keeps_them_too(self, tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
        file = tmp_path / "keys.pem"
        file.write_text(public_pem(key))
        keys = KeyFile(file)

        file.unlink()
        keys.look()

        assert [each.public_numbers() for each in keys.current()] == numbers(key)

    def test_a_file_that_is_not_there_stops_the_start(self, tmp_path: Path) -> None:
        with pytest.raises(BadKeys, match="can't be read"):
            KeyFile(tmp_path / "nowhere.pem")
