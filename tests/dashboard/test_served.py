"""What stands around the pages: a health route that tells the truth, and the login."""

import asyncio
import gc
import json
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from dashboard.served import app, health, warmed_up
from tests.dashboard.conftest import Service

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")
PROVIDER = {
    "redirect_uri": "http://127.0.0.1:8501/oauth2callback",
    "cookie_secret": "of-this-test",
    "client_id": "orderline",
    "client_secret": "of-this-test",
    "server_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
}


def asked() -> tuple[int, dict[str, object]]:
    with TestClient(Starlette(routes=[Route("/api/health", health)])) as client:
        answer = client.get("/api/health")
    return answer.status_code, json.loads(answer.content)


class TestHealth:
    def test_it_is_well_while_there_are_numbers(self, told: Service) -> None:
        status, body = asked()

        assert (status, body["status"]) == (200, "ok")
        assert body["data_through"]

    def test_an_empty_ledger_is_well_and_has_no_age(self, service: Service) -> None:
        assert asked() == (200, {"status": "ok", "data_through": None, "age_seconds": None})

    def test_without_the_report_service_it_is_not_well(self, nobody: None) -> None:
        """Streamlit's own health route would still say ok."""
        assert asked() == (503, {"status": "no_reports", "why": "ConnectError"})


class TestWarmUp:
    def test_what_was_there_before_the_first_visitor_is_not_looked_through_again(self) -> None:
        """Streamlit collects garbage after each run of a script, and nothing else runs meanwhile."""

        async def looked_through() -> tuple[int, int]:
            async with warmed_up(app):
                return gc.get_freeze_count(), len(gc.get_objects())

        try:
            kept, left = asyncio.run(looked_through())
        finally:
            gc.unfreeze()

        assert kept > 50_000
        assert left < kept / 10


class TestLogin:
    def test_where_a_login_is_configured_nothing_shows_before_it(self, told: Service) -> None:
        app = AppTest.from_file(APP, default_timeout=60)
        app.secrets["auth"] = PROVIDER

        app.run()

        assert not app.exception
        assert [button.label for button in app.button] == ["Log in"]
        assert not app.metric
        assert not app.dataframe

    def test_where_none_is_configured_the_pages_show(self, told: Service) -> None:
        app = AppTest.from_file(APP, default_timeout=60).run()

        assert not app.exception
        assert app.metric
