-- What indexes are, and which do all that another does.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA "Index defs";
SET search_path = "Index defs", public;
CREATE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE TABLE item (
    id int PRIMARY KEY, a int, b int NOT NULL, c text, "Odd name" varchar(20), gone bool, at timestamp,
    tags int[], body jsonb, spot point, span int4range);

-- Every definition is written so that it makes the same index again, whatever the search_path.
CREATE INDEX plain ON item (a);
CREATE UNIQUE INDEX "Odd index" ON item ("Odd name" COLLATE "C" DESC NULLS LAST, a NULLS FIRST) INCLUDE (b, c) NULLS NOT DISTINCT;
CREATE INDEX pattern ON item (c text_pattern_ops, "Odd name" varchar_ops, "Odd name" varchar_pattern_ops);
CREATE INDEX partial ON item (b) WHERE gone = false AND a IS NOT NULL AND c = 'x';
CREATE INDEX expressions ON item (lower(c), (a + b), (c || 'x') COLLATE "C" DESC, "Index defs".fold(c), (a::bigint));
CREATE INDEX stored ON item (a, b) WITH (fillfactor = 70, deduplicate_items = off);
CREATE INDEX hashed ON item USING hash (c);
CREATE INDEX in_tags ON item USING gin (tags, body jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX near ON item USING gist (spot);
CREATE INDEX ranged ON item USING brin (at, a int4_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 8);
SELECT ddl FROM clipperf_indexes WHERE relation = 'item'::regclass ORDER BY ddl COLLATE "C";
CREATE TEMP TABLE made AS SELECT index_name::text AS name, ddl FROM clipperf_indexes WHERE relation = 'item'::regclass;
SELECT string_agg(format('DROP INDEX %s', index_name), '; ') AS drops FROM clipperf_indexes
WHERE relation = 'item'::regclass AND backs = '{}' \gset
:drops;
SET search_path = pg_catalog;
SELECT ddl FROM pg_temp.made WHERE ddl NOT LIKE '%item_pkey%' \gexec
SET search_path = "Index defs", public;
SELECT ddl FROM clipperf_indexes WHERE relation = 'item'::regclass EXCEPT SELECT ddl FROM made;
SELECT count(*) FROM made;

-- What an index is needed for.
CREATE TABLE line (item int REFERENCES item, part int, note text, span int4range,
    UNIQUE (item, part), EXCLUDE USING gist (span WITH &&));
CREATE UNIQUE INDEX referred ON item (b);
ALTER TABLE line ADD CONSTRAINT line_part_fkey FOREIGN KEY (part) REFERENCES item (b);
CREATE UNIQUE INDEX identity ON item (b, id);
ALTER TABLE item REPLICA IDENTITY USING INDEX identity;
CREATE INDEX ordered ON item (at);
CLUSTER item USING ordered;
CREATE TABLE part (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE part_2024 PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX part_at ON part (at);
SELECT relation, index_name, backs FROM clipperf_indexes
WHERE ddl LIKE '%"Index defs"%' AND backs <> '{}' OR relation = 'part'::regclass
ORDER BY relation::text COLLATE "C", index_name::text COLLATE "C";
DROP TABLE line, part;

-- One index that covers another, and near misses.  Each case makes the first index, which stays, and the second.
CREATE FUNCTION covered(first text, second text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    DROP TABLE IF EXISTS pair;
    CREATE TABLE pair (a int, b int, c text, d varchar(10), n int NOT NULL, gone bool, tags int[], more int[], at date,
        body jsonb, spot point) WITH (autovacuum_enabled = off);
    EXECUTE format(first, 'first ON pair');
    EXECUTE format(second, 'second ON pair');
    SELECT string_agg(format('%s: %s', i.index_name, i.covered_reason), '; ' ORDER BY i.index_name::text COLLATE "C") INTO result
    FROM clipperf_indexes AS i WHERE i.relation = 'pair'::regclass AND i.covered_by IS NOT NULL;
    RETURN coalesce(result, 'none');
END
$$;
CREATE TEMP TABLE cases (id int GENERATED ALWAYS AS IDENTITY, first text, second text);
INSERT INTO cases (first, second) VALUES
-- the same, or the first keys
('CREATE INDEX %s (a)', 'CREATE INDEX %s (a)'),
('CREATE INDEX %s (a, b)', 'CREATE INDEX %s (a)'),
('CREATE INDEX %s (a, b)', 'CREATE INDEX %s (b)'),
('CREATE INDEX %s (a, b)', 'CREATE INDEX %s (b, a)'),
-- direction and nulls: backwards as a whole only
('CREATE INDEX %s (a)', 'CREATE INDEX %s (a DESC)'),
('CREATE INDEX %s (a)', 'CREATE INDEX %s (a DESC NULLS LAST)'),
('CREATE INDEX %s (a)', 'CREATE INDEX %s (a NULLS FIRST)'),
('CREATE INDEX %s (a DESC, b)', 'CREATE INDEX %s (a, b)'),
('CREATE INDEX %s (a DESC, b)', 'CREATE INDEX %s (a, b DESC)'),
('CREATE INDEX %s (a DESC, b)', 'CREATE INDEX %s (a)'),
('CREATE INDEX %s (n)', 'CREATE INDEX %s (n NULLS FIRST)'),
-- operator class and collation
('CREATE INDEX %s (c)', 'CREATE INDEX %s (c text_pattern_ops)'),
('CREATE INDEX %s (d)', 'CREATE INDEX %s (d varchar_ops)'),
('CREATE INDEX %s (c)', 'CREATE INDEX %s (c COLLATE "C")'),
('CREATE INDEX %s (c COLLATE "POSIX")', 'CREATE INDEX %s (c COLLATE "C")'),
('CREATE INDEX %s USING gin (body)', 'CREATE INDEX %s USING gin (body jsonb_path_ops)'),
-- included columns
('CREATE INDEX %s (a) INCLUDE (b)', 'CREATE INDEX %s (a)'),
('CREATE INDEX %s (a)', 'CREATE INDEX %s (a) INCLUDE (b)'),
('CREATE INDEX %s (a, b)', 'CREATE INDEX %s (a) INCLUDE (b)'),
('CREATE INDEX %s (a) INCLUDE (b)', 'CREATE INDEX %s (a, b)'),
('CREATE INDEX %s (a) INCLUDE (b, n)', 'CREATE INDEX %s (a) INCLUDE (n, b)'),
-- uniqueness
('CREATE UNIQUE INDEX %s (a)', 'CREATE INDEX %s (a)'),
('CREATE INDEX %s (a)', 'CREATE UNIQUE INDEX %s (a)'),
('CREATE UNIQUE INDEX %s (a, b)', 'CREATE INDEX %s (a)'),
('CREATE UNIQUE INDEX %s (a, b)', 'CREATE UNIQUE INDEX %s (a)'),
('CREATE UNIQUE INDEX %s (a)', 'CREATE INDEX %s (a, b)'),
('CREATE UNIQUE INDEX %s (a) NULLS NOT DISTINCT', 'CREATE UNIQUE INDEX %s (a)'),
('CREATE UNIQUE INDEX %s (a) WHERE gone', 'CREATE UNIQUE INDEX %s (a)'),
('CREATE UNIQUE INDEX %s (a) INCLUDE (b)', 'CREATE UNIQUE INDEX %s (a)'),
-- predicates
('CREATE INDEX %s (a) WHERE NOT gone', 'CREATE INDEX %s (a) WHERE gone = false'),
('CREATE INDEX %s (a) WHERE gone', 'CREATE INDEX %s (a) WHERE NOT gone'),
('CREATE INDEX %s (a)', 'CREATE INDEX %s (a) WHERE NOT gone'),
('CREATE INDEX %s (a) WHERE NOT gone', 'CREATE INDEX %s (a)'),
('CREATE INDEX %s (a, n) WHERE NOT gone', 'CREATE INDEX %s (a) WHERE NOT gone AND a IS NOT NULL'),
('CREATE INDEX %s (a) WHERE NOT gone', 'CREATE INDEX %s (a) WHERE NOT gone AND b IS NOT NULL'),
('CREATE INDEX %s (a) WHERE b > 5', 'CREATE INDEX %s (a) WHERE b > 10'),
('CREATE INDEX %s (a) WHERE b > 5 AND n = 1', 'CREATE INDEX %s (a) WHERE n = 1 AND b > 5'),
('CREATE INDEX %s (a) WHERE b = ANY (''{1,2}'')', 'CREATE INDEX %s (a) WHERE b = 1 OR b = 2'),
-- expressions
('CREATE INDEX %s (lower(c))', 'CREATE INDEX %s (fold(c))'),
('CREATE INDEX %s (lower(c), a)', 'CREATE INDEX %s (lower(c))'),
('CREATE INDEX %s (lower(c))', 'CREATE INDEX %s (upper(c))'),
('CREATE INDEX %s ((a + 1))', 'CREATE INDEX %s ((a + 2))'),
-- access methods
('CREATE INDEX %s (a)', 'CREATE INDEX %s USING hash (a)'),
('CREATE INDEX %s USING hash (a)', 'CREATE INDEX %s USING hash (a)'),
('CREATE INDEX %s USING gin (tags, more)', 'CREATE INDEX %s USING gin (more)'),
('CREATE INDEX %s USING gist (spot)', 'CREATE INDEX %s USING spgist (spot)'),
('CREATE INDEX %s USING brin (at, a)', 'CREATE INDEX %s USING brin (a)'),
('CREATE INDEX %s USING brin (at) WITH (pages_per_range = 4)', 'CREATE INDEX %s USING brin (at)'),
('CREATE INDEX %s (a) WITH (fillfactor = 50)', 'CREATE INDEX %s (a)');
SELECT id, format(first, 'first') AS first, format(second, 'second') AS second, covered(first, second)
FROM cases ORDER BY id;

-- Three in a row: what is left out gives way to what stays; constraints always stay, and an invalid index covers nothing.
DROP TABLE pair;
CREATE TABLE pair (a int, b int, c int, PRIMARY KEY (a, b), UNIQUE (a, b), UNIQUE (b) DEFERRABLE) WITH (autovacuum_enabled = off);
CREATE INDEX one ON pair (a);
CREATE INDEX three ON pair (c, b, a);
CREATE INDEX two ON pair (c, b);
CREATE INDEX lone ON pair (c);
CREATE UNIQUE INDEX at_once ON pair (b);
CREATE UNIQUE INDEX again ON pair (a, b);
SELECT index_name, covered_by, covered_reason, drop_ddl FROM clipperf_indexes
WHERE relation = 'pair'::regclass ORDER BY index_name::text COLLATE "C";
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'three'::regclass;
SELECT index_name, valid, covered_by FROM clipperf_indexes
WHERE relation = 'pair'::regclass AND NOT (valid AND covered_by IS NULL) ORDER BY index_name::text COLLATE "C";

-- The larger of two that are the same is not needed.
CREATE TABLE grown (a int) WITH (autovacuum_enabled = off);
CREATE INDEX fat ON grown (a) WITH (fillfactor = 10);
INSERT INTO grown SELECT generate_series(1, 5000);
REINDEX INDEX fat;
CREATE INDEX slim ON grown (a);
SELECT index_name, covered_by, size_bytes > 0 AS has_size FROM clipperf_indexes WHERE relation = 'grown'::regclass
ORDER BY index_name::text COLLATE "C";

-- To look runs no function of another user with the reader's rights.
CREATE ROLE regress_clipperf_owner;
GRANT USAGE, CREATE ON SCHEMA "Index defs" TO regress_clipperf_owner;
SET ROLE regress_clipperf_owner;
CREATE FUNCTION who() RETURNS name LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN 'x'; END $$;
CREATE TABLE trapped (a int, b name);
CREATE INDEX trap ON trapped (a) WHERE b = who();
CREATE OR REPLACE FUNCTION who() RETURNS name LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RAISE INFO 'run as %', current_user; RETURN 'x'; END $$;
RESET ROLE;
SELECT ddl FROM clipperf_indexes WHERE relation = 'trapped'::regclass;
SELECT current_user <> 'regress_clipperf_owner' AS myself_again;

-- The parts of a statement are told by its grammar, whatever its names are: findings are known by them.
SELECT p.* FROM unnest(ARRAY[
    'CREATE INDEX i ON s.t (a)', 'CREATE UNIQUE INDEX CONCURRENTLY "i (x) ON y" ON "s (".t (a, (b || '' ON ('')) WHERE c = '';'';',
    'CREATE INDEX IF NOT EXISTS "INDEX" ON t USING gin (a) INCLUDE (b);', 'create index concurrently if not exists if on t(a)',
    'CREATE INDEX "USING" ON "using" (a)', 'CREATE INDEX ON t (a)']) AS u (ddl), _clipperf_index_parts(ddl) AS p;
SELECT _clipperf_index_parts('DROP INDEX i');

SET client_min_messages = error;
DROP SCHEMA "Index defs" CASCADE;
DROP ROLE regress_clipperf_owner;
