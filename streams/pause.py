"""A bug must not drain a topic: what pauses a flow, and which builds the pause is for. No I/O.

What a bug fails on is given up twice: a dead letter, or a failed effect. The third with the same
fingerprint is held instead, and its flow pauses: records that fail stay unacknowledged on the log,
effects stay in the outbox, until a newer build or a person (`streams flows resume`) goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Literal

from ingest.topics import HANDOVERS, PAYMENTS, PLAN_ORDERS, STORE_ORDERS
from streams.effect import FLOWS, FULFILLMENT, PAYMENT_NOTICE, PURCHASE_NOTICE

# Turning records into rows is no flow of effects, but a bug pauses it like one.
LIFECYCLE = "lifecycle"
PAUSABLE = (*FLOWS, LIFECYCLE)
# The third is held.
GIVEN_UP = 2

FLOW_OF_TOPIC: Mapping[str, str] = {
    PAYMENTS.name: PAYMENT_NOTICE,
    PLAN_ORDERS.name: PURCHASE_NOTICE,
    STORE_ORDERS.name: FULFILLMENT,
    HANDOVERS.name: FULFILLMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """An unexpected exception that ended the tries of one record or effect.

    `error` says its kind and place, never its message; `place` is where the record lies on the
    log (`topic/partition/offset`) or the effect's key.
    """

    flow: str
    fingerprint: str
    error: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A flow that a bug paused, in the words for a person. `place` is the first that is held."""

    flow: str
    build: str
    fingerprint: str
    error: str
    place: str
    at: datetime

    def __str__(self) -> str:
        return (
            f"{self.flow} since {self.at:%Y-%m-%d %H:%M:%S} UTC by a bug in build {self.build} "
            f"({self.error}, fingerprint {self.fingerprint}, first held: {self.place}). "
            f"Start a build that mends it, or: python -m streams flows resume {self.flow}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowChange:
    """A flow was paused, or goes on: by a person's word, or since a newer build works.

    `build` is the one that met the bug; `held` is how many records and effects are known to wait.
    """

    flow: str
    state: Literal["paused", "resumed"]
    fingerprint: str
    build: str
    held: int
    at: datetime


def this_build(given: str) -> str:
    """The name of this build: the one given, else the version of the installed package."""
    if given:
        return given
    try:
        return metadata.version("orderline")
    except metadata.PackageNotFoundError:
        return "checkout"


def is_in_force(paused_build: str, build: str) -> bool:
    """Whether a pause by `paused_build` holds for `build`: for the same one and for older ones.

    Names that are no dotted numbers, such as commits, have no order: any other one is newer.
    """
    paused, mine = _numbers(paused_build), _numbers(build)
    if paused is None or mine is None:
        return paused_build == build
    return mine <= paused


def _numbers(build: str) -> tuple[int, ...] | None:
    parts = build.removeprefix("v").split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else None
