"""A replay that is killed or interrupted half-way, and started again, does what an unbroken one does."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analytics.ledger import Ledger
from ingest.admin import ensure_topics
from ingest.settings import KafkaSettings
from streams.rebuild import begun, fill, log_id, rows_end
from tests.streams.on_the_log import purchases, put, put_rows, rows
from tests.streams.processes import Process, running, wait_until
from tests.streams.test_rebuild import contents

pytestmark = pytest.mark.kafka

EVENTS = 40
GATED = "tests.streams.gated_replay"
SIGNALS = (signal.SIGKILL, signal.SIGINT)
# As shells have it: 128 and the number of SIGINT.
STOPPED = 130


@pytest.fixture
def log(kafka: KafkaSettings) -> KafkaSettings:
    """A log with its topics."""
    ensure_topics(kafka)
    return kafka


@contextmanager
def half_way(log: KafkaSettings, folder: Path, *command: str, **settings: str) -> Iterator[Process]:
    """The command, waiting in the middle of its work."""
    gate = folder / "gate"
    gate.mkdir()
    with running(log, folder, "replay", *command, module=GATED, GATE=str(gate), **settings) as process:
        wait_until((gate / "half").exists, process=process)
        yield process


def stop(process: Process, how: signal.Signals, folder: Path) -> None:
    """Kill it where it is, or interrupt it, which it hears once it goes on."""
    if how is signal.SIGKILL:
        process.kill()
        return
    process.interrupt()
    (folder / "gate" / "go").touch()
    assert process.exit_code() == STOPPED, process.log
    assert "The same command goes on where this one was." in process.log
    assert "Traceback" not in process.log


def again(log: KafkaSettings, folder: Path, *command: str) -> str:
    """What the same command says the second time; it ends well."""
    with running(log, folder, "replay", *command) as process:
        assert process.exit_code() == 0, process.log
        return process.log


def unbroken(log: KafkaSettings, path: Path) -> Ledger:
    """A ledger filled from the first row to the last in one go."""

    async def filled() -> Ledger:
        topic_id = await log_id(log)
        ledger, _ = await begun(path, topic_id)
        await fill(ledger, log, topic_id, upto=await rows_end(log), stop=asyncio.Event())
        return ledger

    return asyncio.run(filled())


@pytest.mark.parametrize("how", SIGNALS)
def test_a_rebuild(log: KafkaSettings, tmp_path: Path, how: signal.Signals) -> None:
    put_rows(log, purchases(EVENTS))
    with half_way(log, tmp_path, "rebuild") as process:
        stop(process, how, tmp_path)
    assert not (tmp_path / "ledger.duckdb").exists()

    said = again(log, tmp_path, "rebuild")

    assert "Going on at row" in said
    whole = unbroken(log, tmp_path / "unbroken.duckdb")
    made = Ledger.open(tmp_path / "ledger.duckdb", wait_seconds=60)
    try:
        assert contents(made) == contents(whole)
        assert len(contents(made)["lifecycle"]) == 2 * EVENTS
        assert made.differences() == {}
    finally:
        made.close()
        whole.close()
    assert not list(tmp_path.glob("ledger.duckdb.next*"))


def test_a_rebuild_takes_the_memory_it_is_given_and_not_the_owners(
    log: KafkaSettings, tmp_path: Path
) -> None:
    put_rows(log, purchases(EVENTS))

    with half_way(log, tmp_path, "rebuild", REBUILD_MEMORY="384MiB", LEDGER_MEMORY="256MiB"):
        assert (tmp_path / "gate" / "memory").read_text() == "384.0 MiB"


def test_a_rebuild_on_a_full_disk(log: KafkaSettings, tmp_path: Path) -> None:
    """It says what to do, and what was loaded before is not loaded again."""
    put_rows(log, purchases(EVENTS))
    with half_way(log, tmp_path, "rebuild") as process:
        process.fill_disk()
        (tmp_path / "gate" / "go").touch()
        assert process.exit_code() == 1, process.log
        assert "Make room on that disk" in process.log
        assert "Then run the same command again" in process.log
        assert "Traceback" not in process.log

    assert "Going on at row" in again(log, tmp_path, "rebuild")
    made = Ledger.open(tmp_path / "ledger.duckdb", wait_seconds=60)
    try:
        assert len(contents(made)["lifecycle"]) == 2 * EVENTS
        assert made.differences() == {}
    finally:
        made.close()


@pytest.mark.parametrize("how", SIGNALS)
def test_a_rederive(log: KafkaSettings, tmp_path: Path, how: signal.Signals) -> None:
    """A row may come twice, under its one id: it merges."""
    put(log, purchases(EVENTS))
    with half_way(log, tmp_path, "rederive") as process:
        stop(process, how, tmp_path)
    before = Counter(row.row_id for row in rows(log))
    assert 0 < len(before) < 2 * EVENTS

    said = again(log, tmp_path, "rederive")

    assert "Going on where this re-derive was stopped." in said
    made = {row.to_bytes() for row in rows(log)}
    again(log, tmp_path, "rederive")
    assert made == {row.to_bytes() for row in rows(log)}
    assert len(made) == 2 * EVENTS
    assert not list((tmp_path / "replay").iterdir())
