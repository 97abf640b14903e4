-- drop_old_samples: samples older than a week serve no report.
delete from samples
where sampled_at < $before
