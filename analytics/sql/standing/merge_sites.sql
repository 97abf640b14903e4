-- merge_sites: marks only ever move outward, so those of the touched entities are merged into those known.
merge into main.site_marks as kept
using touched.site_marks as found
on found.instance_id = kept.instance_id
when matched then update set
    installed_at = least(kept.installed_at, found.installed_at),
    removed_at = greatest(kept.removed_at, found.removed_at),
    last_turn = case
        when kept.last_turn is null or found.last_turn > kept.last_turn then found.last_turn else kept.last_turn
    end,
    properties = case
        when kept.properties is null or found.properties > kept.properties then found.properties else kept.properties
    end,
    first_order_at = least(kept.first_order_at, found.first_order_at),
    reconciled_at = least(kept.reconciled_at, found.reconciled_at),
    reconciled_from = least(kept.reconciled_from, found.reconciled_from),
    first_event_at = least(kept.first_event_at, found.first_event_at)
when not matched then insert by name
