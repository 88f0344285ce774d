-- Index sets: what can be added, and what becomes of it.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA "Set test";
SET search_path = "Set test", public;
SET client_min_messages = notice;

-- One form for all that is added; CONCURRENTLY and IF NOT EXISTS are not kept.
CREATE FUNCTION add(ddl text) RETURNS text LANGUAGE sql AS $$
    SELECT clipperf_add_index('forms', ddl)::text
$$;
SELECT add('create index PLAIN on Item(A,b desc)');
SELECT add(E'  CREATE  UNIQUE\tINDEX "Odd one" /* why */ ON "Set test"."Odd table"\n USING BTREE (lower(NAME) , "Mixed") -- end\n INCLUDE (c) ;;');
SELECT add('CREATE INDEX CONCURRENTLY IF NOT EXISTS busy ON item (a nulls first, nulls NULLS last) nulls not distinct with (fillfactor=70) tablespace pg_default where a is not NULL and b in (1,2) or c LIKE ''a''''  B%''');
SELECT add('CREATE INDEX IF NOT EXISTS if ON item (type, position, "desc", "name")');
SELECT add('CREATE INDEX prefix ON item USING gin (body jsonb_path_ops, (tags || E''\\n'') array_ops(foo = 1), (x COLLATE "de_DE"))');
SELECT position, index_name, relation, ddl, priority FROM clipperf_index_set_members WHERE index_set = 'forms' ORDER BY position;
SELECT m.index_name FROM clipperf_index_set_members AS m, _clipperf_read_index_statement(m.ddl) AS r WHERE r.ddl <> m.ddl;

-- Anything else is refused.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT add('CREATE INDEX broken ON item (');
SELECT add('CREATE INDEX one ON item (a); CREATE INDEX two ON item (b)');
SELECT add('');
SELECT add('DROP TABLE item');
SELECT add('CREATE INDEX ON item (a)');
SELECT add('CREATE INDEX one ON ONLY item (a)');
\set VERBOSITY terse
SELECT add('CREATE TABLE item (a int)');
SELECT add('ALTER INDEX busy RENAME TO idle');
SELECT add('EXPLAIN CREATE INDEX one ON item (a)');
SELECT add('CREATE INDEX plain ON other (a)');
SELECT clipperf_add_index('forms', NULL);
SELECT clipperf_add_index('', 'CREATE INDEX one ON item (a)');
SELECT clipperf_add_index('forms', 'CREATE INDEX one ON item (a)', 'urgent');
SELECT * FROM clipperf_index_set_status('no such set');
SELECT clipperf_drop_index_set('no such set');
SELECT clipperf_remove_index('forms', 'no such index');

-- Members and sets come and go.
SELECT clipperf_remove_index('forms', 'plain');
SELECT clipperf_add_index('forms', 'CREATE INDEX plain ON item (b)', 'low', 'Something.');
SELECT clipperf_add_index('other', 'CREATE INDEX plain ON item (b)');
SELECT * FROM clipperf_index_sets ORDER BY index_set COLLATE "C";
SELECT position, ddl, priority, purpose FROM clipperf_index_set_members WHERE index_set = 'forms' AND index_name = 'plain';
SELECT clipperf_drop_index_set('forms'), clipperf_drop_index_set('other');

-- Changes of the shipped set are remembered as such.
BEGIN;
SELECT clipperf_remove_index('clipper', 'idx_votes_user_clip');
SELECT clipperf_remove_index('clipper', 'idx_votes_user_clip');
ROLLBACK;
BEGIN;
SELECT clipperf_remove_index('clipper', 'idx_votes_user_clip');
SELECT clipperf_remove_index('clipper', 'idx_votes_clip_user');
SELECT clipperf_add_index('clipper', 'CREATE INDEX idx_votes_clip_user ON votes (clip_id)', 'low');
SELECT clipperf_add_index('clipper', 'CREATE INDEX mine ON votes (clip_id)');
SELECT index_name, ddl, priority, shipped, changed, removed FROM clipperf_index_set_members
WHERE index_set = 'clipper' AND (changed OR NOT shipped) ORDER BY position;
SELECT indexes FROM clipperf_index_sets WHERE index_set = 'clipper';
SELECT clipperf_drop_index_set('clipper');
SELECT count(*) FROM clipperf_index_sets WHERE index_set = 'clipper';
SELECT count(*), bool_and(shipped AND changed AND removed) AS remembered FROM clipperf_index_set_members WHERE index_set = 'clipper';
ROLLBACK;

-- Who may change sets: those it was granted to.
CREATE ROLE regress_clipperf_editor;
GRANT USAGE ON SCHEMA "Set test" TO regress_clipperf_editor;
SET ROLE regress_clipperf_editor;
SELECT clipperf_add_index('mine', 'CREATE INDEX one ON item (a)');
SELECT clipperf_remove_index('clipper', 'idx_votes_user_clip');
SELECT clipperf_drop_index_set('clipper');
DELETE FROM clipperf_index_set_members;
SELECT indexes FROM clipperf_index_sets WHERE index_set = 'clipper';
RESET ROLE;
GRANT EXECUTE ON FUNCTION clipperf_add_index(text, text, text, text), clipperf_drop_index_set(text) TO regress_clipperf_editor;
SET ROLE regress_clipperf_editor;
SELECT clipperf_add_index('mine', 'CREATE INDEX one ON item (a)');
SELECT clipperf_drop_index_set('mine');
RESET ROLE;

-- Verdicts: each with its near miss.
CREATE TABLE item (
    id int PRIMARY KEY, a int, b int, c text, kind text NOT NULL, gone bool, done_at timestamp, body jsonb, UNIQUE (a, b));
CREATE INDEX item_c ON item (c);
CREATE INDEX item_kind ON item (kind, done_at DESC);
CREATE INDEX "Taken" ON item (done_at);
CREATE INDEX left_over ON item (gone);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'left_over'::regclass;
CREATE VIEW a_view AS SELECT 1 AS a;
CREATE FUNCTION moving(text) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
DO $$
DECLARE
    ddl text;
BEGIN
    FOREACH ddl IN ARRAY ARRAY[
        'CREATE INDEX item_c ON item (c)',
        'CREATE INDEX item_c_too ON item (c)',
        'CREATE INDEX pattern ON item (c text_pattern_ops)',
        'CREATE INDEX ab ON item (a, b)',
        'CREATE UNIQUE INDEX ab_unique ON item (a, b)',
        'CREATE UNIQUE INDEX a_unique ON item (a)',
        'CREATE INDEX ba ON item (b, a)',
        'CREATE INDEX "Taken" ON item (b)',
        'CREATE INDEX a_view ON item (kind, b)',
        'CREATE INDEX left_over ON item (gone)',
        'CREATE INDEX fixed_first ON item (gone, a, b) WHERE gone',
        'CREATE INDEX fixed_last ON item (b, c, kind) WHERE kind = ''x'' AND b > 5',
        'CREATE INDEX fixed_null ON item (c, done_at, b) WHERE done_at IS NULL',
        'CREATE INDEX fixed_all ON item (kind) WHERE kind = ''x''',
        'CREATE INDEX not_fixed ON item (gone, b) WHERE kind IN (''x'', ''y'')',
        'CREATE INDEX partial_c ON item (c) WHERE gone',
        'CREATE INDEX wider_kind ON item (kind, done_at DESC, a)',
        'CREATE INDEX lower_c ON item (lower(c)) INCLUDE (a)',
        'CREATE INDEX lower_short ON item (lower(c))',
        'CREATE INDEX missing_table ON nowhere (a)',
        'CREATE INDEX missing_schema ON nowhere.item (a)',
        'CREATE INDEX missing_column ON item (a, nothing)',
        'CREATE INDEX missing_in_expression ON item (lower(nothing))',
        'CREATE INDEX missing_function ON item (nothing(c))',
        'CREATE INDEX missing_opclass ON item USING gin (c)',
        'CREATE INDEX missing_method ON item USING nothing (c)',
        'CREATE INDEX hash_two ON item USING hash (a, b)',
        'CREATE INDEX hash_order ON item USING hash (a DESC)',
        'CREATE UNIQUE INDEX hash_unique ON item USING hash (a)',
        'CREATE INDEX gin_include ON item USING gin (body) INCLUDE (a)',
        'CREATE INDEX on_view ON a_view (a)',
        'CREATE INDEX not_immutable ON item (moving(c))',
        'CREATE INDEX predicate_not_immutable ON item (b) WHERE done_at < now()',
        'CREATE INDEX collated ON item (a COLLATE "C")',
        'CREATE INDEX on_system ON item (xmin)',
        'CREATE INDEX sub_query ON item (((SELECT 1)))'
    ] LOOP
        PERFORM clipperf_add_index('verdicts', ddl);
    END LOOP;
END $$;
\x on
SELECT v.index_name, v.relation, v.action, v.reason, v.ddl FROM clipperf_index_set_status('verdicts') AS v;
\x off

-- What is to be created can be created, and is there then.
SELECT v.ddl FROM clipperf_index_set_status('verdicts') AS v
WHERE action = 'create' AND index_name <> 'left_over' AND ddl NOT LIKE '%UNIQUE%' \gexec
SELECT v.action, count(*) FROM clipperf_index_set_status('verdicts') AS v GROUP BY v.action ORDER BY v.action;

-- A member runs no function of others with the rights of whoever looks, or of the table's owner.
CREATE ROLE regress_clipperf_other;
GRANT USAGE, CREATE ON SCHEMA "Set test" TO regress_clipperf_other;
SET ROLE regress_clipperf_other;
CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
RESET ROLE;
CREATE FUNCTION harmless() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 7; END';
SELECT clipperf_add_index('traps', 'CREATE INDEX trapped ON item (b) WHERE a = trap()');
SELECT clipperf_add_index('traps', 'CREATE INDEX trapped_key ON item ((a + trap()))');
SELECT clipperf_add_index('traps', 'CREATE INDEX trusted ON item (b, a) WHERE a = harmless()');
SELECT index_name, action, reason, ddl FROM clipperf_index_set_status('traps');
SELECT clipperf_drop_index_set('traps');

-- Plain users judge a set as well; tables they may not even see are missing for them.
REVOKE ALL ON SCHEMA "Set test" FROM regress_clipperf_editor;
SET ROLE regress_clipperf_editor;
SELECT DISTINCT action, reason FROM clipperf_index_set_status('verdicts');
RESET ROLE;

SELECT clipperf_drop_index_set('verdicts');
REVOKE EXECUTE ON FUNCTION clipperf_add_index(text, text, text, text), clipperf_drop_index_set(text) FROM regress_clipperf_editor;
SET client_min_messages = error;
DROP SCHEMA "Set test" CASCADE;
DROP ROLE regress_clipperf_editor, regress_clipperf_other;
