"""What tests of the flows share: a running sandbox Wix, with a shop on it or with one buyer."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from streams.notice import NoticeProcedure
from streams.outbox import Outbox
from streams.wix.client import WixClient
from tests.streams.notices import procedure
from tests.streams.plan_site import PlanSite, plan_site
from tests.streams.scripted import opened
from tests.streams.wix_site import SandboxSite


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlanSite]:
    with plan_site(tmp_path_factory.mktemp("wix")) as site:
        yield site


@pytest.fixture
def shop(running_site: PlanSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PlanSite:
    """The site as at the start, and an environment in which our commands call it."""
    running_site.reset()
    given = {
        "WIX_API_URL": running_site.site.url,
        "WIX_APP_ID": "sandbox-app",
        "WIX_APP_SECRET": "sandbox-secret",
        "WIX_CALLS_PER_MINUTE": "2000",
        "WIX_COMMAND_CALLS_PER_MINUTE": "1000",
        "DATA_DIR": str(tmp_path / "data"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for name in ("WIX_API_KEY", "WIX_SITE_ID", "WIX_MEMBER_TOKEN", "WIX_TIMEOUT_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return running_site


@pytest.fixture
def site(running_site: PlanSite) -> SandboxSite:
    """A site with a subscribed buyer, a paid plan order and an approved store order, as at the start."""
    running_site.site.begin_anew()
    return running_site.site


@pytest.fixture
async def wix(site: SandboxSite) -> AsyncIterator[WixClient]:
    async with WixClient(site.settings()) as client:
        yield client


@pytest.fixture
def notices(wix: WixClient) -> NoticeProcedure:
    return procedure(wix)


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    """An empty outbox of the test's own, in which a call in doubt may be asked after at once."""
    async with opened(tmp_path) as outbox:
        yield outbox
