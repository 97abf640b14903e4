"""`python -m ingest serve` as a process of its own, as people run it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

START_SECONDS = 60


@dataclass
class Serving:
    """A running door: where it listens, what it has said so far."""

    process: subprocess.Popen[str]
    webhooks: str = ""
    internal: str = ""
    said: list[str] = field(default_factory=list)
    listening: threading.Event = field(default_factory=threading.Event)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(START_SECONDS)

    def listen(self) -> None:
        """Read what it says until it ends."""
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"webhooks at (http://\S+)/webhooks/wix", line):
                self.webhooks = found[1]
            if found := re.search(r"health and metrics at (http://\S+)", line):
                self.internal = found[1]
                self.listening.set()


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours, with free ports and nothing of the machine's own Kafka."""
    return os.environ | {"INGEST_PORT": "0", "INGEST_INTERNAL_PORT": "0"} | dict(settings)


@contextmanager
def serving(settings: Mapping[str, str]) -> Iterator[Serving]:
    """A door with these settings, stopped at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", "serve"],
        env=environment(settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    door = Serving(process)
    reader = threading.Thread(target=door.listen)
    reader.start()
    try:
        if not door.listening.wait(START_SECONDS):
            raise TimeoutError("".join(door.said))
        yield door
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        assert process.stderr
        process.stderr.close()
