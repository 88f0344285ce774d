-- Whatever anybody calls our functions with, they answer or raise an error of the caller's, and nothing crashes.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
RESET client_min_messages;
CREATE ROLE regress_extreme_stranger;
CREATE TABLE extreme_table (a int PRIMARY KEY, b text);
GRANT SELECT ON extreme_table TO regress_extreme_stranger;

-- Values of each type, in an order of their own for each round and argument. The first round is NULL all over.
CREATE FUNCTION extreme_value(type regtype, round int) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce((
		SELECT v.pool[1 + mod(round - 1, cardinality(v.pool))]
		FROM (VALUES
			('text'::regtype, ARRAY['', 'scan', 'groups', 'json', 'select 1', repeat('x', 100000), '2147483648', E'\x1b[31m', 'CREATE INDEX ON pg_class (oid)']),
			('name', ARRAY['', repeat('n', 63), 'pg_class']),
			('integer', ARRAY['0', '-1', '2147483647', '-2147483648', '1']),
			('bigint', ARRAY['0', '-1', '9223372036854775807', '-9223372036854775808', '1']),
			('double precision', ARRAY['NaN', 'Infinity', '-Infinity', '1e308', '0', '-1']),
			('boolean', ARRAY['true', 'false']),
			('"char"', ARRAY['', 'a']),
			('interval', ARRAY['-178000000 years', '178000000 years', '0']),
			('timestamptz', ARRAY['infinity', '-infinity', '4714-11-24 BC', '294276-12-31']),
			('oid', ARRAY['0', '4294967295', '5', '1259', '10']),
			('regclass', ARRAY['0', '4294967295', 'pg_class', 'pg_class_oid_index', 'extreme_table', 'pg_toast.pg_toast_1255']),
			('regprocedure', ARRAY['0', '4294967295']),
			('text[]', ARRAY['{}', '{NULL}', '{{a,b},{c,d}}', '[5:6]={a,b}', '{select 1}', '{"CREATE INDEX ON extreme_table (b)"}']),
			('bigint[]', ARRAY['{}', '{NULL}', '{{1,2},{3,4}}', '[5:6]={1,2}']),
			('oid[]', ARRAY['{}', '{NULL,0,1259}', '{{1,2},{3,4}}']),
			('regclass[]', ARRAY['{}', '{NULL}', '{0,4294967295}', '{pg_class}']),
			('regprocedure[]', ARRAY['{}', '{NULL,0}']),
			('double precision[]', ARRAY['{}', '{NULL,NaN,Infinity}', '{{1,2},{3,4}}']),
			('bytea', ARRAY['', '\xff', '\x01000000000000']),
			('bytea[]', ARRAY['{}', '{NULL,"\\x","\\xff"}'])) AS v (type, pool)
		WHERE v.type = extreme_value.type AND round > 0), NULL)
$$;

CREATE FUNCTION extreme_calls(rounds int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	called record;
	arguments text;
	made bigint := 0;
BEGIN
	FOR called IN
		SELECT p.oid, p.proargtypes::oid[] AS types
		FROM pg_proc AS p
		JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'clipperf'
		WHERE p.pronargs > 0 AND has_function_privilege(p.oid, 'EXECUTE')
			AND p.prorettype NOT IN ('trigger'::regtype, 'cstring'::regtype, 'internal'::regtype)
			AND NOT p.proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[]
	LOOP
		FOR round IN 0 .. rounds LOOP
			-- From the second half on one argument is NULL, each in its turn.
			SELECT string_agg(format('%L::%s', CASE WHEN round <= rounds / 2 OR mod(round + a.number, cardinality(called.types)) <> 0
					THEN extreme_value(a.type, CASE WHEN round = 0 THEN 0 ELSE round + a.number::int END) END,
				format_type(a.type, NULL)), ', ' ORDER BY a.number)
			INTO arguments
			FROM unnest(called.types) WITH ORDINALITY AS a (type, number);
			made := made + 1;
			BEGIN
				EXECUTE format('SELECT count(*) FROM (SELECT * FROM %s(%s) LIMIT 100) AS r', called.oid::regproc, arguments);
			EXCEPTION
				WHEN data_corrupted THEN
					NULL;
				WHEN internal_error OR query_canceled OR out_of_memory THEN
					RAISE WARNING '%(%): % %', called.oid::regproc, left(arguments, 200), SQLSTATE, SQLERRM;
				WHEN OTHERS THEN
					NULL;
			END;
		END LOOP;
	END LOOP;
	RETURN made;
END $$;

SET client_min_messages = warning;
SET ROLE regress_extreme_stranger;
SELECT extreme_calls(10) > 500 AS all_called;
RESET ROLE;
RESET client_min_messages;

SELECT said, fix FROM _clipperf_explain_estimate(10, 0, 5, 'scan', false);
SELECT said FROM _clipperf_explain_estimate(10, 0, NULL, NULL, false);

DROP FUNCTION extreme_calls(int);
DROP FUNCTION extreme_value(regtype, int);
DROP TABLE extreme_table;
DROP ROLE regress_extreme_stranger;
