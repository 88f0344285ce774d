-- clipperf_check() for CI: it fails with a stable message, and what is accepted passes.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA check_findings;
SET search_path = check_findings, public;
CREATE TABLE clip (id int PRIMARY KEY, game_id int, score int);
INSERT INTO clip SELECT i, i % 200, i % 1000 FROM generate_series(1, 5000) AS i;
CREATE TABLE vote (id int PRIMARY KEY, clip_id int);
INSERT INTO vote SELECT i, i % 1000 FROM generate_series(1, 5000) AS i;
ANALYZE clip, vote;

-- What has seen nothing does not pass; statements without a table are nothing, nor are those on clipperf's own tables.
SELECT clipperf_reset();
SELECT clipperf_check();
SELECT 1 AS one;
SELECT count(*) FROM clipperf_accepted;
SELECT count(*) > 0 AS catalog FROM pg_class;
SELECT clipperf_check('{temp_spill}');
SELECT clipperf_check();
CREATE ROLE regress_check_user;
SELECT id FROM clip WHERE id = 7;
\set VERBOSITY sqlstate
SET ROLE regress_check_user;
SELECT clipperf_check();
RESET ROLE;
\set VERBOSITY default
SELECT clipperf_check();

-- What was judged.
SET client_min_messages = notice;
SELECT clipperf_check();
CREATE TABLE few (id int);
CREATE TABLE never_analyzed AS SELECT i AS id FROM generate_series(1, 2000) AS i;
SELECT count(*) FROM few JOIN never_analyzed USING (id);
SELECT clipperf_check(allow => '{never_analyzed}');
SELECT clipperf_check('{temp_spill}');
DROP TABLE few, never_analyzed;
-- A loop that is only suspected is said, and passes.
BEGIN;
\o /dev/null
SELECT score FROM clip WHERE id = 11;
SELECT score FROM clip WHERE id = 27;
SELECT score FROM clip WHERE id = 99;
SELECT score FROM clip WHERE id = 301;
SELECT score FROM clip WHERE id = 777;
SELECT score FROM clip WHERE id = 1234;
SELECT score FROM clip WHERE id = 1503;
SELECT score FROM clip WHERE id = 2222;
SELECT score FROM clip WHERE id = 3333;
SELECT score FROM clip WHERE id = 4000;
SELECT score FROM clip WHERE id = 4321;
\o
COMMIT;
SELECT kind, severity, summary FROM clipperf_findings() WHERE kind = 'n_plus_one';
SELECT clipperf_check();
SET client_min_messages = warning;
SELECT clipperf_reset();

SELECT count(*) FROM vote WHERE clip_id = 7;
SELECT count(*) FROM clip WHERE game_id = 7;
SELECT id FROM clip ORDER BY score DESC LIMIT 1;
SELECT clipperf_check();
\set VERBOSITY sqlstate
SELECT clipperf_check();
\set VERBOSITY default

-- The same findings, seen more often and in another order, give the same message.
SELECT clipperf_reset();
SELECT id FROM clip ORDER BY score DESC LIMIT 1;
SELECT count(*) FROM clip WHERE game_id = 8;
SELECT count(*) FROM clip WHERE game_id = 9;
SELECT count(*) FROM vote WHERE clip_id = 9;
SELECT clipperf_check();

-- Statements that begin alike are told apart.
SELECT clipperf_reset();
SELECT id, id AS the_same_number_again, game_id, game_id AS game_id_again, score, score AS score_again
FROM clip WHERE game_id = 7 \g /dev/null
SELECT id, id AS the_same_number_again, game_id, game_id AS game_id_again, score, score AS score_again
FROM clip ORDER BY score LIMIT 1 \g /dev/null
SELECT clipperf_check();
SELECT clipperf_reset();
SELECT count(*) FROM clip WHERE game_id = 8;
SELECT id FROM clip ORDER BY score DESC LIMIT 1;
SELECT count(*) FROM vote WHERE clip_id = 9;

-- Kinds.
SELECT clipperf_check('{n_plus_one}');
SELECT clipperf_check(kinds => '{seq_scan,temp_spill,slow_plan,unused_index}');
SELECT clipperf_check('{}');
SELECT clipperf_check(NULL);
SELECT clipperf_check('{seq_scan,no_such_kind}');
SELECT clipperf_check(ARRAY[NULL::text]);
SELECT clipperf_check('{slow_page}');
\set VERBOSITY sqlstate
SELECT clipperf_check('{}');
SELECT clipperf_check(NULL);
SELECT clipperf_check('{no_such_kind}');
\set VERBOSITY default

-- Allowed for one call: tables by name, statements by pattern.
SELECT clipperf_check(allow => '{vote}');
SELECT clipperf_check(allow => '{check_findings.clip}');
SELECT clipperf_check(allow => '{vote,clip}');
SELECT clipperf_check(allow => '{vote,"% from clip where game_id = %","%ORDER BY score%"}');
SELECT clipperf_check(allow => '{}');
SELECT clipperf_check(allow => ARRAY[NULL]);
-- What matches nothing is likely misspelt, whether or not others match.
SELECT clipperf_check(allow => '{votes,"",vote,"%no such statement%","% from clip where game_id = %",public.clip,"%ORDER BY score%"}');

-- Accepted for good: by table, by statement, by pattern.
SELECT clipperf_accept('seq_scan', 'vote', reason => 'a small table, read once a day') > 0 AS accepted;
SELECT clipperf_check();
SELECT clipperf_accept('seq_scan', queryid =>
    (SELECT queryid FROM clipperf_seq_scans WHERE sort_columns = '{"score DESC"}')) > 0 AS accepted;
SELECT clipperf_check();
SELECT clipperf_accept('n_plus_one') > 0 AS another_kind;
SELECT clipperf_check();
SELECT clipperf_accept('seq_scan', statement => 'select count(*) from clip%') > 0 AS accepted;
SELECT clipperf_check();

-- Accepted findings leave the report, but can be asked for.
SELECT count(*) FROM clipperf_findings() WHERE kind = 'seq_scan';
SELECT severity, relation, evidence LIKE 'accepted; %' AS said FROM clipperf_findings(accepted => true) ORDER BY relation::text COLLATE "C";
SELECT kind, relation, queryid IS NOT NULL AS has_queryid, statement, reason,
       made_by = session_user AS by_me, made_at <= now() AS in_time
FROM clipperf_accepted ORDER BY id;

-- Taken back.
SELECT clipperf_unaccept('seq_scan', 'vote');
SELECT clipperf_unaccept('seq_scan', 'vote');
SELECT clipperf_unaccept('n_plus_one');
SELECT clipperf_check();
SELECT clipperf_accept('typo');
SELECT clipperf_unaccept('typo');

-- An index that serves settles it, when the advisor finds it in the plan, even if the scans are remembered.
CREATE INDEX ON vote (clip_id);
ANALYZE vote;
SELECT clipperf_check(allow => '{clip}');
SELECT count(*) >= 0 AS asked FROM clipperf_recommend();
SELECT clipperf_check(allow => '{clip}');

-- Everybody may check; who may accept is decided by GRANT.
SET ROLE regress_check_user;
SELECT clipperf_check();
SELECT count(*) FROM clipperf_accepted;
SELECT clipperf_accept('seq_scan');
SELECT clipperf_unaccept('seq_scan');
SELECT clipperf_accept_all('mine');
RESET ROLE;

-- A baseline: what is new fails.  It holds for tables that were created again, and comes back from a copy.
DELETE FROM clipperf_accepted;
SELECT clipperf_reset();
SELECT count(*) FROM clip WHERE game_id = 7;
SELECT count(*) FROM vote WHERE clip_id + 0 = 7;
SELECT clipperf_accept_all(NULL);
SELECT clipperf_accept_all('known', '{}');
SELECT clipperf_accept_all('known', '{none}');
SELECT clipperf_accept_all('known in March');
SELECT clipperf_accept_all('known in April');
SELECT kind, relation, queryid, statement, subject, reason FROM clipperf_accepted ORDER BY id;
SELECT clipperf_check();
-- A table of the same name in another schema is another one, though the statement reads the same.
CREATE SCHEMA check_findings_other;
CREATE TABLE check_findings_other.clip AS SELECT * FROM clip;
ANALYZE check_findings_other.clip;
SET search_path = check_findings_other, public;
SELECT count(*) FROM clip WHERE game_id = 7;
SET search_path = check_findings, public;
SELECT clipperf_check();
DROP SCHEMA check_findings_other CASCADE;
SELECT clipperf_check();
SELECT count(*) FROM clip WHERE score = 7;
SELECT clipperf_check();
SELECT clipperf_unaccept('seq_scan');
CREATE TEMP TABLE baseline AS SELECT kind, subject, reason FROM clipperf_accepted;
DELETE FROM clipperf_accepted;
ALTER TABLE clip RENAME TO clip_before;
CREATE TABLE clip AS SELECT * FROM clip_before;
DROP TABLE clip_before;
ANALYZE clip;
SELECT clipperf_reset();
SELECT count(*) FROM clip WHERE game_id = 9;
SELECT clipperf_check();
INSERT INTO clipperf_accepted (kind, subject, reason) TABLE baseline;
SELECT clipperf_check();
SELECT count(*) FROM clip WHERE game_id < 3;
SELECT clipperf_check();

DELETE FROM clipperf_accepted;
DROP SCHEMA check_findings CASCADE;
DROP ROLE regress_check_user;
