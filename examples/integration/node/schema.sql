CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, amount int NOT NULL);
CREATE INDEX orders_customer_id ON orders (customer_id);
INSERT INTO customers SELECT n, 'customer ' || n, 'city ' || n % 100 FROM generate_series(1, 5000) AS n;
INSERT INTO orders SELECT n, 1 + n % 5000, n % 97 FROM generate_series(1, 20000) AS n;
CREATE INDEX customers_city ON customers (city);
ANALYZE customers, orders;
