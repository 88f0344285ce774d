-- A publication for all tables takes ours with it. What another server sends for them is not let in: jobs, advice and
-- index sets are of the server where they were made.

CREATE FUNCTION @extschema@.clipperf_not_replicated()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'clipperf_not_replicated';
COMMENT ON FUNCTION @extschema@.clipperf_not_replicated() IS
'trigger of clipperf''s tables: leaves out the rows that a subscription brings';
REVOKE ALL ON FUNCTION @extschema@.clipperf_not_replicated() FROM PUBLIC;

CREATE TRIGGER clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.clipperf_accepted
FOR EACH ROW EXECUTE FUNCTION @extschema@.clipperf_not_replicated();
ALTER TABLE @extschema@.clipperf_accepted ENABLE REPLICA TRIGGER clipperf_not_replicated;
CREATE TRIGGER clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.clipperf_index_set_members
FOR EACH ROW EXECUTE FUNCTION @extschema@.clipperf_not_replicated();
ALTER TABLE @extschema@.clipperf_index_set_members ENABLE REPLICA TRIGGER clipperf_not_replicated;
CREATE TRIGGER clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.clipperf_job
FOR EACH ROW EXECUTE FUNCTION @extschema@.clipperf_not_replicated();
ALTER TABLE @extschema@.clipperf_job ENABLE REPLICA TRIGGER clipperf_not_replicated;
CREATE TRIGGER clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.clipperf_job_change
FOR EACH ROW EXECUTE FUNCTION @extschema@.clipperf_not_replicated();
ALTER TABLE @extschema@.clipperf_job_change ENABLE REPLICA TRIGGER clipperf_not_replicated;
CREATE TRIGGER clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.clipperf_job_measures
FOR EACH ROW EXECUTE FUNCTION @extschema@.clipperf_not_replicated();
ALTER TABLE @extschema@.clipperf_job_measures ENABLE REPLICA TRIGGER clipperf_not_replicated;
CREATE TRIGGER clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.clipperf_recommendations
FOR EACH ROW EXECUTE FUNCTION @extschema@.clipperf_not_replicated();
ALTER TABLE @extschema@.clipperf_recommendations ENABLE REPLICA TRIGGER clipperf_not_replicated;

-- They have no key, and rows of published tables without one cannot be deleted.
ALTER TABLE @extschema@.clipperf_job_change REPLICA IDENTITY FULL;
ALTER TABLE @extschema@.clipperf_scan_advice REPLICA IDENTITY FULL;
CREATE TRIGGER clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.clipperf_scan_advice
FOR EACH ROW EXECUTE FUNCTION @extschema@.clipperf_not_replicated();
ALTER TABLE @extschema@.clipperf_scan_advice ENABLE REPLICA TRIGGER clipperf_not_replicated;
