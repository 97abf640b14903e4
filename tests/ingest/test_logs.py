import logging

from ingest.logs import Sparingly


def a_record(level: int, message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("aiokafka", level, "file", 1, message, args, None)


class TestSparingly:
    def test_an_outage_is_said_once_not_a_hundred_times(self) -> None:
        sparingly = Sparingly()

        said = [sparingly.filter(a_record(logging.ERROR, "no connection to %s", port)) for port in range(100)]

        assert said == [True] + [False] * 99

    def test_another_trouble_is_not_held_back(self) -> None:
        sparingly = Sparingly()
        sparingly.filter(a_record(logging.ERROR, "no connection to %s", 1))

        assert sparingly.filter(a_record(logging.ERROR, "disk full"))

    def test_what_is_no_trouble_always_passes(self) -> None:
        sparingly = Sparingly()

        assert all(sparingly.filter(a_record(logging.INFO, "connected")) for _ in range(3))
