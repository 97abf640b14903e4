"""A room that hung is started again, and rooms do not outlive who started them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import psutil
import pytest

from sandbox.keeper import Keeper
from sandbox.room import Room
from tests.source_tree import ROOT

# Ends with that code when it runs first, and stays when it runs again.
ONCE = """
import pathlib, sys, time
mark = pathlib.Path(sys.argv[1])
if mark.exists():
    print("again", flush=True)
    time.sleep(600)
mark.touch()
sys.exit(int(sys.argv[2]))
"""
# Starts a room with a child of its own, says their ids, and waits to be killed.
PARENT = """
import sys, time
from pathlib import Path
from sandbox.ports import anywhere
from sandbox.system import System
system = System(Path(sys.argv[1]), ports=anywhere(), environment={"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"})
system.launch("wix")
print(system.rooms["wix"].pid, flush=True)
time.sleep(600)
"""


async def until(met: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not met():  # noqa: ASYNC110 - another process
            await anyio.sleep(0.05)


class TestKeeper:
    @pytest.fixture
    def mark(self, tmp_path: Path) -> Path:
        return tmp_path / "mark"

    def room(self, mark: Path, code: int) -> Room:
        command = [sys.executable, "-c", ONCE, str(mark), str(code)]
        return Room("room", command, environment=os.environ, log=mark.with_suffix(".log"))

    async def test_a_room_that_leaves_with_code_70_is_started_again(self, mark: Path) -> None:
        room, started = self.room(mark, 70), list[Room]()
        keeper = Keeper({"room": room}, started.append)
        keeper.start()
        room.start()
        try:
            await until(lambda: "again" in room.log.read_text())

            assert room.is_running()
            assert keeper.restarts["room"] == len(started) == 1
        finally:
            keeper.stop()
            room.kill()

    async def test_one_that_ends_otherwise_stays_away(self, mark: Path) -> None:
        """Such as one with a setting that can't be used: it would end again, and again."""
        failing, hung = self.room(mark.with_name("other"), 1), self.room(mark, 70)
        keeper = Keeper({"failing": failing, "hung": hung})
        failing.start()
        await until(lambda: not failing.is_running())
        hung.start()
        keeper.start()
        try:
            await until(lambda: keeper.restarts["hung"] == 1)

            assert (failing.is_running(), failing.exit_code) == (False, 1)
        finally:
            keeper.stop()
            hung.kill()


class TestGuardian:
    def test_kill_9_of_who_started_them_ends_the_rooms(self, tmp_path: Path) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert parent.stdout is not None
        try:
            room = psutil.Process(int(parent.stdout.readline()))
            assert room.is_running()
        finally:
            parent.send_signal(signal.SIGKILL)
            parent.wait()
            parent.stdout.close()

        room.wait(60)
        assert not room.is_running()
