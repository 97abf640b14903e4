"""Questions about effects and about the pipeline itself. No I/O."""

from analytics.contract import (
    COMMON,
    CURSOR,
    FLOWS,
    LIMIT,
    OUTCOMES,
    Question,
    choice_of,
    columns_of,
    filter_by,
)
from analytics.parameters import Parameter

PIPELINE = (
    Question(
        name="effects",
        summary="Notices and fulfillments that became due, and what became of them.",
        parameters=(
            *COMMON,
            filter_by("flow", FLOWS, "only this flow"),
            choice_of("grain", ("none", "day"), "length of a bucket"),
        ),
        columns=columns_of(
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
            filter_by("flow", FLOWS, "only this flow"),
            filter_by("outcome", OUTCOMES, "only with this outcome"),
            Parameter(name="order_id", kind="text", help="only effects of this order"),
            LIMIT,
            CURSOR,
        ),
        columns=columns_of(
            "effect_key:text site:text order_id:text flow:text outcome:text reason:text decided_at:time "
            "done_at:time attempts:integer:attempts wix_id:text consent:text ref:text fingerprint:text "
            "last_status:integer last_code:text request_id:text next_at:time next_step:text "
            "next_cursor:text"
        ),
    ),
    Question(
        name="suppressions",
        summary="Why effects were left undone.",
        parameters=(*COMMON, filter_by("flow", FLOWS, "only this flow")),
        columns=columns_of("flow:text reason:text effects:integer:effects share:number:fraction"),
    ),
    Question(
        name="dead_letters",
        summary="Records that could not be read or decided, the newest first.",
        parameters=(*COMMON, LIMIT),
        columns=columns_of(
            "topic:text partition:integer offset:integer reason:text error:text first_at:time "
            "redriven_at:time"
        ),
    ),
    Question(
        name="conservation",
        summary="Whether every record of the log is accounted for.",
        parameters=COMMON,
        columns=columns_of(
            "topic:text committed:integer:records rows:integer:records dead:integer:records "
            "missing:integer:records missing_effects:integer:effects"
        ),
    ),
    Question(
        name="quota",
        summary="Requests to Wix per site, how many it allows in that time, and how many had to wait.",
        parameters=(*COMMON, choice_of("grain", ("minute", "hour"), "length of a bucket")),
        columns=columns_of(
            "bucket_start:local_time site:text calls:integer:requests limit:integer:requests "
            "parked:integer:requests"
        ),
    ),
    Question(
        name="flows_paused",
        summary="Flows that a bug has paused, since when, and how much waits for them.",
        parameters=COMMON,
        columns=columns_of("flow:text fingerprint:text since:time version:text held:integer:records"),
    ),
    Question(
        name="lag",
        summary="How far the worker is behind, per partition.",
        parameters=COMMON,
        columns=columns_of(
            "topic:text partition:integer committed:integer:records end:integer:records lag:integer:records"
        ),
    ),
    Question(
        name="data_quality",
        summary="Alarms: what the log holds that should not be.",
        parameters=COMMON,
        columns=columns_of("alarm:text events:integer:events last_event_id:text last_at:time"),
    ),
    Question(
        name="pipeline",
        summary="The pipeline at this moment, or per minute.",
        parameters=(*COMMON, choice_of("grain", ("none", "minute"), "now, or one row per minute")),
        columns=columns_of(
            "at:time newest_event_at:time freshness_seconds:number:seconds "
            "end_to_end_p50_seconds:number:seconds "
            "end_to_end_p95_seconds:number:seconds events_per_second:number:events/s lag:integer:records "
            "dead_letters:integer:records failed_effects:integer:effects unrecognized:integer:events"
        ),
        reads_present=True,
    ),
)
