"""Questions about orders: where they stand, how they moved, what they brought. No I/O."""

from analytics.contract import (
    COMMON,
    CURSOR,
    DRAFTS,
    KINDS,
    LIMIT,
    STORE_STATES,
    SUBSCRIPTION_STATES,
    TARGET,
    Question,
    choice_of,
    columns_of,
    filter_by,
)
from analytics.parameters import Parameter

ORDERS = (
    Question(
        name="sites",
        summary="One row per site: since when it is observed, its store orders now.",
        parameters=COMMON,
        columns=columns_of(
            "site:text name:text currency:text timezone:text installed_at:time removed_at:time "
            "observed_from:time orders:integer:orders open:integer:orders late:integer:orders "
            "p50_hours:number:hours"
        ),
    ),
    Question(
        name="plans",
        summary="One row per plan: customers at the end of the period, who came, who left, and revenue then.",
        parameters=(*COMMON,),
        columns=columns_of(
            "plan_id:text name:text active:integer:customers new:integer:customers "
            "churned:integer:customers rate:number:fraction mrr:money:currency currency:text"
        ),
    ),
    Question(
        name="order_status",
        summary="Orders placed in the period, by state and Wix's own status.",
        parameters=(*COMMON, filter_by("kind", KINDS, "store orders or subscriptions"), DRAFTS),
        columns=columns_of("kind:text state:text status:text orders:integer:orders"),
    ),
    Question(
        name="order_flow",
        summary="Orders placed, paid, fulfilled, canceled, closed, reopened per bucket; open at its end.",
        parameters=(
            *COMMON,
            choice_of("kind", KINDS, "store orders or subscriptions"),
            choice_of("grain", ("day", "hour", "week", "month"), "length of a bucket"),
            choice_of("by", ("none", "site"), "one line, or one per site"),
        ),
        columns=columns_of(
            "bucket_start:local_time group:text placed:integer:orders paid:integer:orders "
            "fulfilled:integer:orders canceled:integer:orders closed:integer:orders "
            "reopened:integer:orders "
            "open_at_end:integer:orders is_partial:boolean"
        ),
    ),
    Question(
        name="open_by_state",
        summary="How many orders stood open in each state at the end of each bucket.",
        parameters=(
            *COMMON,
            choice_of("kind", KINDS, "store orders or subscriptions"),
            choice_of("grain", ("day", "hour", "week", "month"), "length of a bucket"),
        ),
        columns=columns_of("bucket_start:local_time state:text orders:integer:orders"),
    ),
    Question(
        name="order_transitions",
        summary="Changes from one status to another, and whether Wix documents them.",
        parameters=(*COMMON, choice_of("kind", KINDS, "store orders or subscriptions")),
        columns=columns_of("from_status:text to_status:text orders:integer:orders is_legal:boolean"),
    ),
    Question(
        name="revenue",
        summary="What was paid and what was given back, per bucket and currency.",
        parameters=(*COMMON, choice_of("grain", ("day", "hour", "week", "month"), "length of a bucket")),
        columns=columns_of(
            "bucket_start:local_time currency:text paid:money:currency "
            "refunded:money:currency orders:integer:orders is_partial:boolean"
        ),
    ),
    Question(
        name="orders",
        summary="Orders placed in the period, the newest first, with their milestones.",
        parameters=(
            *COMMON,
            filter_by("kind", KINDS, "store orders or subscriptions"),
            filter_by("state", (*STORE_STATES, *SUBSCRIPTION_STATES), "only orders in this state"),
            Parameter(name="late", kind="flag", help="only those that are (not) late"),
            TARGET,
            Parameter(name="search", kind="text", help="an order id, number, customer id or tracking number"),
            LIMIT,
            CURSOR,
        ),
        columns=columns_of(
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
        columns=columns_of(
            "happened_at:time known_at:time what:text status:text detail:text event_id:text "
            "since_previous_hours:number:hours"
        ),
    ),
)
