-- A publication for all tables takes ours with it. What another server sends for them is not let in: jobs, advice and
-- index sets are of the server where they were made.

CREATE FUNCTION @extschema@._clipperf_not_replicated()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'clipperf_not_replicated';
COMMENT ON FUNCTION @extschema@._clipperf_not_replicated() IS
'trigger of clipperf''s tables: leaves out the rows that a subscription brings';
REVOKE ALL ON FUNCTION @extschema@._clipperf_not_replicated() FROM PUBLIC;

-- Rows of published tables without a key cannot be deleted unless the whole row tells them.
DO $$
DECLARE
    member regclass;
    has_key boolean;
BEGIN
    FOR member, has_key IN
        SELECT c.oid, EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)
        FROM pg_catalog.pg_class AS c
             JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
             JOIN pg_catalog.pg_extension AS e ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
        WHERE d.deptype = 'e' AND e.extname = 'clipperf' AND c.relkind = 'r'
    LOOP
        EXECUTE pg_catalog.format('CREATE TRIGGER _clipperf_not_replicated BEFORE INSERT OR UPDATE OR DELETE ON %s
            FOR EACH ROW EXECUTE FUNCTION @extschema@._clipperf_not_replicated()', member);
        EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE REPLICA TRIGGER _clipperf_not_replicated', member);
        IF NOT has_key THEN
            EXECUTE pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY FULL', member);
        END IF;
    END LOOP;
END
$$;
