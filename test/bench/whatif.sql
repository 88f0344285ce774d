-- The measurements of bench-whatif. Each case's index is built and its table analysed; then the statement is planned
-- with it. Then the index is dropped, which leaves the table's statistics as they are, and the same statement is
-- planned with the index as a hypothetical one, by clipperf and by HypoPG.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE FUNCTION bench.explain(statement text, OUT cost float8, OUT plan text) LANGUAGE plpgsql AS $$
DECLARE
    answer json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO answer;
    cost := answer -> 0 -> 'Plan' ->> 'Total Cost';
    plan := answer::text;
END $$;

-- With HypoPG; NULL where it refuses the index.
CREATE FUNCTION bench.ask_hypopg(ddl text, statement text, OUT cost float8, OUT size float8) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hypopg_reset();
    SELECT hypopg_relation_size(indexrelid) INTO size FROM hypopg_create_index(ddl);
    cost := (bench.explain(statement)).cost;
    PERFORM hypopg_reset();
EXCEPTION WHEN OTHERS THEN
    PERFORM hypopg_reset();
    cost := NULL;
    size := NULL;
END $$;

-- Least time in the planner, milliseconds, for a statement with indexes imagined, or with none. Each call plans
-- twice and tells the second time, so that the planner finds everything in its caches.
CREATE FUNCTION bench.planning_ms(statement text, indexes text[] DEFAULT '{}') RETURNS float8 LANGUAGE sql AS $$
    SELECT min(w.planning_after_ms)
    FROM generate_series(1, 15) AS n, clipperf_what_if(statement || repeat(' ', n), indexes) AS w
$$;

CREATE PROCEDURE bench.measure(number int, with_hypopg boolean) LANGUAGE plpgsql AS $$
DECLARE
    c bench.cases;
    ddl text;
    real record;
    ours record;
BEGIN
    SELECT * INTO c FROM bench.cases WHERE id = number;
    PERFORM set_config('search_path', c.schema || ', public', true);
    ddl := 'CREATE INDEX bench_index ON ' || c.index;
    EXECUTE ddl;
    EXECUTE 'ANALYZE ' || substring(c.index FROM '^\w+');
    SELECT cost, plan LIKE '%"bench_index"%' AS used INTO real FROM bench.explain(c.statement);
    UPDATE bench.cases SET real_cost = real.cost, used = real.used, real_size = pg_relation_size('bench_index'),
        real_ms = bench.planning_ms(c.statement)
    WHERE id = number;
    DROP INDEX bench_index;

    SELECT cost_after, size_bytes[1] AS size, w.used <> '{}' AS used INTO ours
    FROM clipperf_what_if(c.statement, ARRAY['CREATE INDEX ON ' || c.index]) AS w;
    UPDATE bench.cases SET cost = ours.cost_after, size = ours.size, ours_used = ours.used,
        bare_ms = bench.planning_ms(c.statement),
        asked_ms = bench.planning_ms(c.statement, ARRAY['CREATE INDEX ON ' || c.index])
    WHERE id = number;
    IF with_hypopg THEN
        UPDATE bench.cases SET (hypopg_cost, hypopg_size) =
            (SELECT h.cost, h.size FROM bench.ask_hypopg('CREATE INDEX ON ' || c.index, c.statement) AS h)
        WHERE id = number;
    END IF;
END $$;

SELECT format('CALL bench.measure(%s, %L)', id, EXISTS (SELECT FROM pg_extension WHERE extname = 'hypopg'))
FROM bench.cases ORDER BY id \gexec

CREATE VIEW bench.errors AS
SELECT *, abs(cost - real_cost) / real_cost AS cost_error, abs(size - real_size) / real_size AS size_error,
       abs(hypopg_cost - real_cost) / real_cost AS hypopg_cost_error,
       abs(hypopg_size - real_size) / real_size AS hypopg_size_error
FROM bench.cases;

\pset footer off
\echo
\echo 'Cases whose estimated cost is more than 1 % off, or the size more than 10 %:'
SELECT schema, index, round(real_cost::numeric, 1) AS real_cost, round(cost::numeric, 1) AS cost,
       round(hypopg_cost::numeric, 1) AS hypopg_cost, real_size / 8192 AS real_pages, size / 8192 AS pages,
       hypopg_size / 8192 AS hypopg_pages, used, ours_used
FROM bench.errors WHERE cost_error > 0.01 OR size_error > 0.1 ORDER BY cost_error DESC;

\echo 'Relative errors against the index really built and analysed:'
SELECT what, count(cost_error) AS statements,
       round(100 * percentile_cont(0.5) WITHIN GROUP (ORDER BY cost_error)::numeric, 2) AS "cost median %",
       round(100 * percentile_cont(0.95) WITHIN GROUP (ORDER BY cost_error)::numeric, 2) AS "cost p95 %",
       round(100 * percentile_cont(0.5) WITHIN GROUP (ORDER BY size_error)::numeric, 2) AS "size median %",
       round(100 * percentile_cont(0.95) WITHIN GROUP (ORDER BY size_error)::numeric, 2) AS "size p95 %"
FROM (SELECT 'clipperf, all' AS what, cost_error, size_error FROM bench.errors
      UNION ALL SELECT 'clipperf, where the real index is used', cost_error, size_error FROM bench.errors WHERE used
      UNION ALL SELECT 'clipperf, where HypoPG answers', cost_error, size_error
      FROM bench.errors WHERE hypopg_cost IS NOT NULL
      UNION ALL SELECT 'HypoPG, where it answers', hypopg_cost_error, hypopg_size_error
      FROM bench.errors WHERE hypopg_cost IS NOT NULL) AS e
GROUP BY what ORDER BY what;

\echo 'Time in the planner: a what-if question against the bare statement, and against the index really built:'
SELECT against, round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1) AS "median us",
       round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY asked_ms)::numeric, 1) AS "question median us",
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY asked_ms / ms)::numeric, 2) AS "ratio median",
       round(percentile_cont(0.95) WITHIN GROUP (ORDER BY asked_ms / ms)::numeric, 2) AS "ratio p95",
       round((sum(asked_ms) / sum(ms))::numeric, 2) AS "ratio of sums"
FROM (SELECT 'bare statement' AS against, bare_ms AS ms, asked_ms FROM bench.cases
      UNION ALL SELECT 'index really built', real_ms, asked_ms FROM bench.cases) AS t
GROUP BY against ORDER BY against;
