-- An application of 300 tables in forty groups, for bench-selection, whose 1,000 statements SelectionStatements.pm makes. Each
-- table refers to the one before it in its group. The same rows every time; primary keys are the only indexes.
CREATE SCHEMA many;
SET search_path = many;
DO $$
DECLARE
    n int;
    size int;
BEGIN
    PERFORM setseed(0.4);
    FOR n IN 0 .. 299 LOOP
        size := (ARRAY[20000, 1000, 5000, 300, 8000, 2000])[1 + n % 6];
        EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, parent_id int NOT NULL, owner_id int NOT NULL, state text NOT NULL,
            kind int NOT NULL, made date NOT NULL, amount numeric(9, 2) NOT NULL, code text NOT NULL, note text)', n);
        EXECUTE format('INSERT INTO t%s
            SELECT i, 1 + floor(random() * %s)::int, 1 + floor(random() * random() * %s)::int,
                   (ARRAY[''new'', ''open'', ''done'', ''done'', ''done'', ''lost''])[1 + floor(random() * 6)::int],
                   floor(random() * 40)::int, date ''2020-01-01'' + (i * 1000 / %s), round((random() * 1000)::numeric, 2),
                   md5(i::text), repeat(''x'', 40)
            FROM generate_series(1, %s) AS i', n, (ARRAY[2000, 20000, 1000, 5000, 300, 8000])[1 + n % 6], size / 10 + 5, size, size);
    END LOOP;
END $$;
RESET search_path;
