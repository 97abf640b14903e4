"""No test finds what another has left: the first of each pair here would break the second."""

import logging
import os
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.left_behind import taken_back


def everything() -> dict[str, object]:
    """All of it, as the next test would see it."""
    tree = logging.getLogger("orderline.left"), logging.getLogger("orderline.left.behind")
    return {
        "loggers": [
            (one.level, one.propagate, one.disabled, one.handlers[:], one.isEnabledFor(10)) for one in tree
        ],
        "signal": signal.getsignal(signal.SIGTERM),
        "environment": os.environ.get("ORDERLINE_LEFT"),
        "home": os.environ["HOME"],
        "folder": Path.cwd(),
        "main": sys.modules["__main__"],
    }


def leave_everything(folder: Path) -> None:
    logger = logging.getLogger("orderline.left")
    logger.setLevel(logging.CRITICAL)
    logger.propagate, logger.disabled = False, True
    logger.addHandler(logging.StreamHandler())
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ["ORDERLINE_LEFT"] = "left"
    os.environ["HOME"] = str(folder)
    os.chdir(folder)
    sys.modules["__main__"] = ModuleType("left")


@taken_back()
def fail_and_leave_everything(folder: Path) -> None:
    before = everything()
    leave_everything(folder)
    assert everything() != before
    raise ZeroDivisionError


class TestTakenBack:
    def test_everything_is_as_it_was_also_after_a_failure(self, tmp_path: Path) -> None:
        before = everything()

        with pytest.raises(ZeroDivisionError):
            fail_and_leave_everything(tmp_path)

        assert everything() == before

    def test_a_logger_that_is_new_is_as_when_it_was_made(self) -> None:
        with taken_back():
            logger = logging.getLogger("orderline.left.anew")
            logger.setLevel(logging.CRITICAL)
            logger.handlers = [logging.StreamHandler(), kept := logging.NullHandler()]

        assert (logger.level, logger.handlers) == (logging.NOTSET, [kept])


class TestOfThisRun:
    found: dict[str, object] = {}

    def test_one_leaves_what_it_likes(self, tmp_path: Path) -> None:
        self.found.update(everything())

        leave_everything(tmp_path)

        assert everything() != self.found

    def test_the_next_finds_nothing_of_it(self) -> None:
        assert everything() == self.found or not self.found
