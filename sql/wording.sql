-- How figures and statements are written.

CREATE FUNCTION @extschema@._clipperf_duration(ms double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE
        WHEN ms < 0.9995 THEN to_char(ms, 'FM0.000') || ' ms'
        WHEN ms < 9.995 THEN to_char(ms, 'FM0.00') || ' ms'
        WHEN ms < 999.5 THEN to_char(ms, 'FM990') || ' ms'
        WHEN ms < 99950 THEN to_char(ms / 1000, 'FM90.0') || ' s'
        WHEN ms < 5400000 THEN to_char(ms / 60000, 'FM990') || ' min'
        ELSE to_char(ms / 3600000, 'FM999,990.0') || ' h'
    END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_duration(double precision) IS 'milliseconds as people write them';

CREATE FUNCTION @extschema@._clipperf_number(n double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT to_char(round(n::numeric), 'FM999,999,999,999,999,990');
END;
COMMENT ON FUNCTION @extschema@._clipperf_number(double precision) IS 'a whole number with thousands separators';

CREATE FUNCTION @extschema@._clipperf_count(n double precision, singular text, plural text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN round(n::numeric) = 1 THEN '1 ' || singular
                ELSE @extschema@._clipperf_number(n) || ' ' || plural END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_count(double precision, text, text) IS 'a number and what it counts';

CREATE FUNCTION @extschema@._clipperf_plain(t text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_plain';
COMMENT ON FUNCTION @extschema@._clipperf_plain(text) IS
'a text on one line: names of users must not forge lines of a report, nor end a comment';

CREATE FUNCTION @extschema@._clipperf_plain_sql(sql text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_plain_sql';
COMMENT ON FUNCTION @extschema@._clipperf_plain_sql(text) IS
'SQL in which identifiers and strings keep to their line, by escapes';

CREATE FUNCTION @extschema@._clipperf_share(share double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN share >= 0.01 THEN round(100 * share::numeric) || '%'
                WHEN share > 0 THEN '<1%'
                ELSE '-' END;
END;
COMMENT ON FUNCTION @extschema@._clipperf_share(double precision) IS 'a share as a percentage';

CREATE FUNCTION @extschema@._clipperf_excerpt(statement text, width integer)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_excerpt';
COMMENT ON FUNCTION @extschema@._clipperf_excerpt(text, integer) IS
'a statement on one line; if that is longer than the width, without the lists of its columns, so that what it asks for is seen';

CREATE FUNCTION @extschema@._clipperf_shorten(statement text, width integer)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_shorten';
COMMENT ON FUNCTION @extschema@._clipperf_shorten(text, integer) IS
'a statement on one line of at most so many characters, without what tells it apart least: the lists of its columns, joined tables, queries within it, then its end';

CREATE FUNCTION @extschema@.clipperf_line(statement text, width integer)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(@extschema@._clipperf_shorten(statement, width), '(a statement whose text was not kept)');
END;
COMMENT ON FUNCTION @extschema@.clipperf_line(text, integer) IS 'a statement on one line, cut to a width';

CREATE FUNCTION @extschema@._clipperf_subject(statement text)
RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(left(@extschema@._clipperf_excerpt(statement, 100), 1000), '(a statement whose text was not kept)');
END;
COMMENT ON FUNCTION @extschema@._clipperf_subject(text) IS
'a statement as clipperf_check() names it: two statements are not to read the same';

CREATE FUNCTION @extschema@._clipperf_some(names text[])
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN cardinality(names) > 2
                THEN concat(left(names[1], 40), ', ', left(names[2], 40), ' and ', cardinality(names) - 2, ' more')
                ELSE concat(left(names[1], 40), ' and ' || left(names[2], 40)) END
    WHERE cardinality(names) > 0;
END;
COMMENT ON FUNCTION @extschema@._clipperf_some(text[]) IS 'the first two names of a list, and how many more there are; NULL for none';

CREATE FUNCTION @extschema@._clipperf_statement_routes(OUT queryid bigint, OUT route text, OUT calls double precision)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT q.queryid, q.route, sum(q.calls)::float8
    FROM @extschema@._clipperf_read_queries() AS q
    WHERE q.route <> '' AND q.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    GROUP BY q.queryid, q.route;
END;
COMMENT ON FUNCTION @extschema@._clipperf_statement_routes() IS 'which routes run the statements of the current database, and how often';

-- A share is known well enough, and worth telling, if its interval of 95% (E. B. Wilson, Journal of the American Statistical
-- Association 22, 1927; z = 1.96) reaches no further than 10 points to either side and does not go below 10%.  Whose lock
-- it is, where that is so for more than half of the event's samples for certain.  Samples of a statement that follow each
-- other are alike; as they are spread evenly over the time that they tell of, the interval is rather too wide than too narrow.
CREATE FUNCTION @extschema@._clipperf_statement_waits(OUT queryid bigint, OUT said text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sampled AS (
        SELECT w.queryid, w.wait_event_type AS type, w.wait_event AS event, w.held_by, sum(w.samples)::float8 AS samples
        FROM @extschema@._clipperf_read_waits() AS w
        WHERE w.state = 'active' AND w.queryid IS NOT NULL
          AND w.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        GROUP BY w.queryid, w.wait_event_type, w.wait_event, w.held_by
    ), event AS (
        SELECT s.queryid, s.type, s.event, sum(s.samples) AS samples, sum(sum(s.samples)) OVER (PARTITION BY s.queryid) AS of_samples,
               (array_agg(s.held_by ORDER BY s.samples DESC))[1] AS holder, max(s.samples) AS held
        FROM sampled AS s
        GROUP BY s.queryid, s.type, s.event
    ), known AS (
        SELECT e.queryid, e.type, e.event, e.of_samples, e.samples / e.of_samples AS share,
               CASE WHEN e.held / e.samples + 1.9208 / e.samples
                         - 1.96 * sqrt((e.held / e.samples * (1 - e.held / e.samples) + 0.9604 / e.samples) / e.samples)
                         > 0.5 * (1 + 3.8416 / e.samples) THEN e.holder END AS holder,
               (e.samples / e.of_samples + 1.9208 / e.of_samples) / (1 + 3.8416 / e.of_samples) AS middle,
               1.96 * sqrt((e.samples / e.of_samples * (1 - e.samples / e.of_samples) + 0.9604 / e.of_samples) / e.of_samples)
                   / (1 + 3.8416 / e.of_samples) AS reach
        FROM event AS e
    )
    SELECT k.queryid,
           format('waits %s (%s)',
                  string_agg(format('%s for %s/%s', @extschema@._clipperf_share(k.share), k.type, k.event)
                             || coalesce(' held by ' || @extschema@._clipperf_plain(k.holder), ''), ', ' ORDER BY k.share DESC),
                  @extschema@._clipperf_count(k.of_samples, 'sample', 'samples'))
    FROM known AS k
    WHERE k.type <> 'CPU' AND k.reach <= 0.1 AND k.middle - k.reach >= 0.1
    GROUP BY k.queryid, k.of_samples;
END;
COMMENT ON FUNCTION @extschema@._clipperf_statement_waits() IS
'what the statements of the current database wait for, in words, where there are enough samples';

-- Of the plans of a statement, the one that took most time.  A node that takes less than a tenth (0.1) of it explains nothing.
CREATE FUNCTION @extschema@._clipperf_statement_nodes(OUT queryid bigint, OUT said text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH worst AS (
        SELECT DISTINCT ON (n.queryid) n.*
        FROM @extschema@._clipperf_read_worst_nodes() AS n
        ORDER BY n.queryid, n.total_ms DESC, n.node COLLATE "C"
    )
    SELECT w.queryid,
           format('most of all in %s: %s%s of the time of its plan, rows %s, expected %s%s', @extschema@._clipperf_plain(w.node),
                  CASE WHEN w.is_estimate THEN 'about ' END, @extschema@._clipperf_share(w.share),
                  @extschema@._clipperf_number(w.rows), @extschema@._clipperf_number(w.expected),
                  CASE WHEN w.loops >= 1.5 THEN ', loops ' || @extschema@._clipperf_number(w.loops) END)
    FROM worst AS w
    WHERE w.share >= 0.1;
END;
COMMENT ON FUNCTION @extschema@._clipperf_statement_nodes() IS
'the plan node in which the statements of the current database spend most of their time, in words, with its rows per execution';
