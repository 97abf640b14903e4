"""Public keys as a person configures them become keys that verify. The file is read again when it changes.

A key is a PEM block, or base64 of one; several stand one after the other or with commas between:
during a rotation the old and the new one, and one for each app.
"""

import base64
import binascii
import logging
import re
import time
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

# Wix's keys have 2 048 bits; a shorter one is a mistake or an attack.
MIN_KEY_BITS = 2048
# How old the answer "the file has not changed" may be.
LOOK_EVERY_SECONDS = 1.0

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)

_log = logging.getLogger(__name__)


class BadKeys(Exception):
    """The configured text holds no usable public key; the message says what is wrong with it."""


def parse_keys(text: str) -> tuple[RSAPublicKey, ...]:
    r"""Every key in `text`. A literal `\n`, as `.env` files carry it, counts as a line break.

    Raises:
        BadKeys: there is none, or one that is not an RSA public key of 2 048 bits or more.
    """
    text = text.replace("\\n", "\n")
    blocks = _PEM.findall(text) or [_decoded(part) for part in re.split(r"[,\s]+", text) if part]
    if not blocks:
        raise BadKeys("No public key is configured.")
    return tuple(_load(block) for block in blocks)


class FixedKeys:
    """Keys that stay as they were at the start."""

    def __init__(self, keys: tuple[RSAPublicKey, ...]) -> None:
        self._keys = keys

    def current(self) -> tuple[RSAPublicKey, ...]:
        """The keys in force."""
        return self._keys


class KeyFile:
    """Keys from a file, so that a rotation needs no restart.

    A change that can't be used is logged and the keys read before stay in force.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self._keys = _read(path)
        self._looked_at = time.monotonic()

    def current(self) -> tuple[RSAPublicKey, ...]:
        """The keys in force; looks at the file at most once a second."""
        if time.monotonic() - self._looked_at >= LOOK_EVERY_SECONDS:
            self.look()
        return self._keys

    def look(self) -> None:
        """Read the file again if it changed."""
        self._looked_at = time.monotonic()
        try:
            if (stamp := _stamp(self._path)) == self._stamp:
                return
            self._keys = _read(self._path)
        except BadKeys as error:
            _log.error("keeping the public keys read before: %s", error)
        else:
            self._stamp = stamp
            _log.info("public keys read again: %d in force", len(self._keys))


def _read(path: Path) -> tuple[RSAPublicKey, ...]:
    try:
        return parse_keys(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadKeys(f"{path} can't be read: {error}") from error
    except BadKeys as error:
        raise BadKeys(f"{path}: {error}") from error


def _stamp(path: Path) -> tuple[int, int, int]:
    """Changes with the content; the inode catches a file that was moved into place."""
    try:
        status = path.stat()
    except OSError as error:
        raise BadKeys(f"{path} can't be read: {error}") from error
    return status.st_mtime_ns, status.st_size, status.st_ino


def _decoded(part: str) -> str:
    try:
        return base64.b64decode(part, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadKeys("A public key is neither PEM nor base64 of PEM.") from error


def _load(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKeys("A public key is no readable PEM.") from error
    if not isinstance(key, RSAPublicKey):
        raise BadKeys("A public key is not RSA, which Wix signs with.")
    if key.key_size < MIN_KEY_BITS:
        raise BadKeys(f"A public key has {key.key_size} bits; {MIN_KEY_BITS} is the least.")
    return key
