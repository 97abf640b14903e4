-- entity_number: the entity that a row tells of, in 16 bytes instead of three texts, as `entity_number_of` makes it.
alter table lifecycle add column entity_number uuid;

update lifecycle
set
    entity_number = cast(
        md5_number(
            case kind when 'fulfillments' then 'store_order' else kind end || '/' || instance_id || '/' || entity_id
        ) as uuid
    );
