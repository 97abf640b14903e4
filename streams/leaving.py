"""How processes and commands end: with their exit code, and not held up by what will not end."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

import click

from streams.logs import NOISY
from streams.running import START_AGAIN, LogLost, Refusal, stop_on_signals

log = logging.getLogger(__name__)

T = TypeVar("T")

# As shells have it: 128 and the number of Ctrl-C's signal.
STOPPED = 130

# Longer than anything that ends takes; a supervisor that waits for ten seconds before it kills is in time.
LEAVE_SECONDS = 5.0


def run_process(work: Coroutine[Any, Any, None]) -> NoReturn:
    """Run a process's work to its end, say what went wrong, and exit: 0, 1, or 70 to be started again.

    `asyncio.run` would wait for every task, and Python for every thread: for ever, if Kafka goes away
    while a consumer joins its group, since aiokafka goes on asking for it however often it is canceled.
    What is still under way after `LEAVE_SECONDS` is left behind: it has nothing that is not read again.
    """
    runner, others = asyncio.Runner(), set(threading.enumerate())
    _leave(runner, others, _exit_code(runner, work))


def run_command(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *, stopped: str, at_once: bool = False
) -> T:
    """The result of a person's command, whose errors are the caller's; Ctrl-C ends it with `stopped` and 130.

    What is told to stop may first come to where it can go on from, unless it can from anywhere and is
    canceled `at_once`. While Kafka is away it would never come there, and is left behind.
    """
    runner, others = asyncio.Runner(), set(threading.enumerate())
    # Of a Kafka that is away they would tell a hundred times a second; we say it once.
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        result = runner.run(_unless_stopped(work, at_once=at_once))
    except _ToldToStop:
        click.echo(stopped, err=True)
        _leave(runner, others, STOPPED)
    except BaseException:
        runner.close()
        raise
    runner.close()
    return result


async def _unless_stopped(work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *, at_once: bool) -> T:
    stop = stop_on_signals()
    working, stopping = asyncio.ensure_future(work(stop)), asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        if at_once:
            working.cancel()
        await asyncio.wait({working}, timeout=LEAVE_SECONDS)
    stopping.cancel()
    if not working.done() or working.cancelled():
        raise _ToldToStop
    return working.result()


class _ToldToStop(Exception):
    """It was, and what was under way did not come to its end by itself."""


def _leave(runner: asyncio.Runner, others: set[threading.Thread], code: int) -> NoReturn:
    left = _cancel(runner.get_loop())
    if stubborn := left + _still_alive(set(threading.enumerate()) - others):
        log.warning("left without waiting for %s", ", ".join(sorted(stubborn)))
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    runner.close()
    sys.exit(code)


def _exit_code(runner: asyncio.Runner, work: Coroutine[Any, Any, None]) -> int:
    try:
        runner.run(work)
    except Refusal as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    except LogLost as error:
        click.echo(f"Error: {error}", err=True)
        return START_AGAIN
    except Exception:
        log.exception("this process ends: it met what it does not know how to go on from")
        return 1
    return 0


def _cancel(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Cancel what the work left under way; the names of those tasks that do not end by it."""
    if not (tasks := asyncio.all_tasks(loop)):
        return []
    for task in tasks:
        task.cancel()
    _, pending = loop.run_until_complete(asyncio.wait(tasks, timeout=LEAVE_SECONDS))
    return [task.get_name() for task in pending]


def _still_alive(threads: set[threading.Thread]) -> list[str]:
    """The names of those that Python would wait for, after so long; asyncio's own end with its loop."""
    awaited = [thread for thread in threads if not thread.daemon and not thread.name.startswith("asyncio_")]
    until = time.monotonic() + LEAVE_SECONDS
    for thread in awaited:
        thread.join(max(0.0, until - time.monotonic()))
    return [thread.name for thread in awaited if thread.is_alive()]
