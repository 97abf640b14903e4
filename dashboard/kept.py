"""Streamlit's scripts, compressed once and not for every visitor: a quarter of a second of a core each time.

Their names change with their content, so what was once answered stays the answer.
"""

from starlette import status
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/static/"
# Answers that depend on what the visitor has already.
CONDITIONS = ("range", "if-none-match", "if-modified-since")


class Kept:
    """Answers a static file as it was answered first; compressed and plain ones apart."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, bool], list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if not _is_always_alike(scope):
            await self._app(scope, receive, send)
            return
        key = (scope["path"], "gzip" in Headers(scope=scope).get("accept-encoding", ""))
        if key in self._kept:
            for message in self._kept[key]:
                await send(message)
            return
        answer: list[Message] = []

        async def noting(message: Message) -> None:
            answer.append(message)
            await send(message)

        await self._app(scope, receive, noting)
        if _stays(answer[0]):
            self._kept[key] = answer


def _is_always_alike(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and scope["path"].startswith(PATH)
        and not any(name in Headers(scope=scope) for name in CONDITIONS)
    )


def _stays(start: Message) -> bool:
    """An unknown name is answered with the first page and without this promise: there is no end of names."""
    promise = Headers(raw=start["headers"]).get("cache-control", "")
    return bool(start["status"] == status.HTTP_200_OK) and "immutable" in promise
