-- An order system: customers, products, orders, lines and events with jsonb, for bench-whatif. Some columns follow
-- each other, some are skewed, some are mostly NULL, some come in the order of time. The same rows every time.
CREATE SCHEMA orders;
SET search_path = orders, public;
DO $$ BEGIN PERFORM setseed(0.5); END $$;
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL, name varchar(80), country char(2), city text,
    credit numeric(10, 2), vip boolean, referred_by int, created_at timestamptz NOT NULL);
INSERT INTO customers
SELECT i, 'user' || i || '@' || (ARRAY['example.org', 'Mail.example', 'shop.example'])[1 + i % 3],
       'Customer ' || md5(i::text), (ARRAY['de', 'fr', 'us', 'gb', 'jp', 'br'])[1 + floor(6 * random() ^ 2)::int],
       'city ' || floor(400 * random() ^ 2), round((random() * 5000)::numeric, 2), random() < 0.03,
       CASE WHEN random() < 0.2 THEN 1 + floor(i * random())::int END,
       timestamptz '2024-01-01 00:00 UTC' + i * interval '30 minutes'
FROM generate_series(1, 20000) AS i;
CREATE TABLE products (id int PRIMARY KEY, sku uuid NOT NULL, title text, category int, price numeric(8, 2),
    tags text[], discontinued boolean);
INSERT INTO products
SELECT i, md5('sku' || i)::uuid, 'Product ' || substr(md5(i::text), 1, 6) || ' ' || (ARRAY['red', 'green', 'blue'])[1 + i % 3],
       1 + floor(60 * random() ^ 2)::int, round((1 + random() * 500)::numeric, 2),
       ARRAY['tag' || i % 37, 'tag' || i % 101, 'group' || i % 5], random() < 0.1
FROM generate_series(1, 5000) AS i;
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, total numeric(10, 2),
    placed_at timestamptz NOT NULL, shipped_at timestamptz, note text, deleted_at timestamptz);
INSERT INTO orders
SELECT i, 1 + floor(20000 * random() ^ 2)::int,
       (ARRAY['done', 'done', 'done', 'done', 'done', 'done', 'done', 'open', 'paid', 'failed'])[1 + floor(10 * random())::int],
       round((random() * 900)::numeric, 2), timestamptz '2024-06-01 00:00 UTC' + i * interval '4 minutes',
       CASE WHEN random() < 0.9 THEN timestamptz '2024-06-02 00:00 UTC' + i * interval '4 minutes' END,
       CASE WHEN random() < 0.1 THEN repeat('note ', 1 + i % 20) END,
       CASE WHEN random() < 0.05 THEN timestamptz '2025-01-01 00:00 UTC' END
FROM generate_series(1, 100000) AS i;
CREATE TABLE lines (order_id int NOT NULL, position int NOT NULL, product_id int NOT NULL, quantity int,
    price numeric(8, 2), warehouse smallint);
INSERT INTO lines
SELECT o, p, 1 + floor(5000 * random() ^ 3)::int, 1 + floor(5 * random())::int, round((random() * 500)::numeric, 2),
       o % 4 * 5 + floor(5 * random())::int
FROM generate_series(1, 100000) AS o, generate_series(1, 1 + o % 5) AS p;
CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz NOT NULL, kind text NOT NULL, session uuid NOT NULL,
    customer_id int, payload jsonb NOT NULL, message text, terms tsvector, period tstzrange);
INSERT INTO events
SELECT i, timestamptz '2025-01-01 00:00 UTC' + i * interval '11 seconds',
       (ARRAY['view', 'view', 'view', 'view', 'cart', 'search', 'buy'])[1 + floor(7 * random())::int],
       md5('session' || i / 12)::uuid, CASE WHEN random() < 0.6 THEN 1 + floor(20000 * random())::int END,
       jsonb_build_object('page', '/p/' || floor(5000 * random() ^ 2), 'ref', (ARRAY['ad', 'mail', 'none'])[1 + i % 3],
                          'ms', floor(random() * 3000)),
       'product ' || substr(md5((i % 3000)::text), 1, 5) || ' seen by ' || (ARRAY['anna', 'bert', 'carl', 'dora'])[1 + i % 4],
       to_tsvector('simple', 'word' || floor(2000 * random() ^ 3) || ' word' || floor(2000 * random() ^ 3) || ' common'),
       tstzrange(timestamptz '2025-01-01 00:00 UTC' + i * interval '11 seconds',
                 timestamptz '2025-01-01 00:00 UTC' + i * interval '11 seconds' + random() * interval '1 hour')
FROM generate_series(1, 100000) AS i;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE lines ADD FOREIGN KEY (order_id) REFERENCES orders;
RESET search_path;
VACUUM ANALYZE orders.customers, orders.products, orders.orders, orders.lines, orders.events;
