-- Endpoints: which rows are taken, when their rules count, who may write and read them.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
\set SHOW_CONTEXT never

-- What comes with clipperf is there if asked for, and leaves alone what is there.
SELECT count(*) FROM clipperf_endpoints;
INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('vote', '{/vote}', 40);
SELECT clipperf_add_endpoints('clipper');
SELECT clipperf_add_endpoints('clipper');
SELECT name, routes, measured, target_ms, target_share, max_error_share, min_requests_per_second, max_statements, min_bad
FROM clipperf_endpoints ORDER BY name COLLATE "C";
SELECT clipperf_add_endpoints('other');
SELECT clipperf_add_endpoints(NULL);
SELECT name, requests, state FROM clipperf_slo ORDER BY name COLLATE "C";
DELETE FROM clipperf_endpoints;

-- Bad rules.
CREATE PROCEDURE try_endpoint(changes text) LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text; new clipperf_endpoints;
BEGIN
    EXECUTE format('SELECT * FROM jsonb_populate_record(
        row(''e'', ''{/r}'', NULL, ''span'', 100, 0.95, 0.01, NULL, NULL, 10, NULL)::clipperf_endpoints, %L)', changes) INTO new;
    INSERT INTO clipperf_endpoints VALUES (new.*);
    RAISE INFO '%: taken', left(changes, 60);
    DELETE FROM clipperf_endpoints;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE INFO '%: % %|%|%', left(changes, 60), SQLSTATE, message, detail, hint;
END $$;
CALL try_endpoint('{}');
CALL try_endpoint('{"name": null}');
CALL try_endpoint('{"name": ""}');
CALL try_endpoint(format('{"name": "%s"}', repeat('n', 63)));
CALL try_endpoint(format('{"name": "%s"}', repeat('n', 64)));
CALL try_endpoint(format('{"name": "%sé"}', repeat('n', 62)));
CALL try_endpoint('{"routes": null}');
CALL try_endpoint('{"routes": []}');
CALL try_endpoint('{"routes": null, "statements": ["SELECT%"]}');
CALL try_endpoint('{"routes": [null]}');
CALL try_endpoint('{"routes": [""]}');
CALL try_endpoint('{"statements": [""]}');
CALL try_endpoint('{"routes": ["/a", "/b\\"]}');
CALL try_endpoint('{"routes": ["/a\\\\"]}');
CALL try_endpoint(format('{"routes": ["%s"], "statements": ["%s"]}', repeat('r', 511), repeat('s', 511)));
CALL try_endpoint(format('{"routes": ["%s"], "statements": ["%s"]}', repeat('r', 511), repeat('s', 512)));
CALL try_endpoint('{"measured": "wall"}');
CALL try_endpoint('{"measured": null}');
CALL try_endpoint('{"measured": "database"}');
CALL try_endpoint('{"target_ms": 0}');
CALL try_endpoint('{"target_ms": "NaN"}');
CALL try_endpoint('{"target_ms": "Infinity"}');
CALL try_endpoint('{"target_ms": 0.001}');
CALL try_endpoint('{"target_ms": 4294967}');
CALL try_endpoint('{"target_ms": 4294968}');
CALL try_endpoint('{"target_share": null}');
CALL try_endpoint('{"target_share": 1}');
CALL try_endpoint('{"target_share": 0}');
CALL try_endpoint('{"target_share": 95}');
CALL try_endpoint('{"max_error_share": 0}');
CALL try_endpoint('{"max_error_share": 1}');
CALL try_endpoint('{"max_error_share": "NaN"}');
CALL try_endpoint('{"min_requests_per_second": 0}');
CALL try_endpoint('{"min_requests_per_second": "Infinity"}');
CALL try_endpoint('{"max_statements": 0}');
CALL try_endpoint('{"min_bad": 0}');
CALL try_endpoint('{"min_bad": null}');
CALL try_endpoint('{"target_ms": null}');
CALL try_endpoint('{"target_ms": null, "max_error_share": null}');
CALL try_endpoint('{"target_ms": null, "max_error_share": null, "max_statements": 9}');
DROP PROCEDURE try_endpoint;
INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('feed', '{/feed}', 100);
INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('feed', '{/feed}', 100);
UPDATE clipperf_endpoints SET target_share = 1;
SELECT _clipperf_endpoints_changed();

-- A rule counts from the commit on, as it is then.
SELECT endpoints_held FROM clipperf_info;
BEGIN;
INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('vote', '{/vote}', 50);
SELECT endpoints_held FROM clipperf_info;
SELECT name, state FROM clipperf_slo ORDER BY name COLLATE "C";
COMMIT;
SELECT endpoints_held FROM clipperf_info;
BEGIN;
DELETE FROM clipperf_endpoints;
ROLLBACK;
BEGIN;
SAVEPOINT one;
TRUNCATE clipperf_endpoints;
SELECT name, state FROM clipperf_slo;
ROLLBACK TO one;
SAVEPOINT two;
DELETE FROM clipperf_endpoints WHERE name = 'vote';
RELEASE two;
COMMIT;
SELECT endpoints_held FROM clipperf_info;
SELECT name, state FROM clipperf_slo;
BEGIN;
UPDATE clipperf_endpoints SET target_ms = 99;
PREPARE TRANSACTION 'endpoints';
SELECT target_ms FROM clipperf_slo;
TRUNCATE clipperf_endpoints;
SELECT endpoints_held FROM clipperf_info;

-- Where triggers are disabled, whoever reads the figures sees to it.
SET session_replication_role = replica;
INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('restored', '{/r}', 100), ('wrong', '{""}', 100);
RESET session_replication_role;
SELECT endpoints_held FROM clipperf_info;
SELECT name, state FROM clipperf_slo ORDER BY name COLLATE "C";
SELECT endpoints_held FROM clipperf_info;

-- Beside a parallel plan.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE items AS SELECT i AS id FROM generate_series(1, 20000) AS i;
ANALYZE items;
SELECT count(*) FROM items AS i, clipperf_slo AS s WHERE i.id % 100 = length(s.name);
DROP TABLE items;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- More than there is room for: said at once, and in the figures.
INSERT INTO clipperf_endpoints (name, routes, target_ms) SELECT format('e%s', to_char(i, 'FM000')), '{/e}', 1 FROM generate_series(1, 130) AS i;
SELECT endpoints_held FROM clipperf_info;
SELECT state, count(*) FROM clipperf_slo GROUP BY state ORDER BY 2;
DELETE FROM clipperf_endpoints;
INSERT INTO clipperf_endpoints (name, statements, target_ms) SELECT format('e%s', to_char(i, 'FM000')), '{%e%}', 1 FROM generate_series(1, 33) AS i;
SELECT state, count(*) FROM clipperf_slo GROUP BY state ORDER BY 2;
DELETE FROM clipperf_endpoints WHERE name = 'e001';
SELECT state, count(*) FROM clipperf_slo GROUP BY state ORDER BY 2;

-- Everybody reads, and whoever was granted writes.
CREATE ROLE regress_reader;
SET ROLE regress_reader;
SELECT count(*) FROM clipperf_endpoints;
SELECT count(*) FROM clipperf_slo;
SELECT count(*) FROM clipperf_slo_windows;
DELETE FROM clipperf_endpoints;
SELECT clipperf_add_endpoints('clipper');
RESET ROLE;
GRANT INSERT, DELETE ON clipperf_endpoints TO regress_reader;
GRANT EXECUTE ON FUNCTION clipperf_add_endpoints TO regress_reader;
SET ROLE regress_reader;
DELETE FROM clipperf_endpoints;
SELECT clipperf_add_endpoints('clipper');
RESET ROLE;
SELECT endpoints_held FROM clipperf_info;

-- The extension takes its rules along.
REVOKE ALL ON clipperf_endpoints FROM regress_reader;
REVOKE ALL ON FUNCTION clipperf_add_endpoints FROM regress_reader;
DROP ROLE regress_reader;
BEGIN;
DROP EXTENSION clipperf;
ROLLBACK;
SELECT endpoints_held FROM clipperf_info;
DROP EXTENSION clipperf;
CREATE EXTENSION clipperf;
SELECT endpoints_held FROM clipperf_info;
DROP EXTENSION clipperf;
