-- subscription_moves: one row per instant at which what a subscription brings a month changed, and how, taken by itself:
-- as most customers have no other one, these are theirs.
create or replace view subscription_moves as
with

spans_of_orders as (

    select
        instance_id,
        order_id as customer,
        currency,
        mrr,
        is_paused,
        began_at,
        ended_at
    from subscription_spans
    where mrr > 0 or is_paused

)

select
    entity_number_of('subscription', instance_id, customer) as entity_number,
    instance_id,
    customer as order_id,
    currency,
    moved_at,
    step,
    movement
from revenue_moves('spans_of_orders')
