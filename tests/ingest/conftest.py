"""Keys, made once: a 2 048-bit pair takes a while."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.ingest.tokens import new_key


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """Our app's pair: Wix signs with it."""
    return new_key()


@pytest.fixture(scope="session")
def other_key() -> rsa.RSAPrivateKey:
    """Somebody else's."""
    return new_key()
