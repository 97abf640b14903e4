"""The named questions: what each takes, and the columns it gives. A public contract. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from analytics.parameters import HIGHEST_LIMIT, Parameter


class ColumnType(StrEnum):
    """What a column holds; money is a decimal string, `local_time` carries its zone's offset."""

    TIME = "time"
    LOCAL_TIME = "local_time"
    TEXT = "text"
    MONEY = "money"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a report. `unit` is empty for names and times; money has its `currency` beside it."""

    name: str
    type: ColumnType
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One report. `reads_present`: it looks at this moment instead of a version."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    reads_present: bool = False


COMMON = (
    Parameter(name="start", kind="time", help="the period's first instant; absent: from the beginning"),
    Parameter(name="end", kind="time", help="the instant after the period; absent: now, or as_of"),
    Parameter(name="tz", kind="zone", help="zone in which days, weeks and months are cut", default="UTC"),
    Parameter(name="site", kind="texts", help="instanceId of a site; may be repeated"),
    Parameter(name="currency", kind="texts", help="only amounts and orders in this currency"),
    Parameter(name="as_of", kind="time", help="answer as it would have been then"),
    Parameter(name="version", kind="text", help="a version of GET /version; absent: the newest"),
)

STORE_STATES = (
    "draft",
    "placed",
    "approved",
    "partially_fulfilled",
    "fulfilled",
    "canceled",
    "rejected",
    "unknown",
)
SUBSCRIPTION_STATES = ("pending", "active", "paused", "set_to_cancel", "ended")
FLOWS = ("payment_notice", "purchase_notice", "fulfillment")
OUTCOMES = ("done", "suppressed", "waiting", "failed", "open")
STEPS = ("paid_fulfilled", "placed_paid", "placed_fulfilled", "paid_first_fulfilled", "fulfilled_tracked")
METHODS = ("chartmogul", "stripe", "profitwell", "revenuecat", "gumroad")
KINDS = ("store", "subscription")


def _choice(name: str, choices: tuple[str, ...], help_text: str) -> Parameter:
    """A parameter with a closed set of values, the first of which is the default."""
    return Parameter(name=name, kind="choice", choices=choices, default=choices[0], help=help_text)


def _filter(name: str, choices: tuple[str, ...], help_text: str) -> Parameter:
    """A parameter that narrows the rows; may be repeated, absent: all."""
    return Parameter(name=name, kind="choices", choices=choices, help=help_text)


_TARGET = Parameter(
    name="target_hours",
    kind="number",
    default=72.0,
    highest=87600,
    help="hours from paid until an order is late",
)
_LIMIT = Parameter(name="limit", kind="integer", default=100, highest=HIGHEST_LIMIT, help="rows of one page")
_CURSOR = Parameter(name="cursor", kind="text", help="next_cursor of the page before")
_STEP = _choice("step", STEPS, "from which milestone to which")
_DRAFTS = Parameter(name="drafts", kind="flag", default=False, help="count drafts too")


def _columns(spec: str) -> tuple[Column, ...]:
    """Columns from `name:type[:unit]` words."""
    return tuple(_column(*word.split(":")) for word in spec.split())


def _column(name: str, kind: str, unit: str = "") -> Column:
    return Column(name=name, type=ColumnType(kind), unit=unit)


QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        Question(
            name="sites",
            summary="One row per site: since when it is observed, its store orders now.",
            parameters=(*COMMON, _TARGET),
            columns=_columns(
                "site:text name:text currency:text timezone:text installed_at:time removed_at:time "
                "observed_from:time orders:integer:orders open:integer:orders late:integer:orders "
                "p50_hours:number:hours"
            ),
        ),
        Question(
            name="order_status",
            summary="Orders placed in the period, by state and Wix's own status.",
            parameters=(*COMMON, _filter("kind", KINDS, "store orders or subscriptions"), _DRAFTS),
            columns=_columns("kind:text state:text status:text orders:integer:orders"),
        ),
        Question(
            name="order_flow",
            summary="Orders placed, paid, fulfilled, canceled, closed, reopened per bucket; open at its end.",
            parameters=(
                *COMMON,
                _choice("kind", KINDS, "store orders or subscriptions"),
                _choice("grain", ("day", "hour", "week", "month"), "length of a bucket"),
                _choice("by", ("none", "site"), "one line, or one per site"),
            ),
            columns=_columns(
                "bucket_start:local_time group:text placed:integer:orders paid:integer:orders "
                "fulfilled:integer:orders canceled:integer:orders closed:integer:orders "
                "reopened:integer:orders "
                "open_at_end:integer:orders is_partial:boolean"
            ),
        ),
        Question(
            name="orders",
            summary="Orders placed in the period, the newest first, with their milestones.",
            parameters=(
                *COMMON,
                _filter("kind", KINDS, "store orders or subscriptions"),
                _filter("state", (*STORE_STATES, *SUBSCRIPTION_STATES), "only orders in this state"),
                Parameter(name="late", kind="flag", help="only those that are (not) late"),
                _TARGET,
                Parameter(
                    name="search", kind="text", help="an order id, number, customer id or tracking number"
                ),
                _LIMIT,
                _CURSOR,
            ),
            columns=_columns(
                "site:text order_id:text number:text kind:text state:text status:text payment_status:text "
                "fulfillment_status:text customer:text plan:text amount:money:currency "
                "currency:text placed_at:time "
                "paid_at:time first_fulfilled_at:time fulfilled_at:time tracked_at:time canceled_at:time "
                "created_at:time started_at:time trial_ends_at:time first_paid_at:time set_to_cancel_at:time "
                "pauses:text ended_at:time end_cause:text age_hours:number:hours next_cursor:text"
            ),
        ),
        Question(
            name="order_timeline",
            summary="Everything that happened to one order, in order.",
            parameters=(
                *COMMON,
                Parameter(name="order_id", kind="text", is_required=True, help="id of the order at Wix"),
            ),
            columns=_columns(
                "happened_at:time known_at:time what:text status:text detail:text event_id:text "
                "since_previous_hours:number:hours"
            ),
        ),
        Question(
            name="churn",
            summary="Customers who left, by cause, and the churn rate of the chosen method.",
            parameters=(
                *COMMON,
                _choice("method", METHODS, "whose definition of the rate"),
                _choice("population", ("paying", "all"), "paying customers, or all with a subscription"),
                _choice("grain", ("month", "week"), "length of a bucket"),
                _choice("by", ("none", "plan", "site"), "one line, or one per plan or site"),
            ),
            columns=_columns(
                "bucket_start:local_time group:text active_at_start:integer:customers new:integer:customers "
                "churned:integer:customers voluntary:integer:customers involuntary:integer:customers "
                "owner:integer:customers completed:integer:customers unknown:integer:customers "
                "switched:integer:subscriptions failed_to_start:integer:subscriptions "
                "numerator:integer:customers "
                "base:integer:customers rate:number:fraction is_partial:boolean"
            ),
        ),
        Question(
            name="fulfillment_latency",
            summary="How long a step takes, of finished orders and with the open ones taken into account.",
            parameters=(
                *COMMON,
                _STEP,
                _choice(
                    "basis",
                    ("start", "finish"),
                    "orders by their first milestone, or finished ones by their second",
                ),
                _choice("grain", ("none", "day", "week", "month"), "length of a bucket"),
                _TARGET,
                _choice("by", ("none", "site"), "one line, or one per site"),
            ),
            columns=_columns(
                "bucket_start:local_time group:text finished:integer:orders open:integer:orders "
                "canceled:integer:orders p50_hours:number:hours p90_hours:number:hours "
                "p95_hours:number:hours "
                "p99_hours:number:hours km_p50_hours:number:hours km_p90_hours:number:hours "
                "km_p95_hours:number:hours km_p99_hours:number:hours within_target:number:fraction "
                "is_partial:boolean is_estimate:boolean"
            ),
        ),
        Question(
            name="fulfillment_distribution",
            summary="Finished orders by how long the step took.",
            parameters=(*COMMON, _STEP),
            columns=_columns("from_hours:number:hours to_hours:number:hours orders:integer:orders"),
        ),
        Question(
            name="backlog",
            summary="Paid orders that are still open, the oldest first.",
            parameters=(*COMMON, _TARGET),
            columns=_columns(
                "order_id:text site:text paid_at:time age_hours:number:hours hours_left:number:hours"
            ),
        ),
        Question(
            name="effects",
            summary="Notices and fulfillments that became due, and what became of them.",
            parameters=(
                *COMMON,
                _filter("flow", FLOWS, "only this flow"),
                _choice("grain", ("none", "day"), "length of a bucket"),
            ),
            columns=_columns(
                "bucket_start:local_time flow:text due:integer:effects done:integer:effects "
                "suppressed:integer:effects waiting:integer:effects failed:integer:effects "
                "open:integer:effects "
                "delay_p50_seconds:number:seconds delay_p95_seconds:number:seconds"
            ),
        ),
        Question(
            name="effect_log",
            summary="Every effect with its outcome, the newest first.",
            parameters=(
                *COMMON,
                _filter("flow", FLOWS, "only this flow"),
                _filter("outcome", OUTCOMES, "only with this outcome"),
                Parameter(name="order_id", kind="text", help="only effects of this order"),
                _LIMIT,
                _CURSOR,
            ),
            columns=_columns(
                "effect_key:text site:text order_id:text flow:text outcome:text reason:text decided_at:time "
                "done_at:time attempts:integer:attempts wix_id:text consent:text ref:text fingerprint:text "
                "last_status:integer last_code:text request_id:text next_at:time next_step:text "
                "next_cursor:text"
            ),
        ),
        Question(
            name="suppressions",
            summary="Why effects were left undone.",
            parameters=(*COMMON, _filter("flow", FLOWS, "only this flow")),
            columns=_columns("flow:text reason:text effects:integer:effects share:number:fraction"),
        ),
        Question(
            name="dead_letters",
            summary="Records that could not be read or decided, the newest first.",
            parameters=(*COMMON, _LIMIT),
            columns=_columns(
                "topic:text partition:integer offset:integer reason:text error:text first_at:time "
                "redriven_at:time"
            ),
        ),
        Question(
            name="conservation",
            summary="Whether every record of the log is accounted for.",
            parameters=COMMON,
            columns=_columns(
                "topic:text committed:integer:records rows:integer:records dead:integer:records "
                "missing:integer:records missing_effects:integer:effects"
            ),
        ),
        Question(
            name="lag",
            summary="How far the worker is behind, per partition.",
            parameters=COMMON,
            columns=_columns(
                "topic:text partition:integer committed:integer:records end:integer:records "
                "lag:integer:records"
            ),
        ),
        Question(
            name="data_quality",
            summary="Alarms: what the log holds that should not be.",
            parameters=COMMON,
            columns=_columns("alarm:text events:integer:events last_event_id:text last_at:time"),
        ),
        Question(
            name="pipeline",
            summary="The pipeline at this moment, or per minute.",
            parameters=(*COMMON, _choice("grain", ("none", "minute"), "now, or one row per minute")),
            columns=_columns(
                "at:time newest_event_at:time freshness_seconds:number:seconds "
                "end_to_end_p50_seconds:number:seconds "
                "end_to_end_p95_seconds:number:seconds events_per_second:number:events/s lag:integer:records "
                "dead_letters:integer:records failed_effects:integer:effects unrecognized:integer:events"
            ),
            reads_present=True,
        ),
    )
}
