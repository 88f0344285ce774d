-- The batched statement that a finding suggests returns, or changes, what the children did one by one.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA suggestions;
SET search_path = suggestions, public;
CREATE TABLE author (id int8 PRIMARY KEY, name text);
INSERT INTO author SELECT 100000 + i, 'author ' || i FROM generate_series(1, 200) AS i;
CREATE TABLE post (id int8 PRIMARY KEY, author_id int8 REFERENCES author, title text, views int DEFAULT 0);
INSERT INTO post SELECT 200000 + i, 100001 + (i * 7) % 200, md5(i::text), (i % 100 = 0)::int FROM generate_series(1, 400) AS i;
CREATE TABLE remark (id int8 PRIMARY KEY, post_id int8 REFERENCES post, author_id int8, kind int, body text);
INSERT INTO remark SELECT 300000 + i, 200001 + (i * 11) % 400, 100001 + i % 200, i % 3, md5(i::text)
FROM generate_series(1, 1200) AS i;
CREATE INDEX ON remark (post_id);
CREATE AGGREGATE longest(text) (SFUNC = text_larger, STYPE = text);
CREATE TABLE tally (post_id int8 PRIMARY KEY REFERENCES post, hits int8 DEFAULT 0);

-- Runs the child for 20 posts, one by one and by the suggestion; says whether that comes to the same. Literals are
-- all 1, since they become the parameters after the first.
CREATE FUNCTION batched(child text, OUT same text, OUT suggestion text) LANGUAGE plpgsql AS
$$
DECLARE
    keys int8[] := ARRAY(SELECT id FROM post ORDER BY title LIMIT 20);
    parent record;
    line record;
    one jsonb[];
    batch jsonb[];
    state_one text;
    state_batch text;
    state CONSTANT text := 'SELECT (SELECT md5(string_agg(p::text, '','' ORDER BY id)) FROM post AS p)
        || (SELECT coalesce(md5(string_agg(t::text, '','' ORDER BY post_id)), '''') FROM tally AS t)';
    selects boolean := child ~* '^(select|with|table|values)';
BEGIN
    PERFORM clipperf_reset();
    BEGIN
        FOR parent IN SELECT id FROM post ORDER BY title LIMIT 20 LOOP
            IF selects THEN
                FOR line IN EXECUTE child USING parent.id, 1, 1 LOOP
                    one := one || to_jsonb(line);
                END LOOP;
            ELSE
                EXECUTE child USING parent.id, 1, 1;
            END IF;
        END LOOP;
        EXECUTE state INTO state_one;
        RAISE SQLSTATE 'UNDO0';
    EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
    END;
    SELECT n.suggestion, 'none: ' || n.no_suggestion INTO suggestion, same FROM clipperf_n_plus_one AS n
    ORDER BY n.children DESC LIMIT 1;
    IF NOT FOUND THEN
        same := 'not found';
        RETURN;
    END IF;
    IF suggestion IS NULL THEN
        RETURN;
    END IF;
    BEGIN
        IF selects THEN
            FOR line IN EXECUTE suggestion USING keys, 1, 1 LOOP
                batch := batch || to_jsonb(line);
            END LOOP;
        ELSE
            EXECUTE suggestion USING keys, 1, 1;
        END IF;
        EXECUTE state INTO state_batch;
        RAISE SQLSTATE 'UNDO0';
    EXCEPTION
        WHEN SQLSTATE 'UNDO0' THEN
            same := CASE
                WHEN state_one <> state_batch THEN 'other effect'
                WHEN NOT selects THEN 'same effect'
                WHEN one IS NULL THEN 'no rows'
                WHEN cardinality(one) <> cardinality(batch) THEN format('%s rows, not %s', cardinality(batch), cardinality(one))
                WHEN EXISTS (SELECT FROM unnest(one) AS o WHERE NOT EXISTS (SELECT FROM unnest(batch) AS b WHERE b @> o))
                THEN 'other rows' ELSE 'same rows' END;
        WHEN OTHERS THEN
            same := SQLERRM;
    END;
END
$$;

\x on
SELECT s.child, b.same, b.suggestion FROM (VALUES
    (1, 'SELECT * FROM remark WHERE post_id = $1'),
    (2, 'SELECT title FROM post WHERE id=$1'),
    (3, 'SELECT title AS from_title FROM post WHERE id = $1 AND title IS NOT NULL'),
    (4, 'SELECT lower(body) FROM remark r WHERE r . post_id = $1'),
    (5, 'SELECT r.body, a.name FROM remark r JOIN author a ON a.id = r.author_id WHERE r.post_id = $1 ORDER BY r.id'),
    (6, 'SELECT a.name FROM post p, author a WHERE p.id = $1 AND a.id = p.author_id'),
    (7, 'SELECT "r"."body" FROM "remark" AS "r" WHERE "r"."post_id" = $1'),
    (8, 'SELECT "remark".* FROM "remark" WHERE "remark"."post_id" = $1 LIMIT 1'),
    (9, 'SELECT title FROM post WHERE id = $1::bigint'),
    (10, 'SELECT body FROM remark WHERE post_id = $1 AND kind BETWEEN 1 AND 1'),
    (11, 'SELECT body FROM remark WHERE post_id = $1 AND NOT (kind = 1)'),
    (12, 'SELECT body FROM remark WHERE $1 = post_id'),
    (13, 'SELECT kind FROM remark WHERE post_id IN ($1)'),
    (14, 'SELECT body FROM remark WHERE (post_id, kind) = ($1, 1)'),
    (15, 'SELECT body FROM remark WHERE post_id = $1 OR kind = 1'),
    (16, 'SELECT $1 AS key, body FROM remark WHERE post_id = $1'),
    (17, 'SELECT body FROM remark WHERE post_id = $1 FOR UPDATE'),
    (18, 'SELECT body FROM remark WHERE post_id = $1 ORDER BY id DESC LIMIT 1'),
    (19, 'SELECT body FROM remark WHERE post_id = $1 ORDER BY id FETCH FIRST ROW ONLY'),
    (20, 'SELECT DISTINCT kind FROM remark WHERE post_id = $1'),
    (21, 'SELECT kind, count(*) FROM remark WHERE post_id = $1 GROUP BY kind'),
    (22, 'SELECT stddev(id) FROM remark WHERE post_id = $1'),
    (23, 'SELECT longest(body) FROM remark WHERE post_id = $1'),
    (24, 'SELECT coalesce(sum(kind), 1) AS s FROM remark WHERE post_id = $1'),
    (25, 'SELECT percentile_cont(1) WITHIN GROUP (ORDER BY id) FROM remark WHERE post_id = $1'),
    (26, 'SELECT row_number() OVER (ORDER BY id) FROM remark WHERE post_id = $1'),
    (27, 'SELECT EXISTS (SELECT 1 FROM remark WHERE post_id = $1)'),
    (28, 'SELECT p.title, (SELECT count(*) FROM remark r WHERE r.post_id = p.id) AS n FROM post p WHERE p.id = $1'),
    (29, 'SELECT name FROM author WHERE id = (SELECT author_id FROM post WHERE id = $1)'),
    (30, 'SELECT a.name FROM author a WHERE a.id IN (SELECT author_id FROM post WHERE id = $1)'),
    (31, 'SELECT p.title, r.body FROM post p LEFT JOIN remark r ON r.post_id = $1 WHERE p.views = 1'),
    (32, 'SELECT body FROM remark WHERE post_id = $1 AND author_id > (SELECT min(author_id) FROM post WHERE id = $1)'),
    (33, 'SELECT id FROM remark WHERE post_id = $1 UNION ALL SELECT hits FROM tally WHERE post_id = $1'),
    (34, 'WITH r AS (SELECT * FROM remark WHERE post_id = $1) SELECT * FROM r'),
    (35, 'UPDATE post SET views = views + 1 WHERE id = $1'),
    (36, 'UPDATE post SET views = (SELECT count(*) FROM remark WHERE post_id = $1) WHERE id = $1'),
    (37, 'UPDATE post SET views = views + 1 WHERE id = $1 OR views = 1'),
    (38, 'UPDATE post SET views = 1 WHERE id = (SELECT post_id FROM remark WHERE post_id = $1 LIMIT 1)'),
    (39, 'DELETE FROM remark WHERE post_id = $1'),
    (40, 'INSERT INTO tally (post_id) VALUES ($1) ON CONFLICT DO NOTHING'),
    (41, 'INSERT INTO tally (post_id, hits) VALUES ($1, (SELECT count(*) FROM remark WHERE post_id = $1)) ON CONFLICT (post_id) DO UPDATE SET hits = tally.hits + 1'),
    (42, 'INSERT INTO tally (post_id, hits) SELECT id, 1 FROM post WHERE id = $1'),
    (43, 'SELECT body FROM remark WHERE post_id = ANY (ARRAY[$1])'),
    (44, 'SELECT body FROM remark WHERE post_id = ANY (ARRAY[$1::bigint]) AND kind = ANY (ARRAY[1]) ORDER BY id LIMIT 1')
) AS s (n, child), LATERAL batched(s.child) AS b ORDER BY n;
\x off
DROP SCHEMA suggestions CASCADE;
