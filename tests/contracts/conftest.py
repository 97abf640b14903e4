"""A Wix to hold to the contract."""

from collections.abc import Iterator

import pytest

from tests.contracts.wix_target import Target, the_real_one, the_sandbox


@pytest.fixture(scope="module", params=["sandbox", "wix"])
def wix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The sandbox, and Wix itself where `WIX_TEST_*` says how."""
    where = the_sandbox(tmp_path_factory.mktemp("wix")) if request.param == "sandbox" else the_real_one()
    with where as target:
        yield target
