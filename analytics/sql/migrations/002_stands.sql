-- stands: whether a row counts now: false once its event was read anew by a higher mapping version.
alter table lifecycle add column stands boolean default true;

-- derived: one row per set of definitions that the typed tables of this file were made by.
create table derived (
    sha256 varchar not null
);
