"""Forgetting: who asks is found nowhere any more, totals stay, and filling a ledger anew undoes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import ForgottenFacts, LifecycleRow, masked
from analytics.packing import pack
from analytics.questions import QUESTIONS
from tests.analytics.full_disk import lines_of
from tests.analytics.history import (
    LIFECYCLE,
    OTHER_SITE,
    SITE,
    TOPIC_ID,
    ask,
    at,
    due,
    installed,
    only,
    outcome,
    stay,
    store_order,
    subscription,
    tell,
    told_by_us,
)
from tests.analytics.spools import load as load_spools
from tests.analytics.spools import records_of, spool_of
from tests.empty_ledger import open_ledger

CONTACT = "cccccccc-1111-4111-8111-cccccccccccc"
MEMBER = "dddddddd-2222-4222-8222-dddddddddddd"
OTHERS = "eeeeeeee-3333-4333-8333-eeeeeeeeeeee"

HISTORY = [
    store_order("o1", "approved", at(1), paid="PAID", contact=CONTACT, member=MEMBER),
    store_order("o2", "approved", at(2), paid="PAID", contact=OTHERS),
    *stay("s1", at(2), at(20), cause="MEMBER_ACTION", contact=CONTACT, member=MEMBER),
    *stay("s2", at(3), contact=OTHERS),
    store_order("o3", "approved", at(3), site=OTHER_SITE, contact=OTHERS),
    due("k1", "s1", at(2)),
    outcome("k1", "s1", 1, "done", at(2, 1), event_at=at(2), done_at=at(2, 1)),
]
LATER = [
    subscription("s9", "started", at(30), contact=CONTACT, member=MEMBER, start=at(30)),
    store_order("o1", "updated", at(31), paid="PAID", contact=CONTACT, member=MEMBER),
]
# Names of customers are what may change; everything that is counted may not.
COUNTED = [
    name
    for name in ("order_status", "order_flow", "churn", "mrr", "cohorts", "revenue", "effects", "sites")
    if name in QUESTIONS
]


def a_person() -> LifecycleRow:
    facts = ForgottenFacts(scope="contact", member_id=MEMBER, order_ids=("o1", "s1"))
    return told_by_us(facts, "forgotten", CONTACT, at(40))


def a_site(site: str = SITE) -> LifecycleRow:
    return told_by_us(ForgottenFacts(scope="site"), "forgotten", site, at(40), site=site)


def everything(ledger: Ledger) -> str:
    """Every row of every table, as text."""
    with ledger.present() as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return "\n".join(
            str(connection.execute(f'select * from {schema}."{table}"').fetchall())
            for schema, table in tables
        )


def counted(ledger: Ledger) -> dict[str, Any]:
    return {name: ask(ledger, name) for name in COUNTED}


class TestPerson:
    def test_the_ids_are_found_nowhere_any_more(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)
        assert CONTACT in everything(ledger)

        tell(ledger, [a_person()])

        left = everything(ledger)
        assert CONTACT not in left
        assert MEMBER not in left
        assert masked(CONTACT) in left
        assert OTHERS in left

    def test_no_number_is_made_of_the_id(self, ledger: Ledger) -> None:
        """Whoever knows an id could find its number again."""
        tell(ledger, [a_person()])

        with ledger.present() as connection:
            found = connection.execute(
                "select distinct entity_number = entity_number_of(kind, instance_id, entity_id) "
                "from lifecycle"
            ).fetchall()
        assert found == [(True,)]

    def test_no_total_changes(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)
        before = counted(ledger)

        tell(ledger, [a_person()])

        assert counted(ledger) == before
        assert ledger.differences() == {}

    def test_rows_that_come_later_obey_as_well(self, ledger: Ledger) -> None:
        """A late webhook, or a re-derive."""
        tell(ledger, [*HISTORY, a_person()])

        tell(ledger, [*LATER, *HISTORY])

        assert CONTACT not in everything(ledger)
        assert {row["customer"] for row in ask(ledger, "orders", kind="subscription")} == {
            masked(CONTACT),
            OTHERS,
        }
        assert ledger.differences() == {}


class TestSite:
    def test_its_records_were_in_the_ledger_before(self, ledger: Ledger) -> None:
        """One record was read by day 1, and its site forgotten on day 40."""
        row = installed(at(0))
        assert row.source is not None
        end = row.source.offset + 1
        tell(ledger, [row])
        sample = PartitionSample(topic="installations", partition=0, committed=end, end=end)
        ledger.record_samples(at(1), [sample])
        then = only(ask(ledger, "conservation", as_of=at(2).isoformat()))
        assert then["rows"] == 1

        tell(ledger, [a_site()])

        assert only(ask(ledger, "conservation", as_of=at(2).isoformat())) == then

    def test_its_rows_go_and_those_of_others_stay(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)

        tell(ledger, [a_site()])

        assert SITE not in everything(ledger)
        assert [row["site"] for row in ask(ledger, "sites")] == [OTHER_SITE]
        assert ledger.differences() == {}

    def test_rows_that_come_later_are_dropped(self, ledger: Ledger) -> None:
        tell(ledger, [*HISTORY, a_site()])

        tell(ledger, [*LATER, *HISTORY])

        assert SITE not in everything(ledger)
        assert [row["site"] for row in ask(ledger, "sites")] == [OTHER_SITE]

    def test_no_record_looks_missing(self, ledger: Ledger) -> None:
        """The log has its records still: where they lie stays known."""
        tell(ledger, HISTORY)
        before = places(ledger)

        tell(ledger, [a_site()])

        assert places(ledger) == before


class TestRebuilt:
    @pytest.mark.parametrize("asking", [[a_person()], [a_site()], [a_site(), a_person()]])
    def test_a_ledger_made_anew_is_the_one_in_use(
        self, asking: list[LifecycleRow], ledger: Ledger, tmp_path: Path
    ) -> None:
        rows = [*HISTORY, *asking, *LATER]
        for row in rows:
            tell(ledger, [row])
        rebuilt = open_ledger(tmp_path / "rebuilt.duckdb")
        try:
            load(rebuilt, rows)

            assert everything_kept(rebuilt) == everything_kept(ledger)
            assert rebuilt.differences() == {}
        finally:
            rebuilt.close()

    def test_packed_the_file_has_no_trace_in_its_free_space(self, ledger: Ledger) -> None:
        tell(ledger, [*HISTORY, a_person(), a_site(OTHER_SITE)])
        ledger.close()

        assert pack(ledger.path)

        packed = Ledger.open(ledger.path)
        try:
            assert packed.differences() == {}
            assert packed.next_offset(LIFECYCLE, 0, TOPIC_ID) == len(HISTORY) + 2
        finally:
            packed.close()
        bytes_left = ledger.path.read_bytes()
        assert CONTACT.encode() not in bytes_left
        assert OTHER_SITE.encode() not in bytes_left

    def test_a_disk_without_room_for_both_leaves_the_ledger_as_it_was(self, tmp_path: Path) -> None:
        said = lines_of(NO_ROOM, tmp_path / "ledger.duckdb")

        assert "ledger.duckdb could not be written" in said[0]
        assert "Make room on that disk" in said[0]
        assert said[1:] == [
            "['ledger.duckdb'] is there",
            "packed afterwards: True",
            "['ledger.duckdb'] is there",
        ]


NO_ROOM = """
import sys
from pathlib import Path
from analytics.ledger import LedgerNotWritten
from analytics.packing import pack
from tests.analytics.full_disk import no_room_beyond
from tests.analytics.history import tell
from tests.analytics.test_forgetting import HISTORY, a_person
from tests.empty_ledger import open_ledger

path = Path(sys.argv[1])
ledger = open_ledger(path)
tell(ledger, [*HISTORY, a_person()])
ledger.close()
with no_room_beyond(1_000_000):
    try:
        pack(path)
    except LedgerNotWritten as error:
        print(error)
    print([file.name for file in path.parent.iterdir()], "is there")
print("packed afterwards:", pack(path))
print([file.name for file in path.parent.iterdir()], "is there")
"""


def places(ledger: Ledger) -> list[Any]:
    with ledger.present() as connection:
        return connection.execute("select * from covered order by all").fetchall()


def everything_kept(ledger: Ledger) -> list[str]:
    tables = ("lifecycle", "forgotten", "sources", "row_errors", "offsets", "orders", "sites", "customers")
    with ledger.present() as connection:
        return [
            str(sorted(map(str, connection.execute(f"select * from main.{table}").fetchall())))
            for table in tables
        ]


def load(ledger: Ledger, rows: Sequence[LifecycleRow]) -> None:
    records = records_of(rows)
    load_spools(ledger, spool_of(records[:4]), spool_of(records[4:]))
