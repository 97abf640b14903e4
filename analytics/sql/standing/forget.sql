-- forget: what a typed table held of the touched entities.
delete from main.{table}
where
    rowid in (
        select kept.rowid
        from main.{table} as kept
        semi join known_entities as known
            on
                known.family = {family}
                and known.instance_id = kept.instance_id
                and known.entity_id = kept.{key}
    )
