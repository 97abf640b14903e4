"""Static files are compressed once; what may change is asked for every time."""

from collections import Counter

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.kept import Kept

SCRIPT = "const answer = 42;\n" * 200


class Server:
    """Counts how often a path was really asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.client = TestClient(
            Starlette(
                routes=[Route("/{path:path}", self._answer)],
                middleware=[Middleware(Kept), Middleware(GZipMiddleware)],
            )
        )

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.asked[path] += 1
        promise = "public, immutable" if path.endswith(".js") else "no-cache"
        status = 404 if "missing" in path else 200
        return Response(SCRIPT, status_code=status, headers={"cache-control": promise})


@pytest.fixture
def server() -> Server:
    return Server()


class TestKept:
    def test_a_script_is_read_and_compressed_once(self, server: Server) -> None:
        answers = [server.client.get("/static/js/app.js") for _ in range(3)]

        assert server.asked == {"static/js/app.js": 1}
        assert {answer.text for answer in answers} == {SCRIPT}
        assert {answer.headers["content-encoding"] for answer in answers} == {"gzip"}

    def test_who_takes_no_gzip_gets_none(self, server: Server) -> None:
        server.client.get("/static/js/app.js")

        plain = server.client.get("/static/js/app.js", headers={"accept-encoding": "identity"})

        assert plain.text == SCRIPT
        assert "content-encoding" not in plain.headers

    @pytest.mark.parametrize(
        "path", ["/static/no-such-name", "/static/missing.js", "/app/static/own.js", "/churn"]
    )
    def test_nothing_else_is_kept(self, server: Server, path: str) -> None:
        for _ in range(2):
            server.client.get(path)

        assert server.asked == {path[1:]: 2}

    @pytest.mark.parametrize("condition", ["range", "if-none-match", "if-modified-since"])
    def test_a_visitor_who_has_some_of_it_is_answered_for_himself(
        self, server: Server, condition: str
    ) -> None:
        for _ in range(2):
            server.client.get("/static/js/app.js", headers={condition: "bytes=0-10"})

        assert server.asked == {"static/js/app.js": 2}
