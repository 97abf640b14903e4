"""`python -m tests.chaos`: kill everything again and again, and see that nothing is lost or done twice."""

import asyncio
import json
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from random import randrange

import click

from sandbox.broker import REFUSALS
from sandbox.room import RoomNotReady
from sandbox.system import stopping_on_signals
from tests.chaos.books import Findings
from tests.chaos.run import NoBrokerOfItsOwn, Plan, run
from tests.postgres_server import NoPostgres, postgres_server

SEEDS = 2**31
SOME = click.IntRange(min=1)
NONE_OR_SOME = click.IntRange(min=0)
A_WHILE = click.FloatRange(min=0, min_open=True)


@click.command()
@click.option(
    "--effects", type=SOME, default=10_000, show_default=True, help="At least how many effects are due."
)
@click.option(
    "--kills",
    type=NONE_OR_SOME,
    default=200,
    show_default=True,
    help="How many processes are killed (kill -9).",
)
@click.option("--workers", type=SOME, default=2, show_default=True, help="How many workers share the outbox.")
@click.option(
    "--kill-seconds", type=A_WHILE, default=4.0, show_default=True, help="Mean time between two kills."
)
@click.option(
    "--settle-seconds", type=A_WHILE, default=600.0, show_default=True, help="How long it may settle."
)
@click.option("--outbox-url", default="", help="An empty outbox of yours, as OUTBOX_URL [default: SQLite].")
@click.option(
    "--postgres", is_flag=True, help="The outbox on a PostgreSQL, in Docker or found on this machine."
)
@click.option("--seed", type=int, help="Orders, kills and faults are drawn by it [default: random].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on one line.")
def main(
    effects: int,
    kills: int,
    workers: int,
    kill_seconds: float,
    settle_seconds: float,
    outbox_url: str,
    postgres: bool,
    seed: int | None,
    as_json: bool,
) -> None:
    """Post signed webhooks while processes are killed and Wix fails; then compare three books.

    Real Kafka, real processes, a sandbox Wix with faults. Exit code 0 only if every webhook that was
    answered 200 is on the log, every effect has exactly one final outcome, messages and fulfillments
    at Wix are the expected ones and none twice, and the ledger is what a rebuild is. The data is
    removed when all is well, and kept otherwise.
    """
    plan = Plan(
        effects=effects,
        kills=kills,
        workers=workers,
        seed=randrange(SEEDS) if seed is None else seed,
        kill_seconds=kill_seconds,
        settle_seconds=settle_seconds,
        outbox_url=outbox_url,
    )
    folder = Path(tempfile.mkdtemp(prefix="orderline-chaos-"))
    findings = _found(plan, folder, postgres=postgres)
    figures = {**findings.figures, "wrong": findings.wrong}
    click.echo(json.dumps(figures) if as_json else json.dumps(figures, indent=2))
    if findings.wrong:
        for line in findings.wrong:
            click.secho(f"not as it should be: {line}", fg="red", err=True)
        raise click.ClickException(f"The data is kept in {folder}")
    shutil.rmtree(folder)


def _found(plan: Plan, folder: Path, *, postgres: bool) -> Findings:
    """What came of the run, on a server of its own where that is wanted."""
    try:
        with stopping_on_signals(), postgres_server() if postgres else nullcontext(plan.outbox_url) as url:
            driven = url.replace("postgresql://", "postgresql+psycopg://", 1)
            plan = replace(plan, outbox_url=driven)
            return asyncio.run(run(plan, folder, lambda what: click.echo(what, err=True)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise click.ClickException(f"Interrupted; the data is kept in {folder}") from None
    except (NoBrokerOfItsOwn, NoPostgres, RoomNotReady, *REFUSALS) as refusal:
        raise click.ClickException(str(refusal)) from None


if __name__ == "__main__":
    main(prog_name="python -m tests.chaos")
