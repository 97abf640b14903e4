"""Access tokens: who may call for which site, and until when."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.wix_api.clock import Clock
from sandbox.wix_api.refusal import Refusal, refused

_PREFIX = "OauthNG.JWS."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    instance_id: str
    until: datetime


class Tokens:
    """Issues tokens by client credentials and knows whose they are.

    Each token is for one app instance and lives by the sandbox's clock.
    """

    def __init__(self, *, app_id: str, app_secret: str, life: timedelta, clock: Clock) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._life = life
        self._clock = clock
        self._grants: dict[str, _Grant] = {}

    def issue(self, request: Mapping[str, object], *, installed: frozenset[str]) -> dict[str, object]:
        """Answer a token request.

        Raises:
            Refusal: 400 or 401 with OAuth's `error` and `error_description`.
        """
        instance_id = self._checked(request, installed)
        token = self._token(instance_id)
        self._grants[token] = _Grant(instance_id=instance_id, until=self._clock.now() + self._life)
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(self._life.total_seconds())}

    def instance_of(self, authorization: str | None) -> str:
        """The app instance that an `Authorization` header speaks for; `Bearer` may precede the token.

        Raises:
            Refusal: 401, no token, an unknown one or an expired one.
        """
        token = (authorization or "").strip().removeprefix("Bearer ").strip()
        grant = self._grants.get(token)
        if grant is None or grant.until <= self._clock.now():
            raise refused(401, "UNAUTHENTICATED", "The access token is missing, unknown or expired")
        return grant.instance_id

    def forget(self) -> None:
        """Make every token invalid."""
        self._grants.clear()

    def _checked(self, request: Mapping[str, object], installed: frozenset[str]) -> str:
        if request.get("grant_type") != "client_credentials":
            raise _oauth_error(400, "unsupported_grant_type", "grant_type must be client_credentials")
        if (request.get("client_id"), request.get("client_secret")) != (self._app_id, self._app_secret):
            raise _oauth_error(401, "invalid_client", "client_id or client_secret is wrong")
        instance_id = request.get("instance_id")
        if not isinstance(instance_id, str) or not instance_id:
            raise _oauth_error(400, "invalid_request", "instance_id is missing")
        if instance_id not in installed:
            raise _oauth_error(400, "invalid_grant", "the app is not installed with this instance_id")
        return instance_id

    def _token(self, instance_id: str) -> str:
        facts = json.dumps({"instance": instance_id, "n": self._clock.sequence()})
        return _PREFIX + base64.urlsafe_b64encode(facts.encode()).decode().rstrip("=")


def _oauth_error(status: int, error: str, description: str) -> Refusal:
    return Refusal(status, {"error": error, "error_description": description})
