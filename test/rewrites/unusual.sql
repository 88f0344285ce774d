-- Children that children.pl would not make, each run for the rows of a list and as it is suggested: the answers and the
-- changes must be the same, unless a reason is given for none. After compare.sql.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
SET search_path = rewrites, public;
CREATE TABLE stock (shop int8 REFERENCES post, item int, amount int, tags text[], data jsonb, PRIMARY KEY (shop, item));
INSERT INTO stock
SELECT 200000 + i * 7, j, (i + j) % 9, ARRAY['a', 't' || i % 3], jsonb_build_object('k', i % 5, 'id', 200000 + i * 7)
FROM generate_series(1, 60) AS i, generate_series(0, 3) AS j WHERE (i + j) % 5 > 0;
CREATE TABLE person (id int8 PRIMARY KEY REFERENCES post, email citext UNIQUE, boss int8);
INSERT INTO person SELECT 200000 + i * 7, 'User' || i || '@X.org', NULLIF(200000 + i / 3 * 7, 200000) FROM generate_series(1, 80) AS i;
CREATE TABLE numbered (id serial PRIMARY KEY, k1 int8, n bigserial);
CREATE TABLE queue (id int8 PRIMARY KEY REFERENCES post, state text DEFAULT 'new', worker int8);
INSERT INTO queue (id) SELECT 200000 + i * 7 FROM generate_series(1, 100) AS i WHERE i % 4 > 0;
ANALYZE;

ALTER FUNCTION state() RENAME TO state_of_others;
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS
$$
    SELECT concat_ws(' ', state_of_others(), (SELECT md5(string_agg(t::text, ',' ORDER BY shop, item)) FROM stock AS t),
        (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM person AS t),
        (SELECT md5(string_agg(k1::text, ',' ORDER BY id)) || md5(string_agg(k1::text, ',' ORDER BY n)) FROM numbered AS t),
        (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM queue AS t))
$$;

CREATE TABLE unusual (number serial, child text, parent text);
INSERT INTO unusual (child) VALUES
-- composite keys
('SELECT amount FROM stock WHERE shop = $1 AND item = $2'),
('SELECT amount FROM stock WHERE (shop, item) = ($1, $2)'),
('UPDATE stock SET amount = $2 * 10 WHERE shop = $1 AND item = $2'),
('DELETE FROM stock WHERE shop = $1 AND item = $2 RETURNING shop, item, amount'),
-- upserts
('INSERT INTO stock (shop, item, amount) VALUES ($1, $2, 7) ON CONFLICT (shop, item) DO UPDATE SET amount = stock.amount + excluded.amount WHERE stock.amount < 5'),
('INSERT INTO stock (shop, item, amount) VALUES ($1, 1, $2) ON CONFLICT (shop, item) DO UPDATE SET amount = stock.amount + 1'),
('INSERT INTO queue (id, state) VALUES ($1, $3) ON CONFLICT (id) DO UPDATE SET state = excluded.state || queue.state WHERE queue.state <> $3'),
('INSERT INTO queue (id, worker) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id'),
('INSERT INTO queue (id) SELECT id FROM post WHERE id = $1 ON CONFLICT (id) DO UPDATE SET worker = coalesce(queue.worker, 0) + 1'),
-- RETURNING, sequences
('INSERT INTO numbered (k1) VALUES ($1) RETURNING k1'),
('INSERT INTO numbered (k1, n) VALUES ($1, nextval(''rewrites.numbered_n_seq''))'),
('SELECT id, nextval(''rewrites.numbered_n_seq'') > 0 FROM queue WHERE id = $1'),
('UPDATE stock SET amount = amount + 1 WHERE shop = $1 AND item = 0 RETURNING amount, shop'),
-- WITH that modifies
('WITH gone AS (DELETE FROM stock WHERE shop = $1 RETURNING *) SELECT count(*) FROM gone'),
('WITH done AS (UPDATE queue SET state = ''done'' WHERE id = $1 RETURNING id), kept AS (INSERT INTO numbered (k1) SELECT id FROM done RETURNING k1) SELECT k1 FROM kept'),
-- LATERAL, window functions, DISTINCT ON, grouping
('SELECT s.item, l.twice FROM stock AS s, LATERAL (SELECT s.amount * 2 AS twice ORDER BY 1 LIMIT 1) AS l WHERE s.shop = $1 ORDER BY s.item'),
('SELECT item, rank() OVER (ORDER BY amount DESC, item) FROM stock WHERE shop = $1 ORDER BY item'),
('SELECT item, sum(amount) OVER w FROM stock WHERE shop = $1 WINDOW w AS (ORDER BY item ROWS $2 PRECEDING) ORDER BY item'),
('SELECT DISTINCT ON (amount) amount, item FROM stock WHERE shop = $1 ORDER BY amount, item'),
('SELECT item, sum(amount) FROM stock WHERE shop = $1 GROUP BY ROLLUP (item) ORDER BY item'),
('SELECT count(*) FROM stock WHERE shop = $1 HAVING count(*) > 2'),
('SELECT count(*) FILTER (WHERE amount > $2), array_agg(item ORDER BY item) FROM stock WHERE shop = $1'),
('SELECT item FROM stock WHERE shop = $1 ORDER BY amount FETCH FIRST 1 ROW WITH TIES'),
('SELECT item FROM stock WHERE shop = $1 EXCEPT SELECT $2 ORDER BY 1'),
('SELECT item FROM stock WHERE shop = $1 ORDER BY item OFFSET 1 LIMIT 1'),
-- locks
('SELECT id FROM queue WHERE id = $1 FOR UPDATE SKIP LOCKED'),
('SELECT q.id, p.title FROM queue AS q JOIN post AS p ON p.id = q.id WHERE q.id = $1 FOR NO KEY UPDATE OF q'),
-- types: citext, arrays, json
('SELECT id FROM person WHERE id = $1 AND email <> $3::citext'),
('SELECT email FROM person WHERE id = $1'),
('SELECT item FROM stock WHERE shop = $1 AND ''a'' = ANY (tags) ORDER BY item'),
('SELECT item FROM stock WHERE shop = $1 AND NOT tags @> ARRAY[$3] ORDER BY item'),
('SELECT unnest(tags) FROM stock WHERE shop = $1 ORDER BY 1'),
('SELECT item, data->>''k'' FROM stock WHERE shop = $1 AND data->>''k'' <> $2::text ORDER BY item'),
('SELECT item FROM stock WHERE data @> jsonb_build_object(''id'', $1) AND shop = $1 ORDER BY item'),
('SELECT json_agg(amount ORDER BY item) FROM stock WHERE shop = $1'),
('UPDATE stock SET data = jsonb_set(data, ''{k}'', to_jsonb($2)) WHERE shop = $1'),
-- what runs differently each time, or within itself
('SELECT id FROM queue WHERE id = $1 AND random() >= 0'),
('WITH RECURSIVE up AS (SELECT id, boss, 0 AS depth FROM person WHERE id = $1 UNION ALL SELECT p.id, p.boss, depth + 1 FROM person AS p JOIN up ON p.id = up.boss WHERE depth < 3) SELECT id, depth FROM up ORDER BY depth'),
('UPDATE stock AS s SET amount = o.amount FROM stock AS o WHERE o.shop = s.shop AND o.item = 1 AND s.shop = $1'),
('UPDATE queue SET state = (SELECT title FROM post WHERE id = $1) WHERE id = $1'),
('UPDATE stock SET (amount, data) = (SELECT count(*), to_jsonb($3::text) FROM post WHERE id = $1) WHERE shop = $1 AND item = $2'),
('DELETE FROM stock AS s USING queue AS q WHERE q.id = s.shop AND s.shop = $1 AND s.item = $2 RETURNING s.item, q.id'),
('MERGE INTO queue AS q USING (SELECT $1 AS id) AS s ON q.id = s.id WHEN MATCHED AND q.state = ''new'' THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)');
-- keys that are NULL, or come twice
INSERT INTO unusual (child, parent) VALUES
('SELECT title FROM post WHERE author_id IS NOT DISTINCT FROM $1 ORDER BY title', 'SELECT author_id AS k1, 1 AS k2, ''x'' AS k3, 1.0 AS k4 FROM post ORDER BY title LIMIT 40'),
('SELECT name FROM author WHERE id = $1', 'SELECT author_id AS k1, 1 AS k2, ''x'' AS k3, 1.0 AS k4 FROM post ORDER BY title LIMIT 40'),
('UPDATE author SET country = coalesce(country, '''') || ''!'' WHERE id = $1', 'SELECT author_id AS k1, 1 AS k2, ''x'' AS k3, 1.0 AS k4 FROM post ORDER BY title LIMIT 40'),
('INSERT INTO tally (post_id, hits) VALUES ($1, $2) ON CONFLICT (post_id) DO UPDATE SET hits = tally.hits + excluded.hits', 'SELECT post_id AS k1, kind AS k2, body AS k3, 1.0 AS k4 FROM remark ORDER BY body LIMIT 60');
UPDATE unusual SET parent = 'SELECT id AS k1, views AS k2, title AS k3, 1.5 AS k4 FROM post ORDER BY title LIMIT 20' WHERE parent IS NULL;

-- The calls of compare(), with parameters and with literals. A statement in which functions of clipperf have run is
-- clipperf's own from then on, so the reset is one by itself.
CREATE VIEW unusual_calls AS
SELECT number, literals, format('SELECT clipperf_reset(); SELECT json_build_object(''n'', %s, ''literals'', %L::boolean, ''child'', %L, ''parent'', %L, ''verdict'', c.verdict, ''suggestion'', c.suggestion) FROM compare(%L, %L, %L) AS c;',
    number, literals, child, parent, parent, child, literals) AS call
FROM unusual, unnest('{true,false}'::boolean[]) AS l (literals);
