-- mrr_movements: one row per instant of a period at which a customer's monthly revenue in one currency changed, and how.
create or replace macro mrr_movements(from_at, until_at, sites_chosen, currencies_chosen) as table
with

moves_taken_alone as not materialized (

    select *
    from subscription_moves
    where
        within(moved_at, from_at, until_at)
        and chosen(sites_chosen, instance_id)
        and chosen(currencies_chosen, currency)

),

-- Only of those who have several, and moved within the period, is it to be told what they had beside and before.
movers_of_several as (

    select distinct members.customer_number
    from memberships as members
    inner join moves_taken_alone as moves on moves.entity_number = members.entity_number
    where not members.is_only

),

members_of_several as (

    select
        members.entity_number,
        members.customer_number
    from memberships as members
    semi join movers_of_several as movers on movers.customer_number = members.customer_number

),

spans_of_several as (

    select
        members.customer_number as number,
        spans.currency,
        spans.mrr,
        spans.is_paused,
        spans.began_at,
        spans.ended_at
    from subscription_spans as spans
    inner join members_of_several as members on members.entity_number = spans.entity_number
    where
        (spans.mrr > 0 or spans.is_paused)
        and chosen(currencies_chosen, spans.currency)

)

select
    currency,
    moved_at,
    step,
    movement
from revenue_moves('spans_of_several', from_at)
where moved_at < until_at
union all
select
    moves.currency,
    moves.moved_at,
    moves.step,
    moves.movement
from moves_taken_alone as moves
anti join members_of_several as members on members.entity_number = moves.entity_number
