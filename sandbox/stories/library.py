"""All stories of one run: the cast, the fixed set told now, and as much history as is asked for."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sandbox.stories.cast import Site, sites
from sandbox.stories.history import DAYS, history
from sandbox.stories.story import Story
from sandbox.stories.told_now import told_now

SEED = 7
# The sites are the same in every run, so that their settings and yesterday's figures stay theirs.
CAST_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The sites and their stories."""

    sites: tuple[Site, ...]
    now: tuple[Story, ...]
    past: tuple[Story, ...] = ()

    @property
    def stories(self) -> tuple[Story, ...]:
        """Every story."""
        return self.now + self.past


def library(
    now: datetime, *, seed: int = SEED, subscriptions: int = 0, store_orders: int = 0, days: int = DAYS
) -> Library:
    """The stories; the same arguments give the same ones, down to every id."""
    rng = Random(seed)  # noqa: S311 – stories, not secrets
    cast = sites(Random(CAST_SEED))  # noqa: S311 – ids, not secrets
    return Library(
        sites=cast,
        now=told_now(rng, cast, now),
        past=history(rng, cast, now, subscriptions=subscriptions, store_orders=store_orders, days=days),
    )
