-- site_rows: one row: how many rows the ledger has of a site, and whether it drops those that come.
select
    count(*) as rows,
    is_forgotten_site($site) as is_forgotten
from lifecycle
where instance_id = $site
