"""Who is one customer: ids that any chain of orders links, told apart by an independent search."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.statements import statement

SITE = "site"
CONTACTS = st.none() | st.integers(0, 5).map("contact c{}".format)
MEMBERS = st.none() | st.integers(0, 5).map("member m{}".format)
PAIRS = st.lists(st.tuples(CONTACTS, MEMBERS), max_size=14)

Pair = tuple[str | None, str | None]


@pytest.fixture(scope="module")
def ledger() -> Iterator[duckdb.DuckDBPyConnection]:
    """Only what the definition reads: pairs of contact and member."""
    with duckdb.connect() as connection:
        connection.execute("create table known_buyers (instance_id varchar, contact varchar, member varchar)")
        connection.execute(statement("basics", "family_of"))
        connection.execute(statement("basics", "entity_number_of"))
        connection.execute(statement("definitions", "customers"))
        yield connection


def customers(ledger: duckdb.DuckDBPyConnection, pairs: list[Pair]) -> dict[str, str]:
    """The customer of each id, by the definition."""
    ledger.execute("delete from known_buyers")
    for contact, member in set(pairs):
        ledger.execute("insert into known_buyers values (?, ?, ?)", [SITE, contact, member])
    rows = ledger.execute("select id, customer from customers").fetchall()
    assert len(rows) == len({name for name, _ in rows}), "an id has two customers"
    return dict(rows)


def linked(pairs: list[Pair]) -> dict[str, str]:
    """The same by joining sets as long as two touch; named by the first contact, else the first member."""
    groups: list[set[str]] = []
    for pair in pairs:
        joined = {name for name in pair if name}
        apart = [group for group in groups if not group & joined]
        groups = [*apart, joined.union(*(group for group in groups if group & joined))]
    return {name: min(group).partition(" ")[2] for group in groups for name in group}


@given(pairs=PAIRS)
def test_ids_that_orders_link_are_one_customer(ledger: duckdb.DuckDBPyConnection, pairs: list[Pair]) -> None:
    assert customers(ledger, pairs) == linked(pairs)


def test_a_chain_of_any_length_is_one_customer(ledger: duckdb.DuckDBPyConnection) -> None:
    """c0 – m0 – c1 – m1 – … – c19: each order names only one link of it."""
    chain: list[Pair] = []
    for number in range(20):
        chain += [
            (f"contact c{number:02}", f"member m{number:02}"),
            (f"contact c{number + 1:02}", f"member m{number:02}"),
        ]

    assert set(customers(ledger, chain).values()) == {"c00"}


def test_the_same_id_on_two_sites_is_two_people(ledger: duckdb.DuckDBPyConnection) -> None:
    ledger.execute("delete from known_buyers")
    ledger.execute(
        "insert into known_buyers values ('one', 'contact a', 'member m'), ('two', 'contact b', 'member m')"
    )

    rows = ledger.execute("select instance_id, customer from customers where id = 'member m'").fetchall()

    assert sorted(rows) == [("one", "a"), ("two", "b")]
