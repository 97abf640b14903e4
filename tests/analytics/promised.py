"""The public contract of the reports, written down a second time: names, parameters, columns.

Changing a report's shape means changing this table too, and the page of whoever reads it.
"""

# What every report takes.
COMMON = "start end tz site currency as_of version"

# Name: what it takes besides, and its columns, in order.
REPORTS: dict[str, tuple[str, str]] = {
    "sites": (
        "",
        "site name currency timezone installed_at removed_at observed_from orders open late p50_hours",
    ),
    "plans": ("", "plan_id name active new churned rate mrr currency"),
    "order_status": ("kind drafts", "kind state status orders"),
    "order_flow": (
        "kind grain by",
        "bucket_start group placed paid fulfilled canceled closed reopened open_at_end is_partial",
    ),
    "open_by_state": ("kind grain", "bucket_start state orders"),
    "order_transitions": ("kind", "from_status to_status orders is_legal"),
    "revenue": ("grain", "bucket_start currency paid refunded orders is_partial"),
    "orders": (
        "kind state late target_hours search limit cursor",
        (
            "site order_id number kind state status payment_status fulfillment_status customer plan amount "
            "currency placed_at paid_at first_fulfilled_at fulfilled_at tracked_at canceled_at created_at "
            "started_at trial_ends_at first_paid_at set_to_cancel_at pauses ended_at end_cause age_hours "
            "next_cursor"
        ),
    ),
    "order_timeline": ("order_id", "happened_at known_at what status detail event_id since_previous_hours"),
    "churn": (
        "method population grain by",
        (
            "bucket_start group active_at_start new churned voluntary involuntary owner completed unknown "
            "switched failed_to_start numerator base rate is_partial"
        ),
    ),
    "churn_methods": ("population", "method numerator base rate definition"),
    "churn_difference": ("method other", "customer order_id happened_at counted_by reason"),
    "set_to_cancel": ("", "order_id customer plan requested_at ends_at mrr currency"),
    "mrr": (
        "grain",
        (
            "bucket_start currency at_start new reactivation expansion contraction churn at_end "
            "gross_churn_rate net_churn_rate is_partial"
        ),
    ),
    "cohorts": ("by plan", "cohort_month size age_months active share"),
    "survival": ("plan", "age_days at_risk share_active low high"),
    "trial_conversion": ("method grain", "bucket_start trials converted pending rate is_partial"),
    "fulfillment_latency": (
        "step basis grain target_hours by",
        (
            "bucket_start group finished open canceled p50_hours p90_hours p95_hours p99_hours km_p50_hours "
            "km_p90_hours km_p95_hours km_p99_hours within_target is_partial is_estimate"
        ),
    ),
    "fulfillment_distribution": ("step", "from_hours to_hours orders"),
    "fulfillment_by_hour": ("step", "weekday hour orders p50_hours"),
    "fulfillment_rates": (
        "target_hours",
        "due late late_rate placed canceled_before cancel_rate fulfillments tracked tracking_rate",
    ),
    "backlog": ("target_hours", "order_id site paid_at age_hours hours_left"),
    "handovers": ("outcome limit", "warehouse key site order_id received_at outcome reason fulfillment_id"),
    "effects": (
        "flow grain",
        "bucket_start flow due done suppressed waiting failed open delay_p50_seconds delay_p95_seconds",
    ),
    "effect_log": (
        "flow outcome order_id limit cursor",
        (
            "effect_key site order_id flow outcome reason decided_at done_at attempts wix_id consent ref "
            "fingerprint last_status last_code request_id next_at next_step next_cursor"
        ),
    ),
    "suppressions": ("flow", "flow reason effects share"),
    "dead_letters": ("limit", "topic partition offset reason error first_at redriven_at"),
    "conservation": ("", "topic committed rows dead missing missing_effects"),
    "pipeline": (
        "grain",
        (
            "at newest_event_at freshness_seconds end_to_end_p50_seconds end_to_end_p95_seconds "
            "events_per_second lag dead_letters failed_effects unrecognized"
        ),
    ),
    "quota": ("grain", "bucket_start site calls limit parked"),
    "flows_paused": ("", "flow fingerprint since version held"),
    "lag": ("", "topic partition committed end lag"),
    "data_quality": ("", "alarm events last_event_id last_at"),
}

# The default of each parameter with a closed set of values (None: all), and what it takes.
CHOICES: dict[tuple[str, str], tuple[str | None, str]] = {
    ("order_status", "kind"): (None, "store subscription"),
    ("order_flow", "kind"): ("store", "store subscription"),
    ("order_flow", "grain"): ("day", "hour day week month"),
    ("order_flow", "by"): ("none", "none site"),
    ("open_by_state", "grain"): ("day", "hour day week month"),
    ("revenue", "grain"): ("day", "hour day week month"),
    ("churn", "method"): ("chartmogul", "chartmogul stripe profitwell revenuecat gumroad"),
    ("churn", "population"): ("paying", "paying all"),
    ("churn", "grain"): ("month", "month week"),
    ("churn", "by"): ("none", "none plan site"),
    ("churn_difference", "method"): ("chartmogul", "chartmogul stripe profitwell gumroad"),
    ("churn_difference", "other"): ("stripe", "chartmogul stripe profitwell gumroad"),
    ("mrr", "grain"): ("month", "month week day"),
    ("cohorts", "by"): ("customers", "customers mrr"),
    ("trial_conversion", "method"): ("chartmogul", "chartmogul stripe"),
    ("fulfillment_latency", "step"): (
        "paid_fulfilled",
        "paid_fulfilled placed_paid placed_fulfilled paid_first_fulfilled fulfilled_tracked",
    ),
    ("fulfillment_latency", "basis"): ("start", "start finish"),
    ("fulfillment_latency", "grain"): ("none", "none day week month"),
    ("effects", "grain"): ("none", "none day"),
    ("effects", "flow"): (None, "payment_notice purchase_notice fulfillment access"),
    ("effect_log", "outcome"): (None, "done suppressed waiting failed open"),
    ("pipeline", "grain"): ("none", "none minute"),
    ("quota", "grain"): ("minute", "minute hour"),
}
