-- A retailer with three channels, for bench-selection: seven tables of facts, seventeen of what these are about, and
-- statements as in benchmarks for decision support (SelectionStatements.pm). The same rows every time; no index at all, not
-- even of a primary key: so there is most to choose from.
CREATE SCHEMA star;
SET search_path = star;
DO $$ BEGIN PERFORM setseed(0.75); END $$;
CREATE TABLE days (id int NOT NULL, day date NOT NULL, week int NOT NULL, month int NOT NULL, quarter text NOT NULL,
    year int NOT NULL, month_of_year int NOT NULL, day_of_week int NOT NULL, holiday char(1) NOT NULL);
INSERT INTO days
SELECT i, d, i / 7, (extract(year FROM d) * 12 + extract(month FROM d))::int,
       extract(year FROM d) || 'Q' || extract(quarter FROM d), extract(year FROM d)::int, extract(month FROM d)::int,
       extract(dow FROM d)::int, CASE WHEN i % 37 = 0 THEN 'Y' ELSE 'N' END
FROM (SELECT i, date '1998-01-01' + i AS d FROM generate_series(1, 2500) AS i) AS s;
CREATE TABLE times (id int NOT NULL, hour int NOT NULL, minute int NOT NULL, shift text NOT NULL, meal text);
INSERT INTO times
SELECT i, i / 60, i % 60, (ARRAY['night', 'morning', 'day'])[1 + i / 480],
       CASE WHEN i / 60 IN (7, 8) THEN 'breakfast' WHEN i / 60 IN (12, 13) THEN 'lunch' WHEN i / 60 IN (18, 19, 20) THEN 'dinner' END
FROM generate_series(0, 1439) AS i;
CREATE TABLE goods (id int NOT NULL, code char(16) NOT NULL, name text NOT NULL, brand_id int NOT NULL, brand text NOT NULL,
    class text NOT NULL, category text NOT NULL, maker_id int NOT NULL, manager_id int NOT NULL, size text NOT NULL,
    color text NOT NULL, price numeric(7, 2) NOT NULL, cost numeric(7, 2) NOT NULL, description text NOT NULL);
INSERT INTO goods
SELECT i, lpad(to_hex(i / 2), 16, 'A'), 'good ' || i, b, 'brand ' || b, 'class ' || b % 40, 'category ' || b % 10,
       1 + floor(random() * 500)::int, 1 + floor(random() * 100)::int,
       (ARRAY['small', 'medium', 'large', 'extra large', 'N/A'])[1 + i % 5], 'color ' || floor(random() * 90)::int,
       round((random() * random() * 100 + 0.1)::numeric, 2), round((random() * 50)::numeric, 2), repeat(md5(i::text), 3)
FROM (SELECT i, 1 + floor(random() * 400)::int AS b FROM generate_series(1, 9000) AS i) AS s;
CREATE TABLE addresses (id int NOT NULL, street text NOT NULL, city text NOT NULL, county text NOT NULL, state char(2) NOT NULL,
    zip char(5) NOT NULL, country text NOT NULL, gmt_offset int NOT NULL, kind text NOT NULL);
INSERT INTO addresses
SELECT i, i || ' ' || md5(i::text), 'city ' || floor(random() * random() * 300)::int, 'county ' || floor(random() * 400)::int,
       chr(65 + floor(random() * 6)::int) || chr(65 + floor(random() * 8)::int), lpad((floor(random() * 9000) * 11)::int::text, 5, '0'),
       CASE WHEN i % 50 = 0 THEN 'elsewhere' ELSE 'here' END, -5 - i % 4, (ARRAY['flat', 'house', 'condo'])[1 + i % 3]
FROM generate_series(1, 15000) AS i;
CREATE TABLE people (id int NOT NULL, sex char(1) NOT NULL, marital char(1) NOT NULL, education text NOT NULL,
    credit text NOT NULL, dependents int NOT NULL);
INSERT INTO people
SELECT i, (ARRAY['M', 'F'])[1 + i % 2], (ARRAY['M', 'S', 'D', 'W', 'U'])[1 + i / 2 % 5],
       (ARRAY['primary', 'secondary', 'college', '2 yr degree', '4 yr degree', 'advanced degree', 'unknown'])[1 + i / 10 % 7],
       (ARRAY['good', 'low risk', 'high risk', 'unknown'])[1 + i / 70 % 4], i / 280 % 7
FROM generate_series(1, 19600) AS i;
CREATE TABLE incomes (id int NOT NULL, low int NOT NULL, high int NOT NULL);
INSERT INTO incomes SELECT i, (i - 1) * 10000, i * 10000 FROM generate_series(1, 20) AS i;
CREATE TABLE households (id int NOT NULL, income_id int NOT NULL, potential text NOT NULL, dependents int NOT NULL, cars int NOT NULL);
INSERT INTO households
SELECT i, 1 + i % 20, (ARRAY['0-500', '501-1000', '1001-5000', '5001-10000', '>10000', 'unknown'])[1 + i / 20 % 6],
       i / 120 % 10, i / 1200 % 6 - 1
FROM generate_series(1, 7200) AS i;
CREATE TABLE buyers (id int NOT NULL, code char(16) NOT NULL, first_name text, last_name text, people_id int, household_id int,
    address_id int NOT NULL, birth_year int, birth_month int, birth_country text, preferred char(1), email text);
INSERT INTO buyers
SELECT i, lpad(to_hex(i), 16, 'A'), 'first ' || i % 800, 'last ' || i % 3000, 1 + floor(random() * 19600)::int,
       1 + floor(random() * 7200)::int, 1 + floor(random() * 15000)::int, 1924 + floor(random() * 70)::int, 1 + i % 12,
       'country ' || floor(random() * 200)::int, CASE WHEN i % 2 = 0 THEN 'Y' ELSE 'N' END, md5(i::text) || '@example.com'
FROM generate_series(1, 30000) AS i;
CREATE TABLE shops (id int NOT NULL, code char(16) NOT NULL, name text NOT NULL, state char(2) NOT NULL, county text NOT NULL,
    city text NOT NULL, zip char(5) NOT NULL, gmt_offset int NOT NULL, staff int NOT NULL, market int NOT NULL);
INSERT INTO shops
SELECT i, lpad(i::text, 16, 'A'), (ARRAY['able', 'ation', 'bar', 'ese', 'ought'])[1 + i % 5], chr(65 + i % 6) || chr(65 + i % 8),
       'county ' || i % 9, 'city ' || i % 7, lpad((i * 1111)::text, 5, '0'), -5 - i % 2, 200 + i, 1 + i % 10
FROM generate_series(1, 30) AS i;
CREATE TABLE sites (id int NOT NULL, name text NOT NULL, company text NOT NULL);
INSERT INTO sites SELECT i, 'site ' || i / 3, 'company ' || i % 4 FROM generate_series(1, 30) AS i;
CREATE TABLE centers (id int NOT NULL, name text NOT NULL, county text NOT NULL);
INSERT INTO centers SELECT i, 'center ' || i, 'county ' || i % 5 FROM generate_series(1, 12) AS i;
CREATE TABLE pages (id int NOT NULL, number int NOT NULL, kind text NOT NULL, letters int NOT NULL);
INSERT INTO pages SELECT i, i, (ARRAY['order', 'ad', 'feedback', 'welcome'])[1 + i % 4], 1000 + i * 7 % 6000 FROM generate_series(1, 600) AS i;
CREATE TABLE depots (id int NOT NULL, name text NOT NULL, state char(2) NOT NULL, feet int NOT NULL);
INSERT INTO depots SELECT i, 'depot ' || i, chr(65 + i % 6) || chr(65 + i % 8), i * 10000 FROM generate_series(1, 10) AS i;
CREATE TABLE carriers (id int NOT NULL, kind text NOT NULL, code text NOT NULL, name text NOT NULL);
INSERT INTO carriers
SELECT i, (ARRAY['express', 'overnight', 'regular', 'two day'])[1 + i % 4], (ARRAY['air', 'sea', 'road'])[1 + i % 3], 'carrier ' || i
FROM generate_series(1, 20) AS i;
CREATE TABLE offers (id int NOT NULL, name text NOT NULL, by_mail char(1) NOT NULL, by_email char(1) NOT NULL, on_tv char(1) NOT NULL);
INSERT INTO offers
SELECT i, 'offer ' || i, (ARRAY['Y', 'N'])[1 + i % 2], (ARRAY['Y', 'N', 'N'])[1 + i % 3], (ARRAY['N', 'N', 'N', 'Y'])[1 + i % 4]
FROM generate_series(1, 400) AS i;
CREATE TABLE reasons (id int NOT NULL, description text NOT NULL);
INSERT INTO reasons SELECT i, 'reason ' || i FROM generate_series(1, 40) AS i;
CREATE TABLE regions (state char(2) NOT NULL, name text NOT NULL, division text NOT NULL);
INSERT INTO regions
SELECT chr(65 + a) || chr(65 + b), 'state ' || a || b, 'division ' || b % 4 FROM generate_series(0, 5) AS a, generate_series(0, 7) AS b;

-- Sales of a channel: an order has several lines; a channel's own columns are the last ones.
CREATE FUNCTION make_sales(channel text, orders int, place text, places int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %1$s_sales (good_id int NOT NULL, order_id int NOT NULL, day_id int, time_id int, buyer_id int,
        people_id int, household_id int, address_id int, offer_id int, quantity int NOT NULL, cost numeric(7, 2) NOT NULL,
        list_price numeric(7, 2) NOT NULL, price numeric(7, 2) NOT NULL, discount numeric(7, 2) NOT NULL,
        total numeric(9, 2) NOT NULL, tax numeric(7, 2), profit numeric(9, 2) NOT NULL, ship_day_id int, carrier_id int,
        depot_id int, %2$s_id int)', channel, place);
    EXECUTE format('INSERT INTO %1$s_sales
        SELECT 1 + (line * 1811 + o * 7) %% 9000, o, CASE WHEN miss < 0.97 THEN day END, floor(miss * 1440)::int,
               CASE WHEN miss > 0.03 THEN buyer END, 1 + buyer * 13 %% 19600, 1 + buyer * 7 %% 7200, 1 + buyer * 11 %% 15000,
               1 + floor(random() * 400)::int, quantity, cost, round(cost * 1.7, 2), price, round(list * 0.1, 2),
               round(price * quantity, 2), round(price * quantity * 0.08, 2), round((price - cost) * quantity, 2),
               day + 2 + floor(random() * 110)::int, 1 + floor(random() * 20)::int, 1 + floor(random() * 10)::int,
               1 + floor(random() * %3$s)::int
        FROM (SELECT o, line, miss, day, buyer, 1 + floor(random() * 100)::int AS quantity, cost, round(cost * 1.7, 2) AS list,
                     round((cost * 1.7 * random())::numeric, 2) AS price
              FROM (SELECT o, miss, 1 + floor(1800 * random())::int + o / (%2$s / 500 + 1) AS day, 1 + floor(30000 * random() * random())::int AS buyer
                    FROM (SELECT o, random() AS miss FROM generate_series(1, %2$s) AS o) AS a) AS b,
                   LATERAL (SELECT line, round((1 + 99 * random())::numeric, 2) AS cost FROM generate_series(1, 1 + o %% 9) AS line) AS c) AS d',
        channel, orders, places);
    EXECUTE format('CREATE TABLE %1$s_returns (good_id int NOT NULL, order_id int NOT NULL, day_id int, buyer_id int, address_id int,
        people_id int, reason_id int, %2$s_id int, quantity int, amount numeric(9, 2), fee numeric(7, 2), loss numeric(9, 2))', channel, place);
    EXECUTE format('INSERT INTO %1$s_returns
        SELECT good_id, order_id, day_id + 1 + floor(random() * 90)::int, buyer_id, address_id, people_id, 1 + floor(random() * 40)::int, %2$s_id,
               1 + floor(quantity * random())::int, round(total * 0.7, 2), round((random() * 100)::numeric, 2), round(total * 0.2, 2)
        FROM %1$s_sales WHERE random() < 0.1', channel, place);
END $$;
SELECT make_sales('shop', 40000, 'shop', 30), make_sales('mail', 20000, 'center', 12), make_sales('online', 10000, 'site', 30) \g /dev/null
DROP FUNCTION make_sales;
CREATE TABLE stock (day_id int NOT NULL, good_id int NOT NULL, depot_id int NOT NULL, quantity int);
INSERT INTO stock
SELECT week * 7, good * 3 + 1, depot, floor(random() * 1000)::int
FROM generate_series(1, 80) AS week, generate_series(0, 599) AS good, generate_series(1, 5) AS depot;
RESET search_path;
