// What the shop shows of the customers of a city.
'use strict';

async function spentIn(client, city) {
  const { rows } = await client.query(
    `SELECT c.id, c.name, coalesce(sum(o.amount), 0)::int AS spent
     FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.id
     WHERE c.city = $1 GROUP BY c.id ORDER BY c.name`, [city]);
  return rows;
}

module.exports = { spentIn };
