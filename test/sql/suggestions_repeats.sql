-- A suggestion goes by what may come, not only by what came: keys that repeat, constants that are another one in
-- another loop.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS clipperf;
CREATE SCHEMA suggestions_repeats;
SET search_path = suggestions_repeats, public;
CREATE TABLE agent (id int PRIMARY KEY, n int DEFAULT 0, seen int);
INSERT INTO agent SELECT i FROM generate_series(1, 400) AS i;
CREATE TABLE agent_count (id int PRIMARY KEY REFERENCES agent, n int DEFAULT 1, seen int);
CREATE TABLE ticket (id int PRIMARY KEY, day int, agent_id int REFERENCES agent);
INSERT INTO ticket SELECT i, i / 20, 1 + i * 7 % 400 FROM generate_series(1, 400) AS i;
CREATE TABLE site (tenant int, id int, name text, PRIMARY KEY (tenant, id));
CREATE TABLE unit (tenant int, id int, site_id int, FOREIGN KEY (tenant, site_id) REFERENCES site);
INSERT INTO site SELECT i % 20, i, md5(i::text) FROM generate_series(1, 1000) AS i;
INSERT INTO unit SELECT tenant, id, id FROM site;
ANALYZE agent, ticket, site, unit;

CREATE VIEW suggested AS
SELECT n.suggestion, n.no_suggestion FROM clipperf_n_plus_one AS n
ORDER BY n.children DESC LIMIT 1;

-- 20 tickets of a day have 20 agents, but nothing says that an agent has one ticket a day.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT agent_id FROM ticket WHERE day = 3 ORDER BY md5(id::text);
SELECT format('UPDATE agent SET n = n + 1 WHERE id = %s', id) FROM (SELECT agent_id FROM ticket WHERE day = 3 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\o /dev/null
SELECT agent_id FROM ticket WHERE day = 4 ORDER BY md5(id::text);
SELECT format('UPDATE agent SET n = n + 1 WHERE id = %s', id) FROM (SELECT agent_id FROM ticket WHERE day = 4 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\set ECHO all
SELECT * FROM suggested;

-- ... and the second INSERT of a key would change what the first one has inserted.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT agent_id FROM ticket WHERE day = 5 ORDER BY md5(id::text);
SELECT format('INSERT INTO agent_count AS c (id) VALUES (%s) ON CONFLICT (id) DO UPDATE SET n = c.n + 1', id) FROM (SELECT agent_id FROM ticket WHERE day = 5 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\o /dev/null
SELECT agent_id FROM ticket WHERE day = 6 ORDER BY md5(id::text);
SELECT format('INSERT INTO agent_count AS c (id) VALUES (%s) ON CONFLICT (id) DO UPDATE SET n = c.n + 1', id) FROM (SELECT agent_id FROM ticket WHERE day = 6 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\set ECHO all
SELECT * FROM suggested;

-- Rows of a primary key come once.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id FROM agent WHERE id % 16 = 1 ORDER BY md5(id::text);
SELECT format('UPDATE agent_count SET n = n + 1 WHERE id = %s', id) FROM (SELECT id FROM agent WHERE id % 16 = 1 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\o /dev/null
SELECT id FROM agent WHERE id % 16 = 2 ORDER BY md5(id::text);
SELECT format('UPDATE agent_count SET n = n + 1 WHERE id = %s', id) FROM (SELECT id FROM agent WHERE id % 16 = 2 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\set ECHO all
SELECT * FROM suggested;

-- Each loop is of one tenant: the tenant is a parameter, and no array.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id FROM site WHERE tenant = 3 ORDER BY name LIMIT 20;
SELECT format('SELECT id FROM unit WHERE tenant = 3 AND site_id = %s', id) FROM (SELECT id FROM site WHERE tenant = 3 ORDER BY name LIMIT 20) AS l (id) \gexec
\o
\o /dev/null
SELECT id FROM site WHERE tenant = 4 ORDER BY name LIMIT 20;
SELECT format('SELECT id FROM unit WHERE tenant = 4 AND site_id = %s', id) FROM (SELECT id FROM site WHERE tenant = 4 ORDER BY name LIMIT 20) AS l (id) \gexec
\o
\o /dev/null
SELECT id FROM site WHERE tenant = 5 ORDER BY name LIMIT 20;
SELECT format('SELECT id FROM unit WHERE tenant = 5 AND site_id = %s', id) FROM (SELECT id FROM site WHERE tenant = 5 ORDER BY name LIMIT 20) AS l (id) \gexec
\o
\set ECHO all
SELECT * FROM suggested;

-- A LIMIT that a primary key makes needless is left out, written as a number or as a string.
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id FROM ticket WHERE day = 7 ORDER BY md5(id::text);
SELECT format('SELECT day FROM ticket WHERE id = %s LIMIT 1', id) FROM (SELECT id FROM ticket WHERE day = 7 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\o /dev/null
SELECT id FROM ticket WHERE day = 8 ORDER BY md5(id::text);
SELECT format('SELECT day FROM ticket WHERE id = %s LIMIT 1', id) FROM (SELECT id FROM ticket WHERE day = 8 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\set ECHO all
SELECT * FROM suggested;

SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id FROM ticket WHERE day = 9 ORDER BY md5(id::text);
SELECT format('SELECT day FROM ticket WHERE id = %s LIMIT ''1''', id) FROM (SELECT id FROM ticket WHERE day = 9 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\o /dev/null
SELECT id FROM ticket WHERE day = 10 ORDER BY md5(id::text);
SELECT format('SELECT day FROM ticket WHERE id = %s LIMIT ''1''', id) FROM (SELECT id FROM ticket WHERE day = 10 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\set ECHO all
SELECT * FROM suggested;

-- A driver that sends keys as smallint, as long as they fit, has wider ones elsewhere.
PREPARE day_of (smallint) AS SELECT id, day FROM ticket WHERE agent_id = $1;
SELECT clipperf_reset();
\set ECHO none
\o /dev/null
SELECT id FROM agent WHERE id % 16 = 5 ORDER BY md5(id::text);
SELECT format('EXECUTE day_of (%s)', id) FROM (SELECT id FROM agent WHERE id % 16 = 5 ORDER BY md5(id::text)) AS l (id) \gexec
\o
\set ECHO all
SELECT * FROM suggested;

DROP SCHEMA suggestions_repeats CASCADE;
