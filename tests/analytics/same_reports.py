"""Every report of two ledgers that should be the same, asked alike; what differs, as JSON.

python -m tests.analytics.same_reports LEDGER OTHER

Nobody else may have the files open. What one saw of the broker is local to it, and told to the other.
"""

import json
import sys
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from analytics.ledger import Ledger
from analytics.parameters import BadParameter
from analytics.questions import QUESTIONS
from analytics.rendering import as_json
from analytics.reports import Reports

Params = dict[str, list[str]]
# Of so many orders the timeline is compared.
TIMELINES = 5
# `pipeline` has no past, and a timeline needs an order.
NOT_OF_THE_PAST = ("pipeline", "order_timeline")
ZONE = "Asia/Kathmandu"


def questions(reports: Reports, names: Collection[str], now: datetime) -> Iterator[tuple[str, Params]]:
    """Each report as it comes, in another zone, of a moment in the past, and by every choice it has."""
    orders = _orders(reports)
    for name in names:
        question = QUESTIONS[name]
        period: Params = {"end": [now.isoformat()]} if question.reads_present else {}
        if name == "quota":
            period = {"start": [(now - timedelta(days=1)).isoformat()]}
        several = [{"order_id": [one]} for one in orders] if name == "order_timeline" else [{}]
        yield from ((name, period | own) for own in several)
        for parameter in question.parameters:
            yield from (
                (name, period | several[0] | {parameter.name: [choice]})
                for choice in parameter.choices
                if choice != parameter.default
            )
            if parameter.name == "grain":
                yield name, period | {"tz": [ZONE]}


def answer(reports: Reports, name: str, params: Params) -> Any:
    """The rows, or why there are none."""
    try:
        return as_json(reports.run(name, params))["rows"]
    except BadParameter as refused:
        return str(refused)


def differing(one: Path, other: Path, names: Collection[str] = tuple(QUESTIONS)) -> dict[str, Any]:
    """How many questions were asked, and those that the two answer otherwise."""
    _share_looks(one, other)
    now = datetime.now(UTC)
    first, second = Ledger.open(one), Ledger.open(other)
    try:
        for ledger in (first, second):
            ledger.publish(at=now)
        reports = Reports(first), Reports(second)
        asked = list(questions(reports[0], names, now))
        asked += [(name, {"as_of": [_between(first)]}) for name in names if name not in NOT_OF_THE_PAST]
        unlike = [each for each in asked if answer(reports[0], *each) != answer(reports[1], *each)]
    finally:
        first.close()
        second.close()
    return {"asked": len(asked), "different": [f"{name} {_told(params)}".strip() for name, params in unlike]}


def _share_looks(one: Path, other: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one")
        connection.execute(f"attach '{other}' as other")
        connection.execute("delete from other.main.samples")
        connection.execute("insert into other.main.samples select * from one.main.samples")


def _orders(reports: Reports) -> list[str]:
    return [row["order_id"] for row in answer(reports, "orders", {"limit": [str(TIMELINES)]})] or ["none"]


def _between(ledger: Ledger) -> str:
    """Half of all rows were known by then."""
    with ledger.present() as connection:
        found = connection.execute("select quantile_disc(known_at, 0.5) from lifecycle").fetchall()
    return "".join(f"{known_at.isoformat()}Z" for (known_at,) in found if known_at) or "2000-01-01"


def _told(params: Params) -> str:
    return " ".join(f"{name}={value}" for name, (value,) in params.items())


if __name__ == "__main__":
    print(json.dumps(differing(Path(sys.argv[1]), Path(sys.argv[2]))))
