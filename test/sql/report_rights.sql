-- What is accepted is told of the findings that one's own report shows: neither the patterns of statements that were
-- accepted, nor anything else about the statements of others, can be asked for.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE ROLE regress_accepted_owner;
CREATE ROLE regress_accepted_other;
CREATE TABLE clip (id int PRIMARY KEY, score int);
INSERT INTO clip SELECT n, n FROM generate_series(1, 2000) AS n;
CREATE TABLE secret_salary (id int PRIMARY KEY, pay int);
INSERT INTO secret_salary SELECT n, n FROM generate_series(1, 2000) AS n;
GRANT SELECT ON clip TO regress_accepted_owner, regress_accepted_other;
SET clipperf.seqscan_min_rows = 100;
SELECT clipperf_reset();
SELECT count(*) FROM secret_salary WHERE pay = 5;
SET ROLE regress_accepted_owner;
SELECT count(*) FROM clip WHERE score = 3;
SET ROLE regress_accepted_other;
SELECT count(*) FROM clip WHERE score > 1999;
RESET ROLE;
SELECT clipperf_accept('seq_scan', statement => '%secret_salary%', reason => 'known') > 0 AS accepted;
SELECT clipperf_accept('seq_scan', statement => '%score = %', reason => 'known') > 0 AS accepted;
SELECT clipperf_accept('missing_index', 'secret_salary', reason => 'known') > 0 AS accepted;
SELECT queryid AS secret, query AS secret_text FROM clipperf_queries WHERE query LIKE '%secret_salary%' \gset
SELECT queryid AS owners, query AS owners_text FROM clipperf_queries WHERE query LIKE '%score = $1%' \gset

-- Who ran a statement sees that its finding was accepted, as does whoever sees all; so their checks pass.
SELECT relation, evidence LIKE 'accepted; %' AS accepted FROM clipperf_findings(accepted => true) ORDER BY 1;
SET ROLE regress_accepted_owner;
SELECT relation, evidence LIKE 'accepted; %' AS accepted FROM clipperf_findings(accepted => true) ORDER BY 1;
SELECT clipperf_check('{seq_scan}');
SET ROLE regress_accepted_other;
SELECT relation, evidence LIKE 'accepted; %' AS accepted FROM clipperf_findings(accepted => true) ORDER BY 1;
SELECT clipperf_check('{seq_scan}', allow => '{clip}');

-- Others cannot ask: not by a text, by an identifier, by both, by one's own identifier with another's text, nor by a table.
SELECT queryid AS mine FROM clipperf_queries WHERE query LIKE '%score > $1%' \gset
SELECT _clipperf_is_accepted('seq_scan', NULL, NULL, ARRAY['select secret_salary'], '', NULL) AS by_text,
       _clipperf_is_accepted('seq_scan', NULL, ARRAY[:secret], NULL, '', NULL) AS by_id,
       _clipperf_is_accepted('seq_scan', NULL, ARRAY[:secret], ARRAY[:'secret_text'], :'secret_text', NULL) AS by_both,
       _clipperf_is_accepted('seq_scan', NULL, '{}', ARRAY[:'secret_text'], :'secret_text', NULL) AS by_no_id,
       _clipperf_is_accepted('seq_scan', NULL, ARRAY[:mine], ARRAY['select secret_salary'], 'select secret_salary', NULL) AS by_own_id,
       _clipperf_is_accepted('seq_scan', NULL, ARRAY[:owners], ARRAY[:'owners_text'], :'owners_text', NULL) AS by_anothers,
       _clipperf_is_accepted('missing_index', 'secret_salary', NULL, NULL, '', NULL) AS by_table;
SELECT _clipperf_is_shown(0, NULL, NULL, NULL, NULL);
RESET ROLE;

-- A pattern is matched against the text of the statement, not against what is passed for it.
SELECT clipperf_accept('seq_scan', statement => '%score > %', reason => 'known') > 0 AS accepted;
SELECT clipperf_accept('seq_scan', statement => '%forged%', reason => 'known') > 0 AS accepted;
SET ROLE regress_accepted_other;
SELECT clipperf_check('{seq_scan}');
SELECT _clipperf_is_accepted('seq_scan', NULL, ARRAY[:mine], ARRAY[query], query, NULL) AS own,
       _clipperf_is_accepted('seq_scan', NULL, ARRAY[:mine], ARRAY['forged'], 'forged', NULL) AS forged,
       _clipperf_is_accepted('seq_scan', NULL, ARRAY[:mine], ARRAY[query, 'forged'], query || 'forged', NULL) AS forged_beside
FROM clipperf_queries WHERE queryid = :mine;

RESET ROLE;
DELETE FROM clipperf_accepted;
DROP TABLE clip, secret_salary;
DROP ROLE regress_accepted_owner, regress_accepted_other;
