"""The writer: jobs share a sync, not their faults; nothing blocks the event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.outbox_schema import GROUPS
from streams.outbox_writer import Turn, Writer
from tests.streams.made_effects import NOW


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    writer = Writer(f"sqlite:///{tmp_path / 'outbox.sqlite'}")
    await writer.open()
    try:
        yield writer
    finally:
        await writer.close()


def note(name: str) -> "NoteJob":
    return NoteJob(name)


class NoteJob:
    """Writes a name; a name that starts with "bad" raises after writing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, turn: Turn) -> str:
        turn.connection.execute(GROUPS.insert().values(name=self._name, noted_at=NOW))
        if self._name.startswith("bad"):
            raise ValueError(self._name)
        return self._name


def names(turn: Turn) -> set[str]:
    return {row.name for row in turn.connection.execute(GROUPS.select())}


class TestDo:
    async def test_a_job_that_fails_leaves_nothing_and_spoils_no_other(self, writer: Writer) -> None:
        """They were waiting together, so they share one transaction."""
        gate = threading.Event()
        blocked = asyncio.create_task(writer.do(lambda turn: gate.wait()))
        await asyncio.sleep(0)
        jobs = [asyncio.create_task(writer.do(note(name))) for name in ("a", "bad", "b")]
        await asyncio.sleep(0)
        gate.set()

        answers = await asyncio.gather(*jobs, return_exceptions=True)

        assert answers[0] == "a"
        assert isinstance(answers[1], ValueError)
        assert answers[2] == "b"
        assert await writer.do(names) == {"a", "b"}
        await blocked

    async def test_a_job_that_the_database_refuses_spoils_no_other(self, writer: Writer) -> None:
        await writer.do(note("a"))
        gate = threading.Event()
        blocked = asyncio.create_task(writer.do(lambda turn: gate.wait()))
        await asyncio.sleep(0)
        jobs = [asyncio.create_task(writer.do(note(name))) for name in ("a", "b", "c")]
        await asyncio.sleep(0)
        gate.set()

        answers = await asyncio.gather(*jobs, return_exceptions=True)

        assert isinstance(answers[0], Exception)
        assert answers[1:] == ["b", "c"]
        assert await writer.do(names) == {"a", "b", "c"}
        await blocked

    async def test_the_event_loop_goes_on_meanwhile(self, writer: Writer) -> None:
        gate = threading.Event()
        job = asyncio.create_task(writer.do(lambda turn: gate.wait(30)))
        await asyncio.sleep(0)

        gate.set()

        assert await job

    async def test_who_stopped_waiting_does_not_disturb(self, writer: Writer) -> None:
        job = asyncio.create_task(writer.do(note("a")))
        await asyncio.sleep(0)
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)

        assert await writer.do(names) == {"a"}

    async def test_before_open_and_after_close_is_a_mistake(self, tmp_path: Path) -> None:
        writer = Writer(f"sqlite:///{tmp_path / 'other.sqlite'}")

        with pytest.raises(RuntimeError, match="not open"):
            await writer.do(names)


class TestClose:
    async def test_what_was_ordered_before_is_finished(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'outbox.sqlite'}"
        writer = Writer(url)
        await writer.open()
        jobs = [asyncio.create_task(writer.do(note(str(n)))) for n in range(200)]
        await asyncio.sleep(0)

        await writer.close()
        await writer.close()

        assert await asyncio.gather(*jobs) == [str(n) for n in range(200)]


class TestSqlite:
    async def test_every_commit_is_synced_and_readers_do_not_block(self, writer: Writer) -> None:
        def pragma(turn: Turn) -> tuple[object, object]:
            ask = turn.connection.exec_driver_sql
            return ask("pragma synchronous").scalar(), ask("pragma journal_mode").scalar()

        full = 2
        assert await writer.do(pragma) == (full, "wal")
