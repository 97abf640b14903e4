"""The client over real sockets: cut, late and missing answers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from streams.wix import plan_orders
from streams.wix.auth import TOKEN_PATH
from streams.wix.client import WixClient
from streams.wix.errors import (
    Unauthorized,
    WixUnreachable,
)
from tests.streams.wix_site import PLAN_ORDER, SITE, SandboxSite, sandbox_site

OTHER_SITE = "99999999-9999-4999-8999-999999999999"
SECRET = "very-secret"
PATH = "/some/v1/thing"


class TestNetwork:
    """Over real sockets."""

    @pytest.fixture
    def site(self, tmp_path: Path) -> Iterator[SandboxSite]:
        with sandbox_site(tmp_path) as running:
            yield running

    @pytest.fixture
    async def wix(self, site: SandboxSite) -> AsyncIterator[WixClient]:
        async with WixClient(site.settings(wix_timeout_seconds=30)) as wix:
            yield wix

    @pytest.fixture
    async def hurried(self, site: SandboxSite) -> AsyncIterator[WixClient]:
        async with WixClient(site.settings(wix_timeout_seconds=1)) as wix:
            yield wix

    async def test_an_order_is_read(self, wix: WixClient) -> None:
        order = await plan_orders.get_order(wix, SITE, PLAN_ORDER)

        assert (order.id, order.plan_name) == (PLAN_ORDER, "Studio Pass")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_cut_connection_is_no_answer(
        self, site: SandboxSite, wix: WixClient, method: str
    ) -> None:
        site.fault(path="/cut", times=20)

        with pytest.raises(WixUnreachable):
            await wix.request(SITE, method, "/cut")

    async def test_a_late_answer_is_no_answer(self, site: SandboxSite, hurried: WixClient) -> None:
        site.fault(path="/late", delaySeconds=3)

        with pytest.raises(WixUnreachable) as late:
            await hurried.request(SITE, "GET", "/late")

        assert late.value.code in ("timeout", "network")

    async def test_the_limit_is_for_token_and_call_together(
        self, site: SandboxSite, hurried: WixClient
    ) -> None:
        """So that a claim can be sure to outlast the call."""
        site.fault(path=TOKEN_PATH, delaySeconds=0.8)
        site.fault(path=f"*/{PLAN_ORDER}", delaySeconds=0.8)

        with pytest.raises(WixUnreachable):
            await plan_orders.get_order(hurried, SITE, PLAN_ORDER)

    async def test_nobody_there_is_no_answer(self, site: SandboxSite) -> None:
        async with WixClient(site.settings(wix_api_url="http://127.0.0.1:1")) as wix:
            with pytest.raises(WixUnreachable):
                await wix.request(SITE, "GET", PATH)

    async def test_after_a_cut_the_next_call_works(self, site: SandboxSite, wix: WixClient) -> None:
        site.fault(path="/cut", times=20)
        with pytest.raises(WixUnreachable):
            await wix.request(SITE, "POST", "/cut")

        assert (await plan_orders.get_order(wix, SITE, PLAN_ORDER)).id == PLAN_ORDER

    async def test_wrong_credentials_are_unauthorized(self, site: SandboxSite) -> None:
        async with WixClient(site.settings(wix_app_secret=SecretStr("wrong"))) as wix:
            with pytest.raises(Unauthorized):
                await wix.request(SITE, "GET", PATH)
