"""The outbox's tables, numbered: an empty or an older database becomes the present one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    inspect,
    select,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_SQLITE_NOW = "select strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"
# Any number that nobody else in the database is likely to lock.
_MIGRATION_LOCK = 0x6F72646572
# Both stand in indexes, and in queries in the very same words: else the indexes would not be used.
# The empty text keeps SQLite from the index that begins with the state: it would sort all that is ready.
IS_READY = "effects.state || '' in ('due', 'waiting', 'doubtful')"
IS_REDRIVEN = "case when effects.reason = 'redriven' then 1 else 0 end"
HAS_PAYLOAD = "payload <> '' and state in ('done', 'suppressed')"


class SchemaTooNew(Exception):
    """The outbox was written by a newer build: this one must not touch it."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The outbox has schema {found}, this build knows {known}. Start the newer build, "
            "or point OUTBOX_URL or DATA_DIR at another outbox."
        )


class Moment(TypeDecorator[datetime]):
    """An aware time as microseconds since 1970: the same order and the same value in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Whole microseconds; a naive time is a mistake and raises TypeError."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """In UTC."""
        return None if value is None else EPOCH + value * MICROSECOND


METADATA = MetaData()
_SERIAL = BigInteger().with_variant(Integer, "sqlite")

SCHEMA = Table("outbox_schema", METADATA, Column("version", Integer, primary_key=True))

EFFECTS = Table(
    "effects",
    METADATA,
    # The order in which effects were recorded, and so the order within one order.
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("instance_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_at", Moment, nullable=False),
    Column("payload", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("step", Integer, nullable=False, default=0),
    Column("changed_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # Unexpected exceptions in a row.
    Column("bugs", Integer, nullable=False, default=0),
    Column("due_at", Moment, nullable=False),
    # From the claim until the doubt has ended: a call may have been made then.
    Column("called_at", Moment),
    Column("claimed_until", Moment),
    Column("claimed_by", Text),
    Column("claim_facts", Text),
    Column("ref", Text),
    Column("wix_id", Text),
    Column("consent", Text),
    Column("reason", Text),
    Column("next_step", Text),
    Column("fingerprint", Text),
    Column("last_status", Integer),
    Column("last_code", Text),
    Column("request_id", Text),
    Column("calls_seconds", Float, nullable=False, default=0.0),
    UniqueConstraint("key"),
    Index("effects_by_due", "state", "due_at"),
    Index("effects_by_order", "instance_id", "order_id", "seq"),
)

MARKS = Table(
    "marks",
    METADATA,
    Column("effect_key", Text, primary_key=True),
    Column("instance_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

HANDOVERS = Table(
    "handovers",
    METADATA,
    Column("warehouse", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("instance_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("warehouse", "key"),
)

LEASES = Table(
    "site_leases",
    METADATA,
    Column("instance_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Moment, nullable=False),
    # Requests to Wix in the minute before the last owner let go of the site, which was at `calls_at`.
    Column("calls", Integer),
    Column("calls_at", Moment),
    Column("calls_by", Text),
)

OUTCOMES = Table(
    "unsent_outcomes",
    METADATA,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    # "effect", "handover" and so on: how `body` is read.
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    # SQLite would give an id again once its row is gone, and a late mark_sent would lose a new row.
    sqlite_autoincrement=True,
)

GROUPS = Table(
    "consumer_groups",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("noted_at", Moment, nullable=False),
)

PAUSES = Table(
    "paused_flows",
    METADATA,
    Column("flow", Text, primary_key=True),
    # The build that has the bug; newer ones go on.
    Column("build", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("at", Moment, nullable=False),
    # The newer build that goes on; the pause still holds for older ones.
    Column("ended_by", Text),
)

BUGS = Table(
    "bugs",
    METADATA,
    Column("flow", Text, nullable=False),
    Column("build", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    # What was given up because of the bug: a place on the log, or an effect's key.
    Column("place", Text, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("flow", "build", "fingerprint", "place"),
)

CIRCUITS = Table(
    "site_circuits",
    METADATA,
    Column("instance_id", Text, primary_key=True),
    # Failures of the site running; the row goes with the first clear answer.
    Column("failures", Integer, nullable=False),
    Column("probe_at", Moment, nullable=False),
)

REDRIVES = Table(
    "redriven_letters",
    METADATA,
    Column("place", Text, primary_key=True),
    Column("begun_at", Moment, nullable=False),
    # Empty while nobody knows whether the record reached the log.
    Column("done_at", Moment),
)

# What upkeep remembers between its runs: small documents by name.
NOTES = Table(
    "notes",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("noted_at", Moment, nullable=False),
)

# Final effects that still hold what was needed to carry them out.
TO_PRUNE = Index(
    "effects_to_prune",
    EFFECTS.c.changed_at,
    sqlite_where=text(HAS_PAYLOAD),
    postgresql_where=text(HAS_PAYLOAD),
)


def _first(connection: Connection) -> None:
    METADATA.create_all(connection)


def _second(connection: Connection) -> None:
    """Pauses, circuits, redrives and pruning; a database that `_first` made just now has them."""
    METADATA.create_all(connection)
    TO_PRUNE.create(connection, checkfirst=True)


def _third(connection: Connection) -> None:
    """Which build goes on after a pause."""
    _add_column(connection, PAUSES, "ended_by", "text")


def _fourth(connection: Connection) -> None:
    """What upkeep remembers, and who is forgotten."""
    NOTES.create(connection, checkfirst=True)


def _fifth(connection: Connection) -> None:
    """What is ready, by how long it has been due and by site: see `outbox_ready`."""
    redriven, ready = (words.replace("effects.", "") for words in (IS_REDRIVEN, IS_READY))
    for name, columns in {
        "effects_longest_due": f"({redriven}), due_at",
        "effects_by_site": f"instance_id, ({redriven}), seq",
    }.items():
        connection.execute(text(f"create index if not exists {name} on effects ({columns}) where {ready}"))


def _sixth(connection: Connection) -> None:
    """A site's requests, so that its quota goes with its lease."""
    for name, kind in {"calls": "integer", "calls_at": "bigint", "calls_by": "text"}.items():
        _add_column(connection, LEASES, name, kind)


def _add_column(connection: Connection, table: Table, name: str, kind: str) -> None:
    """Unless `_first` made the table with it just now."""
    if name not in {column["name"] for column in inspect(connection).get_columns(table.name)}:
        connection.execute(text(f"alter table {table.name} add column {name} {kind}"))


# Never edited after a release: a change is one more entry.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first, _second, _third, _fourth, _fifth, _sixth)


def migrate(connection: Connection) -> int:
    """Bring the schema up to date and return its number; calling it again changes nothing.

    Raises:
        SchemaTooNew: a newer build has been here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    SCHEMA.create(connection, checkfirst=True)
    found = connection.scalar(select(func.max(SCHEMA.c.version))) or 0
    if found > len(MIGRATIONS):
        raise SchemaTooNew(found, len(MIGRATIONS))
    for number, step in enumerate(MIGRATIONS[found:], start=found + 1):
        step(connection)
        connection.execute(SCHEMA.insert().values(version=number))
    return len(MIGRATIONS)


def database_time(connection: Connection) -> datetime:
    """The database's own clock, which all workers share; SQLite's counts milliseconds."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.exec_driver_sql("select clock_timestamp()").scalar_one()
        return moment.astimezone(UTC)
    written = connection.exec_driver_sql(_SQLITE_NOW).scalar_one()
    return datetime.fromisoformat(written)
