"""What is held to the contracts: a Wix, and an outbox's database for each test."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from streams.outbox import Outbox
from streams.settings import OutboxSettings
from tests.contracts.outbox_states import Outboxes
from tests.contracts.wix_target import Target, the_real_one, the_sandbox
from tests.postgres_server import NoPostgres, postgres_server
from tests.streams.made_effects import Clock


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server's URL."""
    try:
        with postgres_server() as url:
            yield url
    except NoPostgres as reason:
        pytest.skip(f"PostgreSQL: {reason}")


@pytest.fixture(params=["sqlite", "postgresql"])
def outbox_settings(request: pytest.FixtureRequest, tmp_path: Path) -> OutboxSettings:
    """Settings of an empty outbox of the test's own."""
    if request.param == "sqlite":
        return OutboxSettings(data_dir=tmp_path, outbox_url="")
    server = request.getfixturevalue("postgres")
    schema = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create schema {schema}".encode())
    return OutboxSettings(data_dir=tmp_path, outbox_url=f"{server}?options=-csearch_path%3D{schema}")


@pytest.fixture(scope="module", params=["sandbox", "wix"])
def wix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The sandbox, and Wix itself where `WIX_TEST_*` says how."""
    where = the_sandbox(tmp_path_factory.mktemp("wix")) if request.param == "sandbox" else the_real_one()
    with where as target:
        yield target


@pytest.fixture
def clock() -> Clock:
    """The clock of the test's outboxes."""
    return Clock()


@pytest.fixture
async def outboxes(outbox_settings: OutboxSettings, clock: Clock) -> AsyncIterator[Outboxes]:
    """Outboxes on one database, each as if in a process of its own."""
    async with AsyncExitStack() as stack:
        yield Outboxes(outbox_settings, clock, stack)


@pytest.fixture
async def outbox(outboxes: Outboxes) -> Outbox:
    """One of them."""
    return await outboxes.open()
