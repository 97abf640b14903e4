"""Rooms as processes: ports, readiness, what is said when one doesn't start, and nothing left behind."""

import contextlib
import os
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from sandbox.ports import Ports, anywhere, near_defaults
from sandbox.room import Room, RoomNotReady
from sandbox.system import System

SLEEPER = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
)
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); "


def room(tmp_path: Path, code: str, *, ready_url: str | None = None, stop_seconds: float = 5) -> Room:
    return Room(
        "room",
        [sys.executable, "-c", code],
        environment=os.environ,
        log=tmp_path / "logs" / "room.log",
        ready_url=ready_url,
        stop_seconds=stop_seconds,
    )


class TestPorts:
    def test_taken_default_port_gives_the_next_free_one(self) -> None:
        default = Ports().reports
        with socket.socket() as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Where somebody else holds it already, that serves as well.
            with contextlib.suppress(OSError):
                holder.bind(("127.0.0.1", default))
            holder.listen()

            assert near_defaults().reports > default

    def test_fixed_port_is_taken_as_it_is(self) -> None:
        assert near_defaults(ingest=18_123).ingest == 18_123

    def test_no_port_is_given_twice(self) -> None:
        ports = anywhere()

        chosen = [getattr(ports, name) for name in Ports.__slots__]
        assert len(set(chosen)) == len(chosen)

    @pytest.mark.skipif(sys.platform != "linux", reason="the range is read where Linux tells it")
    def test_no_port_is_one_that_outgoing_calls_are_given(self) -> None:
        """Else somebody who calls a room that is down could be given the room's own port."""
        ports = anywhere()

        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        assert all(getattr(ports, name) < first for name in Ports.__slots__)


class TestWorkers:
    def test_each_worker_is_a_room_with_an_internal_port_of_its_own(self, tmp_path: Path) -> None:
        system = System(tmp_path, ports=anywhere(), workers=3)

        assert list(system.workers) == ["worker", "worker-2", "worker-3"]
        assert len(set(system.workers.values())) == 3
        assert system.workers["worker"] == system.ports.worker_internal


class TestRoom:
    def test_room_that_ended_by_itself_tells_how(self, tmp_path: Path) -> None:
        failing = room(tmp_path, "raise SystemExit(70)")
        failing.start()
        while failing.is_running():
            time.sleep(0.01)

        assert failing.exit_code == 70

    def test_room_that_ends_while_starting_is_reported_with_its_last_lines(self, tmp_path: Path) -> None:
        failing = room(tmp_path, "raise SystemExit('the cellar is flooded')", ready_url="http://127.0.0.1:1/")
        failing.start()

        with pytest.raises(RoomNotReady, match=r"exit code 1(.|\n)*the cellar is flooded"):
            failing.await_ready(seconds=60)

    def test_room_that_is_never_ready_is_reported(self, tmp_path: Path) -> None:
        idle = room(tmp_path, "import time; time.sleep(600)", ready_url="http://127.0.0.1:1/")
        idle.start()
        try:
            with pytest.raises(RoomNotReady, match="was not ready within"):
                idle.await_ready(seconds=0.2)
        finally:
            idle.kill()

    def test_stop_takes_the_rooms_own_children_along(self, tmp_path: Path) -> None:
        parent = room(tmp_path, SLEEPER + "print('up', flush=True); time.sleep(600)")
        parent.start()
        assert parent.pid is not None
        process = psutil.Process(parent.pid)
        while b"up" not in parent.log.read_bytes():
            assert parent.is_running()
        children = process.children(recursive=True)
        assert children

        parent.stop()

        _, alive = psutil.wait_procs([process, *children], timeout=30)
        assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]

    def test_room_that_ignores_the_request_to_stop_is_killed(self, tmp_path: Path) -> None:
        deaf = room(tmp_path, STUBBORN + "time.sleep(600)", stop_seconds=0.2)
        deaf.start()
        while b"deaf" not in deaf.log.read_bytes():
            assert deaf.is_running()

        assert deaf.stop() == -9
        assert not deaf.is_running()

    def test_one_shot_command_that_fails_is_reported(self, tmp_path: Path) -> None:
        failing = room(tmp_path, "raise SystemExit(3)")
        failing.start()

        with pytest.raises(RoomNotReady, match="exit code 3"):
            failing.finish(seconds=60)
