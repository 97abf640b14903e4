-- subscription_moves: one row per instant at which what a subscription brings a month changed, and how, taken by itself:
-- as most customers have no other one, these are theirs.
create or replace view subscription_moves as
with

spans_of_orders as (

    select
        entity_number as number,
        currency,
        mrr,
        is_paused,
        began_at,
        ended_at
    from subscription_spans
    where mrr > 0 or is_paused

)

select
    moves.number as entity_number,
    orders.instance_id,
    orders.order_id,
    moves.currency,
    moves.moved_at,
    moves.step,
    moves.movement
from revenue_moves('spans_of_orders', null) as moves
inner join subscriptions as orders on orders.entity_number = moves.number
