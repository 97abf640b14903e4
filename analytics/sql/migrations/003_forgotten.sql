-- forgotten: one row per site or person whose rows are dropped or masked, by the mask of its id.
create table forgotten (
    scope varchar not null,
    mask varchar not null,
    primary key (scope, mask)
);
