"""Access tokens: one for each app instance, by client credentials, kept until shortly before it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.settings import WixSettings
from streams.wix.answer import Answer
from streams.wix.errors import AppRemoved, Unauthorized, WixRefused

TOKEN_PATH = "/oauth2/token"  # noqa: S105 -- an address, no secret
# A token that ends within this is not begun with: the call it is for may take that long.
MARGIN_SECONDS = 60.0
# Wix says how long a token lives; where it doesn't, it is asked for again after this.
DEFAULT_LIFE_SECONDS = 600.0

# OAuth's words for "these credentials are ours, but not for this instance".
_NOT_INSTALLED_CODES = ("invalid_grant",)
# Its words for "these aren't the credentials of an app": never a site's fault.
_OWN_FAULT_CODES = ("invalid_client", "unauthorized_client", "unsupported_grant_type")
_NOT_INSTALLED_STATUSES = (403, 404)

Post = Callable[[str, Mapping[str, Any]], Awaitable[Answer]]


@dataclass(slots=True)
class _Site:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str | None = None
    good_until: float = 0.0


class AppTokens:
    """The tokens of our app. Many callers may ask for one site at once; Wix is asked once."""

    def __init__(
        self, settings: WixSettings, post: Post, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._post = post
        self._monotonic = monotonic
        self._sites: dict[str, _Site] = {}

    async def authorization(self, site: str) -> str:
        """The value of the Authorization header for a site: the raw token.

        Raises:
            AppRemoved: our app isn't installed there.
            Unauthorized: Wix doesn't take our app id and secret.
            WixBusy, WixUnreachable: no token now.
        """
        held = self._sites.setdefault(site, _Site())
        async with held.lock:
            if held.token is None or self._monotonic() >= held.good_until:
                held.token, held.good_until = await self._fetched(site)
            return held.token

    def forget(self, site: str, token: str) -> None:
        """Don't use a token again that Wix refused; one fetched in the meantime stays."""
        held = self._sites.get(site)
        if held is not None and held.token == token:
            held.token = None

    async def _fetched(self, site: str) -> tuple[str, float]:
        asked_at = self._monotonic()
        try:
            answer = await self._post(TOKEN_PATH, self._request(site))
        except WixRefused as refusal:
            raise _named(refusal) from refusal
        life = answer.body.get("expires_in")
        seconds = float(life) if isinstance(life, int) and life > 0 else DEFAULT_LIFE_SECONDS
        return answer.text(answer.body, "access_token"), asked_at + seconds - MARGIN_SECONDS

    def _request(self, site: str) -> Mapping[str, Any]:
        return {
            "grant_type": "client_credentials",
            "client_id": self._settings.wix_app_id,
            "client_secret": self._settings.wix_app_secret.get_secret_value(),
            "instance_id": site,
        }


def _named(refusal: WixRefused) -> WixRefused:
    """Whether the site is to blame (the app left it) or our own credentials are.

    A suppressed effect is final, so only what clearly speaks of the site counts as AppRemoved.
    """
    is_sites = refusal.code in _NOT_INSTALLED_CODES or refusal.status in _NOT_INSTALLED_STATUSES
    kind = AppRemoved if is_sites and refusal.code not in _OWN_FAULT_CODES else Unauthorized
    return kind(refusal.status or 0, refusal.code, refusal.description, refusal.request_id)
