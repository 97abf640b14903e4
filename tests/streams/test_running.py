"""Kafka may go away at any moment of a process's start; its supervisor is told to start it again."""

import asyncio
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from ingest.settings import KafkaSettings
from streams.rows import RowPublisher
from streams.running import LogLost
from tests.streams.processes import free_port

# What a worker does once it has seen Kafka answer, which it doesn't any more.
START = dedent("""
    import asyncio, sys
    from pathlib import Path

    from ingest.settings import KafkaSettings
    from streams.app import make_app
    from streams.leaving import run_process
    from streams.running import run_app

    kafka = KafkaSettings(kafka_bootstrap_servers=sys.argv[1])

    async def start():
        await run_app(make_app("group", kafka, Path(sys.argv[2])), asyncio.Event())

    run_process(start())
""")


@pytest.fixture
def nobody() -> str:
    """Where no Kafka answers."""
    return f"127.0.0.1:{free_port()}"


class TestKafkaGoneWhileStarting:
    def test_the_process_ends_so_that_it_is_started_again(self, nobody: str, tmp_path: Path) -> None:
        """Without a traceback: it is no bug."""
        command = [sys.executable, "-c", START, nobody, str(tmp_path)]

        ended = subprocess.run(command, capture_output=True, text=True, check=False)

        assert ended.returncode == 70
        assert "Error: Kafka went away while this process was starting" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_the_publisher_of_rows_says_so(self, nobody: str) -> None:
        async def start() -> None:
            async with RowPublisher(KafkaSettings(kafka_bootstrap_servers=nobody)):
                raise AssertionError("it can't have started")

        with pytest.raises(LogLost, match="Nothing is lost"):
            asyncio.run(start())
