-- family_of: entities whose rows are read together; an order's fulfillments belong to the order.
create or replace macro family_of(kind) as case kind when 'fulfillments' then 'store_order' else kind end
