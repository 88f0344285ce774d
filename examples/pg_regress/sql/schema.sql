-- The tables, with as many rows as it takes for the planner to choose as it would in production.
CREATE TABLE customers (
    id   bigint PRIMARY KEY,
    name text NOT NULL,
    city text NOT NULL
);
CREATE INDEX customers_city ON customers (city);
CREATE TABLE orders (
    id          bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    ordered_at  date NOT NULL,
    amount      integer NOT NULL
);
CREATE INDEX orders_customer_id ON orders (customer_id);

INSERT INTO customers
SELECT i, 'Customer ' || i, 'City ' || i % 500 FROM generate_series(1, 5000) AS i;
INSERT INTO orders
SELECT 10000 + i, 1 + i % 5000, '2024-01-01'::date + i % 365, i % 97 FROM generate_series(1, 50000) AS i;
ANALYZE customers, orders;
