"""How a process ends: with its exit code, and not held up by what will not end."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any, NoReturn

import click

from streams.running import START_AGAIN, LogLost, Refusal

log = logging.getLogger(__name__)

# Longer than anything that ends takes; a supervisor that waits for ten seconds before it kills is in time.
LEAVE_SECONDS = 5.0


def run_process(work: Coroutine[Any, Any, None]) -> NoReturn:
    """Run a process's work to its end, say what went wrong, and exit: 0, 1, or 70 to be started again.

    `asyncio.run` would wait for every task, and Python for every thread: for ever, if Kafka goes away
    while a consumer joins its group, since aiokafka goes on asking for it however often it is canceled.
    What is still under way after `LEAVE_SECONDS` is left behind: it has nothing that is not read again.
    """
    runner, others = asyncio.Runner(), set(threading.enumerate())
    code = _exit_code(runner, work)
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
