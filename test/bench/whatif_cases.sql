-- Statements, each with an index that serves it, for bench-whatif. The first word of the index is its table.
COPY bench.cases (schema, index, statement) FROM stdin WITH (DELIMITER '|');
orders|customers (email)|SELECT * FROM customers WHERE email = 'user777@example.org'
orders|customers (lower(email))|SELECT * FROM customers WHERE lower(email) = 'user777@mail.example'
orders|customers (country, city)|SELECT * FROM customers WHERE country = 'jp' AND city = 'city 17'
orders|customers (city, country)|SELECT city, count(*) FROM customers WHERE city IN ('city 3', 'city 90', 'city 200') GROUP BY city
orders|customers (created_at DESC)|SELECT * FROM customers ORDER BY created_at DESC LIMIT 20
orders|customers (credit)|SELECT * FROM customers WHERE credit > 4950
orders|customers (id) WHERE vip|SELECT id, name FROM customers WHERE vip ORDER BY id LIMIT 50
orders|customers (referred_by)|SELECT a.name, b.name FROM customers a JOIN customers b ON b.referred_by = a.id WHERE a.id < 20
orders|customers (referred_by) WHERE referred_by IS NOT NULL|SELECT * FROM customers WHERE referred_by = 42
orders|customers (name varchar_pattern_ops)|SELECT * FROM customers WHERE name LIKE 'Customer abc%'
orders|products USING hash (sku)|SELECT * FROM products WHERE sku = md5('sku17')::uuid
orders|products (category, price)|SELECT * FROM products WHERE category = 30 AND price < 50
orders|products (category) INCLUDE (title, price)|SELECT title, price FROM products WHERE category = 40
orders|products USING gin (tags)|SELECT * FROM products WHERE tags @> '{tag3,group1}'
orders|products ((price * 2))|SELECT * FROM products WHERE price * 2 > 990
orders|orders (customer_id)|SELECT * FROM orders WHERE customer_id = 19000
orders|orders (customer_id, placed_at DESC)|SELECT * FROM orders WHERE customer_id = 77 ORDER BY placed_at DESC LIMIT 10
orders|orders (customer_id) INCLUDE (total)|SELECT customer_id, sum(total) FROM orders WHERE customer_id BETWEEN 100 AND 400 GROUP BY customer_id
orders|orders (status, placed_at)|SELECT * FROM orders WHERE status = 'failed' AND placed_at > '2025-02-20'
orders|orders (placed_at) WHERE status = 'open'|SELECT id FROM orders WHERE status = 'open' AND placed_at < '2024-06-10'
orders|orders (status)|SELECT * FROM orders WHERE status = 'paid' AND total > 850
orders|orders (status)|SELECT status, count(*) FROM orders GROUP BY status
orders|orders (total DESC NULLS LAST)|SELECT * FROM orders ORDER BY total DESC NULLS LAST LIMIT 100
orders|orders (shipped_at)|SELECT count(*) FROM orders WHERE shipped_at IS NULL AND status = 'open'
orders|orders (shipped_at)|SELECT * FROM orders WHERE shipped_at BETWEEN '2024-12-01' AND '2024-12-03'
orders|orders (deleted_at)|SELECT * FROM orders WHERE deleted_at IS NOT NULL AND customer_id < 100
orders|orders (id) WHERE deleted_at IS NULL AND status = 'open'|SELECT count(*) FROM orders WHERE deleted_at IS NULL AND status = 'open'
orders|orders USING brin (placed_at)|SELECT count(*), sum(total) FROM orders WHERE placed_at >= '2024-08-01' AND placed_at < '2024-08-05'
orders|orders (date_trunc('day', placed_at AT TIME ZONE 'UTC'))|SELECT * FROM orders WHERE date_trunc('day', placed_at AT TIME ZONE 'UTC') = '2024-09-09'
orders|orders (placed_at)|SELECT c.name, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.placed_at > '2025-03-04'
orders|lines (order_id)|SELECT * FROM lines WHERE order_id = 5000
orders|lines (order_id, position)|SELECT o.id, l.product_id FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.id BETWEEN 500 AND 600
orders|lines (product_id)|SELECT p.title, sum(l.quantity) FROM products p JOIN lines l ON l.product_id = p.id WHERE p.category = 33 GROUP BY p.title
orders|lines (product_id, quantity)|SELECT product_id, max(quantity) FROM lines WHERE product_id < 3 GROUP BY product_id
orders|lines (product_id) INCLUDE (quantity, price)|SELECT sum(quantity * price) FROM lines WHERE product_id = 4000
orders|lines (warehouse, product_id)|SELECT * FROM lines WHERE warehouse = 7 AND product_id = 3
orders|lines (warehouse)|SELECT count(*) FROM lines WHERE warehouse = 3
orders|lines (price)|SELECT * FROM lines ORDER BY price LIMIT 50
orders|lines USING hash (product_id)|SELECT * FROM lines WHERE product_id = 4321
orders|lines (order_id)|UPDATE lines SET quantity = quantity + 1 WHERE order_id = 123
orders|lines (order_id)|DELETE FROM orders WHERE id IN (SELECT order_id FROM lines WHERE order_id < 50 GROUP BY order_id HAVING count(*) > 4)
orders|events (session)|SELECT * FROM events WHERE session = md5('session99')::uuid
orders|events (kind, at DESC)|SELECT * FROM events WHERE kind = 'buy' ORDER BY at DESC LIMIT 25
orders|events (customer_id, at)|SELECT * FROM events WHERE customer_id = 345 AND at > '2025-01-03'
orders|events (customer_id) WHERE customer_id IS NOT NULL|SELECT customer_id, count(*) FROM events WHERE customer_id IS NOT NULL AND customer_id < 50 GROUP BY customer_id
orders|events USING brin (at)|SELECT count(*) FROM events WHERE at BETWEEN '2025-01-05' AND '2025-01-06'
orders|events ((payload ->> 'page'))|SELECT * FROM events WHERE payload ->> 'page' = '/p/4000'
orders|events USING gin (payload jsonb_path_ops)|SELECT * FROM events WHERE payload @> '{"page": "/p/1234"}'
orders|events USING gin (payload)|SELECT * FROM events WHERE payload @> '{"page": "/p/777", "ref": "ad"}'
orders|events USING gin (message gin_trgm_ops)|SELECT * FROM events WHERE message LIKE '%a1b2%'
orders|events USING gist (message gist_trgm_ops)|SELECT * FROM events WHERE message LIKE '%product a1b2%'
orders|events USING gin (terms)|SELECT * FROM events WHERE terms @@ 'word1500'::tsquery
orders|events USING gist (period)|SELECT * FROM events WHERE period @> '2025-01-07 12:00+00'::timestamptz
public|clips (created_at DESC) WHERE is_removed = false|SELECT * FROM clips WHERE is_removed = false ORDER BY created_at DESC LIMIT 25
public|clips (vote_score DESC, created_at DESC) WHERE is_removed = false|SELECT * FROM clips WHERE is_removed = false ORDER BY vote_score DESC, created_at DESC LIMIT 25 OFFSET 50
public|clips (game_id, is_removed, created_at DESC)|SELECT * FROM clips WHERE game_id = (SELECT game_id FROM clips LIMIT 1) AND is_removed = false ORDER BY created_at DESC LIMIT 20
public|clips (broadcaster_id, vote_score)|SELECT broadcaster_id, max(vote_score) FROM clips WHERE is_removed = false GROUP BY broadcaster_id
public|clips (lower(title))|SELECT * FROM clips WHERE lower(title) = 'nothing like this'
public|clips USING gin (title gin_trgm_ops)|SELECT * FROM clips WHERE title ILIKE '%clutch%'
public|comments (clip_id, created_at DESC) WHERE is_removed = false|SELECT c.*, u.username FROM comments c JOIN users u ON u.id = c.user_id WHERE c.clip_id = md5('clip17')::uuid AND c.is_removed = false ORDER BY c.created_at DESC LIMIT 50
public|comments (user_id, created_at DESC)|SELECT * FROM comments WHERE user_id = md5('user17')::uuid ORDER BY created_at DESC LIMIT 20
public|comments (clip_id, vote_score DESC)|SELECT clip_id, count(*) FROM comments GROUP BY clip_id ORDER BY clip_id LIMIT 100
public|votes (user_id, clip_id)|SELECT * FROM votes WHERE user_id = md5('user3')::uuid AND clip_id = ANY (SELECT id FROM clips ORDER BY created_at DESC LIMIT 50)
public|votes (clip_id, user_id)|SELECT clip_id, sum(vote_type) FROM votes WHERE clip_id IN (SELECT id FROM clips WHERE is_featured) GROUP BY clip_id
public|votes (user_id, created_at DESC)|SELECT * FROM votes WHERE user_id = md5('user5')::uuid ORDER BY created_at DESC LIMIT 20
public|votes (vote_type)|SELECT count(*) FROM votes WHERE vote_type = -1
public|favorites (clip_id, user_id)|SELECT count(*) FROM favorites WHERE clip_id = md5('clip5')::uuid
public|clip_tags (tag_id, clip_id)|SELECT t.name, c.title FROM tags t JOIN clip_tags ct ON ct.tag_id = t.id JOIN clips c ON c.id = ct.clip_id WHERE t.slug = 'tag-5'
public|notifications (user_id, created_at DESC) WHERE is_read = false|SELECT * FROM notifications WHERE user_id = md5('user9')::uuid AND is_read = false ORDER BY created_at DESC
public|users (karma_points DESC, username)|SELECT username FROM users ORDER BY karma_points DESC, username LIMIT 10
\.
