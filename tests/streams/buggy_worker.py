"""A worker of a build whose purchase notices have a bug. Run as a script; the settings are the worker's."""

from typing import Any, NoReturn

from ingest.topics import PLAN_ORDERS
from streams import due
from streams.__main__ import main


def decide_wrongly(record: Any) -> NoReturn:
    """Meets a bug on every record."""
    raise ZeroDivisionError(record.event_id)


if __name__ == "__main__":
    due._DECIDERS[PLAN_ORDERS.name] = decide_wrongly
    main(["worker"])
