"""After the login, back to the address that was asked for: Streamlit itself goes to the first page.

A link to a view is only worth something if it survives the login of the person it was sent to.
"""

from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

from starlette import status
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit's own routes, and the cookie that it sets when a login has succeeded.
LOGIN, CALLBACK, LOGGED_IN = "/auth/login", "/oauth2callback", "_streamlit_user"
COOKIE, SECONDS = "orderline_way_back", 600
# What the address says when there was no login: the provider is away, or its answer was not accepted.
REFUSED = "login_refused"

Change = Callable[[Request, Message], None]


class WayBack:
    """Notes, in a cookie, where the login was asked for; leads there when it is over."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; two answers are changed on their way back."""
        changes = {LOGIN: _remember, CALLBACK: _lead_back}
        change = changes.get(scope["path"]) if scope["type"] == "http" else None
        await self._app(scope, receive, _changing(send, change, Request(scope)) if change else send)


def _changing(send: Send, change: Change, request: Request) -> Send:
    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            change(request, message)
        await send(message)

    return changed


def _remember(request: Request, message: Message) -> None:
    """The page that asks for a login names itself as the referer."""
    page = urlsplit(request.headers.get("referer", ""))
    if page.netloc != request.headers.get("host"):
        return
    wanted, headers = _without_refusal(page.path, page.query), MutableHeaders(scope=message)
    if message["status"] >= status.HTTP_400_BAD_REQUEST:
        message["status"], headers["location"] = status.HTTP_302_FOUND, _with_refusal(wanted)
    else:
        _set_cookie(headers, quote(wanted, safe=""), SECONDS)


def _lead_back(request: Request, message: Message) -> None:
    wanted, headers = unquote(request.cookies.get(COOKIE, "")), MutableHeaders(scope=message)
    if not _is_local(wanted):
        return
    _set_cookie(headers, "", 0)
    headers["location"] = wanted if _has_logged_in(headers) else _with_refusal(wanted)


def _is_local(address: str) -> bool:
    """A path of ours: the cookie must not lead to another host."""
    return address.startswith("/") and not address.startswith("//") and "\\" not in address


def _has_logged_in(headers: MutableHeaders) -> bool:
    given = (cookie.partition("=") for cookie in headers.getlist("set-cookie"))
    return any(name == LOGGED_IN and not value.startswith('""') for name, _, value in given)


def _with_refusal(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{REFUSED}=true"


def _without_refusal(path: str, query: str) -> str:
    kept = "&".join(part for part in query.split("&") if part and not part.startswith(REFUSED))
    return f"{path or '/'}?{kept}" if kept else path or "/"


def _set_cookie(headers: MutableHeaders, value: str, seconds: int) -> None:
    headers.append("set-cookie", f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}")
