"""Who calls: our app with a token for each instance, a site's owner with a key, or a member."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

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

SITE_HEADER = "wix-site-id"

Headers = Mapping[str, str]
Post = Callable[[str, Mapping[str, Any]], Awaitable[Answer]]


class Identity(Protocol):
    """In whose name calls are made."""

    async def headers(self, site: str) -> Headers:
        """What a call for a site must carry; raises the errors of `AppTokens.authorization`."""
        ...

    def refused(self, site: str, headers: Headers) -> bool:
        """Wix answered 401 to these: whether `headers` may give better ones now."""
        ...


class ApiKey:
    """The key of a site's owner; Wix wants the site named beside it, whichever site a call is for."""

    def __init__(self, settings: WixSettings) -> None:
        self._headers = {
            "Authorization": settings.wix_api_key.get_secret_value(),
            SITE_HEADER: settings.wix_site_id,
        }

    async def headers(self, site: str) -> Headers:
        """The same for every call."""
        return self._headers

    def refused(self, site: str, headers: Headers) -> bool:
        """A key is good or it isn't."""
        return False


class MemberToken:
    """A token that a member of a site got by logging in there; it names member and site."""

    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": token}

    async def headers(self, site: str) -> Headers:
        """The same for every call."""
        return self._headers

    def refused(self, site: str, headers: Headers) -> bool:
        """Only the member can get another one."""
        return False


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

    async def headers(self, site: str) -> Headers:
        """See `authorization`."""
        return {"Authorization": await self.authorization(site)}

    def refused(self, site: str, headers: Headers) -> bool:
        """A fresh token may do better."""
        self.forget(site, headers["Authorization"])
        return True

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
