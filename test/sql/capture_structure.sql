-- A queryid is no identity of structure: statements that share one, and differ in the columns that they return, or of
-- what types these are, are not taken for each other.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA capture_structure;
SET search_path = capture_structure, public;
CREATE TABLE users_t (id int PRIMARY KEY);
CREATE TABLE posts_t (id int PRIMARY KEY, user_id int REFERENCES users_t, t text);
INSERT INTO users_t SELECT generate_series(1, 5);
INSERT INTO posts_t SELECT i, 1 + i % 5, 't' || i FROM generate_series(1, 20) AS i;

-- Columns that are only sorted by, grouped by, or made distinct by.
SELECT t, user_id FROM posts_t ORDER BY user_id, t LIMIT 2;
SELECT t FROM posts_t ORDER BY user_id, t LIMIT 2;
SELECT t, user_id FROM posts_t ORDER BY user_id, t LIMIT 2;
SELECT count(*), user_id FROM posts_t GROUP BY user_id ORDER BY count(*), user_id LIMIT 2;
SELECT count(*) FROM posts_t GROUP BY user_id ORDER BY count(*), user_id LIMIT 2;
SELECT t, id, user_id FROM posts_t ORDER BY id, user_id LIMIT 2;
SELECT t, id FROM posts_t ORDER BY id, user_id LIMIT 2;
SELECT t FROM posts_t ORDER BY id, user_id LIMIT 2;
SELECT t, row_number() OVER (ORDER BY user_id, id), user_id FROM posts_t ORDER BY id LIMIT 2;
SELECT DISTINCT ON (user_id) t, user_id FROM posts_t ORDER BY user_id, id;
SELECT DISTINCT ON (user_id) t FROM posts_t ORDER BY user_id, id;

-- The transaction goes on.
BEGIN;
INSERT INTO users_t VALUES (99);
SELECT t FROM posts_t ORDER BY user_id, t LIMIT 2;
COMMIT;
SELECT count(*) FROM users_t WHERE id = 99;

-- Types and columns that change while statements are prepared and cursors open.
PREPARE list AS SELECT id, user_id FROM posts_t ORDER BY id LIMIT 3;
EXECUTE list;
ALTER TABLE posts_t DROP CONSTRAINT posts_t_user_id_fkey, ALTER user_id TYPE text;
EXECUTE list;
DEALLOCATE list;
SELECT id, user_id FROM posts_t ORDER BY id LIMIT 3;
SELECT id FROM posts_t WHERE user_id = '2' ORDER BY id LIMIT 3;
ALTER TABLE posts_t ALTER user_id TYPE numeric USING user_id::numeric;
SELECT id, user_id FROM posts_t ORDER BY id LIMIT 3;
CREATE VIEW shown AS SELECT id, user_id AS author_id FROM posts_t;
SELECT id, author_id FROM shown ORDER BY id LIMIT 3;
CREATE OR REPLACE VIEW shown AS SELECT id, CASE WHEN id > 0 THEN user_id END AS author_id FROM posts_t;
SELECT id, author_id FROM shown ORDER BY id LIMIT 3;

-- One name, two tables.
CREATE SCHEMA capture_structure_2;
CREATE TABLE capture_structure_2.posts_t (user_id uuid PRIMARY KEY, id text, t int);
INSERT INTO capture_structure_2.posts_t SELECT md5(i::text)::uuid, repeat('x', 300), i FROM generate_series(1, 3) AS i;
PREPARE list AS SELECT id, user_id FROM posts_t ORDER BY t LIMIT 2;
EXECUTE list;
SET search_path = capture_structure_2;
EXECUTE list;
SET search_path = capture_structure, public;
EXECUTE list;

-- Operators with one argument.
CREATE TABLE segment (id int PRIMARY KEY, s lseg);
INSERT INTO segment VALUES (1, '((0,0),(1,0))'), (2, '((0,0),(0,1))');
SELECT id FROM segment WHERE ?- s AND ?- s;
DROP SCHEMA capture_structure, capture_structure_2 CASCADE;
