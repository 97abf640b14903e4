"""A person or a site is forgotten: a row that ledger, rebuild and re-derive obey, and the outbox emptied."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from analytics.lifecycle import ForgottenFacts, LifecycleRow
from streams.forgotten import CONTACT, SITE
from streams.ledger_owner import LedgerOwner
from streams.lifecycle_upkeep import from_forgotten
from streams.outbox import Outbox
from streams.outbox_forgotten import Scrubbed
from streams.rows import RowPublisher

LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Who is meant on one site, as the ledger knows them: a person with their orders, or the whole site."""

    site: str
    contact: str | None = None
    members: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = field(default=())
    rows: int = 0

    @property
    def ids(self) -> tuple[str, ...]:
        """What must not be found any more."""
        return (self.contact, *self.members) if self.contact else (self.site,)


async def find_site(owner: LedgerOwner, site: str) -> Somebody:
    """The site, and how many rows the ledger has of it."""
    return Somebody(site=site, rows=await owner.site_rows(site))


async def find_person(owner: LedgerOwner, contact: str, site: str | None) -> list[Somebody]:
    """The person on each site that knows them, with the member ids that go with the contact's."""
    found = await owner.person(contact, site)
    sites = sorted({row["site"] for row in found} | ({site} if site else set()))
    return [_person(one, contact, [row for row in found if row["site"] == one]) for one in sites]


def rows_of(somebody: Somebody, *, at: datetime) -> list[LifecycleRow]:
    """What is published: one row, or one for each member id that belongs to the contact."""
    if somebody.contact is None:
        return [from_forgotten(somebody.site, somebody.site, ForgottenFacts(scope=SITE), at=at)]
    return [
        from_forgotten(
            somebody.site,
            somebody.contact,
            ForgottenFacts(scope=CONTACT, member_id=member, order_ids=somebody.order_ids),
            at=at + timedelta(microseconds=number),
        )
        for number, member in enumerate(somebody.members or (None,))
    ]


async def forget(publisher: RowPublisher, outbox: Outbox, everybody: Sequence[Somebody]) -> list[Scrubbed]:
    """Publish the rows, then empty the outbox. May be called again: nothing is forgotten twice.

    The row goes first: stopped in between, the same command does the rest.
    """
    now = datetime.now(UTC)
    await publisher.rows([row for one in everybody for row in rows_of(one, at=now)])
    return [await _in_outbox(outbox, one) for one in everybody]


async def has_obeyed(owner: LedgerOwner, everybody: Sequence[Somebody], *, wait_seconds: float) -> bool:
    """Whether the ledger finds none of them any more, within that time."""
    waited = 0.0
    while any([await _is_known(owner, one) for one in everybody]):
        if waited >= wait_seconds:
            return False
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
    return True


def _person(site: str, contact: str, rows: Collection[dict[str, str | None]]) -> Somebody:
    ids = {row[name] for row in rows for name in ("contact_id", "member_id")} - {None, contact}
    return Somebody(
        site=site,
        contact=contact,
        members=tuple(sorted(one for one in ids if one)),
        order_ids=tuple(sorted({str(row["order_id"]) for row in rows})),
        rows=len(rows),
    )


async def _in_outbox(outbox: Outbox, one: Somebody) -> Scrubbed:
    if one.contact is None:
        return await outbox.forget_site(one.site)
    return await outbox.forget_person(one.site, one.order_ids, one.ids)


async def _is_known(owner: LedgerOwner, one: Somebody) -> bool:
    if one.contact is None:
        return await owner.site_rows(one.site) > 0
    return any([await owner.person(an_id, one.site) for an_id in one.ids])
