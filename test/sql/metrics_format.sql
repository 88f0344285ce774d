-- clipperf_metrics(): arguments, labels, the views that it is made of.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
SELECT clipperf_metrics('json');
SELECT clipperf_metrics('Prometheus');
SELECT clipperf_metrics(NULL);
SELECT clipperf_metrics(server => NULL);
SELECT clipperf_metrics() LIKE '# HELP %' AS prometheus, clipperf_metrics('openmetrics') LIKE E'%\n# EOF\n' AS openmetrics;
SELECT clipperf_metrics(server => false) LIKE '%clipperf_memory%' AS of_server;

SELECT _clipperf_metric_label(label) FROM (VALUES ('plain'), (''), ('a "b"'), (E'a\\b\nc'), ('é')) AS v (label);
SELECT _clipperf_metric_label(NULL) IS NULL AS missing;

-- Each family has a name of its own, which ends in its unit.
SELECT count(*) > 30 AS many, count(*) = count(DISTINCT family) AND count(*) = count(DISTINCT place) AS distinct
FROM _clipperf_metric_families();
SELECT family FROM _clipperf_metric_families()
WHERE unit IS NOT NULL AND right(family, length(unit) + 1) <> '_' || unit OR family !~ '^clipperf_[a-z_]+[a-z]$' OR help !~ '\.$';
-- No sample is of another family.
SELECT DISTINCT family FROM _clipperf_metric_samples(true) WHERE family NOT IN (SELECT f.family FROM _clipperf_metric_families() AS f);

-- Bounds rise by powers of two, and counts with them.
SELECT scope, cardinality(time_bounds) = cardinality(database_buckets) AND cardinality(time_bounds) = cardinality(span_buckets) AS times,
       cardinality(statement_bounds) = cardinality(statement_buckets) AS statements,
       (SELECT bool_and(b = 64e-6 * 2 ^ (i - 1)) FROM unnest(time_bounds) WITH ORDINALITY AS u (b, i)) AS time_bounds,
       (SELECT bool_and(b = 2 ^ i - 1) FROM unnest(statement_bounds) WITH ORDINALITY AS u (b, i)) AS statement_bounds,
       (SELECT count(*) FROM unnest(span_buckets) WITH ORDINALITY AS u (n, i) WHERE n > coalesce(span_buckets[i + 1], requests)) AS falls,
       slow IS NULL AS no_objective
FROM clipperf_request_metrics WHERE scope = 'database';

-- Findings are those of the report, each kind with each severity.
SELECT count(*) = 3 * cardinality(_clipperf_kinds()) AS all, count(*) = count(DISTINCT (kind, severity)) AS distinct FROM clipperf_finding_counts;
