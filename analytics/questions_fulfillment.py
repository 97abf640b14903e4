"""Questions about the way from paid to handed over. No I/O."""

from analytics.contract import (
    COMMON,
    LIMIT,
    OUTCOMES,
    STEP,
    TARGET,
    Question,
    choice_of,
    columns_of,
    filter_by,
)

FULFILLMENT = (
    Question(
        name="fulfillment_latency",
        summary="How long a step takes, of finished orders and with the open ones taken into account.",
        parameters=(
            *COMMON,
            STEP,
            choice_of(
                "basis",
                ("start", "finish"),
                "orders by their first milestone, or finished ones by their second",
            ),
            choice_of("grain", ("none", "day", "week", "month"), "length of a bucket"),
            TARGET,
            choice_of("by", ("none", "site"), "one line, or one per site"),
        ),
        columns=columns_of(
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
        parameters=(*COMMON, STEP),
        columns=columns_of("from_hours:number:hours to_hours:number:hours orders:integer:orders"),
    ),
    Question(
        name="fulfillment_by_hour",
        summary="How long a step took by the weekday (1 is Monday) and hour it began at, in tz.",
        parameters=(*COMMON, STEP),
        columns=columns_of("weekday:integer hour:integer orders:integer:orders p50_hours:number:hours"),
    ),
    Question(
        name="fulfillment_rates",
        summary="Late shipments, cancellations by the site before hand-over, parcels with valid tracking.",
        parameters=(*COMMON, TARGET),
        columns=columns_of(
            "due:integer:orders late:integer:orders late_rate:number:fraction "
            "placed:integer:orders canceled_before:integer:orders "
            "cancel_rate:number:fraction fulfillments:integer:fulfillments "
            "tracked:integer:fulfillments tracking_rate:number:fraction"
        ),
    ),
    Question(
        name="backlog",
        summary="Paid orders that are still open, the oldest first.",
        parameters=(*COMMON, TARGET),
        columns=columns_of(
            "order_id:text site:text paid_at:time age_hours:number:hours hours_left:number:hours"
        ),
    ),
    Question(
        name="handovers",
        summary="What warehouses told, the newest first, and what became of it.",
        parameters=(*COMMON, filter_by("outcome", (*OUTCOMES, "refused"), "only with this outcome"), LIMIT),
        columns=columns_of(
            "warehouse:text key:text site:text order_id:text received_at:time outcome:text "
            "reason:text fulfillment_id:text"
        ),
    ),
)
