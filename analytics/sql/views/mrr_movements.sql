-- mrr_movements: one row per instant at which a customer's monthly revenue in one currency changed, and how.
create or replace macro mrr_movements(until_at, sites_chosen, currencies_chosen) as table
with

members_of_several as (

    select
        entity_number,
        customer
    from memberships
    where not is_only and chosen(sites_chosen, instance_id)

),

spans_of_several as (

    select
        spans.instance_id,
        members.customer,
        spans.currency,
        spans.mrr,
        spans.is_paused,
        spans.began_at,
        spans.ended_at
    from subscription_spans as spans
    inner join members_of_several as members on members.entity_number = spans.entity_number
    where
        chosen(currencies_chosen, spans.currency)
        and (spans.mrr > 0 or spans.is_paused)

)

select
    currency,
    moved_at,
    step,
    movement
from revenue_moves('spans_of_several')
where moved_at < until_at
union all
select
    moves.currency,
    moves.moved_at,
    moves.step,
    moves.movement
from subscription_moves as moves
anti join members_of_several as members on members.entity_number = moves.entity_number
where
    moves.moved_at < until_at
    and chosen(sites_chosen, moves.instance_id)
    and chosen(currencies_chosen, moves.currency)
