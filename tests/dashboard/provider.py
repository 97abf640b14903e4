"""A small OpenID provider on loopback: discovery, authorize, token, keys and logout, as the standard says.

It is honest until a test has it lie: `claims` overrides what the id token says, `signs_with` who signs it.
"""

import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "orderline", "secret-of-this-test"
PERSON = {"sub": "ada", "email": "ada@example.com", "name": "Ada"}


@dataclass(slots=True)
class Provider:
    """Ada has an account here. `url` is set once it is served."""

    redirect_uri: str
    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signs_with: RSAKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    logged_out: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> Starlette:
        """Its five routes."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
                Route("/logout", self._logout),
            ]
        )

    def secrets(self, cookie_secret: str = "of-this-test-and-thirty-two-characters-long") -> str:
        """What `.streamlit/secrets.toml` says about it."""
        said = {
            "redirect_uri": self.redirect_uri,
            "cookie_secret": cookie_secret,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "server_metadata_url": f"{self.url}/.well-known/openid-configuration",
        }
        return "\n".join(["[auth]", *(f'{name} = "{value}"' for name, value in said.items()), ""])

    async def _discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "end_session_endpoint": f"{self.url}/logout",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        """Asks Ada; her answer is the redirect with a code."""
        asked = dict(request.query_params)
        if (asked["client_id"], asked["redirect_uri"]) != (CLIENT, self.redirect_uri):
            return Response("unknown client", status_code=400)
        code = f"code-{len(self.asked) + 1}"
        self.asked[code] = asked
        back = f"{self.redirect_uri}?code={code}&state={asked['state']}"
        refused = f"{self.redirect_uri}?error=access_denied&state={asked['state']}"
        return HTMLResponse(f'<a href="{back}">Continue as Ada</a> <a href="{refused}">Not me</a>')

    async def _token(self, request: Request) -> Response:
        """A code is good once, for the client that shows its secret and the verifier of its challenge."""
        async with request.form() as form:
            given = {name: str(value) for name, value in form.items()}
        asked = self.asked.pop(given.get("code", ""), None)
        if asked is None or not _is_client(request) or not _fits(given, asked):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        honest = {"iss": self.url, "aud": CLIENT, "nonce": asked["nonce"], "iat": now, "exp": now + 300}
        claims = {**PERSON, **honest, **self.claims}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signs_with or self.key)
        return JSONResponse({"access_token": "opaque", "token_type": "Bearer", "id_token": token})

    async def _jwks(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _logout(self, request: Request) -> Response:
        self.logged_out.append(dict(request.query_params))
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], status_code=302)


def _is_client(request: Request) -> bool:
    expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {expected}"


def _fits(given: dict[str, str], asked: dict[str, str]) -> bool:
    digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return asked["code_challenge_method"] == "S256" and challenge == asked["code_challenge"]
