"""Access tokens: who may call for which site, and until when."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sandbox.wix_api.clock import Clock
from sandbox.wix_api.refusal import Refusal, refused
from sandbox.wix_api.wire import JsonObject, is_guid

_PREFIX = "OauthNG.JWS."


# The site's app, one of its members, or somebody who isn't logged in.
Kind = Literal["APP", "MEMBER", "VISITOR"]

_IDENTITIES: dict[Kind, tuple[str, str]] = {
    "APP": ("APP", "appId"),
    "MEMBER": ("MEMBER", "memberId"),
    "VISITOR": ("ANONYMOUS_VISITOR", "anonymousVisitorId"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, for which app instance."""

    instance_id: str
    kind: Kind
    id: str

    @property
    def identity(self) -> JsonObject:
        """The caller as a webhook names who made a change."""
        identity_type, name = _IDENTITIES[self.kind]
        return {"identityType": identity_type, name: self.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    caller: Caller
    since: datetime
    until: datetime


class Tokens:
    """Issues tokens by client credentials and knows whose they are.

    Each token is for one app instance and lives by the sandbox's clock.
    """

    def __init__(self, *, app_id: str, app_secret: str, api_key: str, life: timedelta, clock: Clock) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._api_key = api_key
        self._life = life
        self._clock = clock
        self._grants: dict[str, _Grant] = {}

    def issue(self, request: Mapping[str, object], *, installed: frozenset[str]) -> dict[str, object]:
        """Answer a token request of an app.

        Raises:
            Refusal: 400 or 401 with OAuth's `error` and `error_description`.
        """
        instance_id = self._checked(request, installed)
        return self.grant(Caller(instance_id=instance_id, kind="APP", id=self._app_id))

    def grant(self, caller: Caller) -> dict[str, object]:
        """A fresh token, in words of OAuth."""
        token = self._token(caller.instance_id)
        now = self._clock.now()
        self._grants[token] = _Grant(caller=caller, since=now, until=now + self._life)
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(self._life.total_seconds())}

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Whom the `authorization` header speaks for; `Bearer` may precede the token.

        An owner's API key speaks for the site that `wix-site-id` names.

        Raises:
            Refusal: 401, no token, an unknown one or an expired one; 400, a key without its site.
        """
        token = headers.get("authorization", "").strip().removeprefix("Bearer ").strip()
        if token and token == self._api_key:
            return self._owner(headers)
        grant = self._grants.get(token)
        if grant is None or grant.until <= self._clock.now():
            raise refused(401, "UNAUTHENTICATED", "The access token is missing, unknown or expired")
        return grant.caller

    def info(self, token: str) -> JsonObject:
        """What Wix tells of a token."""
        grant = self._grants.get(token)
        if grant is None or grant.until <= self._clock.now():
            return {"active": False}
        return {
            "active": True,
            "subjectType": grant.caller.kind,
            "subjectId": grant.caller.id,
            "exp": int(grant.until.timestamp()),
            "iat": int(grant.since.timestamp()),
            "clientId": self._app_id,
            "siteId": grant.caller.instance_id,
            "instanceId": grant.caller.instance_id,
        }

    def forget(self) -> None:
        """Make every token invalid."""
        self._grants.clear()

    def _owner(self, headers: Mapping[str, str]) -> Caller:
        site_id = headers.get("wix-site-id", "")
        if not is_guid(site_id) or "wix-account-id" in headers:
            raise refused(400, "INVALID_ARGUMENT", "An API key needs wix-site-id, and no wix-account-id")
        return Caller(instance_id=site_id.lower(), kind="APP", id=self._app_id)

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
