"""The internal port: what it serves is for the machine itself unless somebody says otherwise."""

import sys

import httpx
import pytest
from prometheus_client import CollectorRegistry

from streams.internal import InternalServer, create_internal_app
from streams.settings import LedgerProcessSettings, WorkerSettings


async def nothing() -> list[str]:
    return []


@pytest.fixture
def server() -> InternalServer:
    app = create_internal_app(CollectorRegistry(), missing=nothing)
    return InternalServer(app, 0, host="127.0.0.2", setting="WORKER_INTERNAL_PORT")


class TestHost:
    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address only")
    async def test_it_listens_on_that_address_and_on_no_other(self, server: InternalServer) -> None:
        async with server, httpx.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.2:{server.port}/healthz")
            with pytest.raises(httpx.ConnectError):
                await http.get(f"http://127.0.0.1:{server.port}/healthz")

        assert answer.text == "ok"

    def test_worker_and_ledger_listen_on_loopback_unless_told_otherwise(self) -> None:
        assert WorkerSettings(_env_file=None).worker_internal_host == "127.0.0.1"
        assert LedgerProcessSettings(_env_file=None).ledger_internal_host == "127.0.0.1"
