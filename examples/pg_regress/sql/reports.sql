-- What the customers of a city have spent.
CREATE FUNCTION spent_in(wanted_city text)
RETURNS TABLE (name text, spent bigint)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
        SELECT c.name, sum(o.amount)
        FROM customers AS c JOIN orders AS o ON o.customer_id = c.id
        WHERE c.city = wanted_city
        GROUP BY c.id;
END
$$;
SELECT count(*), sum(spent) FROM spent_in('City 1');
SELECT count(*), sum(spent) FROM spent_in('City 2');

-- The latest orders of a customer.
SELECT id, amount FROM orders WHERE customer_id = 7 ORDER BY ordered_at DESC, id LIMIT 3;
