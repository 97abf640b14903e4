"""Whether we could verify a webhook and ask for a token: the key and the credentials, as configured."""

import base64
import binascii
import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from streams.doctor.finding import Finding, fine, skipped, wrong
from streams.settings import KeySettings, WixSettings

KEY, CREDENTIALS = "webhook key", "credentials"
KEY_REMEDY = (
    "Copy the public key from the Webhooks page of your app at Wix into a file, and name it in "
    "WIX_PUBLIC_KEYS_FILE."
)
MIN_KEY_BITS = 2048

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


def check_key(settings: KeySettings) -> Finding:
    """Whether every configured key is one that Wix could sign with."""
    where = str(settings.wix_public_keys_file or "WIX_PUBLIC_KEYS")
    try:
        text = _text(settings)
    except (OSError, UnicodeDecodeError) as error:
        return wrong(KEY, f"{where} can't be read: {error}.", KEY_REMEDY)
    try:
        keys = list(_keys(text))
    except (ValueError, UnsupportedAlgorithm):
        return wrong(KEY, f"{where} holds something that is no RSA public key of 2 048 bits.", KEY_REMEDY)
    if not keys:
        return wrong(KEY, "No public key is configured, so every webhook is refused.", KEY_REMEDY)
    return fine(KEY, f"{len(keys)} in {where}")


def check_credentials(settings: WixSettings) -> Finding:
    """Whether there is something to show Wix; whether Wix takes it, the token tells."""
    if settings.wix_api_key.get_secret_value():
        if settings.wix_site_id:
            return fine(CREDENTIALS, f"an API key for the site {settings.wix_site_id}")
        return wrong(CREDENTIALS, "WIX_API_KEY has no site.", "Set WIX_SITE_ID to the site it is for.")
    missing = [
        name
        for name, value in (
            ("WIX_APP_ID", settings.wix_app_id),
            ("WIX_APP_SECRET", settings.wix_app_secret.get_secret_value()),
        )
        if not value
    ]
    if missing:
        remedy = "Copy app id and app secret from your app's OAuth page at Wix."
        return wrong(CREDENTIALS, f"{' and '.join(missing)} not set.", remedy)
    return fine(CREDENTIALS, f"app {settings.wix_app_id}, with a secret")


def no_site() -> Finding:
    """Nothing to ask Wix about."""
    return skipped(
        "token and permissions", "No site is known yet.", "Say --site INSTANCE_ID, or install the app."
    )


def _text(settings: KeySettings) -> str:
    file = settings.wix_public_keys_file
    return file.read_text(encoding="utf-8") if file else settings.wix_public_keys.replace("\\n", "\n")


def _keys(text: str) -> Iterator[RSAPublicKey]:
    blocks = _PEM.findall(text) or [_decoded(part) for part in re.split(r"[,\s]+", text) if part]
    for block in blocks:
        key = load_pem_public_key(block.encode())
        if not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
            raise ValueError("no RSA key, or a short one")
        yield key


def _decoded(part: str) -> str:
    try:
        return base64.b64decode(part, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("no base64") from error
