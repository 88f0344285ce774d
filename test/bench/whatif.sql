-- The measurements of bench-whatif. Each case's index is built and its table analysed; then the statement is planned
-- with it. Then the index is dropped, which leaves the table's statistics as they are, and the same statement is
-- planned with the index as a hypothetical one, by clipperf and by HypoPG.
--
-- The other way round, the statement is planned with the built index hidden, and after it was dropped; and so with each
-- index that is there and that the plan then uses, unless it backs a constraint: what is dropped comes back by a rollback.
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

-- The planner's cost with an index dropped for the moment.
CREATE FUNCTION bench.cost_without(index regclass, statement text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    cost float8;
BEGIN
    EXECUTE 'DROP INDEX ' || index;
    cost := (bench.explain(statement)).cost;
    RAISE EXCEPTION USING ERRCODE = 'BE000';
EXCEPTION WHEN SQLSTATE 'BE000' THEN
    RETURN cost;
END $$;

-- Hide an index, and drop it.
CREATE PROCEDURE bench.hide(what text, index regclass, statement text) LANGUAGE sql AS $$
    INSERT INTO bench.hidden
    SELECT what, index::text, statement, w.cost_before, w.cost_after, index = ANY (u.used_real), bench.cost_without(index, statement)
    FROM clipperf_what_if(statement, '{}', ARRAY[index]) AS w, clipperf_what_if(statement) AS u
$$;

CREATE PROCEDURE bench.measure(number int, with_hypopg boolean) LANGUAGE plpgsql AS $$
DECLARE
    c bench.cases;
    ddl text;
    real record;
    ours record;
    existing regclass;
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
    CALL bench.hide('built', 'bench_index', c.statement);
    DROP INDEX bench_index;
    FOR existing IN SELECT unnest(used_real) FROM clipperf_what_if(c.statement) LOOP
        IF NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = existing) THEN
            CALL bench.hide('there before', existing, c.statement);
        END IF;
    END LOOP;

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

\echo 'An index hidden, against the same index dropped: relative errors of the estimated cost, which EXPLAIN rounds to hundredths'
SELECT what AS index, count(*) AS cases, count(*) FILTER (WHERE used) AS "used by the plan",
       round(100 * percentile_cont(0.5) WITHIN GROUP (ORDER BY error)::numeric, 2) AS "median %",
       round(100 * percentile_cont(0.95) WITHIN GROUP (ORDER BY error)::numeric, 2) AS "p95 %",
       round(100 * max(error)::numeric, 2) AS "worst %"
FROM (SELECT *, abs(cost - dropped_cost) / dropped_cost AS error FROM bench.hidden) AS h GROUP BY what ORDER BY what;
\echo 'Those that differ by more than that:'
SELECT index, round(with_cost::numeric, 1) AS "cost with it", round(cost::numeric, 1) AS hidden, round(dropped_cost::numeric, 1) AS dropped,
       left(statement, 60) AS statement
FROM bench.hidden WHERE abs(cost - dropped_cost) > 0.01 ORDER BY index, statement;

\echo 'Time in the planner: a what-if question against the bare statement, and against the index really built:'
SELECT against, round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1) AS "median us",
       round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY asked_ms)::numeric, 1) AS "question median us",
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY asked_ms / ms)::numeric, 2) AS "ratio median",
       round(percentile_cont(0.95) WITHIN GROUP (ORDER BY asked_ms / ms)::numeric, 2) AS "ratio p95",
       round((sum(asked_ms) / sum(ms))::numeric, 2) AS "ratio of sums"
FROM (SELECT 'bare statement' AS against, bare_ms AS ms, asked_ms FROM bench.cases
      UNION ALL SELECT 'index really built', real_ms, asked_ms FROM bench.cases) AS t
GROUP BY against ORDER BY against;
