-- site_rows: one row: how many rows the ledger has of a site.
select count(*) as rows
from lifecycle
where instance_id = $site
