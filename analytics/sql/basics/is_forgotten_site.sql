-- is_forgotten_site: whether a site's rows are dropped.
create or replace macro is_forgotten_site(site) as
    mask(site) in (select known.mask from main.forgotten as known where known.scope = 'site')
