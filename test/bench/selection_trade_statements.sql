-- What the owners of the wholesale trade ask, and a few lookups of its clerks.
SELECT returned, mode, sum(quantity), sum(price), avg(discount), count(*) FROM items WHERE shipped <= '2024-05-01'
  GROUP BY returned, mode ORDER BY returned, mode;
SELECT s.balance, s.name, n.name, p.id FROM parts p JOIN supplies ps ON ps.part_id = p.id JOIN suppliers s ON s.id = ps.supplier_id
  JOIN nations n ON n.id = s.nation_id WHERE p.size = 15 AND p.kind LIKE '%brass' AND n.region = 'east'
  AND ps.cost = (SELECT min(x.cost) FROM supplies x WHERE x.part_id = p.id) ORDER BY s.balance DESC LIMIT 100;
SELECT i.purchase_id, sum(i.price * (1 - i.discount)) AS revenue, o.bought FROM clients c JOIN purchases o ON o.client_id = c.id
  JOIN items i ON i.purchase_id = o.id WHERE c.segment = 'building' AND o.bought < '2018-03-15' AND i.shipped > '2018-03-15'
  GROUP BY i.purchase_id, o.bought ORDER BY revenue DESC LIMIT 10;
SELECT o.priority, count(*) FROM purchases o WHERE o.bought >= '2020-07-01' AND o.bought < '2020-10-01'
  AND EXISTS (SELECT 1 FROM items i WHERE i.purchase_id = o.id AND i.committed < i.received) GROUP BY o.priority ORDER BY o.priority;
SELECT n.name, sum(i.price * (1 - i.discount)) FROM clients c JOIN purchases o ON o.client_id = c.id JOIN items i ON i.purchase_id = o.id
  JOIN suppliers s ON s.id = i.supplier_id AND s.nation_id = c.nation_id JOIN nations n ON n.id = s.nation_id
  WHERE n.region = 'south' AND o.bought >= '2020-01-01' AND o.bought < '2021-01-01' GROUP BY n.name;
SELECT sum(price * discount) FROM items WHERE shipped >= '2020-01-01' AND shipped < '2020-02-01'
  AND discount BETWEEN 0.05 AND 0.07 AND quantity < 24;
SELECT extract(year FROM i.shipped), sum(i.price) FROM suppliers s JOIN items i ON i.supplier_id = s.id JOIN purchases o ON o.id = i.purchase_id
  JOIN clients c ON c.id = o.client_id WHERE s.nation_id = 7 AND c.nation_id = 9 AND i.shipped BETWEEN '2020-01-01' AND '2021-12-31' GROUP BY 1;
SELECT n.name, sum(i.price * (1 - i.discount) - ps.cost * i.quantity) FROM parts p JOIN items i ON i.part_id = p.id
  JOIN supplies ps ON ps.part_id = i.part_id AND ps.supplier_id = i.supplier_id JOIN suppliers s ON s.id = i.supplier_id
  JOIN nations n ON n.id = s.nation_id WHERE p.brand = 'brand 23' AND p.container = 'jar' GROUP BY n.name;
SELECT c.id, c.name, sum(i.price * (1 - i.discount)) AS revenue FROM clients c JOIN purchases o ON o.client_id = c.id
  JOIN items i ON i.purchase_id = o.id WHERE o.bought >= '2019-10-01' AND o.bought < '2019-11-01' AND i.returned = 'r'
  GROUP BY c.id ORDER BY revenue DESC LIMIT 20;
SELECT ps.part_id, sum(ps.cost * ps.available) AS value FROM supplies ps JOIN suppliers s ON s.id = ps.supplier_id
  WHERE s.nation_id = 12 GROUP BY ps.part_id ORDER BY value DESC LIMIT 50;
SELECT i.mode, count(*) FROM purchases o JOIN items i ON i.purchase_id = o.id WHERE i.mode IN ('mail', 'ship')
  AND i.committed < i.received AND i.shipped < i.committed AND i.received >= '2021-01-01' AND i.received < '2021-02-01' GROUP BY i.mode;
SELECT n, count(*) FROM (SELECT c.id, count(o.id) AS n FROM clients c LEFT JOIN purchases o ON o.client_id = c.id GROUP BY c.id) AS x
  GROUP BY n ORDER BY 2 DESC;
SELECT 100 * sum(CASE WHEN p.kind LIKE 'steel%' THEN i.price ELSE 0 END) / sum(i.price) FROM items i JOIN parts p ON p.id = i.part_id
  WHERE i.shipped >= '2022-09-01' AND i.shipped < '2022-09-15';
SELECT s.id, s.name, r.total FROM suppliers s JOIN (SELECT supplier_id, sum(price) AS total FROM items
  WHERE shipped >= '2021-03-01' AND shipped < '2021-06-01' GROUP BY supplier_id) AS r ON r.supplier_id = s.id ORDER BY r.total DESC LIMIT 1;
SELECT p.brand, p.size, count(DISTINCT ps.supplier_id) FROM supplies ps JOIN parts p ON p.id = ps.part_id
  WHERE p.kind = 'tin polished' AND p.size IN (3, 9, 14, 19, 23, 36, 45, 49) GROUP BY p.brand, p.size;
SELECT sum(i.price) / 7 FROM items i JOIN parts p ON p.id = i.part_id WHERE p.brand = 'brand 31' AND p.container = 'drum'
  AND i.quantity < (SELECT 0.2 * avg(x.quantity) FROM items x WHERE x.part_id = p.id);
SELECT sum(i.price * (1 - i.discount)) FROM items i JOIN parts p ON p.id = i.part_id WHERE p.brand = 'brand 12' AND p.size BETWEEN 1 AND 5
  AND i.quantity BETWEEN 1 AND 11 AND i.mode = 'air';
SELECT s.name FROM suppliers s WHERE s.id IN (SELECT ps.supplier_id FROM supplies ps JOIN parts p ON p.id = ps.part_id
  WHERE p.name LIKE 'part 3f%' AND ps.available > 5000) ORDER BY s.name;
SELECT substr(phone, 1, 2), count(*), sum(balance) FROM clients c WHERE substr(phone, 1, 2) IN ('13', '31', '23') AND balance > 7000
  AND NOT EXISTS (SELECT 1 FROM purchases o WHERE o.client_id = c.id) GROUP BY 1;
SELECT id, total, bought FROM purchases WHERE client_id = 1234 ORDER BY bought DESC LIMIT 10;
SELECT id, client_id, total FROM purchases WHERE clerk = 42 AND status = 'o' ORDER BY total DESC LIMIT 20;
SELECT purchase_id, number, shipped FROM items WHERE part_id = 4711 ORDER BY shipped DESC;
