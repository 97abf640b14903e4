"""What one test leaves behind in its process must not reach the next, whichever that is."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# pytest's own, which says what runs now.
OF_PYTEST = "PYTEST_CURRENT_TEST"

Look = tuple[int, bool, bool, list[logging.Handler]]


@contextmanager
def taken_back() -> Iterator[None]:
    """Loggers, signals, environment, folder and `__main__` are afterwards as they were before.

    A command quiets the Kafka client's loggers and hears signals, Streamlit takes uvicorn's loggers, and
    a page that it runs stays `__main__`: in a process that ends with it that is right.
    """
    loggers = {name: _look(logger) for name, logger in _loggers()}
    signals = {number: signal.getsignal(number) for number in SIGNALS}
    environment, folder, main = _environment(), os.getcwd(), sys.modules["__main__"]  # noqa: PTH109
    policy = asyncio.get_event_loop_policy()
    try:
        yield
    finally:
        for name, logger in _loggers():
            _put_back(logger, loggers.get(name))
        for number, handler in signals.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        _put_back_environment(environment)
        os.chdir(folder)
        _put_back_main(main)
        asyncio.set_event_loop_policy(policy)


def _loggers() -> list[tuple[str, logging.Logger]]:
    made = logging.root.manager.loggerDict.items()
    return [("", logging.root), *((name, one) for name, one in made if isinstance(one, logging.Logger))]


def _look(logger: logging.Logger) -> Look:
    return logger.level, logger.propagate, logger.disabled, list(logger.handlers)


def _put_back(logger: logging.Logger, look: Look | None) -> None:
    """As it was; one that is new, as it is made, with what a library adds to say nothing."""
    wanted = look or (logging.NOTSET, True, False, _silent(logger.handlers))
    if _look(logger) == wanted:
        return
    level, logger.propagate, logger.disabled, logger.handlers = wanted
    # Not only an attribute: what it lets through is remembered by its children.
    logger.setLevel(level)


def _silent(handlers: list[logging.Handler]) -> list[logging.Handler]:
    return [handler for handler in handlers if isinstance(handler, logging.NullHandler)]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != OF_PYTEST}


def _put_back_environment(before: dict[str, str]) -> None:
    now = _environment()
    for name in now.keys() - before.keys():
        del os.environ[name]
    os.environ.update({name: value for name, value in before.items() if now.get(name) != value})


def _put_back_main(main: ModuleType) -> None:
    sys.modules["__main__"] = main
