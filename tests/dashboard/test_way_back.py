"""Where a login leads: back to the view that was asked for, and nowhere else."""

from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.way_back import COOKIE, WayBack

HERE = "http://orders.example"
VIEW = "/churn?range=90d&site=one"


async def to_provider(request: Request) -> Response:
    if "away" in request.query_params:
        return Response("Authentication error", status_code=400)
    return RedirectResponse("https://login.example/authorize", status_code=302)


async def from_provider(request: Request) -> Response:
    """As Streamlit answers: to the first page, with a cookie only when it accepted the token."""
    answer = RedirectResponse("/", status_code=302)
    if "code" in request.query_params:
        answer.set_cookie("_streamlit_user", "signed")
    else:
        answer.delete_cookie("_streamlit_user")
    return answer


def visitor() -> TestClient:
    app = Starlette(
        routes=[Route("/auth/login", to_provider), Route("/oauth2callback", from_provider)],
        middleware=[Middleware(WayBack)],
    )
    return TestClient(app, base_url=HERE, follow_redirects=False)


class TestWayBack:
    def test_it_leads_to_the_view_that_was_asked_for(self) -> None:
        person = visitor()
        person.get("/auth/login", headers={"referer": HERE + VIEW})

        answer = person.get("/oauth2callback?code=1")

        assert answer.headers["location"] == VIEW
        assert COOKIE not in person.cookies

    def test_a_login_that_failed_leads_there_too_and_says_so(self) -> None:
        person = visitor()
        person.get("/auth/login", headers={"referer": HERE + VIEW})

        assert person.get("/oauth2callback").headers["location"] == f"{VIEW}&login_refused=true"

    def test_a_second_try_forgets_that_the_first_failed(self) -> None:
        person = visitor()
        person.get("/auth/login", headers={"referer": f"{HERE}/?login_refused=true"})

        assert person.get("/oauth2callback?code=1").headers["location"] == "/"

    def test_a_provider_that_is_away_is_a_login_that_failed(self) -> None:
        answer = visitor().get("/auth/login?away=1", headers={"referer": HERE + VIEW})

        assert (answer.status_code, answer.headers["location"]) == (302, f"{VIEW}&login_refused=true")

    def test_after_a_logout_it_is_the_first_page(self) -> None:
        """The provider leads to the same route then, and nobody has asked for a view."""
        assert visitor().get("/oauth2callback").headers["location"] == "/"

    def test_a_page_of_another_host_is_not_remembered(self) -> None:
        person = visitor()
        person.get("/auth/login", headers={"referer": "http://elsewhere.example/churn"})

        assert COOKIE not in person.cookies

    @pytest.mark.parametrize(
        "address", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example"]
    )
    def test_a_cookie_never_leads_to_another_host(self, address: str) -> None:
        person = visitor()
        person.cookies.set(COOKIE, quote(address, safe=""))

        assert person.get("/oauth2callback?code=1").headers["location"] == "/"
