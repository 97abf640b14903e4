"""One line for each record, with event, site and effect, and never what an exception quotes."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest

from ingest import logs as door_logs
from ingest.log_lines import Format, about, formatter, note
from streams import logs as flow_logs

PERSONAL = "dana@example.com"


class Heard:
    """A logger whose lines are kept."""

    def __init__(self, how: Format) -> None:
        self._kept = io.StringIO()
        handler = logging.StreamHandler(self._kept)
        handler.setFormatter(formatter(how))
        self.log = logging.Logger("streams.carry")
        self.log.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self._kept.getvalue().splitlines()


@pytest.fixture
def text() -> Heard:
    return Heard("text")


@pytest.fixture
def machine() -> Heard:
    return Heard("json")


def fail_for(person: str) -> None:
    raise ValueError(f"no such customer: {person}")


class TestJson:
    def test_each_record_is_one_object_with_what_it_is_about(self, machine: Heard) -> None:
        with about(effect="notice:1", site="s1", event="e1"):
            machine.log.warning("%s: %s\nand more", "notice:1", "waiting")

        (line,) = map(json.loads, machine.lines)
        assert line.pop("time").endswith("Z")
        assert line == {
            "level": "WARNING",
            "logger": "streams.carry",
            "message": "notice:1: waiting\nand more",
            "effect": "notice:1",
            "site": "s1",
            "event": "e1",
        }

    def test_an_exception_is_told_on_the_same_line(self, machine: Heard) -> None:
        try:
            fail_for(PERSONAL)
        except ValueError:
            machine.log.exception("failed")

        (line,) = map(json.loads, machine.lines)
        assert line["exception"].startswith("ValueError\n  at test_log_lines.py:")
        assert PERSONAL not in str(line)


class TestText:
    def test_what_it_is_about_is_at_the_end(self, text: Heard) -> None:
        with about(site="s1", event="e1"):
            text.log.info("taken")

        assert text.lines[0].endswith(" INFO streams.carry: taken [site=s1 event=e1]")

    def test_an_exception_is_told_by_kind_and_way_and_so_is_what_caused_it(self, text: Heard) -> None:
        try:
            try:
                fail_for(PERSONAL)
            except ValueError as error:
                raise RuntimeError(PERSONAL) from error
        except RuntimeError:
            text.log.exception("failed")

        told = "\n".join(text.lines)
        assert "RuntimeError\n  at test_log_lines.py" in told
        assert "caused by ValueError" in told
        assert PERSONAL not in told

    def test_what_the_system_says_of_files_and_sockets_is_told(self, text: Heard) -> None:
        try:
            raise OSError(28, "No space left on device")
        except OSError:
            text.log.exception("failed")

        assert "OSError: [Errno 28] No space left on device" in text.lines


class TestAbout:
    async def test_tasks_side_by_side_do_not_mix(self, text: Heard) -> None:
        async def work(site: str) -> None:
            note(site=site)
            await asyncio.sleep(0)
            text.log.info("works")

        await asyncio.gather(work("s1"), work("s2"))

        assert [line.rpartition("[")[2] for line in text.lines] == ["site=s1]", "site=s2]"]

    def test_it_ends_with_its_block(self, text: Heard) -> None:
        with about(site="s1"), about(event="e1"):
            text.log.info("inside")
        text.log.info("outside")

        assert text.lines[0].endswith("[site=s1 event=e1]")
        assert text.lines[1].endswith("outside")


class TestRooms:
    @pytest.mark.parametrize("set_up", [door_logs.start_logging, flow_logs.set_up])
    @pytest.mark.parametrize("name", ["uvicorn.error", "faust", "aiokafka", "asyncio", "py.warnings", "ours"])
    def test_everybodys_lines_go_the_same_way(self, set_up: object, name: str, kept_logging: None) -> None:
        set_up("json")  # type: ignore[operator] # one of two functions

        (handler,) = logging.getLogger().handlers
        line = handler.format(logging.getLogger(name).makeRecord(name, 40, "f", 1, "said", (), None))

        assert json.loads(line)["logger"] == name
        assert logging.getLogger(name).handlers == []
        assert logging.getLogger(name).propagate


@pytest.fixture
def kept_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging as a room finds it, whatever other tests imported; the run's own is put back afterwards."""
    # Streamlit takes uvicorn's loggers for itself when it is imported: no room but the dashboard imports it.
    for name in ("uvicorn", "uvicorn.error"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
