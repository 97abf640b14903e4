"""What the sandbox's tests share."""

from collections.abc import Iterator

import pytest

from tests.sandbox.wix_site import Wix, a_wix, furnish


@pytest.fixture(scope="session")
def wix_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wix]:
    """One sandbox Wix for all tests."""
    with a_wix(tmp_path_factory.mktemp("wix")) as running:
        yield running


@pytest.fixture
def wix(wix_server: Wix) -> Wix:
    """The sandbox Wix with one of everything, called as the app on that site."""
    return furnish(wix_server)
