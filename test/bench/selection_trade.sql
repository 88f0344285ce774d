-- A wholesale trade: who supplies which part, who buys it, for bench-selection. Seven tables that statements join, as
-- in benchmarks for decision support. The same rows every time; primary keys are the only indexes.
CREATE SCHEMA trade;
SET search_path = trade;
DO $$ BEGIN PERFORM setseed(0.25); END $$;
CREATE TABLE nations (id int PRIMARY KEY, name text NOT NULL, region text NOT NULL);
INSERT INTO nations
SELECT i, 'nation ' || i, (ARRAY['north', 'south', 'east', 'west', 'islands'])[1 + i % 5]
FROM generate_series(1, 25) AS i;
CREATE TABLE suppliers (id int PRIMARY KEY, name text NOT NULL, nation_id int NOT NULL, balance numeric(10, 2));
INSERT INTO suppliers
SELECT i, 'supplier ' || i, 1 + floor(25 * random())::int, round((random() * 11000 - 1000)::numeric, 2)
FROM generate_series(1, 400) AS i;
CREATE TABLE parts (id int PRIMARY KEY, name text NOT NULL, brand text NOT NULL, kind text NOT NULL, size int NOT NULL,
    container text NOT NULL, price numeric(8, 2));
INSERT INTO parts
SELECT i, 'part ' || substr(md5(i::text), 1, 10), 'brand ' || (1 + floor(5 * random())::int) * 10 + floor(5 * random())::int,
       (ARRAY['steel', 'brass', 'copper', 'tin', 'nickel'])[1 + floor(5 * random())::int] || ' ' ||
       (ARRAY['plated', 'burnished', 'polished', 'brushed', 'anodized'])[1 + floor(5 * random())::int],
       1 + floor(50 * random())::int, (ARRAY['box', 'bag', 'jar', 'case', 'drum', 'can'])[1 + floor(6 * random())::int],
       900 + i % 1000
FROM generate_series(1, 8000) AS i;
CREATE TABLE supplies (part_id int NOT NULL, supplier_id int NOT NULL, available int, cost numeric(8, 2),
    PRIMARY KEY (part_id, supplier_id));
INSERT INTO supplies
SELECT p, 1 + (p * 7 + s * 101) % 400, floor(10000 * random())::int, round((1 + random() * 1000)::numeric, 2)
FROM generate_series(1, 8000) AS p, generate_series(0, 3) AS s;
CREATE TABLE clients (id int PRIMARY KEY, name text NOT NULL, nation_id int NOT NULL, segment text NOT NULL, phone text,
    balance numeric(10, 2));
INSERT INTO clients
SELECT i, 'client ' || i, 1 + floor(25 * random())::int,
       (ARRAY['cars', 'building', 'furniture', 'machines', 'households'])[1 + floor(5 * random())::int],
       10 + floor(25 * random())::int || '-' || 100 + i % 900, round((random() * 11000 - 1000)::numeric, 2)
FROM generate_series(1, 6000) AS i;
CREATE TABLE purchases (id int PRIMARY KEY, client_id int NOT NULL, status char(1) NOT NULL, total numeric(10, 2),
    bought date NOT NULL, priority int NOT NULL, clerk int NOT NULL);
INSERT INTO purchases
SELECT i, 1 + 3 * floor(2000 * random())::int, (ARRAY['f', 'f', 'f', 'o', 'o', 'o', 'p'])[1 + floor(7 * random())::int],
       round((random() * 400000)::numeric, 2), date '2018-01-01' + floor(2400 * random())::int,
       1 + floor(5 * random())::int, 1 + floor(100 * random())::int
FROM generate_series(1, 60000) AS i;
CREATE TABLE items (purchase_id int NOT NULL, number int NOT NULL, part_id int NOT NULL, supplier_id int NOT NULL,
    quantity int NOT NULL, price numeric(10, 2), discount numeric(3, 2), returned char(1), shipped date NOT NULL,
    committed date NOT NULL, received date NOT NULL, mode text, PRIMARY KEY (purchase_id, number));
INSERT INTO items
SELECT id, n, part, 1 + (part * 7 + floor(4 * random())::int * 101) % 400, 1 + floor(50 * random())::int,
       round((random() * 90000)::numeric, 2), round((random() * 0.1)::numeric, 2),
       (ARRAY['r', 'a', 'n', 'n'])[1 + floor(4 * random())::int], shipped, bought + 30 + floor(60 * random())::int,
       shipped + 1 + floor(30 * random())::int,
       (ARRAY['air', 'rail', 'ship', 'truck', 'mail', 'post', 'hand'])[1 + floor(7 * random())::int]
FROM (SELECT p.id, p.bought, n, 1 + floor(8000 * random())::int AS part, p.bought + 1 + floor(120 * random())::int AS shipped
      FROM purchases AS p, generate_series(1, 4) AS n WHERE n <= 1 + p.id % 4) AS s;
RESET search_path;
