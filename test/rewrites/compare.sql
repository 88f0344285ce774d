-- Does the statement that is suggested in place of a loop do what the loop does?  Tables, and a function that runs both.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
DROP SCHEMA IF EXISTS rewrites CASCADE;
CREATE SCHEMA rewrites;
SET search_path = rewrites, public;

CREATE TABLE author (id int8 PRIMARY KEY, name text UNIQUE, country text);
INSERT INTO author SELECT 100000 + i * 3, 'author ' || i * 7919 % 1000, (ARRAY['SE', 'DE', NULL])[1 + i % 3]
FROM generate_series(1, 200) AS i;
CREATE TABLE post (id int8 PRIMARY KEY, author_id int8 REFERENCES author, title text, views int DEFAULT 0, score numeric, note text);
INSERT INTO post SELECT 200000 + i * 7, CASE WHEN i % 11 > 0 THEN 100003 + (i * 7 % 200) * 3 END, md5(i::text), i % 5, i % 4 + 0.5,
    CASE WHEN i % 3 > 0 THEN 'note ' || i % 7 END FROM generate_series(1, 400) AS i;
CREATE TABLE remark (id int8 PRIMARY KEY, post_id int8 REFERENCES post ON DELETE CASCADE, author_id int8, kind int, body text, made date);
INSERT INTO remark SELECT 300000 + i, 200007 + (i * 11 % 300) * 7, 100003 + i % 200 * 3, NULLIF(i % 4, 3), md5(i::text), '2026-01-01'::date + i % 40
FROM generate_series(1, 1200) AS i;
CREATE INDEX ON remark (post_id);
CREATE TABLE tally (post_id int8 PRIMARY KEY, hits int8 DEFAULT 0, label text, made int DEFAULT 7);
INSERT INTO tally SELECT 200007 + i * 21, i, 'label ' || i FROM generate_series(0, 60) AS i;
CREATE TABLE line (order_no int8, line_no int, qty int, PRIMARY KEY (order_no, line_no));
INSERT INTO line SELECT 5000 + o * 17, l, o % 3 FROM generate_series(1, 60) AS o, generate_series(1, 4) AS l;
CREATE TABLE journal (id serial, k1 int8 REFERENCES post, k2 int, k3 text, k4 numeric);
CREATE TABLE wanted (id int8 PRIMARY KEY, at int);
INSERT INTO wanted SELECT 200000 + i * 7 + (i % 3 = 0)::int, i * 7919 % 100 FROM generate_series(1, 60) AS i;
-- some are missing
ALTER TABLE wanted ADD FOREIGN KEY (id) REFERENCES post NOT VALID;
ANALYZE;

-- All that a change could have changed.
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS
$$
    SELECT concat_ws(' ', (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM author AS t),
        (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM post AS t),
        (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM remark AS t),
        (SELECT md5(string_agg(t::text, ',' ORDER BY post_id)) FROM tally AS t),
        (SELECT md5(string_agg(t::text, ',' ORDER BY order_no, line_no)) FROM line AS t),
        (SELECT md5(string_agg((k1, k2, k3, k4)::text, ',' ORDER BY id)) FROM journal AS t))
$$;

-- The rows of two lists, in their order or in any.
CREATE FUNCTION are_same(one text[], other text[], ordered boolean) RETURNS boolean LANGUAGE sql AS
$$
    SELECT coalesce(CASE WHEN ordered THEN one ELSE ARRAY(SELECT unnest(one) ORDER BY 1) END, '{}')
         = coalesce(CASE WHEN ordered THEN other ELSE ARRAY(SELECT unnest(other) ORDER BY 1) END, '{}')
$$;

-- The child with the values of a row written into its text.
CREATE FUNCTION as_literals(child text, variadic vals text[]) RETURNS text LANGUAGE sql AS
$$
    SELECT replace(replace(replace(replace(child,
        '$1', coalesce(vals[1], 'NULL')), '$2', coalesce(vals[2], 'NULL')),
        '$3', coalesce(quote_literal(vals[3]), 'NULL')), '$4', coalesce(vals[4], 'NULL'))
$$;

-- Whole numbers that stand in the child's text.
CREATE FUNCTION constants_of(child text) RETURNS text[] LANGUAGE sql AS
$$
    SELECT coalesce(array_agg(m[1] ORDER BY n), '{}')
    FROM regexp_matches(child, '(?<![\$\w.])(\d+)(?![\w.])', 'g') WITH ORDINALITY AS r (m, n)
$$;

-- Parameters of the child in the order in which the suggestion numbers them, those with the same values once if there
-- are no more numbers.  With literals, each of them in the order of the text, if it varies.  Constants of the text, whose
-- columns are the fifth and those after it, if they became parameters as well.
CREATE FUNCTION order_of(child text, suggestion text, literals boolean, vals text[]) RETURNS int[] LANGUAGE plpgsql AS
$$
DECLARE
    wanted CONSTANT int := (SELECT count(DISTINCT m[1]) FROM regexp_matches(suggestion, '\$(\d+)', 'g') AS m);
    found int[];
    all_found int[];
    constants int := 0;
    place text;
BEGIN
    IF literals THEN
        FOR place IN SELECT coalesce(m[1], '0') FROM regexp_matches(child, '\$(\d)|(?<![\$\w.])\d+(?![\w.])', 'g') WITH ORDINALITY AS r (m, n) ORDER BY n LOOP
            IF place = '0' THEN
                constants := constants + 1;
                all_found := all_found || 4 + constants;
            ELSIF (SELECT count(DISTINCT coalesce(v, 'null')) FROM unnest(vals[:][place::int:place::int]) AS v) > 1 THEN
                found := found || place::int;
                all_found := all_found || place::int;
            END IF;
        END LOOP;
    ELSE
        SELECT array_agg(DISTINCT m[1]::int ORDER BY m[1]::int) INTO found FROM regexp_matches(child, '\$(\d)', 'g') AS m;
        all_found := found || ARRAY(SELECT 4 + n FROM generate_series(1, cardinality(constants_of(child))) AS n);
    END IF;
    IF cardinality(found) <> wanted AND cardinality(all_found) = wanted THEN
        RETURN all_found;
    END IF;
    IF cardinality(found) <> wanted THEN
        SELECT array_agg(p ORDER BY n) INTO found
        FROM unnest(found) WITH ORDINALITY AS f (p, n)
        WHERE NOT EXISTS (
            SELECT FROM unnest(found) WITH ORDINALITY AS g (q, m) WHERE m < n AND vals[:][q:q] = vals[:][p:p]);
    END IF;
    RETURN found;
END
$$;

-- Runs a statement that differs from the child in its constants alone, and undoes what it did: outside of any loop, the
-- samples of the child's statement are of it then.
CREATE FUNCTION run_other(other text, literals boolean) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    FOR i IN 1 .. 24 LOOP
        BEGIN
            IF literals THEN
                EXECUTE as_literals(other, (200000 + i * 70)::text, i::text, 'other', '2.5');
            ELSE
                EXECUTE other USING (200000 + i * 70)::int8, i, 'other'::text, 2.5::numeric;
            END IF;
            RAISE SQLSTATE 'UNDO0';
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
END
$$;

-- Runs the child for each row of the parent, then what is suggested; both are undone.
CREATE FUNCTION compare(parent text, child text, literals boolean, other text DEFAULT NULL, OUT verdict text, OUT suggestion text)
LANGUAGE plpgsql AS
$$
DECLARE
    types CONSTANT text[] := '{int8,int4,text,numeric}';
    selects CONSTANT boolean := child ~* '^(select|with|values)' OR child ~* 'returning';
    row record;
    line record;
    vals text[] := '{}';
    expected text[] := '{}';        -- rows of the children, without and with their keys
    expected_keys text[] := '{}';
    owner int[] := '{}';            -- row of the parent that each belongs to
    got text[] := '{}';
    n int := 0;
    constants CONSTANT text[] := constants_of(child);
    numbers int[];
    keys int[];
    prefix text;
    sql text;
    state_one text;
    state_batch text;
    by_row boolean;
    first int[];
BEGIN
    IF other IS NOT NULL THEN
        PERFORM run_other(other, literals);
    END IF;
    BEGIN
        FOR row IN EXECUTE parent LOOP
            n := n + 1;
            vals := vals || ARRAY[ARRAY[row.k1::text, row.k2::text, row.k3, row.k4::text] || constants];
            IF selects AND literals THEN
                FOR line IN EXECUTE as_literals(child, row.k1::text, row.k2::text, row.k3, row.k4::text) LOOP
                    expected := expected || line::text;
                    owner := owner || n;
                END LOOP;
            ELSIF selects THEN
                FOR line IN EXECUTE child USING row.k1, row.k2, row.k3, row.k4 LOOP
                    expected := expected || line::text;
                    owner := owner || n;
                END LOOP;
            ELSIF literals THEN
                EXECUTE as_literals(child, row.k1::text, row.k2::text, row.k3, row.k4::text);
            ELSE
                EXECUTE child USING row.k1, row.k2, row.k3, row.k4;
            END IF;
        END LOOP;
        state_one := state();
        RAISE SQLSTATE 'UNDO0';
    EXCEPTION
        WHEN SQLSTATE 'UNDO0' THEN NULL;
        WHEN OTHERS THEN
            verdict := 'fails: ' || SQLERRM;
            RETURN;
    END;
    SELECT n.suggestion, n.no_suggestion INTO suggestion, verdict FROM clipperf_n_plus_one AS n ORDER BY n.children DESC LIMIT 1;
    IF NOT FOUND THEN
        verdict := 'not found';
    END IF;
    IF suggestion IS NULL THEN
        verdict := coalesce('none: ' || verdict, 'none');
        RETURN;
    END IF;

    -- the arrays in place of their parameters
    numbers := order_of(child, suggestion, literals, vals);
    IF cardinality(numbers) <> (SELECT count(DISTINCT m[1]) FROM regexp_matches(suggestion, '\$(\d+)', 'g') AS m) THEN
        verdict := 'none: only some of the equal values were put together, which this test cannot tell apart';
        RETURN;
    END IF;
    sql := suggestion;
    FOR i IN 1 .. coalesce(cardinality(numbers), 0) LOOP
        IF numbers[i] > 4 THEN
            sql := regexp_replace(sql, '\$' || i || '(?!\d)', constants[numbers[i] - 4], 'g');
            CONTINUE;
        END IF;
        sql := regexp_replace(sql, '\$' || i || '(?=::[^,)]*\[\])',
            replace(quote_literal(ARRAY(SELECT v FROM unnest(vals[:][numbers[i]:numbers[i]]) WITH ORDINALITY AS u (v, m) ORDER BY m)::text), '\', '\\'), 'g');
        sql := regexp_replace(sql, '\$' || i || '(?!\d)',
            replace(coalesce(quote_literal(vals[1][numbers[i]]), 'NULL'), '\', '\\') || '::' || types[numbers[i]], 'g');
        IF suggestion ~ ('\$' || i || '::[^,)]*\[\]') THEN
            keys := keys || numbers[i];
        END IF;
    END LOOP;

    -- the rows as they must come, with their keys before them; where each key is asked for once, once
    by_row := suggestion ~ ' LATERAL ' OR NOT suggestion ~ '= ANY';
    FOR i IN 1 .. cardinality(expected) LOOP
        first := ARRAY(SELECT min(r) FROM generate_series(1, owner[i]) AS r WHERE vals[r:r][keys[1]:keys[1]] = vals[owner[i]:owner[i]][keys[1]:keys[1]]);
        CONTINUE WHEN NOT by_row AND suggestion ~* '^select' AND first[1] < owner[i];
        SELECT string_agg(CASE WHEN v ~ '[ ,()"\\]' OR v = '' THEN '"' || v || '"' ELSE coalesce(v, '') END, ',' ORDER BY m) INTO prefix
        FROM unnest(keys) WITH ORDINALITY AS k (p, m), LATERAL (SELECT vals[owner[i]][p]) AS x (v);
        expected_keys := expected_keys || ('(' || prefix || ',' || substr(expected[i], 2));
        expected[i] := expected[i] || E'\n';
    END LOOP;
    expected := ARRAY(SELECT rtrim(e, E'\n') FROM unnest(expected) WITH ORDINALITY AS u (e, m) WHERE e LIKE E'%\n' ORDER BY m);

    BEGIN
        IF selects THEN
            FOR line IN EXECUTE sql LOOP
                got := got || line::text;
            END LOOP;
        ELSE
            EXECUTE sql;
        END IF;
        state_batch := state();
        RAISE SQLSTATE 'UNDO0';
    EXCEPTION
        WHEN SQLSTATE 'UNDO0' THEN
            verdict := CASE
                WHEN state_one <> state_batch THEN 'DIFFERENT effect'
                WHEN NOT selects THEN 'same'
                WHEN are_same(got, expected_keys, child ~ 'ORDER BY' AND suggestion ~ ' LATERAL .* ORDER BY k\d*\.n$') THEN 'same'
                WHEN (NOT by_row OR child ~* '^insert') AND are_same(got, expected, false) THEN 'same'
                ELSE format('DIFFERENT rows: %s, expected %s', got[1:3], expected_keys[1:3]) END;
        WHEN OTHERS THEN
            verdict := 'ERROR: ' || SQLERRM || ' in ' || sql;
    END;
END
$$;
