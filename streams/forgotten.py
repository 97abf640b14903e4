"""Who is to be forgotten, as the log of rows says; and rows that obey it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from analytics.lifecycle import ForgottenFacts, LifecycleRow, UnreadableRow, masked
from ingest.admin import end_offsets
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.row_reader import read_log
from streams.running import ask_log

SITE = "site"
CONTACT = "contact"
# Stands in every row of that kind, and hardly in another: the rest need not be read.
_MARK = b'"kind":"forgotten"'


@dataclass(slots=True)
class Forgotten:
    """Sites whose rows are dropped, and people whose ids are masked."""

    sites: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)

    def add(self, row: LifecycleRow) -> None:
        """Take a row of that kind into account."""
        if not isinstance(row.facts, ForgottenFacts):
            return
        if row.facts.scope == SITE:
            self.sites.add(row.entity_id)
        else:
            self.people.update(filter(None, (row.entity_id, row.facts.member_id)))

    def obeyed(self, rows: Iterable[LifecycleRow]) -> Iterator[LifecycleRow]:
        """The rows without what is forgotten."""
        for row in rows:
            if row.instance_id not in self.sites:
                yield self._masked(row) if self.people else row

    def _masked(self, row: LifecycleRow) -> LifecycleRow:
        facts: Any = row.facts
        ids = {name: getattr(facts, name, None) for name in ("contact_id", "member_id")}
        known = {name: masked(one) for name, one in ids.items() if one in self.people}
        return replace(row, facts=replace(facts, **known)) if known else row


async def who_is_forgotten(kafka: KafkaSettings) -> Forgotten:
    """Read all rows on the log for it: about half a minute for ten million."""
    found, name = Forgotten(), ORDER_LIFECYCLE.name
    ends = await ask_log(lambda: end_offsets(kafka, [name]))
    async for _, records in read_log(kafka, {}, ends):
        for record in records:
            if _MARK in (record.value or b""):
                _add(found, record.value or b"")
    return found


def _add(found: Forgotten, value: bytes) -> None:
    try:
        found.add(LifecycleRow.from_bytes(value))
    except UnreadableRow:
        return
