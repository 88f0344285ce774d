-- What is recommended is what was priced: once it is built, the statement uses it and nothing more is recommended.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA "Index texts";
SET search_path = "Index texts", public;
CREATE COLLATION de (provider = icu, locale = 'de');
CREATE DOMAIN mail AS varchar(80);
CREATE DOMAIN yes AS boolean;
CREATE TYPE state AS ENUM ('open', 'closed', 'held');
CREATE FUNCTION half(int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2.0';
CREATE TABLE item (
    id int PRIMARY KEY, small smallint, number int, big bigint, real8 float8, price numeric(10, 2),
    plain text, german text COLLATE de, short varchar(20), padded char(12), label name, address mail COLLATE de,
    state state, flag bool, agreed yes, made timestamp, seen timestamptz, day date, body jsonb, parts int[], key uuid,
    net inet, span int4range, bits bit(8), filler text);
INSERT INTO item
SELECT i, i % 3000, i, i, i, i / 4.0, 'p' || i, 'g' || i, 's' || i, 'c' || i, 'l' || i, 'u' || i || '@x',
       (ARRAY['open', 'closed', 'held'])[1 + i % 3]::state, i % 100 = 0, i % 100 = 1, '2024-01-01'::timestamp + i * interval '1 hour',
       '2024-01-01'::timestamptz + i * interval '1 hour', '2024-01-01'::date + i % 3000,
       jsonb_build_object('name', 'n' || i, 'deep', jsonb_build_object('number', i)), ARRAY[i, i + 1], md5(i::text)::uuid,
       '10.0.0.0'::inet + i, int4range(i, i + 2), i::bit(8), repeat('x', 200)
FROM generate_series(1, 3000) AS i;
VACUUM ANALYZE item;

-- Values of the table, each with a constant of its type.
CREATE TEMP TABLE value (expression text, constant text);
INSERT INTO value VALUES
('number', '77.0'), ('number', '77::float8'), ('big', '77::numeric'), ('small', '77::float4'), ('real8', '77'), ('price', '77::int'),
('number::numeric', '77'), ('number::text', '''77'''), ('big::varchar(5)', '''77'''), ('price::int', '77'), ('price::numeric(5,1)', '77'),
('real8::int', '77'), ('half(number)', '77'), ('half(number)::int', '77'), ('number + small', '77'), ('number / 2.0', '77'), ('-number', '77'),
('coalesce(number, 0)', '77'), ('greatest(number, small)', '77'), ('nullif(number, small)', '77'), ('abs(number)::numeric', '77'),
('CASE WHEN number > 5 THEN short ELSE plain END', '''77'''), ('CASE state WHEN ''open'' THEN 1 ELSE number END', '77'),
('plain', '''p77'''), ('german', '''g77'''), ('short', '''s77'''), ('padded', '''c77'''), ('padded::text', '''c77'''),
('label', '''l77'''), ('label::text', '''l77'''), ('address', '''u77@x'''), ('address::text', '''u77@x'''), ('state', '''held'''),
('made::date', '''2024-02-01'''), ('day::timestamp', '''2024-02-01'''), ('date_trunc(''day'', made)', '''2024-02-01'''),
('extract(year FROM day)', '2030'), ('(seen AT TIME ZONE ''UTC'')::date', '''2024-02-01'''), ('made + interval ''1 day''', '''2024-02-01 02:00'''),
('body ->> ''name''', '''n77'''), ('(body -> ''deep'' ->> ''number'')::int', '77'), ('body -> ''deep''', '''{}'''), ('parts[1]', '77'),
('parts', '''{77,78}'''), ('upper(span)', '77'), ('host(net)', '''10.0.0.77'''), ('key::text', '''x'''), ('key', '''c4ca4238-a0b9-2382-0dcc-509a6f75849b'''),
('bits', '''10101010'''), ('number::oid', '77'), ('(number, small)', '(77, 77)'), ('substring(plain FROM 2 FOR 3)', '''77'''), ('left(short, -1)', '''s7''');
-- What may be done to strings.
INSERT INTO value
SELECT format(form, expression), constant
FROM value, unnest(ARRAY['lower(%s)', '(%s) || ''x''', '%s COLLATE "C"', '%s COLLATE de', 'lower(%s COLLATE de)', 'upper(lower(%s COLLATE "C") COLLATE de) COLLATE "C"',
    '(%s)::varchar(10)', 'lower((%s)::bpchar::text)']) AS form
WHERE expression IN ('plain', 'german', 'short', 'padded', 'label', 'address', 'body ->> ''name''');
-- What a condition may be.
CREATE TEMP TABLE condition (id int GENERATED ALWAYS AS IDENTITY, text text);
INSERT INTO condition (text)
SELECT format('%s = %s', expression, constant) FROM value
UNION ALL
SELECT format('%s = %s AND agreed AND state = ''held''', expression, constant) FROM value WHERE expression ~ '::'
UNION ALL
SELECT format('%s > %s ORDER BY %1$s LIMIT 10', expression, constant) FROM value WHERE expression ~ 'COLLATE'
UNION ALL
SELECT text FROM (VALUES ('plain LIKE ''p77%'''), ('lower(short) LIKE ''s77%'''), ('german LIKE ''g77%'''), ('german COLLATE "C" LIKE ''g77%'''), ('padded LIKE ''c77%'''),
    ('body @> ''{"name": "n77"}'''), ('body -> ''deep'' @> ''{"number": 77}'''), ('parts @> ''{77}'''), ('span @> 77'), ('span && ''[77,78)'''), ('net <<= ''10.0.0.77/32'''),
    ('to_tsvector(''english'', plain) @@ ''p77'''), ('number IN (77, 78.5)'), ('state IN (''open'', ''held'') AND number = 77'), ('flag IS NOT TRUE AND number = 77.5')) AS more (text);

CREATE FUNCTION create_rows(condition text, OUT n int, OUT ddls text[]) LANGUAGE sql AS $$
    SELECT count(*), array_agg(ddl ORDER BY ddl) FROM clipperf_recommend_for(ARRAY['SELECT id, filler FROM "Index texts".item WHERE ' || condition],
        min_benefit => 0.05, allow_functions => '{half(int)}') WHERE action = 'create' $$;
CREATE FUNCTION wrong(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    first record; again record; statement text; line text; plan text := ''; made text[]; name text;
BEGIN
    SELECT * INTO first FROM create_rows(condition);
    IF first.n = 0 THEN RETURN 'nothing'; END IF;
    FOREACH statement IN ARRAY first.ddls LOOP EXECUTE replace(statement, ' CONCURRENTLY', ''); END LOOP;
    ANALYZE item;
    SELECT * INTO again FROM create_rows(condition);
    FOR line IN EXECUTE 'EXPLAIN SELECT id, filler FROM item WHERE ' || condition LOOP plan := plan || line || E'\n'; END LOOP;
    SELECT array_agg(indexrelid::regclass) INTO made FROM pg_index WHERE indrelid = 'item'::regclass AND NOT indisprimary;
    FOREACH name IN ARRAY made LOOP EXECUTE 'DROP INDEX ' || name; END LOOP;
    IF again.n > 0 THEN RETURN format('%s, then %s', first.ddls, again.ddls); END IF;
    IF plan !~ 'idx_item' THEN RETURN format('%s is not used: %s', first.ddls, plan); END IF;
    RETURN 'right';
END
$$;
CREATE TEMP TABLE outcome AS SELECT c.text AS condition, wrong(c.text) AS outcome FROM condition AS c;
SELECT condition, outcome FROM outcome WHERE outcome NOT IN ('right', 'nothing') ORDER BY condition COLLATE "C";
SELECT count(*) FILTER (WHERE outcome = 'right') > 0.9 * count(*) AS most_are_served FROM outcome;
DROP SCHEMA "Index texts" CASCADE;
DELETE FROM clipperf_recommendations;
