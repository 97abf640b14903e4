"""Questions about customers: who came, who left, what they bring. No I/O."""

from analytics.contract import (
    COMMON,
    METHODS,
    PLAN,
    SET_METHODS,
    Question,
    choice_of,
    columns_of,
)
from analytics.parameters import Parameter

MONTHS_FIRST = choice_of("grain", ("month", "week", "day"), "length of a bucket")

CUSTOMERS = (
    Question(
        name="churn",
        summary="Customers who left, by cause, and the churn rate of the chosen method.",
        parameters=(
            *COMMON,
            choice_of("method", METHODS, "whose definition of the rate"),
            choice_of("population", ("paying", "all"), "paying customers, or all with a subscription"),
            choice_of("grain", ("month", "week"), "length of a bucket"),
            choice_of("by", ("none", "plan", "site"), "one line, or one per plan or site"),
        ),
        columns=columns_of(
            "bucket_start:local_time group:text active_at_start:integer:customers new:integer:customers "
            "churned:integer:customers voluntary:integer:customers involuntary:integer:customers "
            "owner:integer:customers completed:integer:customers unknown:integer:customers "
            "switched:integer:subscriptions failed_to_start:integer:subscriptions "
            "numerator:integer:customers "
            "base:integer:customers rate:number:fraction is_partial:boolean"
        ),
    ),
    Question(
        name="churn_methods",
        summary="What each method of counting churn makes of the same period.",
        parameters=(
            *COMMON,
            choice_of("population", ("paying", "all"), "paying customers, or all with a subscription"),
        ),
        columns=columns_of(
            "method:text numerator:integer:customers base:integer:customers "
            "rate:number:fraction definition:text"
        ),
    ),
    Question(
        name="churn_difference",
        summary="Customers whom one method counts as churned and another does not, and why.",
        parameters=(
            *COMMON,
            choice_of("method", SET_METHODS, "one method"),
            Parameter(
                name="other",
                kind="choice",
                choices=SET_METHODS,
                default="stripe",
                help="the method to compare with",
            ),
        ),
        columns=columns_of("customer:text order_id:text happened_at:time counted_by:text reason:text"),
    ),
    Question(
        name="set_to_cancel",
        summary="Subscriptions that will end, the first to end first, and what they bring until then.",
        parameters=(*COMMON,),
        columns=columns_of(
            "order_id:text customer:text plan:text requested_at:time ends_at:time "
            "mrr:money:currency currency:text"
        ),
    ),
    Question(
        name="mrr",
        summary="Monthly recurring revenue per bucket and currency, and what moved it.",
        parameters=(*COMMON, MONTHS_FIRST),
        columns=columns_of(
            "bucket_start:local_time currency:text at_start:money:currency "
            "new:money:currency reactivation:money:currency expansion:money:currency "
            "contraction:money:currency churn:money:currency at_end:money:currency "
            "gross_churn_rate:number:fraction net_churn_rate:number:fraction "
            "is_partial:boolean"
        ),
    ),
    Question(
        name="cohorts",
        summary="Of the customers of each first month, the share still active months later.",
        parameters=(*COMMON, choice_of("by", ("customers", "mrr"), "heads or revenue"), PLAN),
        columns=columns_of(
            "cohort_month:local_time size:number age_months:integer:months active:number "
            "share:number:fraction"
        ),
    ),
    Question(
        name="survival",
        summary="The share of subscriptions still active at each age (Kaplan–Meier), with its 95 % band.",
        parameters=(*COMMON, PLAN),
        columns=columns_of(
            "age_days:integer:days at_risk:integer:subscriptions "
            "share_active:number:fraction low:number:fraction high:number:fraction"
        ),
    ),
    Question(
        name="trial_conversion",
        summary="Trials, and how many turned into paying subscriptions.",
        parameters=(
            *COMMON,
            choice_of(
                "method", ("chartmogul", "stripe"), "trials begun in the bucket, or ended in its last 30 days"
            ),
            MONTHS_FIRST,
        ),
        columns=columns_of(
            "bucket_start:local_time trials:integer:subscriptions "
            "converted:integer:subscriptions pending:integer:subscriptions "
            "rate:number:fraction is_partial:boolean"
        ),
    ),
)
