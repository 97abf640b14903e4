"""A process ends when its work has ended, with the code that says how, whatever is still under way."""

import subprocess
import sys
from textwrap import dedent

import pytest

BEGIN = dedent("""
    import asyncio, os, signal, threading

    from streams import leaving
    from streams.leaving import run_command, run_process
    from streams.running import LogLost, Refusal

    leaving.LEAVE_SECONDS = 0.2

    async def asks_on():
        while True:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
""")


def ended(script: str) -> subprocess.CompletedProcess[str]:
    """A process of its own that does this, once it has ended."""
    command = [sys.executable, "-c", BEGIN + dedent(script)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


class TestLeaving:
    @pytest.mark.parametrize(
        ("end", "code", "said"),
        [
            ("pass", 0, ""),
            ('raise Refusal("the port is taken")', 1, "Error: the port is taken\n"),
            ('raise LogLost(OSError("gone"))', 70, "Error: Kafka went away"),
            ('raise KeyError("a bug")', 1, "KeyError: 'a bug'"),
        ],
    )
    def test_the_exit_code_says_how_the_work_ended(self, end: str, code: int, said: str) -> None:
        process = ended(f"""
            async def work():
                {end}

            run_process(work())
        """)

        assert process.returncode == code
        assert said in process.stderr

    def test_a_task_that_will_not_be_canceled_is_left_behind(self) -> None:
        """aiokafka goes on asking for a Kafka that is away."""
        process = ended("""
            async def work():
                asyncio.create_task(asks_on(), name="asks-on")
                raise LogLost(OSError("gone"))

            run_process(work())
        """)

        assert process.returncode == 70
        assert "left without waiting for asks-on" in process.stderr

    def test_so_is_a_thread_that_does_not_end(self) -> None:
        process = ended("""
            async def work():
                threading.Thread(target=lambda: asyncio.run(asks_on()), name="consumer").start()

            run_process(work())
        """)

        assert process.returncode == 0
        assert "left without waiting for consumer" in process.stderr

    def test_what_ends_by_itself_is_waited_for(self) -> None:
        process = ended("""
            async def writes():
                try:
                    await asyncio.sleep(60)
                finally:
                    await asyncio.sleep(0.01)
                    print("written")

            async def work():
                asyncio.create_task(writes())
                await asyncio.sleep(0)

            run_process(work())
        """)

        assert process.returncode == 0
        assert process.stdout == "written\n"
        assert process.stderr == ""


class TestCommand:
    def test_told_to_stop_it_comes_to_where_it_can_go_on_from(self) -> None:
        process = ended("""
            async def work(stop):
                os.kill(os.getpid(), signal.SIGINT)
                await stop.wait()
                return "here"

            print(run_command(work, stopped="Stopped."))
        """)

        assert (process.returncode, process.stdout, process.stderr) == (0, "here\n", "")

    def test_what_can_go_on_from_anywhere_is_canceled_at_once(self) -> None:
        process = ended("""
            leaving.LEAVE_SECONDS = 50

            async def work(stop):
                os.kill(os.getpid(), signal.SIGINT)
                try:
                    await asyncio.sleep(60)
                finally:
                    print("closed")

            run_command(work, stopped="Stopped.", at_once=True)
        """)

        assert (process.returncode, process.stdout, process.stderr) == (130, "closed\n", "Stopped.\n")

    @pytest.mark.parametrize("at_once", [True, False])
    def test_what_ends_by_neither_is_left_behind(self, at_once: bool) -> None:
        process = ended(f"""
            async def work(stop):
                os.kill(os.getpid(), signal.SIGINT)
                await asks_on()

            run_command(work, stopped="Stopped.", at_once={at_once})
        """)

        assert process.returncode == 130
        assert process.stderr.startswith("Stopped.\n")
